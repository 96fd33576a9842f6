"""Encodings of instructions with fields left open, and how those are filled.

A pattern is the bits from the highest, in groups: 0 and 1 as they are; c a condition, mostly
always, and k any other; d a register that is written, s one that is read, b one that points into
the data; i a small multiple of four; x any bit.
Source: ARM ARM, A5, A6 and A7.
"""

from __future__ import annotations

import random
import re
from typing import Final, NamedTuple

ANY: Final = "any"
"""What may do anything, and is not compared with another emulator."""


class Pattern(NamedTuple):
    """weight: how often it is chosen.  is_defined: whether the architecture says what it does."""

    bits: str
    weight: int = 4
    is_defined: bool = True


def _patterns(text: str) -> tuple[Pattern, ...]:
    """A pattern a line: the bits, perhaps a weight, perhaps "any"."""
    found = []
    for line in text.strip().splitlines():
        bits, *rest = re.split(r"  +", line.partition("@")[0].strip())
        words = " ".join(rest).split()
        weights = [int(word) for word in words if word.isdigit()]
        found.append(Pattern(bits.replace(" ", ""), *(weights or [4]), ANY not in words))
    return tuple(found)


ARM: Final = _patterns("""
cccc 0010xxx1 ssss dddd xxxxxxxxxxxx  12  @ data processing, immediate, with flags
cccc 001110x1 ssss dddd xxxxxxxxxxxx  4
cccc 001111x1 0000 dddd xxxxxxxxxxxx  4
cccc 00110xx1 ssss 0000 xxxxxxxxxxxx  4
cccc 001xxxx1 ssss dddd xxxxxxxxxxxx  2 any
cccc 001xxxx0 ssss dddd xxxxxxxxxxxx  8 any  @ and without: MOVW, MOVT, MSR and hints among them
cccc 0000xxx1 ssss dddd xxxxx xx 0 ssss  12
cccc 000110x1 ssss dddd xxxxx xx 0 ssss  4
cccc 000111x1 0000 dddd xxxxx xx 0 ssss  4
cccc 000xxxx1 ssss dddd xxxxx xx 0 ssss  2 any
cccc 00010xx1 ssss 0000 xxxxx xx 0 ssss  4  @ comparisons
cccc 0000xxx1 ssss dddd ssss 0xx1 ssss  8
cccc 000xxxx1 ssss dddd ssss 0xx1 ssss  2 any
cccc 0000xxxx dddd ssss ssss 1001 ssss  6 any  @ multiplications
cccc 00010000 dddd ssss ssss 1xx0 ssss  3  @ SMLA, of halfwords
cccc 00010110 dddd 0000 ssss 1xx0 ssss  3  @ SMUL
cccc 00010xx0 dddd ssss ssss 1xx0 ssss  3 any
cccc 0111x0xx xxxx dddd xxxx xxx1 ssss  4 any  @ media
cccc 01100xxx ssss dddd 11110001 ssss  4 any  @ parallel additions
cccc 01100xxx ssss dddd 1111xxx1 ssss  6 any
cccc 01101xxx ssss dddd xx000111 ssss  4  @ extensions
cccc 01101x1x ssss dddd xxxx0xx1 ssss  4 any  @ saturation, reversal
cccc 011111xx xxxx dddd xxxxx x01 ssss  4 any  @ bit fields
cccc 01110001 dddd 1111 ssss 0001 ssss  3  @ SDIV
cccc 01110011 dddd 1111 ssss 0001 ssss  3  @ UDIV
cccc 00010110 1111 dddd 11110001 ssss  3  @ CLZ
cccc 0101x1x0 bbbb dddd 0000 iiiiiiii  8  @ stores and loads of words and bytes, no write-back
cccc 0101x1x1 bbbb dddd 0000 iiiiiiii  8
cccc 0100x0x1 bbbb dddd 0000 0000 00xx  2 any  @ behind the access
cccc 0101x11x bbbb dddd 0000 iiiiiiii  3 any  @ before it
cccc 0001x1x0 bbbb dddd 0000 1011 ii00  4  @ STRH
cccc 0001x101 bbbb dddd iiii 1xx1 0000  4 any  @ LDRH, LDRSB, LDRSH
cccc 0001x100 bbbb 0xx0 iiii 11x1 ii00  3  @ LDRD, STRD
cccc 100xx000 bbbb 0000 0000 1xxx 0000  3  @ STM
cccc 100xx001 bbbb 0000 0000 1xxx 0000  3  @ LDM
cccc 100xx0xx bbbb 0xxxxxxxxxxxxxxx  2 any
cccc 00011001 bbbb dddd 111110011111  3  @ LDREX
cccc 00010000 bbbb 00xx 0000 1001 01xx  1  @ SWP
cccc 00011000 bbbb dddd 11111001 ssss  3 any  @ STREX
cccc 00011xx1 bbbb dddd 111110011111  2 any
cccc 00011xx0 bbbb dddd 11111001 ssss  2 any
1111 01010111 1111 1111 0000 0xxx xxxx  2 any  @ CLREX and barriers
1111 0101x101 ssss 1111 xxxxxxxxxxxx  1 any  @ PLD
cccc 00110010 0000 11110000 xxxxxxxx  3 any  @ hints
cccc 00010000 1111 dddd 0000 0000 0000  2  @ MRS APSR
cccc 00110010 xx00 1111 0000 xxxxxxxx  2 any  @ MSR
cccc 00110010 xx1x 1111 xxxx xxxxxxxx  1  @ MSR of byte x, with the E bit
cccc 00010010 1000 1111 0000 0000 ssss  2 any  @ MSR, register
cccc 00010010 xx1x 1111 0000 0000 ssss  1
1111 0001 0000 0001 0000 00x0 0000 0000  1  @ SETEND
cccc 1010 00000000 00000000 000000xx  6  @ a branch ahead
cccc 1011 00000000 00000000 000000xx  2  @ a call ahead
1111 101x 00000000 00000000 000000xx  1 any  @ BLX
cccc 1110 xxxx xxxx xxxx 101x xxx0 xxxx  30  @ VFP
cccc 1110 1x11 xxxx xxxx 101x x1x0 xxxx  10  @ VFP, conversions
cccc 1110 000x xxxx dddd 1010 x001 0000  4  @ VMOV with a single
cccc 1110 0xxx xxxx dddd 1011 xxx1 0000  3 any
cccc 1100 010x dddd ssss 101x 00x1 xxxx  3 any
cccc 1101 1x00 bbbb xxxx 101x 00 iiiiii  4  @ VSTR, VLDR
cccc 1101 1x01 bbbb xxxx 101x 00 iiiiii  4
cccc 110x xxxx bbbb xxxx 101x 0000 0xxx  3 any  @ VLDM
cccc 1100 100x bbbb xxxx 1011 0000 0010  2
cccc 1100 100x bbbb 0xxx 1010 0000 00x1  2
cccc 1110 1111 0001 dddd 1010 0001 0000  3  @ VMRS FPSCR
cccc 1110 1110 0001 ssss 1010 0001 0000  1 any  @ VMSR FPSCR
1111 001x xxxx xxxx xxxx xxxx xxxx xxxx  40  @ NEON, data processing
1111 0100 0xxx bbbb xxxx xxxx xxxx 1111  3 any  @ NEON, loads and stores
1111 0100 1xxx bbbb xxxx xxxx xxxx 1111  3 any
1111 0100 00x0 bbbb 0xxx xxxx xxxx 1111  4
1111 0100 10x0 bbbb 0xxx xxxx xxxx 1111  4
cccc 1110 xxx1 xxxx dddd 1111 xxx1 xxxx  2 any  @ MRC
cccc 1110 xxx0 xxxx ssss 1111 xxx1 xxxx  1 any  @ MCR
cccc 00010010 xxxxxxxxxxxx 0111 xxxx  1 any  @ BKPT
cccc 0111 1111 xxxxxxxxxxxx 1111 xxxx  1 any  @ UDF
cccc 1111 00000000 00000000 00000000  4 any  @ SVC
1111 0001 0000 xxx0 0000 000x xx0x xxxx  1 any  @ CPS, SETEND
cccc 0001 0010 1111 1111 1111 00x1 ssss  1 any  @ BX, BLX
xxxx xxxx xxxx xxxx xxxx xxxx xxxx xxxx  3 any
""")

