"""Armv7-A short-descriptor translation table entries: one decoder, one encoder.

Each kind of entry is a class; ``encode`` turns an entry into its 32-bit word, ``decode_l1`` and
``decode_l2`` turn a word into an entry.  Only reserved bits are lost.
Source: Arm ARM DDI 0406C, B3.5.1 (formats), B3.7.1 (access permissions).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, NamedTuple

# Rights of an access, as a set of bits.
READ = 1
WRITE = 2
EXEC = 4

SMALL_PAGE_SIZE = 0x1000
LARGE_PAGE_SIZE = 0x10000
SECTION_SIZE = 0x100000
SUPERSECTION_SIZE = 0x1000000

L1_ENTRIES = 4096
L1_SIZE = L1_ENTRIES * 4
COARSE_ENTRIES = 256
COARSE_SIZE = COARSE_ENTRIES * 4

# AP[2:0] as in Arm ARM table B3-8; 0b000 and 0b100 grant no access.
AP_KERNEL_RW = 0b001
AP_USER_RO = 0b010
AP_USER_RW = 0b011

_USER_RIGHTS = (0, 0, READ, READ | WRITE, 0, 0, READ, READ)
_KERNEL_RIGHTS = (0, READ | WRITE, READ | WRITE, READ | WRITE, 0, READ, READ, READ)


class Memory(NamedTuple):
    """Memory type and sharing: TEX[2:0], C, B and S of an entry (B3.8.2, TRE = 0)."""

    tex: int
    c: int
    b: int
    s: int

    @property
    def name(self) -> str:
        """The memory type in the manual's words, e.g. ``normal`` or ``device``."""
        tcb = self.tex << 2 | self.c << 1 | self.b
        if tcb == 0b00000:
            return "strongly-ordered"
        if tcb in (0b00001, 0b01000):
            return "device"
        if tcb in (0b00010, 0b00011, 0b00100, 0b00111) or self.tex & 0b100:
            return "normal"
        return "reserved"


NORMAL = Memory(tex=0b001, c=1, b=1, s=0)
DEVICE = Memory(tex=0b000, c=0, b=1, s=0)


@dataclass(frozen=True, slots=True)
class Invalid:
    """An invalid (fault) entry: it maps nothing.  word: the bits that software stored in it."""

    word: int = 0

    kind: ClassVar[str] = "fault"

    def encode(self) -> int:
        return self.word


@dataclass(frozen=True, slots=True)
class Coarse:
    """First-level entry that names a 1 KiB second-level table at ``table`` (pa)."""

    table: int
    domain: int = 0
    ns: int = 0
    pxn: int = 0

    kind: ClassVar[str] = "coarse"

    def encode(self) -> int:
        return self.table | self.domain << 5 | self.ns << 3 | self.pxn << 2 | 0b01


@dataclass(frozen=True, slots=True)
class Section:
    """First-level entry that maps 1 MiB at ``base`` (pa)."""

    base: int
    ap: int
    xn: int
    memory: Memory
    domain: int = 0
    ng: int = 0
    ns: int = 0
    pxn: int = 0

    kind: ClassVar[str] = "section"
    size: ClassVar[int] = SECTION_SIZE

    def encode(self) -> int:
        return self.base | self.ns << 19 | self.domain << 5 | _large_format(self)


@dataclass(frozen=True, slots=True)
class Supersection:
    """First-level entry, one of 16 alike, that maps 16 MiB at ``base`` (40-bit pa)."""

    base: int
    ap: int
    xn: int
    memory: Memory
    ng: int = 0
    ns: int = 0
    pxn: int = 0

    kind: ClassVar[str] = "supersection"
    size: ClassVar[int] = SUPERSECTION_SIZE
    domain: ClassVar[int] = 0

    def encode(self) -> int:
        high = (self.base >> 32 & 0xF) << 20 | (self.base >> 36 & 0xF) << 5
        return (self.base & 0xFF000000) | high | self.ns << 19 | 1 << 18 | _large_format(self)


@dataclass(frozen=True, slots=True)
class LargePage:
    """Second-level entry, one of 16 alike, that maps 64 KiB at ``base`` (pa)."""

    base: int
    ap: int
    xn: int
    memory: Memory
    ng: int = 0

    kind: ClassVar[str] = "large page"
    size: ClassVar[int] = LARGE_PAGE_SIZE

    def encode(self) -> int:
        return self.base | self.xn << 15 | self.memory.tex << 12 | _page_format(self) | 0b01


