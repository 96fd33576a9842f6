"""The guests that names and disassembly are compared on, opened, and what binutils says of them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from emu.arm.disassembly import Instruction
from emu.debuginfo import DebugFile, Isa, Symbol, open_files
from emu.debuginfo.code import disassemble_file
from tests.guests import BUILT, build_guests, need_tool

Code = tuple[str, int]
"""A function: its name and how long its code is."""

KERNEL_SETS = ("programs", "mistakes", "backtrace")
NEWLIB = ("hello", "maths", "doubles")


def programs() -> list[Path]:
    """All programs of some sets in Arm and Thumb, and newlib's code in each of its variants."""
    build_guests()
    found = [path for name in KERNEL_SETS for path in (BUILT / name).glob("*.elf")]
    found += [path for name in NEWLIB for path in (BUILT / "newlib").glob(f"{name}.*.elf")]
    return sorted(found)


@lru_cache(maxsize=1)
def opened(path: Path) -> DebugFile:
    return open_files(str(path)).program


def known_elsewhere(path: Path) -> frozenset[Code]:
    """The functions of the first program of the same folder and code; of that itself none.

    They are the same library for the most part.  The programs of ``backtrace`` are the same code
    with other debug information, so each of them is asked for everything.
    """
    if path.parent.name == "backtrace":
        return frozenset()
    code = path.suffixes[:-1]
    first = next(
        one for one in programs() if one.parent == path.parent and one.suffixes[:-1] == code
    )
    return frozenset() if path == first else functions(first)


@lru_cache(maxsize=1)
def functions(path: Path) -> frozenset[Code]:
    """All functions of a program."""
    file = open_files(str(path)).program
    return frozenset(code_of(one) for one in file.symbols.all if one.is_function)


def code_of(symbol: Symbol) -> Code:
    return symbol.linkage, symbol.size


def instructions(file: DebugFile) -> list[Instruction]:
    """All code of a file, as we disassemble it."""
    return [
        instruction
        for section in file.sections
        if section.is_code
        for instruction in disassemble_file(file, section.va, section.va + section.size)
    ]


def is_in_function(file: DebugFile, va: int) -> bool:
    """Whether the symbols say that an instruction of a function is there: no padding, no data."""
    symbol = file.symbol_at(va)
    return symbol is not None and va in symbol and file.isa(va) is not Isa.DATA


def addr2line(path: Path, addresses: Iterable[int]) -> list[tuple[str, str]]:
    """Function and ``file:line`` of each address, ("??", "??:?") where not known."""
    tool = need_tool("arm-none-eabi-addr2line")
    asked = "\n".join(map(hex, addresses))
    answer = subprocess.run(
        [tool, "-f", "-e", str(path)], input=asked, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return list(zip(answer[::2], answer[1::2], strict=True))


def objdump(path: Path) -> dict[int, str]:
    """Each instruction by address, without comments and the names of targets."""
    tool = need_tool("arm-none-eabi-objdump")
    listing = subprocess.run(
        [tool, "-d", "-z", "--no-show-raw-insn", str(path)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    lines = re.findall(r"^ *([0-9a-f]+):\t(.*)$", listing, re.MULTILINE)
    return {int(va, 16): re.split(r"\s*[;@]|//|<", text)[0].strip() for va, text in lines}
