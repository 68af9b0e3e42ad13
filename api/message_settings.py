"""The application service of what is sent by itself, in which words, and how long guests are known."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col

from domain.message_text import (
    DEFAULTS,
    Facts,
    MessageKind,
    Template,
    check_template,
    masked,
    render,
)
from store import messages
from store.database import Database
from store.guest_tables import MessageSettingsRow, MessageTemplateRow
from store.positions import last_sequence


@dataclass(frozen=True, slots=True)
class MessageSettings:
    """A workspace's settings."""

    automatic: Sequence[MessageKind]
    ready_lead: timedelta | None
    """How long before the start a code is told; None: when it is proven on its lock."""
    guests_kept_days: int


@dataclass(frozen=True, slots=True)
class ChosenTemplate:
    """A template as it holds: a workspace's own, or the default."""

    kind: MessageKind
    language: str
    template: Template
    is_own: bool


class MessageSettingsService:
    """What a workspace can say about its messages.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, workspace_id: UUID) -> MessageSettings:
        """Give the settings."""
        async with self._database.read() as session:
            return _shown(await messages.get_settings(session, workspace_id))

    async def update(
        self,
        workspace_id: UUID,
        *,
        automatic: Collection[MessageKind] | None = None,
        ready_lead: timedelta | None = None,
        guests_kept_days: int | None = None,
    ) -> MessageSettings:
        """Change what is named; a lead of zero tells codes when they are proven on their locks.

        What happened before the first kind is switched on is told to nobody.
        """
        async with self._database.write() as session:
            row = await messages.settings_for_update(session, workspace_id)
            if automatic is not None:
                if not row.automatic:
                    row.relayed_through = await last_sequence(session, workspace_id)
                row.automatic = [kind.value for kind in MessageKind if kind in automatic]
            if ready_lead is not None:
                row.ready_lead_seconds = int(ready_lead.total_seconds()) or None
            if guests_kept_days is not None:
                row.guests_kept_days = guests_kept_days
            session.add(row)
            return _shown(row)

    async def templates(self, workspace_id: UUID) -> Sequence[ChosenTemplate]:
        """List the templates that hold, by language and kind."""
        async with self._database.read() as session:
            own = await messages.own_templates(session, workspace_id)
        known = {(kind, language): text for language, texts in DEFAULTS.items() for kind, text in texts.items()}
        return [
            ChosenTemplate(kind, language, text, is_own=(kind, language) in own)
            for (kind, language), text in sorted((known | own).items(), key=_by_language)
        ]

    async def put_template(self, workspace_id: UUID, kind: MessageKind, language: str, template: Template) -> None:
        """Have a workspace use its own words.

        Raises:
            RefusedError: the template cannot be rendered; the message names what is wrong.
        """
        check_template(template)
        row = MessageTemplateRow(
            workspace_id=workspace_id, kind=kind.value, language=language, subject=template.subject, body=template.body
        )
        async with self._database.write() as session:
            await session.merge(row)

    async def reset_template(self, workspace_id: UUID, kind: MessageKind, language: str) -> None:
        """Have the default used again; where there is none for a language, English."""
        async with self._database.write() as session:
            await session.exec(
                delete(MessageTemplateRow).where(
                    col(MessageTemplateRow.workspace_id) == workspace_id,
                    col(MessageTemplateRow.kind) == kind.value,
                    col(MessageTemplateRow.language) == language,
                )
            )


def preview(template: Template, language: str, now: datetime | None = None) -> Template:
    """Show what a guest would read, with made-up facts and no digits.

    Raises:
        RefusedError: the template cannot be rendered; the message names what is wrong.
    """
    begins = now or datetime.now(UTC).replace(hour=15, minute=0)
    example = Facts(
        lock_name="Front Door",
        guest_name="Ada Lovelace",
        reservation="R-1815",
        starts_at=begins,
        ends_at=begins + timedelta(days=3),
    )
    shown = render(check_template(template), example, language)
    return Template(subject=shown.subject, body=masked(shown.body))


def _by_language(entry: tuple[tuple[MessageKind, str], Template]) -> tuple[str, int]:
    (kind, language), _ = entry
    return language, list(MessageKind).index(kind)


def _shown(row: MessageSettingsRow) -> MessageSettings:
    switches = messages.switches_of(row)
    kinds = [kind for kind in MessageKind if kind in switches.automatic]
    return MessageSettings(kinds, switches.ready_lead, row.guests_kept_days)
