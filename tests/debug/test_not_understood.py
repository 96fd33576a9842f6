"""What is not understood of debug information is said once, and the rest is read."""

from __future__ import annotations

import struct
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from emu.debuginfo import DebugFile
from tests.debug.test_dwarf import program
from tests.guests import emu_command, need_tool, run_emu

SAID = "names and lines are incomplete: "


def units_of(data: bytes) -> list[tuple[int, int]]:
    """Where in the file each unit is, and where its abbreviations are."""
    elf = ELFFile(BytesIO(data))
    info, abbrev = (elf.get_section_by_name(f".debug_{name}") for name in ("info", "abbrev"))
    return [
        (info["sh_offset"] + unit.cu_offset,
         abbrev["sh_offset"] + unit.header.debug_abbrev_offset)
        for unit in elf.get_dwarf_info().iter_CUs()
    ]  # fmt: skip


def changed(path: Path, what: str) -> Path:
    """The program with a version or a form that does not exist, in the unit that has ``main``."""
    data = bytearray(path.read_bytes())
    file = DebugFile(BytesIO(data), "sound")
    main = file.symbols.named("main")
    assert main is not None
    assert file.units is not None
    unit = file.units.at(main.va)
    assert unit is not None
    info, abbrev = units_of(data)[file.units.all.index(unit)]
    if what == "version":
        struct.pack_into("<H", data, info + 4, 6)
    elif what == "lines":
        line = ELFFile(BytesIO(data)).get_section_by_name(".debug_line")["sh_offset"]
        at = line + (unit.entries.number(unit.entries.top, 0x10) or 0)
        struct.pack_into("<H", data, at + 4, 6)
    else:
        data[abbrev + 4] = 0x7A
    out = path.with_name(f"{what}.elf")
    out.write_bytes(data)
    return out


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("version", "version 6 of its debug information is not understood"),
        ("lines", "version 6 of line tables of its debug information is not understood"),
        ("form", "form 0x7a of its debug information is not understood"),
    ],
)
def test_it_is_said_once_and_other_units_are_read(what: str, reason: str, tmp_path: Path) -> None:
    path = changed(program(tmp_path, "cov.c", "-gdwarf-4"), what)
    said: list[str] = []
    file = DebugFile(BytesIO(path.read_bytes()), "it", said.append)
    for symbol in file.symbols.all:
        assert file.places(symbol.va)
    assert said == [f"it: {SAID}{reason}"]
    more = file.symbols.named("more")
    assert more is not None
    assert file.place(more.va).line is not None
    for command in (["symbols"], ["disasm", "--lines"]):
        done = emu_command(*command, str(path))
        assert done.returncode == 0
        assert done.stderr.decode().splitlines() == [f"emu: {path}: {SAID}{reason}"]


def test_a_report_says_it_before_it_begins(tmp_path: Path) -> None:
    source, path = tmp_path / "null.c", tmp_path / "null.elf"
    source.write_text("int main(void) { return *(volatile int *)0; }")
    command = [need_tool("arm-none-eabi-gcc"), "-g", "-mcpu=cortex-a15", "--specs=rdimon.specs"]
    subprocess.run([*command, str(source), "-o", str(path)], check=True)
    lines = run_emu(changed(path, "version")).stderr.decode().splitlines()
    assert lines[0].endswith(f"{SAID}version 6 of its debug information is not understood")
    assert lines[1].startswith("emu: process 0 faulted: null pointer")
    assert sum(SAID in line for line in lines) == 1
