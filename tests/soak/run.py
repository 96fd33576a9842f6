"""Runs one program for long, and prints at each 40th part of it how much memory there is.

A process of its own, so that nothing is there from before:
python -m tests.soak.run PROGRAM MMU COUNT
"""

from __future__ import annotations

import sys
from typing import Final

from emu.cpu import binding
from emu.debuginfo import open_files
from emu.environment.requests import Answer, Write
from emu.environment.world import ScriptedWorld
from emu.loader import load_elf
from emu.machine import How, Machine, Options
from emu.machine.core import Core
from emu.machine.fault import Fault
from emu.machine.observers import Observer
from emu.report import fault_text
from tests.guests import guest
from tests.machine.rewriting import resident

CODE_BUFFER: Final = 1 << 20
"""Bytes for translated code: a buffer of the usual 64 MiB would be filling all the time, and hide
what should not grow.  That it is emptied when it is full, tests/machine/test_memory.py holds."""


class SampledWorld(ScriptedWorld):
    """Whose every line of output is answered with a line of how many bytes are resident."""

    def write(self, request: Write, moment: int) -> Answer:
        data = request[2]
        if not data.strip().isdigit():
            return super().write(request, moment)
        print(data.decode().strip(), resident(), flush=True)
        return len(data)


class Reports(Observer):
    """Makes the report of each fault, as ``emu run`` does, and drops it."""

    def __init__(self, machine: Machine, path: str) -> None:
        self._machine, self._debug = machine, open_files(path)

    def faulted(self, core: Core, fault: Fault) -> None:
        fault_text(self._machine.kernel, self._machine.history, self._debug, fault)


def run(name: str, mmu: str, count: int) -> None:
    """name: of a program in guest/soak."""
    binding.CODE_BUFFER = CODE_BUFFER
    path = guest(f"soak/{name}")
    world = SampledWorld(arguments=(name, str(count)), terminal=True)
    with path.open("rb") as stream:
        machine = Machine(load_elf(stream, path.name), world, Options(mmu=mmu))
    machine.observers.add(Reports(machine, str(path)))
    outcome = machine.run()
    if outcome.how is not How.EXITED or outcome.status != 0:
        sys.exit(f"{name}: {outcome}: {world.stdout.decode()}")
    print(f"calls {machine.calls.total}", flush=True)


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], int(sys.argv[3]))
