"""What Temporal stores of us: payloads it cannot read.

Every payload is encrypted as a whole, its metadata included, in the form of Temporal's own encryption samples: the
serialised payload, AES-256-GCM, a 12-byte nonce before the cipher text, `encoding` = `binary/encrypted`, and the key's
id under `encryption-key-id`.  So other SDKs' codecs can be given the same key.  Failures' messages and stack traces are
moved into a payload first; search attributes, ids and type names stay readable, and hold no PIN anywhere.

A codec key may be retired only when every history that bears it is gone.  A worker that lacks a key fails the workflow
task, which Temporal repeats until the worker has it: nothing is lost.
"""

from collections.abc import Sequence

from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
)

from store.keyring import NONCE_BYTES, Encrypted, KeyRing, Purpose, UndecryptableError

_ENCODING = "encoding"
_ENCRYPTED = b"binary/encrypted"
_KEY_ID = "encryption-key-id"

_NO_AAD = b""
"""The samples bind nothing, and a payload does not know where in a history it stands."""


class KeyRingCodec(PayloadCodec):
    """Encrypts with the ring's primary codec key and decrypts with the key that a payload names."""

    def __init__(self, keyring: KeyRing) -> None:
        self._keyring = keyring

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt each payload."""
        return [self._encrypted(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt each encrypted payload and leave the others as they are: callers may start codes unencrypted.

        Raises:
            UnknownKeyError: the ring lacks the key that a payload names.
            UndecryptableError: a payload was changed.
        """
        return [self._decrypted(payload) for payload in payloads]

    def _encrypted(self, payload: Payload) -> Payload:
        sealed = self._keyring.seal(Purpose.CODEC, payload.SerializeToString(), _NO_AAD)
        return Payload(
            metadata={_ENCODING: _ENCRYPTED, _KEY_ID: sealed.key_id.encode()},
            data=sealed.nonce + sealed.ciphertext,
        )

    def _decrypted(self, payload: Payload) -> Payload:
        if payload.metadata.get(_ENCODING) != _ENCRYPTED:
            return payload
        key_id = payload.metadata.get(_KEY_ID, b"").decode("ascii", "replace")
        sealed = Encrypted(key_id, payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:])
        try:
            return Payload.FromString(self._keyring.open(Purpose.CODEC, sealed, _NO_AAD))
        except DecodeError:
            raise UndecryptableError("the encrypted data is no Temporal payload") from None


_CONVERTERS = tuple(PydanticPayloadConverter().converters.values())


class SharedPydanticConverter(CompositePayloadConverter):
    """The SDK's pydantic converter, with one set of validators for all.

    The SDK makes a converter for every workflow and for every task of one.  Each of its own would build the validators
    of what it reads anew, and keep them for as long as the workflow lies in the cache.
    """

    def __init__(self) -> None:
        super().__init__(*_CONVERTERS)


def data_converter(keyring: KeyRing) -> DataConverter:
    """The data converter of every client and worker of ours: pydantic models in, encrypted payloads out."""
    return DataConverter(
        payload_converter_class=SharedPydanticConverter,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
        payload_codec=KeyRingCodec(keyring),
    )
