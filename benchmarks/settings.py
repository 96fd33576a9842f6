"""How thoroughly to measure."""

from __future__ import annotations

from typing import NamedTuple


class Settings(NamedTuple):
    """quick: whether to see only that everything works, with figures that mean nothing."""

    quick: bool = False

    def turns(self, most: int) -> int:
        """The number of turns; many short turns withstand a busy host better than few long ones."""
        return 1 if self.quick else most

    def count(self, count: int) -> int:
        """The number of repetitions of the thing timed."""
        return max(1, count // 20) if self.quick else count
