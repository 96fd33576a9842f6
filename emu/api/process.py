"""A process of a machine: its registers, its memory, its state."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from emu.api.memory import Memory, virtual_memory
from emu.api.running import Running
from emu.cpu.register_names import ALIASES, ALL, named, value_of, with_value
from emu.cpu.registers import CORE, State
from emu.machine.machine import Machine as Engine
from kernel_model.abi import NO_ID, ProcState
from kernel_model.process import Process as ModelProcess

_FLOATS: Final = {32: ("<f", "<I"), 64: ("<d", "<Q")}


class Registers:
    """The registers of a process: ``registers.pc``, ``registers["r0"]``, as unsigned numbers.

    r0 to r15, sp, lr, pc, cpsr; s0 to s31, d0 to d31, q0 to q15, fpscr; tpidrurw, tpidruro.
    Assignment sets the process's register.

    Errors: AttributeError and KeyError, for other names; LookupError, for registers to be set of a
    process that has ended; MachineRunningError, where the machine runs in another thread, or runs
    and no callback is told of an event, which forbids to set registers only.
    """

    _engine: Engine
    _process: ModelProcess
    _running: Running

    def __init__(self, engine: Engine, process: ModelProcess, running: Running) -> None:
        self.__dict__.update(_engine=engine, _process=process, _running=running)

    def __getitem__(self, name: str) -> int:
        return value_of(self._state(), name)

    def __setitem__(self, name: str, value: int) -> None:
        self._running.check_settled("Registers")
        state = with_value(self._state(), name, value)
        if self._process.state is ProcState.DEAD:
            raise LookupError(f"process {self._process.pid} has ended")
        if ALIASES.get(name, name) in CORE:
            self._engine.set_registers(self._process, state.core)
        else:
            self._engine.set_state(self._process, state)
        self._running.written(self._process.pid)

    def __getattr__(self, name: str) -> int:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"there is no register {name}") from None

    def __setattr__(self, name: str, value: int) -> None:
        try:
            self[name] = value
        except KeyError:
            raise AttributeError(f"there is no register {name}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(ALL)

    def as_float(self, name: str) -> float:
        """The number in s0 to s31 (single precision) or d0 to d31 (double).  Errors: KeyError."""
        number, bits = _formats(name)
        return float(struct.unpack(number, struct.pack(bits, self[name]))[0])

    def set_float(self, name: str, value: float) -> None:
        """Put a number into s0 to s31, rounded to single precision, or d0 to d31."""
        number, bits = _formats(name)
        self[name] = struct.unpack(bits, struct.pack(number, value))[0]

    def as_dict(self) -> dict[str, int]:
        """r0 to r12, sp, lr, pc, cpsr, d0 to d31, fpscr, tpidrurw and tpidruro by name."""
        state = self._state()
        return {name: value_of(state, name) for name in ALL}

    def _state(self) -> State:
        self._running.check_readable("Registers")
        return self._engine.state_of(self._process)

    def __repr__(self) -> str:
        values = zip(CORE, self._state().core, strict=True)
        return "Registers(" + ", ".join(f"{name}={value:#x}" for name, value in values) + ")"


def _formats(name: str) -> tuple[str, str]:
    """How ``struct`` packs a register's number, and its bits.  Errors: KeyError."""
    if name[:1] not in ("s", "d") or name == "sp":
        raise KeyError(name)
    return _FLOATS[named(name).bits]


class Process:
    """A living process.  When it has ended, its registers and memory are gone.

    registers: settable.  memory: by virtual address.
    """

    def __init__(self, engine: Engine, process: ModelProcess, running: Running) -> None:
        self._engine, self._process = engine, process
        self.pid = process.pid
        self.registers = Registers(engine, process, running)
        self.memory: Memory = virtual_memory(engine, process, running)

    @property
    def state(self) -> str:
        """The kernel's name of its state in small letters: ``ready``, ``sending``, ..."""
        return self._process.state.name.lower()

    @property
    def is_running(self) -> bool:
        """Whether it runs on a core now."""
        return self._engine.kernel.core_of(self._process) is not None

    @property
    def parent(self) -> int | None:
        """Its parent's pid; None for proc0."""
        return None if self._process.parent == NO_ID else self._process.parent

    @property
    def vspace(self) -> int | None:
        """The frame id of its L1 table; None for a new process."""
        return None if self._process.l1 == NO_ID else self._process.l1

    @property
    def frames(self) -> tuple[int, ...]:
        """The ids of the frames that it owns, in the order in which it got them."""
        return tuple(self._process.frames)

    @property
    def waits_for(self) -> int | None:
        """The pid of the process that it waits for, or None."""
        return None if self._process.partner == NO_ID else self._process.partner

    @property
    def calls(self) -> int:
        """How many calls it has made."""
        return self._process.calls

    def __repr__(self) -> str:
        return f"Process({self.pid}, {self.state})"