THUMB: Final = _patterns("""
000x xxxx xxxx xxxx  16  @ shifts, additions
001x xxxx xxxx xxxx  10  @ with an immediate
0100 00xx xxxx xxxx  12  @ data processing
0100 01xx 0xxx xxxx  4 any  @ with high registers
0100 0111 xxxx x000  1 any  @ BX, BLX
0100 1ddd 0000 00xx  2  @ of a literal
0101 xxxx xxxx xxxx  2 any
1010 1xxx xxxx xxxx  2  @ addresses
1011 0010 xxxx xxxx  4  @ extensions
1011 1010 xxxx xxxx  3 any  @ reversals
1011 1111 kkkk 1000  10  @ IT
1011 1111 kkkk xx10  4 any  @ IT, longer
1011 1111 xxxx xxxx  3 any  @ IT and hints, of every kind
1011 x001 00xx xxxx  2 any  @ CBZ
1011 x10x xxxx xxxx  1 any  @ PUSH, POP
1101 kkkk 0000 00xx  4  @ a branch ahead
1110 0000 0000 00xx  2
1101 1111 0000 0000  3 any  @ SVC
1011 1110 xxxx xxxx  1 any  @ BKPT
1011 0110 011x 0xxx  1 any  @ CPS, SETEND
11110x0x xxx1 ssss 0xxx dddd xxxxxxxx  14 any  @ data processing, modified immediate
11110x1x x1x0 ssss 0xxx dddd xxxxxxxx  8 any  @ plain immediate
1110101x xxx1 ssss 0xxx dddd xxxx ssss  14 any  @ shifted register
11111010 0xxx ssss 1111 dddd 0000 ssss  6  @ shifts
11111010 0xxx ssss 1111 dddd 1xxx ssss  6 any  @ extensions
11111010 1xxx ssss 1111 dddd 0xxx ssss  6 any  @ parallel
11111010 10xx ssss 1111 dddd 10xx ssss  4 any
11111011 0xxx ssss xxxx dddd 00xx ssss  6 any  @ multiplications
11111011 1xxx ssss ssss dddd xxxx ssss  4 any
11111000 1xx0 bbbb dddd 0000 iiiiiiii  8  @ stores
11111000 1xx1 bbbb dddd 0000 iiiiiiii  8  @ loads
11111001 10x1 bbbb dddd 0000 iiiiiiii  4
11111000 0xxx bbbb dddd 1xxx 0000 0xxx  3 any
1110100x x1xx bbbb dddd ssss 0000 iiii  3 any  @ LDRD, STRD
11101001 x10x bbbb 00xx 01xx 0000 iiii  3
1110100x x0x0 bbbb 0000 xxxxxxxx 0000  2 any  @ STM
1110100x x0x1 bbbb 0000 xxxxxxxx 0000  2 any  @ LDM
11101000 100x bbbb 0000 0000 1xx1 0000  3
11101001 000x bbbb 0000 0000 1xx1 0000  3
11101000 0101 bbbb dddd 1111 0000 00xx  3  @ LDREX
11101000 0100 bbbb ssss dddd 0000 00xx  3 any  @ STREX
11101000 1101 bbbb dddd 1111 01xx 1111  2 any
11101000 1100 bbbb ssss 1111 01xx dddd  2 any
11101000 1101 ssss 1111 0000 000x ssss  1 any  @ TBB, TBH
11110011 1011 1111 1000 1111 0xxx xxxx  2 any  @ CLREX and barriers
11110011 1010 1111 1000 0000 xxxxxxxx  2 any  @ hints
11110011 1110 1111 1000 dddd 0000 0000  2  @ MRS APSR
11110011 1000 ssss 1000 xx00 0000 0000  2 any  @ MSR
11110011 1000 ssss 1000 xx1x 0000 0000  2  @ MSR of byte x, with the E bit
11110000 00xx xxxx 1000 0000 0000 0xxx  2 any  @ a branch ahead
11110111 1111 xxxx 1010 xxxx xxxx xxxx  1 any  @ UDF
1110 1110 xxxx xxxx xxxx 101x xxx0 xxxx  24  @ VFP
1110 1110 1x11 xxxx xxxx 101x x1x0 xxxx  8
1110 1110 000x xxxx dddd 1010 x001 0000  3
1110 1110 0xxx xxxx dddd 1011 xxx1 0000  2 any
1110 1101 1x00 bbbb xxxx 101x 00 iiiiii  3
1110 1101 1x01 bbbb xxxx 101x 00 iiiiii  3
1110 110x xxxx bbbb xxxx 101x 0000 0xxx  2 any
1110 1110 1111 0001 dddd 1010 0001 0000  2
111x 1111 xxxx xxxx xxxx xxxx xxxx xxxx  36  @ NEON
1111 1001 0xx0 bbbb xxxx xxxx xxxx 1111  3 any
1111 1001 1xx0 bbbb xxxx xxxx xxxx 1111  3 any
1111 1001 00x0 bbbb 0xxx xxxx xxxx 1111  4
1111 1001 10x0 bbbb 0xxx xxxx xxxx 1111  4
1110 1110 xxx1 xxxx dddd 1111 xxx1 xxxx  1 any
xxxx xxxx xxxx xxxx  3 any
111x xxxx xxxx xxxx xxxx xxxx xxxx xxxx  3 any
""")

