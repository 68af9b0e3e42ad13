"""Many stored codes in little time: rows copied from one code that was made as any is, each with digits of its own.

The copies have no workflows: what is measured on them is reading.
"""

from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlmodel import col, select

from bench.stack import Stack
from domain.sealed import pin_aad
from store.keyring import KeyRing
from store.tables import AccessCodeRow, PinRow

_AT_ONCE = 1000


async def copy_code(stack: Stack, keyring: KeyRing, code_id: UUID, copies: int) -> Sequence[UUID]:
    """Copy a code and its digits' row, on one lock after the other; give the ids."""
    async with stack.database.read() as session:
        code = await session.get_one(AccessCodeRow, code_id)
        pin = (await session.exec(select(PinRow).where(col(PinRow.access_code_id) == code_id))).one()
    ids = [uuid4() for _ in range(copies)]
    for start in range(0, copies, _AT_ONCE):
        codes, pins = [], []
        for number, own in enumerate(ids[start : start + _AT_ONCE], start):
            digits = f"{number:06d}"
            device_id = stack.device_ids[number % len(stack.device_ids)]
            codes.append(code.model_dump() | {"id": own, "device_id": device_id})
            pins.append(
                pin.model_dump()
                | {
                    "access_code_id": own,
                    "device_id": device_id,
                    "pin_index": keyring.blind_index(device_id, digits),
                    "ciphertext": keyring.encrypt(digits.encode(), pin_aad(code.workspace_id, own)),
                }
            )
        async with stack.database.write() as session:
            await session.exec(insert(AccessCodeRow), params=codes)
            await session.exec(insert(PinRow), params=pins)
    return ids
