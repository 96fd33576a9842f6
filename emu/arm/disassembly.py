"""Disassembly: Arm, Thumb and data as text, by capstone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from emu.arm.decoder import decoder
from emu.arm.encoding import encoding


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
    def is_code(self) -> bool:
        return not self.mnemonic.startswith(".")

    @property
    def text(self) -> str:
        return f"{self.mnemonic} {self.operands}" if self.operands else self.mnemonic


def disassemble(code: bytes, va: int, thumb: bool) -> Iterator[Instruction]:
    """The instructions in ``code``; bits that are no instruction become ``.inst``."""
    at = 0
    while at < len(code):
        for start, size, mnemonic, operands in decoder(thumb).disasm_lite(code[at:], va + at):
            at = start - va + size
            yield Instruction(start, code[at - size : at], mnemonic, operands, thumb)
        if at < len(code):
            unknown = _unknown(code[at:], va + at, thumb)
            at += unknown.size
            yield unknown


def disassemble_data(code: bytes, va: int) -> Iterator[Instruction]:
    """Data among the code: words, and at unaligned ends halfwords and bytes."""
    at = 0
    while at < len(code):
        size = next(n for n in (4, 2, 1) if not (va + at) % n and at + n <= len(code))
        name = {4: ".word", 2: ".short", 1: ".byte"}[size]
        value = int.from_bytes(code[at : at + size], "little")
        yield Instruction(va + at, code[at : at + size], name, f"{value:#0{2 + 2 * size}x}")
        at += size


def _unknown(code: bytes, va: int, thumb: bool) -> Instruction:
    """Bits that are no instruction: of Thumb's, 0b11101 and above begin one of 32 bits."""
    half = int.from_bytes(code[:2], "little")
    if thumb and (half < 0xE800 or len(code) < 4):
        return Instruction(va, code[:2], ".inst.n", f"{half:#06x}", thumb)
    word = encoding(int.from_bytes(code[:4], "little"), thumb)
    return Instruction(va, code[:4], ".inst.w" if thumb else ".inst", f"{word:#010x}", thumb)
