"""The locks of the demo and of most tests: six plain ones first, then one of each peculiarity that a driver meets."""

from random import Random

from domain.constraints import CodeConstraint, ConstraintType
from domain.devices import Capabilities, DeviceFacts
from providers.simulated.locks import DEFAULT_SLOTS, Lock

DEMO_TOKEN = "simulated-lock-cloud"  # noqa: S105 - opens nothing but a simulation on loopback
"""The bearer token of a cloud that was given none."""

PLAIN = ("Front Door", "Garden Gate", "Lake House", "Studio", "Loft", "Boat House")


def plain_lock(name: str, lock_id: str | None = None) -> Lock:
    """A lock without peculiarities: 4-8 digits, 20 slots, changes in place, a bolt that moves from afar."""
    return Lock(_plain(name, lock_id))


def seeded_locks(seed: int = 0) -> list[Lock]:
    """Twelve locks; the seed decides how full their batteries are."""
    dice = Random(seed)  # noqa: S311 - reproducible on purpose
    nuki_rules = (
        CodeConstraint(constraint_type=ConstraintType.NO_ZEROS),
        CodeConstraint(constraint_type=ConstraintType.CANNOT_START_WITH_12),
        CodeConstraint(constraint_type=ConstraintType.NAME_LENGTH, max_length=20),
    )
    peculiar = (
        _facts("Courtyard", model="Six Digits", supported_code_lengths=(6,), code_constraints=nuki_rules),
        _facts("Attic", model="Masked", capabilities=Capabilities(masks_codes=True)),
        _facts("Cellar", model="Write Once", capabilities=Capabilities(can_update_in_place=False)),
        _facts(
            "Barn",
            model="Keyed",
            capabilities=Capabilities(can_program_online_access_codes=False, supports_backup_access_code_pool=False),
        ),
        _facts("Tool Shed", model="Small", max_active_codes_supported=3),
        _facts("Pool House", model="Scheduled", capabilities=Capabilities(has_native_scheduling=True)),
    )
    facts = (*(_plain(name) for name in PLAIN), *peculiar)
    return [Lock(lock.model_copy(update={"battery_level": round(dice.uniform(0.3, 1), 2)})) for lock in facts]


def _plain(name: str, lock_id: str | None = None) -> DeviceFacts:
    moves = Capabilities(can_remotely_lock=True, can_remotely_unlock=True)
    return _facts(name, lock_id=lock_id, capabilities=moves, locked=True)


def _facts(name: str, *, lock_id: str | None = None, model: str = "Plain", **other: object) -> DeviceFacts:
    told: dict[str, object] = {
        "lock_id": lock_id or name.lower().replace(" ", "-"),
        "name": name,
        "manufacturer": "Simulated",
        "model": model,
        "time_zone": "Europe/Berlin",
        "battery_level": 1.0,
        "max_active_codes_supported": DEFAULT_SLOTS,
    }
    return DeviceFacts.model_validate(told | other)
