"""DWARF of every version, format and kind of link, beside pyelftools' reading of it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elftools.dwarf.structs import DWARFStructs
from elftools.elf.elffile import ELFFile

from emu.debuginfo import DebugFile, open_files
from tests.guests import guest, need_tool
from tests.trace.test_lcov import HEADER, IN_C, IN_CPP

Row = tuple[int, int, int]
Code = tuple[str, tuple[tuple[int, int], ...], int, tuple[int, int]]

FLAGS = ["-gdwarf-2", "-gdwarf-3", "-gdwarf-4", "-gdwarf-5", "-gdwarf-5 -gdwarf64", "-g -flto",
         "-gdwarf-4 -fdebug-types-section", "-gdwarf-5 -fdebug-types-section",
         "-gdwarf-5 -gno-as-loc-support", "-gdwarf-4 -gno-as-loc-support",
         "-gdwarf-4 -gstrict-dwarf", "-gdwarf-4 -gdwarf64 -ffunction-sections -Wl,--gc-sections",
         ]  # fmt: skip


def program(directory: Path, name: str, flags: str) -> Path:
    """A program of two units."""
    tool = need_tool("arm-none-eabi-g++" if name.endswith("cpp") else "arm-none-eabi-gcc")
    (directory / "pick.h").write_text(HEADER)
    (directory / name).write_text(IN_CPP if name.endswith("cpp") else IN_C)
    (directory / f"more{name}").write_text(HEADER + "int more(volatile int *p) { return pick(p); }")
    command = [tool, "-O1", "-mcpu=cortex-a15", "--specs=rdimon.specs", "-fno-exceptions"]
    command += [*flags.split(), name, f"more{name}", "-o", "program.elf"]
    subprocess.run(command, check=True, cwd=directory)
    return directory / "program.elf"


def theirs(path: Path) -> Iterator[tuple[set[Row], list[Code]]]:
    """Rows of lines, and functions with code, of each unit as pyelftools has them."""
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        for unit in elf.get_dwarf_info().iter_CUs():
            if unit.get_top_DIE().tag == "DW_TAG_type_unit":
                continue
            code, rows = list(functions(unit, unit.get_top_DIE(), 0)), set()
            as_lines_are(unit)
            for entry in unit.dwarfinfo.line_program_for_CU(unit).get_entries():
                state = entry.state
                if state is not None and not state.end_sequence and state.line:
                    rows.add((state.address, state.file, state.line))
            yield rows, code


def as_lines_are(unit: Any) -> None:
    """Let pyelftools read the lines in the 32-bit format, as the assembler writes them."""
    stream = unit.dwarfinfo.debug_line_sec.stream
    stream.seek(unit.get_top_DIE().attributes["DW_AT_stmt_list"].value)
    if stream.read(4) != b"\xff" * 4:
        unit.structs = DWARFStructs(True, 32, 4, unit.structs.dwarf_version)


def functions(unit: Any, die: Any, depth: int) -> Iterator[Code]:
    for child in die.iter_children():
        inner = depth
        if child.tag in ("DW_TAG_subprogram", "DW_TAG_inlined_subroutine"):
            inner = 0 if child.tag == "DW_TAG_subprogram" else depth + 1
            code, call = tuple(ranges(unit, child)), [
                child.attributes.get(f"DW_AT_call_{what}") for what in ("file", "line")
            ]  # fmt: skip
            if code:
                file, line = (0 if one is None else one.value for one in call)
                yield last_name(child), code, inner, (file, line)
        yield from functions(unit, child, inner)


def last_name(die: Any) -> str:
    while "DW_AT_name" not in die.attributes:
        for name in ("DW_AT_abstract_origin", "DW_AT_specification"):
            if name in die.attributes:
                die = die.get_DIE_from_attribute(name)
                break
        else:
            return ""
    found: bytes = die.attributes["DW_AT_name"].value
    return found.decode()


def ranges(unit: Any, die: Any) -> Iterator[tuple[int, int]]:
    if "DW_AT_ranges" in die.attributes:
        base = getattr(unit.get_top_DIE().attributes.get("DW_AT_low_pc"), "value", 0)
        lists = unit.dwarfinfo.range_lists()
        for entry in lists.get_range_list_at_offset(die.attributes["DW_AT_ranges"].value, unit):
            if hasattr(entry, "base_address"):
                base = entry.base_address
            elif entry.begin_offset < entry.end_offset:
                shift = 0 if entry.is_absolute else base
                yield entry.begin_offset + shift, entry.end_offset + shift
    elif "DW_AT_low_pc" in die.attributes and "DW_AT_high_pc" in die.attributes:
        low, high = (die.attributes[f"DW_AT_{end}_pc"] for end in ("low", "high"))
        start = low.value & ~1
        end = high.value if high.form == "DW_FORM_addr" else start + high.value
        if start < end:
            yield start, end


def agree(path: Path) -> DebugFile:
    """Hold the readings of a file against each other."""
    said: list[str] = []
    with path.open("rb") as stream:
        file = DebugFile(stream, "it", said.append)
        units = file.units
        assert units is not None
        both = list(zip(units.all, theirs(path), strict=True))
        assert both
        for unit, (rows, code) in both:
            assert unit.lines is not None
            assert set(unit.lines.rows()) <= rows
            mine = list(unit.functions)
            assert [(one.ranges, one.depth, one.call) for one in mine] == [
                one[1:] for one in code
            ]  # fmt: skip
            for function, (name, *_) in zip(mine, code, strict=True):
                assert name.partition("<")[0] in function.name
        assert said == []
    return file


@pytest.mark.parametrize("name", ["cov.c", "cov.cpp"])
@pytest.mark.parametrize("flags", FLAGS)
def test_two_readers_agree(flags: str, name: str, tmp_path: Path) -> None:
    agree(program(tmp_path, name, flags))


@pytest.mark.parametrize("path", ["programs/hello", "newlib/doubles.arm-soft"])
def test_two_readers_agree_on_programs_of_many_units(path: str) -> None:
    agree(guest(path))


@pytest.mark.parametrize("flags", FLAGS)
def test_lines_are_those_of_addr2line(flags: str, tmp_path: Path) -> None:
    """Each instruction of the program's own functions, with what is inlined there."""
    path = program(tmp_path, "cov.c", flags)
    file = open_files(str(path)).program
    tool = need_tool("arm-none-eabi-addr2line")
    own = [file.symbols.named(name) for name in ("main", "outer")]
    vas = [va for symbol in own if symbol for va in range(symbol.va, symbol.va + symbol.size, 4)]
    assert len(vas) > 4
    asked = [tool, "-e", str(path), "-fiCa", *map(hex, vas)]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    for va, text in zip(vas, said.split("0x")[1:], strict=True):
        lines = text.splitlines()[1:]
        expected = [
            (name, place.partition(" (")[0].rpartition("/")[2])
            for name, place in zip(lines[::2], lines[1::2], strict=True)
        ]
        found = [(one.function, str(one.line).rpartition("/")[2]) for one in file.places(va)]
        assert found == expected, hex(va)
