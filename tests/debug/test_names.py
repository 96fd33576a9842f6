"""Function and line names agree with arm-none-eabi-addr2line."""

from __future__ import annotations

import posixpath
from pathlib import Path

import pytest

from emu.debuginfo import DebugFile
from tests.debug.elves import (
    addr2line,
    code_of,
    instructions,
    is_in_function,
    known_elsewhere,
    opened,
    programs,
)

MOST = 1500
"""Instructions of a program that are compared: of a larger one, so many evenly."""


def canonical(line: str) -> str:
    """A line as ours are: the path without detours; "" where no line is known."""
    line = line.split(" (discriminator")[0]
    if line.endswith((":?", ":0")):
        return ""
    path, _, number = line.rpartition(":")
    return f"{posixpath.normpath(path)}:{number}"


def names_at(file: DebugFile, va: int) -> set[str]:
    """The function's name; of one that is not inlined, also its others."""
    places = file.places(va)
    symbol = file.symbol_at(va)
    others = {other.name for other in file.symbols.all if symbol and other.va == symbol.va}
    return {places[0].function} | (others if len(places) == 1 else set())


def is_first_of_assembly(file: DebugFile, va: int) -> bool:
    """Whether a Thumb function from assembly begins here.

    GNU as describes those as if they began a byte later, so that addr2line counts their first
    instruction to the function before.
    """
    symbol = file.symbol_at(va)
    line = file.line(va) if symbol is not None and symbol.va == va else None
    return line is not None and line.file[-2:] == ".S"


def asked_of(file: DebugFile, path: Path) -> list[int]:
    """The instructions that are compared: not those of functions that another program asks for."""
    elsewhere = known_elsewhere(path)
    known = {symbol for symbol in file.symbols.all if code_of(symbol) in elsewhere}
    return [
        one.va
        for one in instructions(file)
        if is_in_function(file, one.va)
        and file.symbol_at(one.va) not in known
        and not is_first_of_assembly(file, one.va)
    ]


@pytest.mark.parametrize("path", programs(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_same_as_addr2line(path: Path) -> None:
    file = opened(path)
    every = asked_of(file, path)
    # From above: addr2line answers wrongly for the address behind that of an assembly unit's end
    # when it has just been asked for something in that unit.
    asked = every[:: -(len(every) // MOST + 1)]
    assert len(asked) > 10
    wrong = []
    for va, (function, line) in zip(asked, addr2line(path, asked), strict=True):
        ours = file.line(va)
        if function not in names_at(file, va) or canonical(line) != str(ours or ""):
            wrong.append((hex(va), function, line, str(file.place(va))))
    assert not wrong


def test_chain_of_inlined_functions() -> None:
    """What is inlined comes with what it is inlined in, as ``addr2line -i`` says."""
    path = next(path for path in programs() if path.name == "fault_null.elf")
    file = opened(path)
    main = file.symbols.named("main")
    assert main is not None
    chains = [
        [place.function for place in file.places(va)]
        for va in range(main.va, main.va + main.size, 2)
    ]
    assert ["read_through", "main"] in chains


def test_nothing_is_known_of_an_address_outside() -> None:
    file = opened(programs()[0])
    place = file.place(0xEFFFFFF0)
    assert (place.function, place.symbol, place.line) == ("", "", None)
    assert place.in_symbol == "0xeffffff0"
