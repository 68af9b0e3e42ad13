"""The table of the console's routes: everything that it answers to, a row each.

To add a page, write its handler in `console/pages/`, and add its row; sign-in, role and form token follow from it.
"""

from console.pages import (
    accounts,
    code,
    code_edit,
    codes,
    components,
    foreign,
    guests,
    kept,
    live,
    lock,
    locks,
    message_setup,
    message_templates,
    messages,
    new_locks,
    settings,
    sign_in,
    today,
)
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
    Route("GET", "/codes", codes.page),
    Route("POST", "/codes", code_edit.create, OPERATOR),
    Route("GET", "/codes/new", code_edit.new, OPERATOR),
    Route("GET", "/codes/{code_id}", code.page),
    Route("GET", "/codes/{code_id}/row", codes.row),
    Route("GET", "/codes/{code_id}/change", code_edit.edit, OPERATOR),
    Route("POST", "/codes/{code_id}/change", code_edit.change, OPERATOR),
    Route("POST", "/codes/{code_id}/extend", code_edit.extend, OPERATOR),
    Route("POST", "/codes/{code_id}/delete", code_edit.delete, OPERATOR),
    Route("POST", "/codes/{code_id}/reveal", code.reveal, OPERATOR),
    Route("GET", "/codes/{code_id}/pin", code.hide, OPERATOR),
    Route("POST", "/codes/{code_id}/pull", code.pull, OPERATOR),
    Route("GET", "/locks", locks.page),
    Route("GET", "/locks/{device_id}", lock.page),
    Route("POST", "/locks/{device_id}/rename", lock.rename, OPERATOR),
    Route("POST", "/locks/{device_id}/pool", lock.switch_pool, OPERATOR),
    Route("POST", "/locks/{device_id}/use", lock.switch_use, OPERATOR),
    Route("POST", "/locks/{device_id}/reconcile", lock.reconcile, OPERATOR),
    Route("POST", "/locks/{device_id}/answer", new_locks.answer, OPERATOR),
    Route("POST", "/locks/{device_id}/replace", new_locks.replace, OPERATOR),
    Route("POST", "/locks/{device_id}/roll-back", new_locks.roll_back, OPERATOR),
    Route("POST", "/locks/{device_id}/backups", kept.generate, OPERATOR),
    Route("POST", "/locks/{device_id}/backups/{code_id}/rotate", kept.rotate, OPERATOR),
    Route("POST", "/locks/{device_id}/unmanaged/{code_id}/adopt", foreign.adopt, OPERATOR),
    Route("POST", "/locks/{device_id}/unmanaged/{code_id}/remove", foreign.remove, OPERATOR),
    Route("GET", "/accounts/new", accounts.new, ADMIN),
    Route("POST", "/accounts", accounts.connect, ADMIN),
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
