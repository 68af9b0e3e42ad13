"""Temporal gets nothing that it could read, and gives back everything while the key is in the ring."""

from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.exceptions import ApplicationError

from store.key_file import render
from store.keyring import KeyRing, Purpose, UndecryptableError, UnknownKeyError
from tests.store.keys import NOW, new_ring
from workers.codec import KeyRingCodec, data_converter

CANARY = "7391846"
RING = new_ring()


class Guest(BaseModel):
    id: UUID
    note: str


GUEST = Guest(id=UUID("1a2b3c4d-0000-4000-8000-000000000001"), note=f"code {CANARY}")


async def test_model_comes_back_from_an_unreadable_payload() -> None:
    converter = data_converter(RING)
    (payload,) = await converter.encode([GUEST])
    assert payload.metadata["encoding"] == b"binary/encrypted"
    assert payload.metadata["encryption-key-id"] == b"k3"
    assert CANARY.encode() not in payload.SerializeToString()
    assert b"note" not in payload.SerializeToString()
    assert await converter.decode([payload], [Guest]) == [GUEST]


@settings(deadline=None)
@given(data=st.binary(max_size=100), metadata=st.dictionaries(st.text(max_size=8), st.binary(max_size=8), max_size=3))
async def test_any_payload_comes_back_whole(data: bytes, metadata: dict[str, bytes]) -> None:
    codec = KeyRingCodec(RING)
    payload = Payload(metadata=metadata, data=data)
    assert await codec.decode(await codec.encode([payload])) == [payload]


async def test_payload_opens_as_temporals_samples_open_it() -> None:
    """Nonce, then cipher text, no additional data, and a serialised payload inside."""
    payload = Payload(metadata={"encoding": b"json/plain"}, data=b'"x"')
    (encoded,) = await KeyRingCodec(RING).encode([payload])
    codec_key = next(key for key in RING._keys if key.purpose is Purpose.CODEC)
    inside = AESGCM(codec_key.material).decrypt(encoded.data[:12], encoded.data[12:], None)
    assert Payload.FromString(inside) == payload


async def test_failure_keeps_message_and_stack_to_itself() -> None:
    converter = data_converter(RING)
    failure = Failure()
    try:
        raise ApplicationError(f"refused {CANARY}", CANARY, type="refused")
    except ApplicationError as error:
        await converter.encode_failure(error, failure)
    assert failure.message == "Encoded failure"
    assert failure.stack_trace == ""
    assert CANARY.encode() not in failure.SerializeToString()

    again = await converter.decode_failure(failure)
    assert isinstance(again, ApplicationError)
    assert (again.message, list(again.details)) == (f"refused {CANARY}", [CANARY])


async def test_unencrypted_input_is_taken_as_it_is() -> None:
    payload = Payload(metadata={"encoding": b"json/plain"}, data=b'{"id": 1}')
    assert await KeyRingCodec(RING).decode([payload]) == [payload]


async def test_old_payloads_open_after_rotation() -> None:
    rotated = RING.add(Purpose.CODEC, "next", NOW)
    old = await data_converter(RING).encode([GUEST])
    new = await data_converter(rotated).encode([GUEST])
    assert new[0].metadata["encryption-key-id"] == b"next"
    assert await data_converter(rotated).decode([*old, *new], [Guest, Guest]) == [GUEST, GUEST]


async def test_foreign_key_is_named() -> None:
    payloads = await KeyRingCodec(RING).encode([Payload(data=b"x")])
    without = RING.add(Purpose.CODEC, "next", NOW).retire("k3")
    with pytest.raises(UnknownKeyError, match=r"^no codec key 'k3' in the key ring$"):
        await KeyRingCodec(without).decode(payloads)


async def test_payload_without_a_key_id_is_an_error() -> None:
    payload = Payload(metadata={"encoding": b"binary/encrypted"}, data=b"x" * 40)
    with pytest.raises(UnknownKeyError):
        await KeyRingCodec(RING).decode([payload])


async def test_changed_payload_is_noticed() -> None:
    (payload,) = await KeyRingCodec(RING).encode([Payload(data=b"x")])
    payload.data = payload.data[:-1] + bytes([payload.data[-1] ^ 1])
    with pytest.raises(UndecryptableError):
        await KeyRingCodec(RING).decode([payload])


async def test_encrypted_bytes_that_are_no_payload_are_noticed() -> None:
    sealed = RING.seal(Purpose.CODEC, b"\xff\xff", b"")
    metadata = {"encoding": b"binary/encrypted", "encryption-key-id": b"k3"}
    with pytest.raises(UndecryptableError, match="no Temporal payload"):
        await KeyRingCodec(RING).decode([Payload(metadata=metadata, data=sealed.nonce + sealed.ciphertext)])


async def test_ring_read_back_from_its_text_decodes() -> None:
    payloads = await data_converter(RING).encode([GUEST])
    again = KeyRing.from_json(render(RING._keys))
    assert await data_converter(again).decode(payloads, [Guest]) == [GUEST]
