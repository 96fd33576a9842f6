"""What stands around random code: registers and data at its beginning, and all of it at its end."""

from __future__ import annotations

import functools
import random
import struct
from typing import Final

from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.image import Image, Segment
from kernel_model.syscalls import CALLS
from tests.fuzz.code.streams import Code
from tests.fuzz.variants import Program
from tests.machine.rig import assemble

CODE_VA: Final = 0x10000
DATA_VA: Final = 0x20000
PAGE: Final = 0x1000
DATA_SIZE: Final = 4 * PAGE
TABLE: Final = 0x100
"""From here on in the code are the values that registers begin with."""
STREAM: Final = 0x400
SAVED: Final = 0x800
"""Where the registers are put at the end."""
SAVED_SIZE: Final = 15 * 4 + 2 * 4 + 32 * 8
"""r0 to lr, APSR, FPSCR, d0 to d31."""
TELL: Final = 0xD00
"""Where that is written out, in ways of their own; no literal of the code reaches so far."""
MAX_INSNS: Final = 5_000
PADDING: Final = 8
"""NOPs behind the code: its last may be half an instruction, begin an IT block, or branch ahead."""

SOURCE: Final = f"""
        .arm
        adr     r0, table
        vldm    r0!, {{d0-d15}}
        vldm    r0!, {{d16-d31}}
        ldr     r1, [r0], #4
        vmsr    fpscr, r1
        ldr     r1, [r0], #4
        msr     APSR_nzcvqg, r1
        ldr     sp, [r0, #52]
        ldr     lr, [r0, #56]
        ldm     r0, {{r0-r12}}
        ldr     pc, 1f
1:      .word   {CODE_VA + STREAM} + %(thumb)d
        .org    {TABLE}
table:
        .org    {STREAM}
        .org    {STREAM} + %(length)d
        %(switch)s
        .arm
        .p2align 2
        str     r0, saved
        adr     r0, saved + 4
        stm     r0!, {{r1-r14}}
        mrs     r1, APSR
        str     r1, [r0], #4
        vmrs    r1, fpscr
        str     r1, [r0], #4
        vstm    r0!, {{d0-d15}}
        vstm    r0!, {{d16-d31}}
        b       tell
        .org    {SAVED}
saved:
        .org    {TELL}
tell:
        %(tell)s
        .org    {PAGE}
"""

TELL_KERNEL: Final = f"""
        set     r0, {CODE_VA + SAVED}
        set     r1, {SAVED_SIZE}
        call    console_write
        set     r0, {DATA_VA}
        set     r1, {DATA_SIZE}
        call    console_write
        exit    0
"""
TELL_LINUX: Final = f"""
        mov     r0, #1
        set     r1, {CODE_VA + SAVED}
        set     r2, {SAVED_SIZE}
        mov     r7, #4
        svc     #0
        mov     r0, #1
        set     r1, {DATA_VA}
        set     r2, {DATA_SIZE}
        svc     #0
        mov     r0, #0
        mov     r7, #1
        svc     #0
"""

MISALIGNED: Final = (0,) * 20 + tuple(range(1, 8))
"""What is added to the registers that point into the data."""

HARMLESS: Final = ("frame_count", "frame_info", "frame_lookup", "vspace_id", "yield", "frame_unmap",
                   "frame_allow", "console_write")  # fmt: skip
_DOUBLES: Final = (0, 1 << 63, 0x7FF << 52, 0xFFF << 52, 0x7FF8 << 48, 0x7FF0000000000001, 1,
                   0x3FF << 52, 0xBFE << 52, 0x0010 << 48, 0x7FEFFFFFFFFFFFFF,
                   0x3F80000000000000, 0x3F8000007F800000, 0x7FC000007F800001)  # fmt: skip


@functools.lru_cache(256)
def _around(thumb: bool, length: int, tell: str) -> bytes:
    switch = ".thumb\n bx pc\n nop" if thumb else ""
    if thumb and (STREAM + length) % 4:
        switch = ".thumb\n nop\n bx pc\n nop"
    source = SOURCE % {"thumb": thumb, "length": length, "switch": switch, "tell": tell}
    return assemble(source)


def machine_code(code: Code, tell: str = TELL_KERNEL) -> bytes:
    """All of the code's segment."""
    stream = b"".join(one.encode(code.thumb) for one in code.instructions)
    nop = b"\0\xbf" if code.thumb else struct.pack("<I", 0xE320F000)
    stream += nop * PADDING
    whole = bytearray(_around(code.thumb, len(stream), tell))
    registers = registers_of(code)
    whole[TABLE : TABLE + len(registers)] = registers
    whole[STREAM : STREAM + len(stream)] = stream
    return bytes(whole)


def registers_of(code: Code) -> bytes:
    """d0-d31, FPSCR, APSR and r0-r12, sp, lr, as the prologue reads them."""
    chance = random.Random(code.seed)
    numbers = [
        chance.choice(_DOUBLES) if chance.random() < 0.4 else chance.getrandbits(64)
        for _ in range(32)
    ]
    fpscr = chance.choice((0, 0, 0, 1 << 24, 1 << 25, 1 << 22, 2 << 22, 3 << 22))
    apsr = chance.getrandbits(5) << 27 | chance.getrandbits(4) << 16
    words = [_word(chance) for _ in range(15)]
    words[8] = DATA_VA + PAGE + 8 * chance.randrange(64)
    words[9] = DATA_VA + 2 * PAGE + 8 * chance.randrange(64)
    words[10] = CODE_VA + STREAM
    words[13] = DATA_VA + 3 * PAGE
    for number in (8, 9, 13):
        words[number] += chance.choice(MISALIGNED)
    words[12] = chance.choice([call.number for call in CALLS if call.name in HARMLESS])
    return struct.pack("<32Q17I", *numbers, fpscr, apsr, *words)


def _word(chance: random.Random) -> int:
    return chance.choice(
        (chance.getrandbits(32), chance.randrange(40), 1 << chance.randrange(32), 0, 0xFFFFFFFF)
    )


def data_of(code: Code) -> bytes:
    return random.Random(code.seed ^ 1).randbytes(DATA_SIZE)


def program_of(code: Code) -> Program:
    """The code as a program of the kernel's."""
    segments = (
        Segment(CODE_VA, PAGE, machine_code(code), READ | WRITE | EXEC),
        Segment(DATA_VA, DATA_SIZE, data_of(code), READ | WRITE),
    )
    return Program(Image(segments, CODE_VA), max_insns=MAX_INSNS)
