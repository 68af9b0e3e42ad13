"""The table of the console's routes: everything that it answers to, a row each.

To add a page, write its handler in `console/pages/`, and add its row; sign-in, role and form token follow from it.
"""

from console.pages import live, messages, settings, sign_in, today
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
    Route("GET", "/messages", messages.page),
    Route("GET", "/settings", settings.page),
    Route("POST", "/settings/password", settings.change_password),
)
# fmt: on
