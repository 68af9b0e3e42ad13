"""The application service of the console's users: who may sign in, and who is signed in.

A session's cookie is `<id>.<secret>`: the id finds the row, and of the secret only a keyed hash is kept.  A session
ends by itself after `lasts`, and at once when its user is removed or gets another password.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from pydantic import SecretStr
from sqlmodel.ext.asyncio.session import AsyncSession

from api.limits import Limiter, Rate
from api.passwords import hashed, matches
from domain.audit import AuditAction
from domain.roles import Role
from store import accounts, users
from store.database import Database
from store.keyring import KeyRing, KeyRingError
from store.user_tables import AuditRow, SessionRow, UserRow

LONGEST_NAME = 100
_SECRET_BYTES = 32
_LONGEST_COOKIE = 200


class UserRefusedError(Exception):
    """A user cannot be made or removed as asked; the message says why.  The operator must ask for another thing."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in."""

    user_id: UUID
    workspace_id: UUID
    name: str
    role: Role
    session_id: UUID

    def may(self, role: Role) -> bool:
        """Tell whether this person may do what needs a role."""
        return self.role.reaches(role)


class UserService:
    """Makes, lists and removes users, and signs them in.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, database: Database, keyring: KeyRing, limiter: Limiter) -> None:
        self._database = database
        self._keyring = keyring
        self._limiter = limiter

    async def add(
        self,
        name: str,
        role: Role,
        password: SecretStr | None,
        *,
        workspace_id: UUID = accounts.DEFAULT_WORKSPACE_ID,
    ) -> UserRow:
        """Add a person; without a password, only a proxy can vouch for them.

        Raises:
            UserRefusedError: the name is taken or no name.
            WeakPasswordError: the password is too short or too long.
        """
        now, known = datetime.now(UTC), folded(name)
        if not known or len(known) > LONGEST_NAME or not known.isprintable():
            raise UserRefusedError(f"a name has 1 to {LONGEST_NAME} characters that can be seen")
        password_hash = None if password is None else await hashed(password)
        row = UserRow(
            id=uuid4(),
            workspace_id=workspace_id,
            name=known,
            role=role.value,
            password_hash=password_hash,
            created_at=now,
        )
        async with self._database.write() as session:
            if workspace_id == accounts.DEFAULT_WORKSPACE_ID:
                await accounts.default_workspace(session, now=now)
            if await users.by_name(session, known) is not None:
                raise UserRefusedError(f"there is a user {known!r} already")
            session.add(row)
        return row

    async def list(self, workspace_id: UUID = accounts.DEFAULT_WORKSPACE_ID) -> Sequence[UserRow]:
        """List the users by their names."""
        async with self._database.read() as session:
            return await users.list_users(session, workspace_id)

    async def remove(self, name: str, *, workspace_id: UUID = accounts.DEFAULT_WORKSPACE_ID) -> None:
        """Remove a person and end their sessions.

        Raises:
            UserRefusedError: there is no such user.
        """
        async with self._database.write() as session:
            row = await users.by_name(session, folded(name))
            if row is None or row.workspace_id != workspace_id:
                raise UserRefusedError("there is no user of this name")
            row.removed_at = datetime.now(UTC)
            await users.end_sessions(session, row.id)

    async def sign_in(
        self, name: str, password: SecretStr, *, address: str, lasts: timedelta
    ) -> tuple[Visitor, str] | None:
        """Open a session and give its cookie; None where name and password do not belong together.

        Raises:
            TooOftenError: too many tries for this name from this address, or from the address.
        """
        known = folded(name)
        self._limiter.count(Rate.SIGN_IN, (known, address))
        self._limiter.count(Rate.SIGN_IN_ADDRESS, address)
        async with self._database.read() as session:
            row = await users.by_name(session, known)
        if not await matches(password, None if row is None else row.password_hash) or row is None:
            return None
        return await self._open(row, lasts)

    async def vouched(self, name: str, *, lasts: timedelta) -> tuple[Visitor, str] | None:
        """Open a session for whom a trusted proxy vouches; None where there is no such user."""
        async with self._database.read() as session:
            row = await users.by_name(session, folded(name))
        return None if row is None else await self._open(row, lasts)

    async def recognise(self, cookie: str) -> Visitor | None:
        """Say who comes with a cookie; None for one that is unknown or has expired."""
        public, _, secret = cookie.partition(".")
        if len(cookie) > _LONGEST_COOKIE or not cookie.isascii():
            return None
        try:
            session_id = UUID(hex=public)
        except ValueError:
            return None
        async with self._database.read() as session:
            found = await users.session_of(session, session_id, datetime.now(UTC))
        if found is None or not self._is_secret_of(found[0], secret):
            return None
        return _visitor(found[1], session_id)

    async def sign_out(self, visitor: Visitor) -> None:
        """End the session."""
        async with self._database.write() as session:
            await users.end_session(session, visitor.session_id)

    async def change_password(self, visitor: Visitor, old: SecretStr, new: SecretStr) -> bool:
        """Give a person another password and end their other sessions.  False: the old one is not right.

        Raises:
            TooOftenError: too many tries.
            WeakPasswordError: the new one is too short or too long.
        """
        self._limiter.count(Rate.SIGN_IN, visitor.user_id)
        async with self._database.read() as session:
            row = await session.get_one(UserRow, visitor.user_id)
        fresh = await hashed(new)
        if not await matches(old, row.password_hash):
            return False
        async with self._database.write() as session:
            row = await session.get_one(UserRow, visitor.user_id, with_for_update=True)
            row.password_hash = fresh
            await users.end_sessions(session, row.id, besides=visitor.session_id)
            _note(session, row, AuditAction.PASSWORD_CHANGED)
        return True

    def token_of(self, secret: str) -> str:
        """Give the token that proves a form to be ours: it belongs to one cookie."""
        return self._keyring.fingerprint(f"csrf:{secret}")

    def is_token_of(self, secret: str, token: str) -> bool:
        """Tell whether a form came with the token of a cookie."""
        try:
            return hmac.compare_digest(self._keyring.fingerprint(f"csrf:{secret}", like=token), token)
        except (KeyRingError, TypeError):
            return False

    async def _open(self, row: UserRow, lasts: timedelta) -> tuple[Visitor, str]:
        now, session_id = datetime.now(UTC), uuid4()
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        opened = SessionRow(
            id=session_id,
            user_id=row.id,
            token_hash=self._keyring.fingerprint(secret),
            created_at=now,
            expires_at=now + lasts,
        )
        async with self._database.write() as session:
            await users.forget_expired(session, now)
            session.add(opened)
            _note(session, row, AuditAction.SIGNED_IN)
        return _visitor(row, session_id), f"{session_id.hex}.{secret}"

    def _is_secret_of(self, row: SessionRow, secret: str) -> bool:
        try:
            known = self._keyring.fingerprint(secret, like=row.token_hash)
        except KeyRingError:
            return False
        return hmac.compare_digest(known, row.token_hash)


def folded(name: str) -> str:
    """Give a name as it is kept: people do not know how they once wrote it."""
    return name.strip().casefold()


def _visitor(row: UserRow, session_id: UUID) -> Visitor:
    return Visitor(row.id, row.workspace_id, row.name, Role(row.role), session_id)


def _note(session: AsyncSession, row: UserRow, action: AuditAction) -> None:
    session.add(
        AuditRow(
            workspace_id=row.workspace_id,
            occurred_at=datetime.now(UTC),
            user_id=row.id,
            user_name=row.name,
            action=action.value,
        )
    )
