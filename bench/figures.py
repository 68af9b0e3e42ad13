"""A figure: one line of the table, with its unit and, where there is one, the aim it is held to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.  Of the two aims at most one is given."""

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def aim(self) -> str:
        """The aim in words; empty where there is none."""
        if self.at_most is not None:
            return f"≤ {self.at_most:g}"
        return "" if self.at_least is None else f"≥ {self.at_least:g}"

    @property
    def is_met(self) -> bool | None:
        """Tell whether the aim is met; None without an aim."""
        if self.at_most is not None:
            return self.value <= self.at_most
        return None if self.at_least is None else self.value >= self.at_least


def percentile(values: Sequence[float], share: float) -> float:
    """Give the smallest value that is not exceeded by `share` (0 to 1) of all; it is one of those measured."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
