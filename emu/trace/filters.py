"""Which events a trace keeps: by process, by function, by range of addresses."""

from __future__ import annotations

from collections.abc import Sequence

Range = tuple[int, int]
"""First address, and the one behind the last."""


class Filter:
    """What is asked for; nothing asked for keeps all.

    An address range concerns instructions, calls and faults by where they are, accesses and
    mappings by what they reach; functions are ranges of instructions.
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
        """Whether it matters where something is."""
        return bool(self.functions or self.ranges)

    def wants(self, pid: int) -> bool:
        return not self.pids or pid in self.pids

    def wants_code(self, va: int) -> bool:
        """Whether the instruction at ``va`` is asked for."""
        return _among(self.functions, va, va + 1) and _among(self.ranges, va, va + 1)

    def wants_access(self, pc: int, va: int, length: int) -> bool:
        """Whether what the instruction at ``pc`` does to [va, va + length) is asked for."""
        return _among(self.functions, pc, pc + 1) and _among(self.ranges, va, va + length)

    def wants_fault(self, pc: int, va: int) -> bool:
        """va: -1 for a fault that is no access."""
        return self.wants_code(pc) or (va >= 0 and self.wants_access(pc, va, 1))

    def wants_mapping(self, va: int, length: int) -> bool:
        """va: -1 where the entries translate nothing; that is kept unless a range is asked for."""
        if va < 0:
            return not self.ranges
        return _among(self.ranges, va, va + length)


def _among(ranges: tuple[Range, ...], start: int, end: int) -> bool:
    """Whether [start, end) touches one of the ranges; true if there are none."""
    return not ranges or any(first < end and start < last for first, last in ranges)
