"""How much is measured.  On two cores the full scale takes three minutes, and the pools a quarter of an hour besides; the smoke
scale only proves that it runs.
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers of codes and lengths of time for every measurement."""

    rounds: int
    """Of lifecycles, ours and bare in turns."""
    lifecycles: int
    """Codes of one round, each on a lock of its own."""
    starters: int
    """Callers at once."""
    lead: timedelta
    """From a code's start to `starts_at`."""
    shortest_window: timedelta
    """From `starts_at` to `ends_at` at least; longer on a busy machine, so that no code ends before its turn came."""
    registrations: int
    due: int
    """Codes that become due one after the other."""
    due_apart: timedelta
    sleepers: int
    creates: int
    """Codes that are made over HTTP at an even pace."""
    stored: tuple[int, ...]
    """Numbers of stored codes, rising, among which is read."""
    load_seconds: float
    """How long callers call at once."""
    beside_fake: bool
    """Install Seam's own fake and read from it as well."""
    pools: int
    """Backup pools, each on a lock of its own; one more is filled before, to warm everything up."""
    settle_seconds: float
    """From the last pool's being full to the rest that is measured."""
    rest_seconds: float


FULL = Scale(
    rounds=2,
    lifecycles=100,
    starters=50,
    lead=timedelta(seconds=1),
    shortest_window=timedelta(seconds=9),
    registrations=100,
    due=60,
    due_apart=timedelta(milliseconds=130),
    sleepers=500,
    creates=200,
    stored=(1000, 25_000),
    load_seconds=3,
    beside_fake=True,
    pools=1000,
    settle_seconds=30,
    rest_seconds=120,
)
SMOKE = Scale(
    rounds=1,
    lifecycles=4,
    starters=2,
    lead=timedelta(seconds=0.5),
    shortest_window=timedelta(seconds=2),
    registrations=3,
    due=3,
    due_apart=timedelta(milliseconds=100),
    sleepers=5,
    creates=3,
    stored=(30,),
    load_seconds=0.1,
    beside_fake=False,
    pools=2,
    settle_seconds=1,
    rest_seconds=1,
)
