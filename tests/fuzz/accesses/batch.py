"""Rows of cases: setting a base and an index, and a load or store, perhaps by a condition."""

from __future__ import annotations

import random
import struct
from typing import Final, NamedTuple

from emu.arm.alignment import wanted_by
from tests.fuzz.accesses.patterns import ARM, BASE, ORIGIN, THUMB, fill

CODE: Final = 0x10000
CODE_SIZE: Final = 0x10000
DATA: Final = 0x40000
DATA_SIZE: Final = 0x4000
CENTRE: Final = DATA + 0x1400
"""What the bases are computed from: no offset reaches beyond the data."""
CASES: Final = 500

LEFT_OUT: Final = (
    "exclusive stores without a reservation, at an address that is not aligned: they fault "
    "(A3.2.1), and qemu-arm looks at the reservation first; those with one are compared",
    "alignment to 256 bits, at an address that is aligned to 128: it faults (A3.2.1), and qemu-arm "
    "7.2 checks for 128 at most",
)
"""What is not compared with qemu-arm, and why."""


class Batch(NamedTuple):
    """big: whether data is big-endian for some of the time."""

    seed: int
    thumb: bool
    big: bool
    cases: tuple[bytes, ...]

    @property
    def code(self) -> bytes:
        """Entered in Arm state; it ends with an undefined instruction."""
        start = struct.pack("<2I", 0xE51FF004, CODE + 8 + self.thumb)  # ldr pc, [pc, #-4]
        return start + b"".join(self.cases)

    @property
    def data(self) -> bytes:
        return random.Random(self.seed).randbytes(DATA_SIZE)

    @property
    def registers(self) -> tuple[tuple[int, ...], int, tuple[int, ...]]:
        """r0 to lr, the flags, d0 to d31."""
        chance = random.Random(self.seed ^ 1)
        words = [chance.getrandbits(32) for _ in range(15)]
        words[BASE] = words[ORIGIN] = words[13] = CENTRE
        flags = chance.getrandbits(5) << 27 | chance.getrandbits(4) << 16
        return tuple(words), flags, tuple(chance.getrandbits(64) for _ in range(32))


def batch(seed: int, thumb: bool, big: bool = False, cases: int = CASES) -> Batch:
    """A batch, always the same for a seed."""
    chance = random.Random(seed * 4 + thumb * 2 + big)
    make = _thumb_case if thumb else _arm_case
    made = [make(chance) if not big or chance.random() < 0.9 else _endianness(chance, thumb)
            for _ in range(cases)]  # fmt: skip
    return Batch(seed, thumb, big, tuple(made))


def _arm(*words: int) -> bytes:
    return struct.pack(f"<{len(words)}I", *words)


def _thumb(*halves: int) -> bytes:
    return struct.pack(f"<{len(halves)}H", *halves)


def _offset(chance: random.Random) -> int:
    """What is added to the origin: half of all are multiples of 32."""
    return chance.randrange(8) * 32 + (chance.random() < 0.5) * chance.randrange(32)


def _compared(word: int, thumb: bool, offset: int) -> int:
    """The offset, or one near it that ``LEFT_OUT`` does not name."""
    by_256 = wanted_by(word, thumb).bits == 5
    return offset - 16 if by_256 and offset % 32 == 16 else offset


def _arm_case(chance: random.Random) -> bytes:
    word = fill(chance.choice(ARM), chance)
    offset = _compared(word, False, _offset(chance))
    made = _arm(0xE28A8000 | offset, 0xE28AD000 | offset, 0xE3A0B000 | chance.randrange(256))
    made += _arm(0xE3500000 | chance.randrange(8) << 16 | chance.randrange(256))  # cmp
    if wanted_by(word, False).exclusive and (offset % 8 or chance.random() < 0.5):
        made += _arm(0xE1D87F9F)  # ldrexb r7, [r8]
    return made + _arm(word)


def _thumb_case(chance: random.Random) -> bytes:
    pattern = chance.choice(THUMB)
    word = fill(pattern, chance)
    offset = _compared(word, True, _offset(chance))
    made = _thumb(0xF20A, 0x0800 | offset, 0x46C5, 0xF240, 0x0B00 | chance.randrange(256))
    made += _thumb(0x2800 | chance.randrange(8) << 8 | chance.randrange(256))  # cmp
    if len(pattern) == 16:
        access = _thumb(word)
    else:
        access = _thumb(word >> 16, word & 0xFFFF)
        if wanted_by(word, True).exclusive and (_is_odd(word, offset) or chance.random() < 0.5):
            made += _reservation(word)
    return made + (_in_it_block(access, chance) if chance.random() < 0.3 else access)


def _is_odd(word: int, offset: int) -> bool:
    return (offset + _immediate(word)) % 8 != 0


def _immediate(word: int) -> int:
    """The offset of STREX."""
    return (word & 0xFF) * 4 if word & 0xFFF00000 == 0xE8400000 else 0


def _reservation(word: int) -> bytes:
    """add r12, r8, #immediate; ldrexb r7, [r12]."""
    added = _immediate(word)
    wide = (added >> 11 & 1) << 10, (added >> 8 & 7) << 12 | added & 0xFF
    return _thumb(0xF208 | wide[0], 0x0C00 | wide[1], 0xE8DC, 0x7F4F)


def _in_it_block(access: bytes, chance: random.Random) -> bytes:
    mask = chance.randrange(1, 16)
    count = 4 - ((mask & -mask).bit_length() - 1)
    at = chance.randrange(count)
    made = _thumb(0xBF00 | chance.randrange(14) << 4 | mask)
    for position in range(count):
        other = _thumb(0x2000 | chance.randrange(8) << 8 | chance.randrange(256))
        made += access if position == at else other
    return made


def _endianness(chance: random.Random, thumb: bool) -> bytes:
    """SETEND, or MSR CPSR_x, which writes the E bit in user mode, too."""
    big, how = chance.randrange(2), chance.randrange(3)
    if thumb:
        if not how:
            return _thumb(0xB650 | big << 3)
        return _thumb(0xF240, 0x0C00 | big << 13, 0xF38C, 0x8200)  # movw r12; msr CPSR_x, r12
    if not how:
        return _arm(0xF1010000 | big << 9)
    if how == 1:
        return _arm(0xE322F000 | (0xC02 if big else 0))  # msr CPSR_x, #0x200
    return _arm(0xE3A0C000 | (0xC02 if big else 0), 0xE122F00C)
