"""How thoroughly to measure."""

from __future__ import annotations

from typing import NamedTuple


class Settings(NamedTuple):
    """quick: only see that everything works; the figures then mean nothing."""

    quick: bool = False

    def turns(self, most: int) -> int:
        """How often everybody measures: many short turns stand a busy host better than few long."""
        return 1 if self.quick else most

    def count(self, count: int) -> int:
        """How often to do what is to be timed."""
        return max(1, count // 20) if self.quick else count
