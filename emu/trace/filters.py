"""Which events a trace keeps: by process, by function, by range of addresses."""

from __future__ import annotations

from collections.abc import Sequence

Range = tuple[int, int]
"""The first address, and the address after the last."""


class Filter:
    """The selection by process, address and function; an empty selection keeps every event.

    An address range selects instructions, calls and faults by their PC, accesses and mappings by
    the addresses that they reach.  A function selects by the PC alone.
    """

    def __init__(
        self,
        pids: Sequence[int] = (),
        functions: Sequence[Range] = (),
        ranges: Sequence[Range] = (),
    ) -> None:
        self.pids = frozenset(pids)
        self.functions = tuple(functions)
        self.ranges = tuple(ranges)

    @property
    def by_address(self) -> bool:
        """Whether events are selected by address."""
        return bool(self.functions or self.ranges)

    def wants(self, pid: int) -> bool:
        return not self.pids or pid in self.pids

    def wants_code(self, va: int) -> bool:
        """Whether the instruction at ``va`` is asked for."""
        return _among(self.functions, va, va + 1) and _among(self.ranges, va, va + 1)

    def wants_access(self, pc: int, va: int, length: int) -> bool:
        """Whether an access to [va, va + length) by the instruction at ``pc`` is asked for."""
        return _among(self.functions, pc, pc + 1) and _among(self.ranges, va, va + length)

    def wants_fault(self, pc: int, va: int) -> bool:
        """va: -1 for a fault that is not of an access."""
        return self.wants_code(pc) or (va >= 0 and self.wants_access(pc, va, 1))

    def wants_mapping(self, va: int, length: int) -> bool:
        """va: -1 where the entries translate nothing, which is kept unless a range is asked for."""
        if va < 0:
            return not self.ranges
        return _among(self.ranges, va, va + length)


def _among(ranges: tuple[Range, ...], start: int, end: int) -> bool:
    """Whether [start, end) overlaps one of the ranges; true if there are none."""
    return not ranges or any(first < end and start < last for first, last in ranges)
