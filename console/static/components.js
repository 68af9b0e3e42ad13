/* Puts Seam's web components where the page wants them. They are told to report nothing to anybody, and to load neither
   styles nor fonts: their styles are beside this file. */

const root = document.getElementById("components");
globalThis.disableSeamTelemetry = true;
globalThis.disableSeamCssInjection = true;
globalThis.disableSeamFontInjection = true;

const go = (query) => location.assign(`?${new URLSearchParams(query)}`);
const lock = root.dataset.lock;

const HANDLERS = {
  "seam-device-table": { preventDefaultOnDeviceClick: true, onDeviceClick: (id) => go({ lock: id }) },
  "seam-access-code-table": {
    preventDefaultOnAccessCodeClick: true,
    onAccessCodeClick: (id) => go({ lock, code: id }),
  },
  "seam-create-access-code-form": { onSuccess: (id) => go({ lock, code: id }) },
  "seam-edit-access-code-form": { onSuccess: () => location.reload() },
  "seam-access-code-details": { preventDefaultOnEdit: true, onDelete: () => go({ lock }) },
};

const answer = await fetch("/console/components/session", {
  method: "POST",
  headers: { "x-csrf-token": root.dataset.csrf },
});
if (answer.ok) {
  const { client_session_token: token } = await answer.json();
  await import(root.dataset.elements);
  for (const place of root.querySelectorAll("[data-element]")) {
    const { element: name, ...attributes } = place.dataset;
    const element = document.createElement(name);
    Object.assign(element, HANDLERS[name], attributes, { endpoint: location.origin, clientSessionToken: token });
    place.replaceChildren(element);
  }
} else {
  root.querySelector("[role=status]").hidden = false;
}
