"""What every observer of a trace shares: the machine, what is asked for, and where it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from emu.arm.disassembly import Instruction
from emu.decoding.arguments import Decoder
from emu.execution.code import Code
from emu.trace.events import Access, Call, Event
from emu.trace.filters import Filter
from emu.trace.output import Output
from kernel_model.process import Process

if TYPE_CHECKING:
    from emu.machine.history import History
    from emu.machine.sessions import SemihostingSessions


class Format(Protocol):
    """How events are written.  Instructions and blocks are no events but text made once.

    ending: what a well-formed file ends with.
    """

    ending: str

    def begin(self) -> str: ...

    def event(self, event: Event) -> str: ...

    def instruction(
        self, pid: int, instruction: Instruction, thumb: bool, symbol: str, target: str
    ) -> str: ...

    def block(self, pid: int, va: int, size: int, count: int, symbol: str) -> str: ...


class Recorder:
    """Takes events that the filter has let through."""

    def __init__(
        self,
        sessions: SemihostingSessions,
        wanted: Filter,
        format_: Format,
        output: Output,
        code: Code,
        history: History,
    ) -> None:
        self.sessions, self.history = sessions, history
        self.core, self.kernel = code.core, code.kernel
        self.filter = wanted
        self.format = format_
        self.output = output
        self.code = code
        self._held: list[Event] | None = None
        output.write(format_.begin())

    @property
    def time(self) -> int:
        """Instructions begun; 0 where nobody counts them."""
        return self.core.engine.instructions

    @property
    def pid(self) -> int:
        """Who runs, or -1."""
        process = self.code.process
        return -1 if process is None else process.pid

    def emit(self, event: Event) -> None:
        if not isinstance(event, Access | Call):
            event.call = self.history.made
        if self._held is not None:
            self._held.append(event)
            return
        self.output.write(self.format.event(event))
        self.output.pause()

    def hold(self) -> None:
        """Keep what follows until the call that causes it has been written."""
        self._held = []

    def emit_first(self, event: Event) -> None:
        """Write a call, and behind it what was kept."""
        held, self._held = self._held or [], None
        for kept in (event, *held):
            self.emit(kept)

    def release(self) -> None:
        """Write what was kept, of a call that is not asked for."""
        held, self._held = self._held or [], None
        for kept in held:
            self.emit(kept)

    def decoder(self, process: Process) -> Decoder:
        return Decoder(self.kernel, process)

    def wants_code(self, pid: int) -> bool:
        """Whether what the instruction before the PC does is asked for."""
        if not self.filter.wants(pid):
            return False
        if not self.filter.by_address:
            return True
        registers = self.core.engine.registers
        return self.filter.wants_code(registers.pc - (2 if registers.thumb else 4))
