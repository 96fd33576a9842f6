"""Disassembly: Arm, Thumb and data as text, by capstone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from capstone import (
    CS_ARCH_ARM,
    CS_MODE_ARM,
    CS_MODE_THUMB,
    CS_MODE_V8,
    CS_OPT_SYNTAX_NOREGNAME,
    Cs,
)

if TYPE_CHECKING:
    from emu.debuginfo import DebugFile

_BRANCH = re.compile(
    r"(?:b|bl|blx|cbn?z)(?:eq|ne|cs|cc|hs|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al)?(?:\.[nw])?"
)
_TARGET = re.compile(r"#(0x[0-9a-f]+|[0-9]+)$")


class Instruction(NamedTuple):
    """One instruction, or a piece of data among the code, which has a directive for a mnemonic."""

    va: int
    data: bytes
    mnemonic: str
    operands: str
    thumb: bool = False

    @property
    def bits(self) -> str:
        """Its bits in hexadecimal, in the units in which the processor reads them."""
        unit = 2 if self.thumb else len(self.data)
        pieces = [self.data[at : at + unit] for at in range(0, len(self.data), unit)]
        return " ".join(piece[::-1].hex() for piece in pieces)

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def text(self) -> str:
        return f"{self.mnemonic} {self.operands}" if self.operands else self.mnemonic

    @property
    def target(self) -> int | None:
        """Where a direct branch goes (va), or None."""
        match = _TARGET.search(self.operands) if _BRANCH.fullmatch(self.mnemonic) else None
        return int(match[1], 0) if match else None


def disassemble(code: bytes, va: int, thumb: bool) -> Iterator[Instruction]:
    """The instructions in ``code``; what is none becomes ``.inst`` with its bits."""
    at = 0
    while at < len(code):
        for start, size, mnemonic, operands in _decoder(thumb).disasm_lite(code[at:], va + at):
            at = start - va + size
            yield Instruction(start, code[at - size : at], mnemonic, operands, thumb)
        if at < len(code):
            unknown = _unknown(code[at:], va + at, thumb)
            at += unknown.size
            yield unknown


def disassemble_data(code: bytes, va: int) -> Iterator[Instruction]:
    """Data among the code: words, and at unaligned ends what is left."""
    at = 0
    while at < len(code):
        size = next(n for n in (4, 2, 1) if not (va + at) % n and at + n <= len(code))
        name = {4: ".word", 2: ".short", 1: ".byte"}[size]
        value = int.from_bytes(code[at : at + size], "little")
        yield Instruction(va + at, code[at : at + size], name, f"{value:#0{2 + 2 * size}x}")
        at += size


def disassemble_file(file: DebugFile, start: int, end: int) -> Iterator[Instruction]:
    """[start, end) of one code section of a file, each part as what its mapping symbols say."""
    while start < end:
        stop = min(file.symbols.next_mark(start), end)
        yield from disassemble_as(file, start, file.read(start, stop - start))
        start = stop


def disassemble_as(
    file: DebugFile | None, va: int, code: bytes, thumb: bool = False
) -> Iterator[Instruction]:
    """``code``, all of one kind: what the file says is at ``va``, or else Thumb or Arm."""
    from emu.debuginfo import Isa

    isa = None if file is None else file.isa(va)
    if isa is Isa.DATA:
        return disassemble_data(code, va)
    return disassemble(code, va, thumb if isa is None else isa is Isa.THUMB)


@cache
def _decoder(thumb: bool) -> Any:
    decoder = Cs(CS_ARCH_ARM, (CS_MODE_THUMB if thumb else CS_MODE_ARM) | CS_MODE_V8)
    decoder.syntax = CS_OPT_SYNTAX_NOREGNAME  # r9 to r12, as the registers are shown
    return decoder


def _unknown(code: bytes, va: int, thumb: bool) -> Instruction:
    """Bits that are no instruction: of Thumb's, 0b11101 and above begin one of 32 bits."""
    half = int.from_bytes(code[:2], "little")
    if thumb and (half < 0xE800 or len(code) < 4):
        return Instruction(va, code[:2], ".inst.n", f"{half:#06x}", thumb)
    word = int.from_bytes(code[:4], "little")
    if thumb:
        word = half << 16 | word >> 16
    return Instruction(va, code[:4], ".inst.w" if thumb else ".inst", f"{word:#010x}", thumb)
