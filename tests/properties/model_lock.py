"""A lock as it is, apart from what it answers: the truth that the claims of the domain are held against.

It is the worst lock that the driver protocol allows: what it was told reaches it late and in any order, a late removal
takes away whatever is in the slot, and a read may show what was there a while ago.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass
class ModelLock:
    """One slot.  A generation is there or None; what is on its way has the instant at which it arrives."""

    reads_lag: timedelta
    past: list[tuple[datetime, int | None]]
    coming: list[tuple[datetime, int | None]] = field(default_factory=list)

    def write(self, generation: int | None, arrives_at: datetime) -> None:
        """Send a generation on its way, or a removal (None)."""
        self.coming.append((arrives_at, generation))

    def move_to(self, now: datetime) -> None:
        """Let arrive what is due."""
        self.past += sorted((write for write in self.coming if write[0] <= now), key=lambda write: write[0])
        self.coming = [write for write in self.coming if write[0] > now]

    @property
    def truth(self) -> int | None:
        """What is in the slot; it would open the door."""
        return self.past[-1][1]

    @property
    def is_free_for_good(self) -> bool:
        """Nothing is there and nothing is on its way."""
        return self.truth is None and all(generation is None for _, generation in self.coming)

    def shown(self, now: datetime, age: float) -> int | None:
        """Read what was there `age` of the lag ago: 0 is the present, 1 as far behind as reads may be."""
        at = now - self.reads_lag * age
        return next((generation for arrived, generation in reversed(self.past) if arrived <= at), None)
