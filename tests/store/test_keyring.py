"""What the ring encrypts opens for its own code alone, under old keys too; nothing that it says shows a secret."""

import base64
import json
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from domain.sealed import SealedPin, pin_aad
from store.key_file import render
from store.keyring import Encrypted, KeyRing, KeyRingError, Purpose, UndecryptableError, UnknownKeyError
from tests.store.keys import NOW, new_ring

RING = new_ring()
WORKSPACE = UUID("5e000000-0000-4000-8000-000000000001")
CODE = UUID("c0de0000-0000-4000-8000-000000000001")
OTHER = UUID("c0de0000-0000-4000-8000-000000000002")
PIN = "7391846"


@settings(deadline=None)
@given(plaintext=st.binary(max_size=200), aad=st.binary(max_size=50))
def test_what_was_encrypted_comes_back(plaintext: bytes, aad: bytes) -> None:
    assert RING.decrypt(RING.encrypt(plaintext, aad), aad) == plaintext


def test_blob_is_version_key_nonce_and_cipher_text() -> None:
    blob = RING.encrypt(b"secret", b"")
    assert blob[:4] == b"\x01\x02k1"
    assert len(blob) == 4 + 12 + len(b"secret") + 16
    assert RING.key_id_of(blob) == "k1" == RING.primary_id(Purpose.PIN)


def test_same_text_never_encrypts_alike() -> None:
    assert len({RING.encrypt(b"secret", b"") for _ in range(100)}) == 100


def test_pin_opens_for_its_own_code_only() -> None:
    blob = RING.encrypt(PIN.encode(), pin_aad(WORKSPACE, CODE))
    with pytest.raises(UndecryptableError, match="changed or belongs to another code"):
        RING.decrypt(blob, pin_aad(WORKSPACE, OTHER))
    with pytest.raises(UndecryptableError):
        RING.decrypt(blob, pin_aad(OTHER, CODE))


