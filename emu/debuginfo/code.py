"""The code of an ELF file as text: Arm, Thumb or data, as its mapping symbols say.

In a module of its own, because most users of names need no decoder.
"""

from __future__ import annotations

from collections.abc import Iterator

from emu.arm.branches import target_of
from emu.arm.disassembly import Instruction, disassemble, disassemble_data
from emu.debuginfo.debugfile import DebugFile
from emu.debuginfo.symbols import Isa


def disassemble_file(file: DebugFile, start: int, end: int) -> Iterator[Instruction]:
    """[start, end) of one code section of a file."""
    while start < end:
        stop = min(file.symbols.next_mark(start), end)
        yield from disassemble_as(file, start, file.read(start, stop - start))
        start = stop


def disassemble_as(
    file: DebugFile | None, va: int, code: bytes, thumb: bool = False
) -> Iterator[Instruction]:
    """``code``, all of the kind that the file says is at ``va``, or else Thumb or Arm."""
    isa = None if file is None else file.isa(va)
    if isa is Isa.DATA:
        return disassemble_data(code, va)
    return disassemble(code, va, thumb if isa is None else isa is Isa.THUMB)


def instruction_text(file: DebugFile | None, instruction: Instruction) -> str:
    """An instruction with its address, its bits, and the name of what it branches to."""
    text = f"{instruction.text}{_target_name(file, instruction)}"
    return f"{instruction.va:#010x}  {instruction.bits:<9}  {text}"


def _target_name(file: DebugFile | None, instruction: Instruction) -> str:
    target = None if file is None else target_of(instruction)
    if file is None or target is None:
        return ""
    place = file.place(target)
    return f"  <{place.in_symbol}>" if place.symbol else ""
