"""Damaged ELF files: loaded or refused in a line, run, reported on, and looked at.

Two kinds: ``elf``, damaged where loading looks, and ``names``, damaged only in what a program runs
without: sections, symbols, DWARF, and the exception tables that backtraces are made with.
"""

from __future__ import annotations

import functools
import random
from io import BytesIO

from elftools.elf.elffile import ELFFile

from emu.coverage.start import begin_coverage
from emu.debuginfo import DebugFile, DebugFiles
from emu.environment.world import ScriptedWorld
from emu.loader import LoadError, check_fits, load_elf
from emu.machine import Machine, Options
from emu.profile.start import begin_profile
from emu.report import fault_text, state_text
from emu.views.grid import grid_text
from emu.views.listing import listing
from emu.views.symbols import symbol_grid, symbol_rows
from kernel_model.boot import BootError
from tests.fuzz.inputs.case import Broken, Case, Target, damage, damaged
from tests.guests import BUILT, build_guests
from tests.observing import OnFault

RAM = 4 << 20
HEADERS = 0x34 + 8 * 0x20
BASES = (
    "programs/fault_null", "programs/hello", "backtrace/tables", "backtrace/tables.arm",
    "backtrace/frames.arm", "backtrace/frame_pointer", "mistakes/stack_overflow",
    "mistakes/use_after_unmap.arm",
)  # fmt: skip


@functools.cache
def _base(name: str) -> bytes:
    build_guests(name.split("/")[0])
    return (BUILT / f"{name}.elf").read_bytes()


@functools.cache
def _unneeded(name: str) -> tuple[range, ...]:
    """Where in a file is what it runs without; the exception tables, which it runs with, too."""
    data = _base(name)
    elf = ELFFile(BytesIO(data))
    found = [
        range(section["sh_offset"], section["sh_offset"] + section["sh_size"])
        for section in elf.iter_sections()
        if section["sh_size"] and section["sh_type"] != "SHT_NOBITS"
        and (not section["sh_flags"] & 2 or section.name.startswith(".ARM.ex"))
    ]  # fmt: skip
    return (range(elf["e_shoff"], len(data)), *found)


def _elf(chance: random.Random) -> Case:
    name = chance.choice(BASES)
    places = (range(HEADERS), range(0x34, HEADERS), range(len(_base(name))))
    return Case("elf", name, damage(chance, places))


def _names(chance: random.Random) -> Case:
    name = chance.choice(BASES)
    return Case("names", name, damage(chance, _unneeded(name)))


def _give(case: Case) -> None:
    data = damaged(_base(case.base), case.parts)
    try:
        image = load_elf(BytesIO(data), "damaged")
        check_fits(image, "damaged", RAM)
        machine = Machine(image, ScriptedWorld(), Options(RAM, max_insns=20_000))
    except (LoadError, BootError) as error:
        if "\n" in str(error):
            raise Broken("a refusal of several lines") from error
        return
    debug = DebugFiles(DebugFile(BytesIO(data), "damaged"))
    machine.observers.add(
        OnFault(lambda fault: _told(fault_text(machine.kernel, machine.history, debug, fault)))
    )
    ends = [
        begin_coverage(machine, "/dev/null", "drcov", debug, lambda _line: None),
        begin_profile(machine, "/dev/null", debug, lambda _line: None),
    ]
    if debug.program.units is not None:
        ends.append(begin_coverage(machine, "/dev/null", "lcov", debug, lambda _line: None))
    machine.run()
    for end in ends:
        end()
    if not machine.kernel.halted:
        _told(state_text(machine.kernel, machine.history, machine.cores[0], debug))
    _look(debug.program)


def _told(text: str) -> None:
    if not text or len(text) > 1 << 20:
        raise Broken(f"a report of {len(text)} characters")


def _look(file: DebugFile) -> None:
    _told(grid_text(symbol_grid("damaged", symbol_rows(file))))
    for section in file.sections:
        if section.is_code:
            for number, _line in enumerate(listing(file, section.va, section.va + 0x200, True)):
                if number > 1000:
                    raise Broken("a listing without end")


ELF = Target("elf", _elf, _give)
NAMES = Target("names", _names, _give)