@settings(deadline=None)
@given(place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_any_changed_bit_is_noticed(place: int, bit: int) -> None:
    blob = bytearray(RING.encrypt(b"secret", b"aad"))
    blob[place % len(blob)] ^= 1 << bit
    with pytest.raises((UndecryptableError, UnknownKeyError)):
        RING.decrypt(bytes(blob), b"aad")


@settings(deadline=None)
@given(length=st.integers(0, 37))
def test_cut_data_is_noticed(length: int) -> None:
    with pytest.raises((UndecryptableError, UnknownKeyError)):
        RING.decrypt(RING.encrypt(b"secret", b"aad")[:length], b"aad")


def test_purposes_do_not_open_each_other() -> None:
    sealed = RING.seal(Purpose.CODEC, b"secret", b"")
    with pytest.raises(UnknownKeyError, match=r"^no pin key 'k3' in the key ring$"):
        RING.open(Purpose.PIN, sealed, b"")


def test_foreign_key_is_named_in_the_error() -> None:
    blob = RING.encrypt(b"secret", b"")
    rotated = RING.add(Purpose.PIN, "next", NOW).retire("k1")
    with pytest.raises(UnknownKeyError, match=r"^no pin key 'k1' in the key ring$"):
        rotated.decrypt(blob, b"")


def test_old_key_decrypts_after_a_new_one_became_primary() -> None:
    old = RING.encrypt(b"old", b"")
    ring = RING.add(Purpose.PIN, "next", NOW)
    new = ring.encrypt(b"new", b"")
    assert (ring.key_id_of(old), ring.key_id_of(new)) == ("k1", "next")
    assert (ring.decrypt(old, b""), ring.decrypt(new, b"")) == (b"old", b"new")


def test_key_can_be_spread_before_it_becomes_primary() -> None:
    spread = RING.add(Purpose.CODEC, "next", NOW, primary=False)
    assert spread.primary_id(Purpose.CODEC) == "k3"
    assert spread.promote("next").primary_id(Purpose.CODEC) == "next"
    assert spread.open(Purpose.CODEC, spread.promote("next").seal(Purpose.CODEC, b"x", b""), b"") == b"x"


def test_adding_leaves_the_first_ring_as_it_was() -> None:
    RING.add(Purpose.PIN, "next", NOW)
    assert [facts.key_id for facts in RING.listing] == ["k1", "k2", "k3"]


def test_new_index_key_waits_for_the_indexes_to_be_recomputed() -> None:
    before = RING.blind_index("lock", PIN)
    ring = RING.add(Purpose.INDEX, "next", NOW)
    assert ring.blind_index("lock", PIN) == before
    recomputed = ring.blind_index("lock", PIN, key_id="next")
    assert recomputed != before
    assert ring.promote("next").blind_index("lock", PIN) == recomputed


def test_blind_index_tells_locks_and_pins_apart() -> None:
    indexes = {RING.blind_index(lock, pin) for lock in ("a", "a1") for pin in ("1234", "234", "12345")}
    assert len(indexes) == 6
    assert all(len(index) == 64 and int(index, 16) >= 0 for index in indexes)
    assert RING.blind_index("a", "1234") == RING.blind_index("a", "1234") != new_ring().blind_index("a", "1234")


def test_blind_index_of_a_missing_key_is_an_error() -> None:
    with pytest.raises(UnknownKeyError):
        RING.blind_index("lock", PIN, key_id="k1")


def test_primary_key_is_not_retired() -> None:
    with pytest.raises(KeyRingError, match="promote another first"):
        RING.retire("k1")


@pytest.mark.parametrize("key_id", ["k2", "", "no spaces", "x" * 65, "ü"])
def test_key_id_is_unique_and_plain(key_id: str) -> None:
    with pytest.raises(KeyRingError):
        RING.add(Purpose.PIN, key_id, NOW)


def test_no_key_is_promoted_that_is_not_there() -> None:
    with pytest.raises(KeyRingError, match="no key 'k9'"):
        RING.promote("k9")


def test_sealed_pin_opens_for_its_code_only() -> None:
    sealed = RING.seal_pin(SecretStr(PIN), workspace_id=WORKSPACE, access_code_id=CODE)
    opened = RING.open_pin(sealed, workspace_id=str(WORKSPACE), access_code_id=str(CODE))
    assert opened.get_secret_value() == PIN
    with pytest.raises(UndecryptableError):
        RING.open_pin(sealed, workspace_id=WORKSPACE, access_code_id=OTHER)


def test_caller_seals_a_pin_in_five_lines() -> None:
    """As documented for other languages: the key file, AES-256-GCM and base64 are all it takes."""
    key = next(key for key in json.loads(exported(RING))["keys"] if key["purpose"] == "pin" and key["primary"])
    nonce = bytes(range(12))
    aad = f"latchwork/pin/{WORKSPACE}/{CODE}".encode()
    ciphertext = AESGCM(base64.b64decode(key["material"])).encrypt(nonce, PIN.encode(), aad)
    wire = {"key_id": key["id"], "nonce": b64(nonce), "ciphertext": b64(ciphertext)}

    sealed = SealedPin.model_validate_json(json.dumps(wire))
    assert RING.open_pin(sealed, workspace_id=WORKSPACE, access_code_id=CODE).get_secret_value() == PIN


def test_sealed_pin_shows_its_key_alone() -> None:
    sealed = RING.seal_pin(SecretStr(PIN), workspace_id=WORKSPACE, access_code_id=CODE)
    assert repr(sealed) == "SealedPin(key_id='k1')"
    assert PIN not in sealed.model_dump_json()


@pytest.mark.parametrize(
    "wire",
    [
        {"key_id": "k1", "nonce": PIN, "ciphertext": PIN},
        {"key_id": "k1", "nonce": "AAAAAAAAAAAAAAAA", "ciphertext": "A" * 68},
        {"key_id": "k1", "nonce": "AAAAAAAAAAAAAAAA", "ciphertext": "A" * 24, "code": PIN},
    ],
)
def test_malformed_seal_is_refused_without_digits(wire: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        SealedPin.model_validate(wire)
    assert PIN not in str(refused.value)


@pytest.mark.parametrize("ciphertext", ["A" * 24, "A" * 25, "A" * 26 + "=="])
def test_seal_that_is_not_ours_is_undecryptable(ciphertext: str) -> None:
    sealed = SealedPin(key_id="k1", nonce="AAAAAAAAAAAAAAAA", ciphertext=ciphertext)
    with pytest.raises(UndecryptableError):
        RING.open_pin(sealed, workspace_id=WORKSPACE, access_code_id=CODE)


def test_seal_of_something_that_is_no_text_is_undecryptable() -> None:
    sealed = RING.seal(Purpose.PIN, b"\xff\xfe", pin_aad(WORKSPACE, CODE))
    wire = SealedPin(key_id=sealed.key_id, nonce=b64(sealed.nonce), ciphertext=b64(sealed.ciphertext))
    with pytest.raises(UndecryptableError, match="not text"):
        RING.open_pin(wire, workspace_id=WORKSPACE, access_code_id=CODE)


def test_neither_repr_nor_listing_shows_material() -> None:
    shown = f"{RING!r} {RING} {RING.listing}"
    keys = json.loads(exported(RING))["keys"]
    assert not any(key["material"][:8] in shown for key in keys)
    assert repr(RING) == "KeyRing(pin:k1*, index:k2*, codec:k3*)"


def test_wrong_nonce_length_is_undecryptable() -> None:
    with pytest.raises(UndecryptableError):
        RING.open(Purpose.PIN, Encrypted("k1", b"", b"x" * 20), b"")


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def exported(ring: KeyRing) -> str:
    """The key file's text, which the ring itself writes to a file alone."""
    return render(ring._keys)