@dataclass(frozen=True, slots=True)
class SmallPage:
    """Second-level entry that maps 4 KiB at ``base`` (pa)."""

    base: int
    ap: int
    xn: int
    memory: Memory
    ng: int = 0

    kind: ClassVar[str] = "small page"
    size: ClassVar[int] = SMALL_PAGE_SIZE

    def encode(self) -> int:
        return self.base | self.memory.tex << 6 | _page_format(self) | 0b10 | self.xn


def _large_format(entry: Section | Supersection) -> int:
    """The bits that sections and supersections share."""
    tex, c, b, s = entry.memory
    return (
        entry.ng << 17 | s << 16 | (entry.ap >> 2) << 15 | tex << 12
        | (entry.ap & 0b11) << 10 | entry.xn << 4 | c << 3 | b << 2 | 0b10 | entry.pxn
    )  # fmt: skip


def _page_format(entry: LargePage | SmallPage) -> int:
    """The bits that large and small pages share."""
    _, c, b, s = entry.memory
    return (
        entry.ng << 11 | s << 10 | (entry.ap >> 2) << 9 | (entry.ap & 0b11) << 4 | c << 3 | b << 2
    )


Leaf = Section | Supersection | LargePage | SmallPage
L1Entry = Invalid | Coarse | Section | Supersection
L2Entry = Invalid | LargePage | SmallPage
Entry = L1Entry | L2Entry


def user_rights(entry: Leaf) -> int:
    """What user mode may do through this entry, in a client domain."""
    rights = _USER_RIGHTS[entry.ap]
    return rights | EXEC if rights and not entry.xn else rights


def kernel_rights(entry: Leaf) -> int:
    """What privileged modes may do through this entry, in a client domain."""
    rights = _KERNEL_RIGHTS[entry.ap]
    never = entry.xn or (isinstance(entry, Section | Supersection) and entry.pxn)
    return rights | EXEC if rights and not never else rights


@lru_cache(maxsize=65536)
def decode_l1(word: int) -> L1Entry:
    """The first-level entry that ``word`` holds.

    Bits [1:0] = 0b11 are a section with PXN set: the core has the Large Physical
    Address Extension, and with it PXN (B3.5.1).
    """
    kind = word & 0b11
    if kind == 0b00:
        return Invalid(word)
    if kind == 0b01:
        return Coarse(
            word & 0xFFFFFC00, domain=word >> 5 & 0xF, ns=word >> 3 & 1, pxn=word >> 2 & 1
        )
    ap = word >> 13 & 0b100 | word >> 10 & 0b11
    memory = Memory(word >> 12 & 0b111, word >> 3 & 1, word >> 2 & 1, word >> 16 & 1)
    xn, ng, ns, pxn = word >> 4 & 1, word >> 17 & 1, word >> 19 & 1, word & 1
    if word >> 18 & 1:
        base = word & 0xFF000000 | (word >> 20 & 0xF) << 32 | (word >> 5 & 0xF) << 36
        return Supersection(base, ap, xn, memory, ng=ng, ns=ns, pxn=pxn)
    domain = word >> 5 & 0xF
    return Section(word & 0xFFF00000, ap, xn, memory, domain=domain, ng=ng, ns=ns, pxn=pxn)


@lru_cache(maxsize=65536)
def decode_l2(word: int) -> L2Entry:
    """The second-level entry that ``word`` holds."""
    if word & 0b11 == 0:
        return Invalid(word)
    ap = word >> 7 & 0b100 | word >> 4 & 0b11
    c, b, s, ng = word >> 3 & 1, word >> 2 & 1, word >> 10 & 1, word >> 11 & 1
    if word & 0b10:
        memory = Memory(word >> 6 & 0b111, c, b, s)
        return SmallPage(word & 0xFFFFF000, ap, word & 1, memory, ng=ng)
    memory = Memory(word >> 12 & 0b111, c, b, s)
    return LargePage(word & 0xFFFF0000, ap, word >> 15 & 1, memory, ng=ng)


def describe(entry: Entry) -> str:
    """The entry in words, e.g. ``small page 0x80003000 user r-x normal``."""
    if isinstance(entry, Invalid):
        return "fault"
    if isinstance(entry, Coarse):
        return f"coarse table {entry.table:#010x}"
    rights = user_rights(entry)
    who, shown = ("user", rights) if rights else ("kernel", kernel_rights(entry))
    return f"{entry.kind} {entry.base:#010x} {who} {rights_text(shown)} {entry.memory.name}"


def rights_text(rights: int) -> str:
    """Rights as three letters, e.g. ``r-x``."""
    letters = ((READ, "r"), (WRITE, "w"), (EXEC, "x"))
    return "".join(letter if rights & bit else "-" for bit, letter in letters)
