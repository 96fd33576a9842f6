"""Encodings of loads and stores with fields left open.

The bits from the highest: 0 and 1 as they are; c a condition; d a register of data; b the base; n
the index; x any bit.  Source: Arm ARM DDI 0406C, A5, A6 and A7.
"""

from __future__ import annotations

import random
import re
from typing import Final

BASE: Final = 8
INDEX: Final = 11
ORIGIN: Final = 10
"""Registers: what a case accesses by, and what it is computed from."""

_FIELDS: Final[dict[str, tuple[int, ...]]] = {
    "c": (*(14,) * 40, *range(14)),
    "d": tuple(range(8)),
    "b": (BASE,),
    "n": (INDEX,),
}


def _patterns(text: str) -> tuple[str, ...]:
    lines = (line.partition("@")[0].replace(" ", "") for line in text.strip().splitlines())
    return tuple(line for line in lines if line)


ARM: Final = _patterns("""
cccc 0101 xxxx bbbb dddd 0000 xxxx xxxx   @ LDR, STR, LDRB, STRB: an offset, before
cccc 0100 xx0x bbbb dddd 0000 xxxx xxxx   @ after
cccc 0100 xx1x bbbb dddd 0000 xxxx xxxx   @ as if unprivileged
cccc 0111 x0xx bbbb dddd 0000 0000 nnnn   @ an index
cccc 0001 x1x0 bbbb dddd 00xx 1011 xxxx   @ STRH
cccc 0001 x1x1 bbbb dddd 00xx 1011 xxxx   @ LDRH
cccc 0001 x1x1 bbbb dddd 00xx 11x1 xxxx   @ LDRSB, LDRSH
cccc 0001 x1x0 bbbb 0xx0 00xx 11x1 xxxx   @ LDRD, STRD
cccc 0000 x100 bbbb 0xx0 00xx 11x1 xxxx
cccc 0001 x0x0 bbbb 0xx0 0000 11x1 nnnn
cccc 100x x0xx bbbb 0000 0000 1xxx xxxx   @ LDM, STM
cccc 100x x0xx bbbb 0000 0000 xxxx xxx1
cccc 1000 1011 1101 0000 0000 xxxx xx11   @ POP
cccc 1001 0010 1101 0000 0000 xxxx xx11   @ PUSH
cccc 0100 1001 1101 dddd 0000 0000 0100   @ the same for one register
cccc 0101 0010 1101 dddd 0000 0000 0100
cccc 1101 xx0x bbbb xxxx 101x xxxx xxxx   @ VLDR, VSTR
cccc 1100 10xx bbbb xxxx 1011 0000 0x10   @ VLDM, VSTM
cccc 1101 0x1x bbbb 00xx 1011 0000 0x10
cccc 1100 10xx bbbb xxxx 1010 0000 00x1
cccc 1101 001x bbbb 00xx 1010 0000 00x1
cccc 1100 1011 1101 00xx 1011 0000 0x10   @ VPOP
cccc 1101 0010 1101 00xx 1011 0000 0x10   @ VPUSH
cccc 0001 1001 bbbb dddd 1111 1001 1111   @ LDREX
cccc 0001 1011 bbbb 0xx0 1111 1001 1111
cccc 0001 1101 bbbb dddd 1111 1001 1111
cccc 0001 1111 bbbb dddd 1111 1001 1111
cccc 0001 1000 bbbb 0110 1111 1001 00xx   @ STREX
cccc 0001 1010 bbbb 0110 1111 1001 00x0
cccc 0001 1100 bbbb 0110 1111 1001 00xx
cccc 0001 1110 bbbb 0110 1111 1001 00xx
cccc 0001 0x00 bbbb 01xx 0000 1001 00xx   @ SWP, SWPB
1111 0100 00x0 bbbb xxxx xxxx xxxx 1111   @ VLD1 to VLD4, VST1 to VST4
1111 0100 00x0 bbbb xxxx xxxx xxxx 1101
1111 0100 00x0 bbbb xxxx xxxx xxxx nnnn
1111 0100 10x0 bbbb xxxx xxxx xxxx 1111   @ of one lane, and to all
1111 0100 10x0 bbbb xxxx xxxx xxxx 1101
1111 0100 1010 bbbb xxxx 11xx xxxx nnnn
""")

THUMB: Final = _patterns("""
1111 1000 1xxx bbbb dddd xxxx xxxx xxxx   @ LDR, STR, LDRH, STRH, LDRB, STRB
1111 1000 0xxx bbbb dddd 11xx xxxx xxxx
1111 1000 0xxx bbbb dddd 10x1 xxxx xxxx
1111 1000 0xxx bbbb dddd 0000 00xx nnnn
1111 1001 10x1 bbbb dddd xxxx xxxx xxxx   @ LDRSB, LDRSH
1110 1001 x1xx bbbb 00xx 01xx xxxx xxxx   @ LDRD, STRD
1110 1000 x11x bbbb 00xx 01xx xxxx xxxx
1110 1000 10xx bbbb 0000 0000 1xxx xxx1   @ LDM, STM
1110 1001 00xx bbbb 0000 0000 1xxx xxx1
1011 0100 xxxx xxx1                       @ PUSH, POP
1011 1100 xxxx xxx1
1001 xddd xxxx xxxx                       @ by SP
1110 1101 xx0x bbbb xxxx 101x xxxx xxxx   @ VLDR, VSTR
1110 1100 10xx bbbb xxxx 1011 0000 0x10   @ VLDM, VSTM
1110 1101 0x1x bbbb 00xx 1011 0000 0x10
1110 1100 10xx bbbb xxxx 1010 0000 00x1
1110 1100 1011 1101 00xx 1011 0000 0x10   @ VPOP
1110 1101 0010 1101 00xx 1011 0000 0x10   @ VPUSH
1110 1000 0101 bbbb dddd 1111 xxxx xxxx   @ LDREX
1110 1000 1101 bbbb dddd 1111 0100 1111
1110 1000 1101 bbbb dddd 1111 0101 1111
1110 1000 1101 bbbb 00xx 01xx 0111 1111
1110 1000 0100 bbbb 00xx 0110 xxxx xxxx   @ STREX
1110 1000 1100 bbbb 00xx 1111 0100 0110
1110 1000 1100 bbbb 00xx 1111 0101 0110
1110 1000 1100 bbbb 00xx 0101 0111 0110
1111 1001 00x0 bbbb xxxx xxxx xxxx 1111   @ VLD1 to VLD4, VST1 to VST4
1111 1001 00x0 bbbb xxxx xxxx xxxx 1101
1111 1001 00x0 bbbb xxxx xxxx xxxx nnnn
1111 1001 10x0 bbbb xxxx xxxx xxxx 1111
1111 1001 10x0 bbbb xxxx xxxx xxxx 1101
1111 1001 1010 bbbb xxxx 11xx xxxx nnnn
""")


def fill(pattern: str, chance: random.Random) -> int:
    """An instruction of this pattern."""
    word = 0
    for match in re.finditer(r"(.)\1*", pattern):
        kind, length = match[1], len(match[0])
        if kind in "01":
            value = (1 << length) - 1 if kind == "1" else 0
        elif kind in _FIELDS and length == 4:
            value = chance.choice(_FIELDS[kind])
        else:
            value = chance.getrandbits(length)
        word = word << length | value
    return word
