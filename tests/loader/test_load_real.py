"""Real programs, with readelf and pyelftools saying what is in them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from emu.loader import LoadError, load_elf
from kernel_model.descriptors import rights_text
from kernel_model.image import Image

GCC, READELF = "arm-none-eabi-gcc", "arm-none-eabi-readelf"
pytestmark = pytest.mark.skipif(
    not (shutil.which(GCC) and shutil.which(READELF)),
    reason=f"{GCC} or {READELF} is not installed",
)

SOURCE = r"""
#ifdef ALONE
#define printf(...) (one)
#else
#include <stdio.h>
#endif
int numbers[1000], one = 1;
int main(int argc, char **argv) { return printf("%s %d\n", argv[0], one + numbers[argc]); }
"""
SETTINGS = {
    "arm": ["--specs=rdimon.specs"],
    "thumb": ["--specs=rdimon.specs", "-mthumb", "-march=armv7-a"],
    "all in one segment": ["--specs=rdimon.specs", "-Wl,-N"],
    "no library": ["-nostdlib", "-Wl,-e,main", "-Wl,-Ttext=0x400000", "-DALONE"],
}
LOAD_LINE = re.compile(r"LOAD\s+(0x\w+) (0x\w+) 0x\w+ (0x\w+) (0x\w+) ([RWE ]{3})")


def build(tmp_path: Path, *options: str) -> Path:
    source, program = tmp_path / "program.c", tmp_path / "program.elf"
    source.write_text(SOURCE)
    subprocess.run([GCC, *options, source, "-o", program], check=True, stderr=subprocess.PIPE)
    return program


def load(program: Path) -> Image:
    with program.open("rb") as stream:
        return load_elf(stream, program.name)


def readelf(program: Path, option: str) -> str:
    result = subprocess.run([READELF, option, program], check=True, capture_output=True, text=True)
    return result.stdout


@pytest.mark.parametrize("options", SETTINGS.values(), ids=SETTINGS)
def test_segments_are_those_that_readelf_shows(tmp_path: Path, options: list[str]) -> None:
    program = build(tmp_path, *options)
    data = program.read_bytes()
    expected = []
    for offset, va, filesz, memsz, flags in LOAD_LINE.findall(readelf(program, "-lW")):
        content = data[int(offset, 16) : int(offset, 16) + int(filesz, 16)]
        rights = flags.lower().replace("e", "x").replace(" ", "-")
        expected.append((int(va, 16), int(memsz, 16), content, rights))
    loaded = [(*segment[:3], rights_text(segment.rights)) for segment in load(program).segments]
    assert expected
    assert loaded == expected


@pytest.mark.parametrize("options", SETTINGS.values(), ids=SETTINGS)
def test_entry_is_the_one_that_pyelftools_shows(tmp_path: Path, options: list[str]) -> None:
    program = build(tmp_path, *options)
    with program.open("rb") as stream:
        assert load(program).entry == ELFFile(stream)["e_entry"]


def test_linked_for_64_kib_pages(tmp_path: Path) -> None:
    """The first segment begins at address 0, with the ELF file's headers."""
    program = build(tmp_path, "--specs=rdimon.specs", "-Wl,-z,max-page-size=0x10000")
    assert LOAD_LINE.findall(readelf(program, "-lW"))[0][:2] == ("0x000000", "0x00000000")
    first = load(program).segments[0]
    assert first.va == 0x1000
    assert first.data == program.read_bytes()[0x1000 : 0x1000 + len(first.data)]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["-c"], "is a relocatable object"),
        (["--specs=rdimon.specs", "-pie"], "is position independent"),
        (["-nostdlib", "-mbig-endian", "-DALONE", "-Wl,-e,main"], "is big endian"),
        (["-nostdlib", "-Wl,-e,main", "-Wl,-Ttext=0xf0000000", "-DALONE"], "overlaps the kernel"),
    ],
    ids=["object", "pie", "big endian", "in the kernel"],
)
def test_what_the_toolchain_can_make_and_we_refuse(
    tmp_path: Path, options: list[str], why: str
) -> None:
    with pytest.raises(LoadError, match=why):
        load(build(tmp_path, *options))
