"""Breakpoints of one process each, and conditions that are evaluated where they are."""

from __future__ import annotations

from collections.abc import Sequence

from emu.execution.code import Code
from emu.gdb.expressions import Expression, ExpressionError, Surroundings
from emu.gdb.features import CORE, register_index
from emu.machine.machine import Machine


class Breakpoints:
    """Those of one machine: at an address of a process, met if any of its conditions holds."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._code, self._registers = Code.of(machine), machine.core.engine.registers
        self._all: dict[tuple[int, int], Sequence[Expression]] = {}
        self._around = Surroundings(self._register, self._load)

    @property
    def addresses(self) -> list[int]:
        """Where there are any (va)."""
        return sorted({va for _, va in self._all})

    def set(self, pid: int, va: int, conditions: Sequence[Expression] = ()) -> None:
        """Stop there in this process; conditions: none for always."""
        self._all[pid, va] = conditions

    def remove(self, pid: int, va: int) -> None:
        """Stop there no longer."""
        self._all.pop((pid, va), None)

    def forget(self, pid: int) -> None:
        """Stop in this process no longer."""
        self._all = {at: one for at, one in self._all.items() if at[0] != pid}

    def clear(self) -> None:
        """Stop nowhere."""
        self._all.clear()

    def is_met(self, va: int) -> bool:
        """Whether who runs now, with the PC here, is to stop.

        So it is where a condition cannot be evaluated: the debugger says what is wrong with it.
        """
        running = self._machine.running
        wanted = None if running is None else self._all.get((running.pid, va))
        if not wanted:
            return wanted is not None
        try:
            return any(one.value(self._around) for one in wanted)
        except (ExpressionError, LookupError):
            return True

    # What a condition sees, of who runs now

    def _register(self, number: int) -> int:
        index = register_index(number)
        if index >= CORE:
            raise LookupError(f"register {number}")
        return self._registers.core()[index]

    def _load(self, va: int, size: int) -> int:
        data = self._code.read(va, size)
        if len(data) < size:
            raise LookupError(f"no memory at {va:#x}")
        return int.from_bytes(data, "little")
