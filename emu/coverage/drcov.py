"""Coverage of basic blocks, as DynamoRIO's drcov tool writes it and disassemblers' plugins read it.

Source: DynamoRIO, "Code Coverage Tool"; version 2 of the format.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING

from emu.coverage.executed import Span

if TYPE_CHECKING:
    from emu.debuginfo import DebugFile

_BLOCK = struct.Struct("<IHH")
_LONGEST = 0xFFFF


def drcov(spans: Iterable[tuple[Span, int]]) -> bytes:
    """The blocks that executed, each once, and a module for each program."""
    blocks = [span for span, _ in spans]
    modules = list(dict.fromkeys(span.file for span in blocks))
    head = ["DRCOV VERSION: 2", "DRCOV FLAVOR: emu"]
    head.append(f"Module Table: version 2, count {len(modules)}")
    head.append("Columns: id, base, end, entry, path")
    for number, file in enumerate(modules):
        base, end = _extent(file)
        head.append(f"{number:3}, {base:#010x}, {end:#010x}, {base:#010x}, {file.name}")
    head.append(f"BB Table: {len(blocks)} bbs\n")
    bases = [_extent(file)[0] for file in modules]
    return "\n".join(head).encode() + b"".join(_entry(span, modules, bases) for span in blocks)


def _entry(span: Span, modules: list[DebugFile], bases: list[int]) -> bytes:
    number = modules.index(span.file)
    return _BLOCK.pack(span.va - bases[number], min(span.size, _LONGEST), number)


def _extent(file: DebugFile) -> tuple[int, int]:
    """Where the program's sections begin and end."""
    return (
        min(section.va for section in file.sections),
        max(section.va + section.size for section in file.sections),
    )
