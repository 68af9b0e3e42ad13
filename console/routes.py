"""The table of the console's routes: everything that it answers to, a row each.

To add a page, write its handler in `console/pages/`, and add its row; sign-in, role and form token follow from it.
"""

from console.pages import components, guests, live, message_setup, message_templates, messages, settings, sign_in, today
from console.table import Route
from domain.roles import Role

VIEWER, OPERATOR, ADMIN = Role

# fmt: off
ROUTES: tuple[Route, ...] = (
    Route("GET", "/sign-in", sign_in.form, None),
    Route("POST", "/sign-in", sign_in.sign_in, None),
    Route("POST", "/sign-out", sign_in.sign_out),
    Route("GET", "/live", live.stream),
    Route("GET", "/", today.page),
    Route("GET", "/codes/{code_id}/guest", guests.card),
    Route("GET", "/codes/{code_id}/guest/change", guests.edit, OPERATOR),
    Route("POST", "/codes/{code_id}/guest/change", guests.save, OPERATOR),
    Route("POST", "/codes/{code_id}/guest/send", guests.send, OPERATOR),
    Route("GET", "/messages", messages.page),
    Route("GET", "/messages/setup", message_setup.page, ADMIN),
    Route("POST", "/messages/setup", message_setup.switch, ADMIN),
    Route("POST", "/messages/channels", message_setup.add_channel, ADMIN),
    Route("POST", "/messages/channels/{channel_id}/remove", message_setup.remove_channel, ADMIN),
    Route("GET", "/messages/templates", message_templates.choose, ADMIN),
    Route("GET", "/messages/templates/{kind}/{language}", message_templates.edit, ADMIN),
    Route("POST", "/messages/templates/{kind}/{language}", message_templates.save, ADMIN),
    Route("POST", "/messages/templates/{kind}/{language}/preview", message_templates.look, ADMIN),
    Route("POST", "/messages/templates/{kind}/{language}/reset", message_templates.reset, ADMIN),
    Route("GET", "/components", components.page, OPERATOR),
    Route("POST", "/components/session", components.session, OPERATOR),
    Route("GET", "/settings", settings.page),
    Route("POST", "/settings/password", settings.change_password),
)
# fmt: on
