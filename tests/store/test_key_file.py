"""A key file is its owner's alone, is replaced as a whole, and a bad one is refused without showing what is in it."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from store.keyring import KeyRing, KeyRingError
from tests.store.keys import new_ring

CANARY = "c2VjcmV0LW1hdGVyaWFs"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def stored(path: Path) -> dict[str, Any]:
    new_ring().save(path)
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def test_saved_ring_opens_what_it_encrypted(path: Path) -> None:
    ring = new_ring()
    ring.save(path)
    blob = ring.encrypt(b"secret", b"aad")
    for again in (KeyRing.load(path), KeyRing.from_json(path.read_text())):
        assert again.decrypt(blob, b"aad") == b"secret"
        assert again.blind_index("lock", "4829") == ring.blind_index("lock", "4829")
        assert again.listing == ring.listing


def test_saved_file_is_its_owners_alone(path: Path) -> None:
    path.write_text("old")
    path.chmod(0o644)
    new_ring().save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_failed_save_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_ring().save(path)
    before = path.read_text()

    def break_off(_descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", break_off)
    with pytest.raises(OSError, match="disk full"):
        new_ring().save(path)
    assert path.read_text() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_file_open_to_others_is_refused(path: Path, mode: int) -> None:
    new_ring().save(path)
    path.chmod(mode)
    with pytest.raises(KeyRingError, match="is open to other users: chmod 600 it") as refused:
        KeyRing.load(path)
    assert "\n" not in str(refused.value)


def test_missing_file_is_named(path: Path) -> None:
    with pytest.raises(KeyRingError, match=r"there is no key file .*keys\.json"):
        KeyRing.load(path)


def test_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyRingError, match="cannot be read"):
        KeyRing.load(tmp_path)


@pytest.mark.parametrize("material", [CANARY, "not base64!" + CANARY, 7, None])
def test_bad_material_is_refused_without_showing_it(path: Path, material: object) -> None:
    content = stored(path)
    content["keys"][0]["material"] = material
    with pytest.raises(KeyRingError, match=r"^not a key ring: keys\.0\.material") as refused:
        KeyRing.from_json(json.dumps(content))
    assert CANARY not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 2, "keys": []}'])
def test_text_that_is_no_ring_is_refused(text: str) -> None:
    with pytest.raises(KeyRingError, match="not a key ring"):
        KeyRing.from_json(text)


def test_ring_without_a_purpose_is_refused(path: Path) -> None:
    content = stored(path)
    del content["keys"][1]
    with pytest.raises(KeyRingError, match="exactly one primary index key, it has 0"):
        KeyRing.from_json(json.dumps(content))


def test_ring_with_two_primaries_is_refused(path: Path) -> None:
    content = stored(path)
    content["keys"].append(content["keys"][2] | {"id": "k4"})
    with pytest.raises(KeyRingError, match="exactly one primary codec key, it has 2"):
        KeyRing.from_json(json.dumps(content))
