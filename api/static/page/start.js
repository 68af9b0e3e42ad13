// Shows this server's own description, and asks nobody else for anything: no validator, no fonts, no try-outs elsewhere.
window.onload = () => {
  SwaggerUIBundle({ url: "openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null });
};
