"""One ELF file as a source of names, and the choice of the right file for each process."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import cached_property
from io import BytesIO
from typing import Any, BinaryIO, Final, NamedTuple

from elftools.elf.elffile import ELFFile

from emu.debuginfo.lines import Line
from emu.debuginfo.malformed import unless_malformed
from emu.debuginfo.symbols import Isa, Symbol, Symbols
from emu.debuginfo.units import Units

_ALLOC, _EXEC, _COMPRESSED = 0x2, 0x4, 0x800


MOST_INFLATED: Final = 256 << 20
"""Bytes that a file's compressed sections may have together when they are read."""

_CHUNK: Final = 1 << 20
_COMPRESSION_HEADER: Final = 12
"""Bytes before the compressed data.  Source: ELF, Elf32_Chdr."""


class Place(NamedTuple):
    """Where in a program an address is.

    function: its name, or "".  offset: bytes from ``symbol``'s start.  line: in the source.
    """

    va: int
    function: str
    symbol: str
    offset: int
    line: Line | None

    @property
    def in_symbol(self) -> str:
        """The address as ``symbol+0x12``, or in hexadecimal where there is no symbol."""
        if not self.symbol:
            return f"{self.va:#010x}"
        return f"{self.symbol}+{self.offset:#x}" if self.offset else self.symbol

    def __str__(self) -> str:
        name = self.function or self.in_symbol
        return f"{name} ({self.line})" if self.line is not None else name


class Section(NamedTuple):
    """A section that is in memory while the program runs.

    number: its index in the file.  data: b"" for .bss.
    """

    number: int
    name: str
    va: int
    size: int
    is_code: bool
    data: bytes

    def __contains__(self, va: object) -> bool:
        return isinstance(va, int) and self.va <= va < self.va + self.size


class DebugFile:
    """The names in one ELF file, which has been found fit to run."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        """name: what people know the file by.  The stream stays in use."""
        self.name = name
        self.elf = ELFFile(stream)
        self.kept: dict[type, object] = {}
        """What its other readers have made of it, by kind; it lives as long as the file does."""
        self.entry: int = self.elf["e_entry"] & ~1
        self.is_oversized = unless_malformed(self._inflates_too_much, False)
        """Whether the debug information is left out, because it is compressed and too large."""
        self.sections = unless_malformed(self._read_sections, ())

    def _read_sections(self) -> tuple[Section, ...]:
        return tuple(
            Section(number, raw.name, raw["sh_addr"], raw["sh_size"],
                    bool(raw["sh_flags"] & _EXEC),
                    b"" if raw["sh_type"] == "SHT_NOBITS" else raw.data())
            for number, raw in enumerate(self.elf.iter_sections())
            if raw["sh_flags"] & (_ALLOC | _COMPRESSED) == _ALLOC and raw["sh_size"]
        )  # fmt: skip

    @cached_property
    def symbols(self) -> Symbols:
        return unless_malformed(self._read_symbols, Symbols(b"", b""))

    def _read_symbols(self) -> Symbols:
        table = self.elf.get_section_by_name(".symtab")
        if table is None:
            return Symbols(b"", b"")
        return Symbols(table.data(), self.elf.get_section(table["sh_link"]).data())

    @cached_property
    def units(self) -> Units | None:
        return unless_malformed(self._read_units, None)

    def _inflates_too_much(self) -> bool:
        """Whether compressed sections are larger than they may be; what they say is not trusted."""
        left = MOST_INFLATED
        for section in self.elf.iter_sections():
            if section["sh_flags"] & _COMPRESSED:
                left -= self._inflated(section, left)
        return left < 0

    def _inflated(self, section: Any, most: int) -> int:
        """The size of a compressed section; more than ``most`` if it is larger than that."""
        self.elf.stream.seek(section["sh_offset"] + _COMPRESSION_HEADER)
        rest = self.elf.stream.read(max(section["sh_size"] - _COMPRESSION_HEADER, 0))
        inflater, size = zlib.decompressobj(), 0
        while rest and size <= most:
            piece = inflater.decompress(rest, _CHUNK)
            size, rest = size + len(piece), inflater.unconsumed_tail
            if not piece:
                break
        return size

    def _read_units(self) -> Units | None:
        if self.is_oversized or not self.elf.has_dwarf_info():
            return None
        code = [section for section in self.sections if section.is_code]
        start = min((section.va for section in code), default=0)
        end = max((section.va + section.size for section in code), default=0)
        return Units(self.elf.get_dwarf_info(), range(start, end))

    def is_code(self, va: int) -> bool:
        section = self.section_at(va)
        return section is not None and section.is_code

    def section_at(self, va: int) -> Section | None:
        return next((section for section in self.sections if va in section), None)

    def section(self, name: str) -> Section | None:
        return next((section for section in self.sections if section.name == name), None)

    def read(self, va: int, length: int) -> bytes:
        """At most ``length`` bytes of the file's contents for ``va`` on."""
        section = self.section_at(va)
        if section is None:
            return b""
        return section.data[va - section.va :][:length]

    def symbol_at(self, va: int) -> Symbol | None:
        """The function or variable that ``va`` is in."""
        section = self.section_at(va)
        return None if section is None else self.symbols.at(va, section.number)

    def isa(self, va: int) -> Isa | None:
        """Whether Arm, Thumb or data is at ``va``; None if the file does not say."""
        return self.symbols.isa(va) if self.is_code(va) else None

    def places(self, va: int) -> list[Place]:
        """Where ``va`` is; if its code was inlined, the functions it was inlined in follow."""
        symbol = self.symbol_at(va)
        name, offset = ("", 0) if symbol is None else (symbol.name, va - symbol.va)
        unit = None if self.units is None else self.units.at(va)
        frames = () if unit is None else unless_malformed(lambda: unit.frames_at(va), ())
        return [
            Place(va, function or name, name, offset, line)
            for function, line in frames or [("", None)]
        ]

    def place(self, va: int) -> Place:
        """The innermost of ``places``."""
        return self.places(va)[0]

    def line(self, va: int) -> Line | None:
        """The source line of ``va``: that of the innermost of ``places``."""
        unit = None if self.units is None else self.units.at(va)
        return None if unit is None or unit.lines is None else unit.lines.at(va)


class DebugFiles:
    """The file of each process: proc0 runs the program; others are recognised by their code."""

    def __init__(self, program: DebugFile, others: Sequence[DebugFile] = ()) -> None:
        self.program = program
        self._all = (*others, program)

    @property
    def names(self) -> list[str]:
        """The names of the files, the program's first."""
        return [self.program.name, *(file.name for file in self._all[:-1])]

    def of(self, pid: int, va: int, code: bytes) -> DebugFile | None:
        """The file that names ``va`` in this process, whose memory has ``code`` there.

        A child's program came from memory, so its file is whichever holds the same code at
        the same address.
        """
        if pid == 0:
            return self.program if self.program.is_code(va) else None
        same = (file for file in self._all if file.is_code(va) and file.read(va, len(code)) == code)
        return next(same, None)


def open_files(
    program: str, others: Sequence[str] = (), path_of: Callable[[str], str] = str
) -> DebugFiles:
    """The files of these names, which have been loaded before.  path_of: where each one is."""
    return DebugFiles(_open(program, path_of), [_open(name, path_of) for name in others])


def _open(name: str, path_of: Callable[[str], str]) -> DebugFile:
    with open(path_of(name), "rb") as stream:
        return DebugFile(BytesIO(stream.read()), name)
