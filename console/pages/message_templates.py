"""The words of messages: written with a preview beside them, and refused beside the field that is wrong."""

from http import HTTPStatus

from pydantic import TypeAdapter, ValidationError

from api.message_settings import preview
from console.message_words import KINDS
from console.table import NotHereError, Page, Redirect, Visit
from console.words import sentence
from domain.audit import AuditAction
from domain.guests import Language
from domain.message_text import LONGEST_BODY, LONGEST_SUBJECT, VARIABLES, MessageKind, Template, template_for
from domain.refusals import RefusedError

_LANGUAGE: TypeAdapter[str] = TypeAdapter(Language)


async def choose(visit: Visit) -> Redirect:
    """Go to the words of a kind in a language that was filled in."""
    kind, language = visit.query.get("kind", MessageKind.CODE_READY.value), visit.query.get("language", "en")
    _named(kind, language)
    return Redirect(f"/console/messages/templates/{kind}/{language}")


async def edit(visit: Visit) -> Page:
    """Show the words that hold, to be changed."""
    kind, language = _asked(visit)
    own = {
        (one.kind, one.language): one.template
        for one in await visit.services.message_settings.templates(visit.workspace_id)
        if one.is_own
    }
    template, _ = template_for(kind, language, own)
    return _page(kind, language, template, {}, is_own=(kind, language) in own)


async def look(visit: Visit) -> Page:
    """Show what a guest would read."""
    _, language = _asked(visit)
    template = _written(visit)
    try:
        return Page("template_preview.html", {"preview": preview(template, language), "wrong": None})
    except RefusedError as error:
        return Page("template_preview.html", {"preview": None, "wrong": sentence(error.refusal.message)})


async def save(visit: Visit) -> Page | Redirect:
    """Have these words used."""
    kind, language = _asked(visit)
    template = _written(visit)
    try:
        await visit.services.message_settings.put_template(visit.workspace_id, kind, language, template)
    except RefusedError as error:
        refusals = {error.refusal.field or "body": sentence(error.refusal.message)}
        return _page(kind, language, template, refusals, is_own=True)
    await visit.services.audit.note(visit.user, AuditAction.TEMPLATE_CHANGED, subject=f"{kind.value}/{language}")
    return Redirect("/console/messages/setup?saved=yes")


async def reset(visit: Visit) -> Redirect:
    """Have the default words used again."""
    kind, language = _asked(visit)
    await visit.services.message_settings.reset_template(visit.workspace_id, kind, language)
    await visit.services.audit.note(visit.user, AuditAction.TEMPLATE_CHANGED, subject=f"{kind.value}/{language}")
    return Redirect("/console/messages/setup?saved=yes")


def _page(kind: MessageKind, language: str, template: Template, refusals: dict[str, str], *, is_own: bool) -> Page:
    shown = {
        "kind": kind.value,
        "title": KINDS[kind],
        "language": language,
        "template": template,
        "preview": None if refusals else preview(template, language),
        "wrong": next(iter(refusals.values()), None),
        "refusals": refusals,
        "is_own": is_own,
        "variables": VARIABLES,
        "longest_subject": LONGEST_SUBJECT,
        "longest_body": LONGEST_BODY,
    }
    return Page("template_edit.html", shown, HTTPStatus.UNPROCESSABLE_ENTITY if refusals else HTTPStatus.OK)


def _written(visit: Visit) -> Template:
    # Browsers send lines with a carriage return, which nobody wrote.
    return Template(subject=visit.form.get("subject", ""), body=visit.form.get("body", "").replace("\r\n", "\n"))


def _asked(visit: Visit) -> tuple[MessageKind, str]:
    return _named(visit.request.path_params["kind"], visit.request.path_params["language"])


def _named(kind: str, language: str) -> tuple[MessageKind, str]:
    try:
        return MessageKind(kind), _LANGUAGE.validate_python(language)
    except (ValueError, ValidationError):
        raise NotHereError from None
