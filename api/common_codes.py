"""The application service of codes that share their digits: one PIN for a guest, on every lock of a home.

The first code's workflow registers all of them in one step and starts the others, so that a caller who is cut off
leaves all of them or none.
"""

from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from uuid import UUID, uuid5

from pydantic import SecretStr

from api.access_codes import AccessCodeService
from domain.common_keys import made_up_key, shown_key
from domain.refusals import RefusalType, RefusedError, refuse
from domain.requests import CodeChange, CodeRequest, Sibling
from store.common_codes import sharing
from store.database import Database

_CANNOT_BE_SHARED = frozenset(
    {
        RefusalType.CODE_CANNOT_BE_SHARED,
        RefusalType.CODE_CONSTRAINTS_VIOLATED,
        RefusalType.DUPLICATE_ACCESS_CODE,
    }
)


class WhenNotShared(StrEnum):
    """Seam's `behavior_when_code_cannot_be_shared`."""

    THROW = "throw"
    CREATE_RANDOM_CODE = "create_random_code"


class CommonCodeService:
    """What callers can do with several codes at once."""

    def __init__(self, service: AccessCodeService, database: Database) -> None:
        self._service = service
        self._database = database

    async def create(
        self,
        request: CodeRequest,
        device_ids: Sequence[UUID],
        *,
        batch_id: UUID,
        pin: SecretStr | None,
        when_not_shared: WhenNotShared = WhenNotShared.THROW,
    ) -> list[UUID]:
        """Register one code on each device, all with the same digits; give their ids in the devices' order.

        `request.device_id` is not looked at.  Repeating the call with the same `batch_id` gives the same codes.

        Raises:
            RefusedError: they cannot share their digits and should, or a request breaks another rule; no code is made.
        """
        places = [Sibling(access_code_id=uuid5(batch_id, str(one)), device_id=one) for one in device_ids]
        if not places:
            raise refuse(RefusalType.INVALID_INPUT, "give at least one device", field="device_ids", rule="not_empty")
        try:
            await self._together(request, places, batch_id, pin)
        except RefusedError as error:
            if when_not_shared is WhenNotShared.THROW or error.refusal.type not in _CANNOT_BE_SHARED:
                raise
            return await self._apart(request, device_ids, batch_id, pin)
        return [place.access_code_id for place in places]

    async def update(self, workspace_id: UUID, common_code_key: str, change: CodeChange) -> int:
        """Change name or window of every code that lives under a key; say how many there are.

        Raises:
            RefusedError: there is none, or the change breaks a rule for one of them; those before it are changed.
        """
        async with self._database.read() as session:
            ids = [row.id for row in await sharing(session, workspace_id, common_code_key)]
        if not ids or shown_key(common_code_key) is None:
            raise refuse(
                RefusalType.ACCESS_CODE_NOT_FOUND, "no access code has this key", field="common_code_key", rule="known"
            )
        for access_code_id in ids:
            await self._service.change(access_code_id, change)
        return len(ids)

    async def _together(
        self, request: CodeRequest, places: Sequence[Sibling], batch_id: UUID, pin: SecretStr | None
    ) -> None:
        first, *others = places
        key = request.common_code_key or made_up_key(str(batch_id), digits_given=pin is not None)
        shared = request.model_copy(
            update={"device_id": first.device_id, "siblings": tuple(others), "common_code_key": key}
        )
        await self._service.create(shared, access_code_id=first.access_code_id, pin=pin)

    async def _apart(
        self, request: CodeRequest, device_ids: Sequence[UUID], batch_id: UUID, pin: SecretStr | None
    ) -> list[UUID]:
        """Give each lock a code by itself; when one is refused, those before it are ended: all of them or none."""
        made: list[UUID] = []
        try:
            for device_id in device_ids:
                made.append(await self._alone(request, device_id, batch_id, pin))  # kept for the end
        except RefusedError:
            for access_code_id in made:
                with suppress(RefusedError):  # ended already, by an earlier sending of this request
                    await self._service.delete(access_code_id)
            raise
        return made

    async def _alone(self, request: CodeRequest, device_id: UUID, batch_id: UUID, pin: SecretStr | None) -> UUID:
        """Give a lock the caller's digits if it takes them, else digits of its own; name the code.

        Each try is a code with an id of its own: Temporal repeats the answer to one that was refused.
        """
        alone = request.model_copy(update={"device_id": device_id, "common_code_key": None})
        if pin is not None:
            try:
                return await self._made(alone, uuid5(batch_id, f"{device_id}/alone"), pin)
            except RefusedError as error:
                if error.refusal.type not in _CANNOT_BE_SHARED:
                    raise
        return await self._made(alone, uuid5(batch_id, f"{device_id}/chosen"), None)

    async def _made(self, request: CodeRequest, access_code_id: UUID, pin: SecretStr | None) -> UUID:
        await self._service.create(request, access_code_id=access_code_id, pin=pin)
        return access_code_id
