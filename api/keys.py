"""API keys and browsers' session tokens: made here, shown once, and known afterwards by a keyed hash alone.

    seam_lw<12 hex>_<43 characters>       an API key
    seam_cst<12 hex>_<43 characters>      a session token, for browsers; it always expires

The part before the underscore after the hex is public: it finds the row and names the key in lists.  Two keys of one
name may live at once, so that a new one can be rolled out before the old one is revoked.
"""

import hmac
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from pydantic import SecretStr

from api.callers import Caller
from domain.scopes import Scope
from store import accounts, api_keys
from store.api_tables import ApiKeyRow
from store.database import Database
from store.keyring import KeyRing, KeyRingError

KEY_PREFIX, SESSION_PREFIX = "seam_lw", "seam_cst"
"""The SDKs take what begins with `seam_` for a key, but for a few beginnings of which `seam_cst` is one."""
LONGEST_SESSION = timedelta(hours=24)
LIVE_KEYS_OF_ONE_NAME = 2

_PUBLIC_BYTES, _SECRET_BYTES = 6, 32
_LONGEST_TOKEN = 200


class KeyRefusedError(Exception):
    """A key cannot be made or revoked as asked; the message says why.  The operator must ask for another thing."""


@dataclass(frozen=True, slots=True)
class MintedKey:
    """A new key; this is the only time that its token can be seen."""

    row: ApiKeyRow
    token: SecretStr


class KeyService:
    """Makes, lists, revokes and recognises keys.  Every method may raise `StoreUnavailableError`."""

    def __init__(self, database: Database, keyring: KeyRing) -> None:
        self._database = database
        self._keyring = keyring

    async def mint(
        self,
        name: str,
        *,
        workspace_id: UUID = accounts.DEFAULT_WORKSPACE_ID,
        scopes: Collection[Scope] = tuple(Scope),
        lasts: timedelta | None = None,
        is_session: bool = False,
    ) -> MintedKey:
        """Make a key; `lasts` is for how long it works, None for ever.

        Raises:
            KeyRefusedError: two keys of this name live already, or a session is to last too long.
        """
        if is_session and (lasts is None or lasts > LONGEST_SESSION):
            raise KeyRefusedError(f"a session token lasts at most {LONGEST_SESSION.total_seconds() / 3600:.0f} hours")
        now = datetime.now(UTC)
        public = f"{SESSION_PREFIX if is_session else KEY_PREFIX}{secrets.token_hex(_PUBLIC_BYTES)}"
        token = f"{public}_{secrets.token_urlsafe(_SECRET_BYTES)}"
        row = ApiKeyRow(
            id=uuid4(),
            workspace_id=workspace_id,
            name=name,
            prefix=public,
            secret_hash=self._keyring.fingerprint(token),
            scopes=sorted(scope.value for scope in scopes),
            created_at=now,
            expires_at=None if lasts is None else now + lasts,
        )
        async with self._database.write() as session:
            if workspace_id == accounts.DEFAULT_WORKSPACE_ID:
                await accounts.default_workspace(session, now=now)
            living = await api_keys.living(session, workspace_id, name=name, now=now)
            if not is_session and len(living) >= LIVE_KEYS_OF_ONE_NAME:
                raise KeyRefusedError(f"{LIVE_KEYS_OF_ONE_NAME} keys called {name!r} live already; revoke one first")
            session.add(row)
        return MintedKey(row, SecretStr(token))

    async def session(self, caller: Caller) -> ApiKeyRow | None:
        """Give the row of the session by which somebody calls; None for a key that is none."""
        async with self._database.read() as session:
            row = await session.get(ApiKeyRow, caller.key_id)
        return row if row is not None and row.prefix.startswith(SESSION_PREFIX) else None

    async def list(self, workspace_id: UUID = accounts.DEFAULT_WORKSPACE_ID) -> Sequence[ApiKeyRow]:
        """List the keys that live, the oldest first."""
        async with self._database.read() as session:
            return await api_keys.living(session, workspace_id, name=None, now=datetime.now(UTC))

    async def has_any(self) -> bool:
        """Tell whether a key was ever made that is for keeps."""
        async with self._database.read() as session:
            return await api_keys.any_lasting(session, KEY_PREFIX)

    async def revoke(self, prefix: str, *, workspace_id: UUID = accounts.DEFAULT_WORKSPACE_ID) -> None:
        """End a key at once; one that has ended is no matter.

        Raises:
            KeyRefusedError: there is no key with this public part.
        """
        async with self._database.write() as session:
            row = await api_keys.by_prefix(session, prefix)
            if row is None or row.workspace_id != workspace_id:
                raise KeyRefusedError("there is no key with this prefix; see: latchwork keys list")
            row.revoked_at = row.revoked_at or datetime.now(UTC)

    async def recognise(self, token: str) -> Caller | None:
        """Say who calls with a token; None for one that is unknown, has expired or was revoked."""
        public, separator, _ = token.partition("_")[2].partition("_")
        if not separator or len(token) > _LONGEST_TOKEN or not token.isascii():
            return None
        async with self._database.read() as session:
            row = await api_keys.by_prefix(session, f"seam_{public}")
        if row is None or not self._is_token_of(row, token) or not _lives(row, datetime.now(UTC)):
            return None
        return Caller(row.id, row.workspace_id, frozenset(Scope(scope) for scope in row.scopes))

    def _is_token_of(self, row: ApiKeyRow, token: str) -> bool:
        try:
            known = self._keyring.fingerprint(token, like=row.secret_hash)
        except KeyRingError:
            return False
        return hmac.compare_digest(known, row.secret_hash)


def _lives(row: ApiKeyRow, now: datetime) -> bool:
    return row.revoked_at is None and (row.expires_at is None or row.expires_at > now)
