"""``emu disasm``: a program's code as text, function by function."""

from __future__ import annotations

from collections.abc import Iterator

from emu.debuginfo import DebugFile, Line
from emu.debuginfo.code import disassemble_file, instruction_text


def listing(file: DebugFile, start: int, end: int, with_lines: bool = False) -> Iterator[str]:
    """The lines for [start, end) of one code section.  with_lines: whether to show source lines."""
    labels = {symbol.va: symbol.name for symbol in file.symbols.all if start <= symbol.va < end}
    last: Line | None = None
    for instruction in disassemble_file(file, start, end):
        if instruction.va in labels:
            if instruction.va != start:
                yield ""
            yield f"{instruction.va:08x} <{labels[instruction.va]}>:"
            last = None
        line = file.line(instruction.va) if with_lines else None
        if line is not None and line != last:
            yield f"; {line}"
            last = line
        yield f"  {instruction_text(file, instruction)}"
