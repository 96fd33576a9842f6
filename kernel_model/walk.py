"""The translation table walk: the one place that follows descriptors.

    va  31        20 19      12 11        0
       +------------+----------+-----------+
       |  L1 index  | L2 index |  offset   |    TTBR0, TTBCR.N = 0
       +------------+----------+-----------+

Source: Arm ARM DDI 0406C, B3.5.2 (lookup), B3.12.3 (order of the checks),
table B3-23 (fault status).
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from kernel_model.descriptors import (
    EXEC,
    READ,
    WRITE,
    Coarse,
    Entry,
    Fault,
    Leaf,
    decode_l1,
    decode_l2,
    describe,
    kernel_rights,
    user_rights,
)
from kernel_model.memory import PhysicalMemory

ALL_CLIENT = 0x55555555
"""DACR with every domain a client: the rights in the entries are checked."""

_CLIENT, _MANAGER = 0b01, 0b11


class FaultStatus(IntEnum):
    """FSR status of a failed access, short-descriptor encoding (table B3-23)."""

    ALIGNMENT = 0b00001
    TRANSLATION_L1 = 0b00101
    TRANSLATION_L2 = 0b00111
    EXTERNAL_ABORT = 0b01000
    DOMAIN_L1 = 0b01001
    DOMAIN_L2 = 0b01011
    WALK_ABORT_L1 = 0b01100
    PERMISSION_L1 = 0b01101
    WALK_ABORT_L2 = 0b01110
    PERMISSION_L2 = 0b01111

    @property
    def text(self) -> str:
        """The manual's name, e.g. ``translation fault, second level``."""
        return _STATUS_TEXT[self]


_STATUS_TEXT = {
    FaultStatus.ALIGNMENT: "alignment fault",
    FaultStatus.EXTERNAL_ABORT: "external abort: nothing is at the physical address",
    FaultStatus.TRANSLATION_L1: "translation fault, first level",
    FaultStatus.TRANSLATION_L2: "translation fault, second level",
    FaultStatus.DOMAIN_L1: "domain fault, first level",
    FaultStatus.DOMAIN_L2: "domain fault, second level",
    FaultStatus.WALK_ABORT_L1: "external abort on translation table walk, first level",
    FaultStatus.WALK_ABORT_L2: "external abort on translation table walk, second level",
    FaultStatus.PERMISSION_L1: "permission fault, first level",
    FaultStatus.PERMISSION_L2: "permission fault, second level",
}


class Step(NamedTuple):
    """One descriptor that a walk read: ``word``, entry ``number`` of its table, at ``pa``."""

    level: int
    number: int
    pa: int
    word: int

    @property
    def entry(self) -> Entry:
        return decode_l1(self.word) if self.level == 1 else decode_l2(self.word)

    def __str__(self) -> str:
        return (
            f"L{self.level}[{self.number:#05x}] at {self.pa:#010x} = "
            f"{self.word:#010x} {describe(self.entry)}"
        )


class Walk(NamedTuple):
    """What a walk for ``va`` found.

    Without ``fault``, ``pa`` is the address that ``va`` translates to, ``user``
    and ``kernel`` are the rights (READ, WRITE, EXEC), and ``size`` is the bytes the last
    descriptor maps.  With ``fault``, there is no translation and ``pa`` is -1.
    """

    va: int
    pa: int
    user: int
    kernel: int
    size: int
    fault: FaultStatus | None
    steps: tuple[Step, ...]

    def refusal(self, access: int, privileged: bool = False) -> FaultStatus | None:
        """The fault status that this access gets, or None when it goes through.

        access: one of READ, WRITE, EXEC, or several together.
        """
        if self.fault is not None:
            return self.fault
        if access & ~(self.kernel if privileged else self.user):
            first = len(self.steps) == 1
            return FaultStatus.PERMISSION_L1 if first else FaultStatus.PERMISSION_L2
        return None

    def __str__(self) -> str:
        return " -> ".join(map(str, self.steps))


def walk(memory: PhysicalMemory, ttbr0: int, va: int, dacr: int = ALL_CLIENT) -> Walk:
    """Translate ``va`` as the hardware would with this TTBR0 and DACR.

    ttbr0: physical address of the L1 table, 16 KiB aligned.
    """
    index = va >> 20
    pa = ttbr0 + index * 4
    if not memory.contains(pa, 4):
        return _failed(va, FaultStatus.WALK_ABORT_L1, ())
    word = memory.read_word(pa)
    first = Step(1, index, pa, word)
    entry = decode_l1(word)
    if isinstance(entry, Coarse):
        return _second_level(memory, va, entry, first, dacr)
    if isinstance(entry, Fault):
        return _failed(va, FaultStatus.TRANSLATION_L1, (first,))
    role = dacr >> (entry.domain * 2) & 0b11
    if role not in (_CLIENT, _MANAGER):
        return _failed(va, FaultStatus.DOMAIN_L1, (first,))
    return _translated(va, entry, role, (first,))


def _second_level(memory: PhysicalMemory, va: int, coarse: Coarse, first: Step, dacr: int) -> Walk:
    index = va >> 12 & 0xFF
    pa = coarse.table + index * 4
    if not memory.contains(pa, 4):
        return _failed(va, FaultStatus.WALK_ABORT_L2, (first,))
    word = memory.read_word(pa)
    steps = (first, Step(2, index, pa, word))
    entry = decode_l2(word)
    if isinstance(entry, Fault):
        return _failed(va, FaultStatus.TRANSLATION_L2, steps)
    role = dacr >> (coarse.domain * 2) & 0b11
    if role not in (_CLIENT, _MANAGER):
        return _failed(va, FaultStatus.DOMAIN_L2, steps)
    found = _translated(va, entry, role, steps)
    if coarse.pxn and role == _CLIENT:
        return found._replace(kernel=found.kernel & ~EXEC)
    return found


def _failed(va: int, status: FaultStatus, steps: tuple[Step, ...]) -> Walk:
    return Walk(va, -1, 0, 0, 0, status, steps)


def _translated(va: int, entry: Leaf, role: int, steps: tuple[Step, ...]) -> Walk:
    pa = entry.base + (va & (entry.size - 1))
    if role == _MANAGER:
        everything = READ | WRITE | EXEC
        return Walk(va, pa, everything, everything, entry.size, None, steps)
    return Walk(va, pa, user_rights(entry), kernel_rights(entry), entry.size, None, steps)
