"""A file with damaged sections, symbols or DWARF runs and is reported on, with fewer names."""

from __future__ import annotations

import random
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from emu.coverage.executed import Span
from emu.coverage.lcov import lcov
from emu.debuginfo import DebugFile
from emu.debuginfo.lines import UNKNOWN
from emu.unwind.ehabi import unwind
from emu.unwind.frame import StackFrame, UnwindError
from emu.unwind.tables import tables_of
from tests.guests import guest, run_emu

DAMAGED_BYTES = 40


def parts(data: bytes) -> dict[str, range]:
    """Where in the file is what a program runs without."""
    elf = ELFFile(BytesIO(data))
    found = {
        section.name: range(section["sh_offset"], section["sh_offset"] + section["sh_size"])
        for section in elf.iter_sections()
        if not section["sh_flags"] & 2 and section["sh_size"]  # SHF_ALLOC
    }
    return {"the section table": range(elf["e_shoff"], len(data)), **found}


def damaged(data: bytes, part: range, seed: int) -> bytes:
    """Some bytes of this part replaced by others."""
    dice = random.Random(seed)
    changed = bytearray(data)
    for place in dice.choices(part, k=min(DAMAGED_BYTES, len(part))):
        changed[place] = dice.randrange(256)
    return bytes(changed)


@pytest.mark.parametrize("seed", range(4))
def test_names_are_found_or_not_but_never_an_error(seed: int) -> None:
    data = guest("programs/fault_null").read_bytes()
    sound = DebugFile(BytesIO(data), "sound")
    code = [symbol.va for symbol in sound.symbols.all if symbol.is_function][:20]
    assert all(sound.place(va).line for va in code[:1])

    for part in parts(data).values():
        file = DebugFile(BytesIO(damaged(data, part, seed)), "damaged")
        for va in code:
            assert file.places(va)
            tables_of(file).call_frames.rules(va)
            file.isa(va)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", [".ARM.exidx", ".ARM.extab"])
def test_exception_tables_unwind_or_say_why_not(name: str, seed: int) -> None:
    data = guest("backtrace/tables.arm").read_bytes()
    section = ELFFile(BytesIO(data)).get_section_by_name(name)
    part = range(section["sh_offset"], section["sh_offset"] + section["sh_size"])
    file = DebugFile(BytesIO(damaged(data, part, seed)), "damaged")
    index = tables_of(file).index
    assert index is not None
    frame = StackFrame((0x1000,) * 16, False, True)
    for symbol in file.symbols.all:
        with suppress(UnwindError):
            unwind(frame, index.instructions(symbol.va) or b"", lambda va: va)


def test_an_index_of_an_odd_size_is_none() -> None:
    data = bytearray(guest("backtrace/tables.arm").read_bytes())
    elf = ELFFile(BytesIO(data))
    number = elf.get_section_index(".ARM.exidx")
    size = elf["e_shoff"] + number * elf["e_shentsize"] + 20
    data[size] += 1
    assert tables_of(DebugFile(BytesIO(data), "damaged")).index is None


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", ["the section table", ".symtab", ".debug_info", ".debug_frame"])
def test_fault_is_reported_without_what_is_damaged(tmp_path: Path, name: str, seed: int) -> None:
    data = guest("programs/fault_null").read_bytes()
    program = tmp_path / "damaged.elf"
    program.write_bytes(damaged(data, parts(data)[name], seed))

    done = run_emu(program)

    assert done.returncode == 139
    first, second = done.stderr.split(b"\n")[:2]
    if first.startswith(f"emu: {program}: names and lines are incomplete: ".encode()):
        first = second
    assert first.startswith(b"emu: process 0 faulted: null pointer")
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("name", [".debug_line", ".debug_info", ".debug_abbrev", ".debug_str"])
@pytest.mark.parametrize("pattern", [b"\0\5\3", b"\xff", b"\0", b"\x11\x22\x33\x44"], ids=bytes.hex)
def test_coverage_of_a_program_with_damaged_lines_has_fewer(name: str, pattern: bytes) -> None:
    """Every fifth piece of a section is other bytes."""
    data = bytearray(guest("programs/fault_null").read_bytes())
    part = parts(data)[name]
    for at in range(part.start + 40, part.stop - len(pattern), 5 * len(pattern)):
        data[at : at + len(pattern)] = pattern
    file = DebugFile(BytesIO(data), "damaged")
    span = Span(file, file.entry, 4)
    assert lcov([(span, 1)], str).startswith("TN:\n")
    for unit in file.units or ():
        assert isinstance(unit.functions, list)
        if unit.lines is not None:
            assert unit.lines.file(9999) == UNKNOWN
