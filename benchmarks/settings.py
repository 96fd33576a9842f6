"""How thoroughly to measure."""

from __future__ import annotations

from typing import NamedTuple


class Settings(NamedTuple):
    """quick: only see that everything works; the figures then mean nothing."""

    quick: bool = False

    @property
    def turns(self) -> int:
        """How often everybody measures."""
        return 1 if self.quick else 9

    def count(self, count: int) -> int:
        """How often to do what is to be timed."""
        return max(1, count // 50) if self.quick else count
