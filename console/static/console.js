/* What htmx does not do by itself: say that the connection is lost and found again, and look again when a row's time
   comes. Everything works without this file but the news. */
"use strict";

(() => {
  const BEATS_MISSED_AFTER = 30_000;
  const LONGEST_TIMER = 2 ** 31 - 1;
  const banner = document.getElementById("connection");
  let lost = false;
  let watch;

  const listen = () => {
    clearTimeout(watch);
    watch = setTimeout(lose, BEATS_MISSED_AFTER);
  };

  const lose = () => {
    if (lost || !banner) return;
    lost = true;
    banner.querySelector("p span").textContent =
      "Connection lost. What you see may be old; trying to reconnect …";
    banner.hidden = false;
  };

  const find = () => {
    listen();
    if (!lost) return;
    lost = false;
    banner.hidden = true;
    banner.querySelector("p span").textContent = "";
    document.body.dispatchEvent(new CustomEvent("latchwork:back"));
  };

  document.body.addEventListener("htmx:sseOpen", (event) => {
    const source = event.detail.source;
    if (!source.isListenedTo) {
      source.isListenedTo = true;
      source.addEventListener("beat", find);
      source.addEventListener("changed", find);
    }
    find();
  });
  document.body.addEventListener("htmx:sseError", lose);
  window.addEventListener("offline", lose);
  document.body.addEventListener("htmx:sendError", lose);

  /* A row changes by itself when its time comes: a code begins, or is due to be gone. */
  const wait = (root) => {
    const rows = root.querySelectorAll ? [root, ...root.querySelectorAll("[data-turns-at]")] : [];
    for (const row of rows) {
      const at = Number(row.dataset && row.dataset.turnsAt);
      if (!at || row.isWaiting) continue;
      const left = at - Date.now() + 300;
      if (left < 0 || left > LONGEST_TIMER) continue;
      row.isWaiting = true;
      setTimeout(() => row.isConnected && htmx.trigger(row, "turn"), left);
    }
  };
  document.body.addEventListener("htmx:load", (event) => wait(event.detail.elt));

  /* Filters apply as they are changed; without this file, by their button. */
  for (const form of document.querySelectorAll("form[data-at-once]")) {
    form.querySelector("button")?.classList.add("unseen");
    form.addEventListener("change", () => form.requestSubmit());
  }

  /* On a phone the filters would push everything else off the screen; they stay where some are set. */
  if (matchMedia("(max-width: 47.99rem)").matches) {
    for (const box of document.querySelectorAll(".filter-box:not([data-set])")) box.open = false;
  }

  /* A form is sent once, however often its button is pressed. */
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
    setTimeout(() => delete event.target.dataset.sent, 4000);
  });

  /* Leave for good means: take the old page's digits away. */
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  document.querySelector("[autofocus], [aria-invalid=true]")?.focus();
})();
