"""One ELF file as a source of names, and the choice of the right file for each process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from io import BytesIO
from typing import BinaryIO, NamedTuple

from elftools.elf.elffile import ELFFile

from emu.debuginfo.lines import Line
from emu.debuginfo.malformed import Doubts, unless_malformed
from emu.debuginfo.sections import inflate_too_much, sections_of
from emu.debuginfo.symbols import Isa, Symbol, Symbols
from emu.debuginfo.units import Units

_ALLOC, _EXEC, _COMPRESSED = 0x2, 0x4, 0x800


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

    def __init__(
        self, stream: BinaryIO, name: str, say: Callable[[str], None] | None = None
    ) -> None:
        """name: what people know the file by.  The stream stays in use.

        say: called with one line, at most once, when debug information cannot all be read.
        """
        self.name = name
        self._doubts = Doubts(None if say is None else lambda line: say(f"{name}: {line}"))
        self.elf = ELFFile(stream)
        self.kept: dict[type, object] = {}
        """What its other readers have made of it, by kind; it lives as long as the file does."""
        self.entry: int = self.elf["e_entry"] & ~1
        self.is_oversized = unless_malformed(lambda: inflate_too_much(self.elf), False)
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

    def _read_units(self) -> Units | None:
        if self.is_oversized or not _has_units(self.elf):
            return None
        code = [section for section in self.sections if section.is_code]
        start = min((section.va for section in code), default=0)
        end = max((section.va + section.size for section in code), default=0)
        sections = sections_of(self.elf)
        return Units(sections, range(start, end), lambda entries: entries, self._doubts)

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
        frames = () if unit is None else unit.frames_at(va)
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


def _has_units(elf: ELFFile) -> bool:
    return any(elf.get_section_by_name(name) for name in (".debug_info", ".zdebug_info"))


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
    program: str,
    others: Sequence[str] = (),
    path_of: Callable[[str], str] = str,
    say: Callable[[str], None] | None = None,
) -> DebugFiles:
    """The files of these names, which have been loaded before.

    path_of: where each one is.  say: called with a line when one cannot be read completely.
    """
    files = [_open(name, path_of, say) for name in (program, *others)]
    return DebugFiles(files[0], files[1:])


def _open(name: str, path_of: Callable[[str], str], say: Callable[[str], None] | None) -> DebugFile:
    with open(path_of(name), "rb") as stream:
        return DebugFile(BytesIO(stream.read()), name, say)
