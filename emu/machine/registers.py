"""The registers of processes as values, which belong to no core and to no engine.

A core that has run a process keeps its registers in Unicorn's form until they are asked for: by
another core that is to run it, a snapshot or a debugger.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from emu.cpu.registers import IT_STATE, THUMB_BIT, USER_MODE, State
from kernel_model.process import Failed, Process, Redirect, Registers, Result, Resume, Start


def started(start: Start) -> tuple[int, ...]:
    """Core registers of a process that begins: r0-r12, sp, lr, pc, cpsr."""
    fresh = [0] * 17
    fresh[:4], fresh[13], fresh[15] = start[2:], start.sp, start.pc & ~1
    fresh[16] = USER_MODE | (THUMB_BIT if start.pc & 1 else 0)
    return tuple(fresh)


def redirected(core: tuple[int, ...], to: Redirect) -> tuple[int, ...]:
    """Core registers of a process that its fault handler redirects; it leaves the IT block."""
    cpsr = core[16] & ~(THUMB_BIT | IT_STATE) | (THUMB_BIT if to.pc & 1 else 0)
    return (*to.registers, *core[8:13], to.sp, core[14], to.pc & ~1, cpsr)


def resumed(core: tuple[int, ...], resume: Resume | None) -> tuple[int, ...]:
    """Core registers with the changes that the kernel makes when the process next runs."""
    if isinstance(resume, Result | Failed):
        return (resume.r0 & 0xFFFFFFFF, *core[1:])
    if isinstance(resume, Registers):
        return resume.words
    if isinstance(resume, Redirect):
        return redirected(core, resume)
    return core if resume is None else started(resume)


class Keeper(Protocol):
    """A core, as the keeper of the registers of the processes that it has run."""

    def holds(self, pid: int) -> bool: ...

    def fresh_state(self) -> State: ...

    def state_of(self, pid: int) -> State: ...

    def set_core_registers(self, pid: int, values: tuple[int, ...]) -> None: ...

    def set_state(self, pid: int, state: State) -> None: ...

    def keep(self, pid: int, state: State) -> None: ...

    def forget(self, pid: int) -> None: ...


class ProcessRegisters:
    """The registers of every process of a machine, while it does not run."""

    def __init__(self, cores: Sequence[Keeper]) -> None:
        self._cores = cores

    def holder(self, pid: int) -> Keeper | None:
        """The core that has the registers of a process; None if the process has not run."""
        return next((core for core in self._cores if core.holds(pid)), None)

    def of(self, process: Process) -> State:
        """The registers with which a process will go on, whether it runs, waits or is new."""
        core = self.holder(process.pid)
        state = self._cores[0].fresh_state() if core is None else core.state_of(process.pid)
        return state._replace(core=resumed(state.core, process.resume))

    def set_core(self, process: Process, values: tuple[int, ...]) -> None:
        """Let a process go on with these: r0-r12, sp, lr, pc, cpsr.

        A process that waits in a call still gets the call's result in r0 when that comes.
        """
        core = self.holder(process.pid)
        if core is not None and not isinstance(process.resume, Start):
            process.resume = None
            core.set_core_registers(process.pid, values)
        else:
            process.resume = Registers(values)

    def set_all(self, process: Process, state: State) -> None:
        """Let a process go on with these registers, whether it runs, waits or is new."""
        core = self.holder(process.pid)
        if core is None:
            self._cores[0].keep(process.pid, state)
        else:
            core.set_state(process.pid, state)
        if process.resume is not None:
            process.resume = Registers(state.core)

    def move(self, pid: int, to: Keeper) -> bool:
        """Let a core have the registers of a process; whether it has run anywhere."""
        core = self.holder(pid)
        if core is not None and core is not to:
            to.keep(pid, core.state_of(pid))
            core.forget(pid)
        return core is not None
