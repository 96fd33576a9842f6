"""A process of a machine: its registers, its memory, its state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from emu.api.memory import Memory, virtual_memory
from emu.cpu.registers import CORE
from emu.machine.machine import Machine as Engine
from kernel_model.abi import NO_ID
from kernel_model.process import Process as ModelProcess

_OTHER_CORE: Final = {"r13": "sp", "r14": "lr", "r15": "pc"}


class Registers:
    """r0 to r12, sp, lr, pc and cpsr of a process: ``registers.pc``, ``registers["r0"]``.

    Assignment sets the process's register.  Errors: AttributeError and KeyError, for other names.
    """

    _engine: Engine
    _process: ModelProcess

    def __init__(self, engine: Engine, process: ModelProcess) -> None:
        self.__dict__.update(_engine=engine, _process=process)

    def __getitem__(self, name: str) -> int:
        return self._all()[_index(name)]

    def __setitem__(self, name: str, value: int) -> None:
        values = [*self._all()]
        values[_index(name)] = value & 0xFFFFFFFF
        self._engine.set_registers(self._process, tuple(values))

    def __getattr__(self, name: str) -> int:
        if _OTHER_CORE.get(name, name) not in CORE:
            raise AttributeError(f"there is no register {name}")
        return self[name]

    def __setattr__(self, name: str, value: int) -> None:
        if _OTHER_CORE.get(name, name) not in CORE:
            raise AttributeError(f"there is no register {name}")
        self[name] = value

    def __iter__(self) -> Iterator[str]:
        return iter(CORE)

    def as_dict(self) -> dict[str, int]:
        """All registers by name."""
        return dict(zip(CORE, self._all(), strict=True))

    def _all(self) -> tuple[int, ...]:
        return self._engine.state_of(self._process).core

    def __repr__(self) -> str:
        return "Registers(" + ", ".join(f"{k}={v:#x}" for k, v in self.as_dict().items()) + ")"


def _index(name: str) -> int:
    try:
        return CORE.index(_OTHER_CORE.get(name, name))
    except ValueError:
        raise KeyError(name) from None


class Process:
    """A living process.  When it has ended, its registers and memory are gone.

    registers: settable.  memory: by virtual address.
    """

    def __init__(self, engine: Engine, process: ModelProcess) -> None:
        self._engine, self._process = engine, process
        self.pid = process.pid
        self.registers = Registers(engine, process)
        self.memory: Memory = virtual_memory(engine, process)

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
