"""Breakpoints, each of one inferior, and their conditions, which the machine evaluates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from emu.execution.code import Code
from emu.gdb.expressions import Expression, ExpressionError, Surroundings
from emu.gdb.features import CORE, register_index
from emu.gdb.inferiors import Inferiors
from emu.machine.machine import Machine


class Breakpoints:
    """The breakpoints of a machine, each at an address of an inferior, with conditions.

    lifted_for: while the machine runs until this process has its turn, what was removed at this
    stop is still there for others: a debugger that steps one thread over a breakpoint removes it,
    and does not know that others run before that thread.  None: what was removed is not there.
    """

    def __init__(
        self, machine: Machine, inferiors: Inferiors, begins: Callable[[int], bool]
    ) -> None:
        """begins: whether a function begins at an address (va) of the process that runs."""
        self._machine, self._inferiors = machine, inferiors
        self._code, self._registers = Code.of(machine), machine.core.engine.registers
        self._all: dict[tuple[int, int], Sequence[Expression]] = {}
        self._lifted: dict[tuple[int, int], Sequence[Expression]] = {}
        """Those removed at this stop."""
        self.lifted_for: int | None = None
        self._around = Surroundings(self._register, self._load)
        self._begins = begins
        self._goes_back = False

    @property
    def addresses(self) -> list[int]:
        """The addresses (va) that have a breakpoint."""
        lifted = self._lifted if self.lifted_for is not None else {}
        return sorted({va for _, va in (*self._all, *lifted)})

    def set(self, inferior: int, va: int, conditions: Sequence[Expression] = ()) -> None:
        """Stop every thread at ``va``, if one of the conditions holds or there are none."""
        self._all[inferior, va] = conditions
        self._lifted.pop((inferior, va), None)

    def remove(self, inferior: int, va: int) -> None:
        """Stop the threads at ``va`` no longer."""
        removed = self._all.pop((inferior, va), None)
        if removed is not None:
            self._lifted[inferior, va] = removed

    @contextmanager
    def going_back(self) -> Iterator[None]:
        """Within, conditions do not count where a function begins.

        There gdb puts breakpoints of its own when it goes back over a call, and does not say so
        where there is one already.  It looks at the condition itself.
        """
        self._goes_back = True
        try:
            yield
        finally:
            self._goes_back = False

    def has_run(self) -> None:
        """The machine has run: this is another stop."""
        self._lifted.clear()

    def forget(self, inferior: int) -> None:
        """Remove the breakpoints of this inferior."""
        self._all = {at: one for at, one in self._all.items() if at[0] != inferior}

    def clear(self) -> None:
        """Remove all breakpoints."""
        self._all.clear()
        self._lifted.clear()

    def is_met(self, va: int) -> bool:
        """Whether the process that runs, with its PC at ``va``, is to stop.

        True also if a condition cannot be evaluated: the debugger then says what is wrong.
        """
        running = self._machine.running
        if running is None:
            return False
        at = self._inferiors.of(running.pid), va
        wanted = self._all.get(at)
        if wanted is None and self.lifted_for not in (None, running.pid):
            wanted = self._lifted.get(at)
        if not wanted or (self._goes_back and self._begins(va)):
            return wanted is not None
        try:
            return any(one.value(self._around) for one in wanted)
        except (ExpressionError, LookupError):
            return True

    # What a condition sees of the process that runs

    def _register(self, number: int) -> int:
        try:
            index = register_index(number)
        except ValueError as error:
            raise LookupError(f"register {number}") from error
        if index >= CORE:
            raise LookupError(f"register {number}")
        return self._registers.core()[index]

    def _load(self, va: int, size: int) -> int:
        data = self._code.read(va, size)
        if len(data) < size:
            raise LookupError(f"no memory at {va:#x}")
        return int.from_bytes(data, "little")