POINTERS: Final = (8, 9)
"""Registers that point into the data when a stream begins."""
_WRITTEN: Final = (0, 1, 2, 3, 4, 5, 6, 7)
_CHOICES: Final[dict[str, tuple[int, ...]]] = {
    "c": (*(14,) * 20, *range(14)),
    "k": tuple(range(14)),
    "d": _WRITTEN,
    "s": (*_WRITTEN, *_WRITTEN, 8, 9, 10, 12, 14),
    "b": POINTERS,
}


def fill(pattern: Pattern, chance: random.Random, wild: float) -> int:
    """An instruction of this pattern.  wild: how likely a field is to be anything at all."""
    word = 0
    for match in re.finditer(r"(.)\1*", pattern.bits):
        kind, length = match[1], len(match[0])
        if kind in "01":
            value = (1 << length) - 1 if kind == "1" else 0
        elif kind == "x" or length % 4 or chance.random() < wild:
            value = chance.getrandbits(length)
        else:
            value = _field(kind, length, chance)
        word = word << length | value
    return word


def _field(kind: str, length: int, chance: random.Random) -> int:
    """The value of a field; registers side by side are several."""
    if kind == "i":
        return chance.getrandbits(length) & ~3
    choices = _CHOICES[kind]
    value = 0
    for _ in range(length // 4):
        value = value << 4 | chance.choice(choices)
    return value


def size(pattern: Pattern) -> int:
    """Bytes."""
    return len(pattern.bits) // 8
