"""What the observers of a trace share: the machine, the filter, the format and the output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from emu.arm.disassembly import Instruction
from emu.decoding.arguments import Decoder
from emu.execution.code import Code
from emu.trace.events import AccessEvent, CallEvent, Event
from emu.trace.filters import Filter
from emu.trace.output import Output
from kernel_model.process import Process

if TYPE_CHECKING:
    from emu.machine.history import History
    from emu.machine.sessions import SemihostingSessions
    from emu.trace.columns import Columns


class Format(Protocol):
    """How events are written.  Of instructions and blocks the text is made once, without events.

    ending: what a well-formed file ends with.
    """

    ending: str

    def begin(self) -> str: ...

    def event(self, event: Event) -> str: ...

    def accesses(self, pid: int, gathered: Columns) -> str:
        """The same as ``event`` of each of ``gathered.events(pid)``, in less time."""

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
        """Instructions begun; 0 where instructions are not counted."""
        return self.core.engine.instructions

    @property
    def pid(self) -> int:
        """The pid of the process that runs, or -1."""
        process = self.code.process
        return -1 if process is None else process.pid

    def emit(self, event: Event) -> None:
        if not isinstance(event, AccessEvent | CallEvent):
            event.call = self.history.made
        if self._held is not None:
            self._held.append(event)
            return
        self.output.write(self.format.event(event))
        self.output.pause()

    def hold(self) -> None:
        """Keep the events that follow until the call that causes them has been written."""
        self._held = []

    def emit_first(self, event: Event) -> None:
        """Write a call, and then the events that were kept."""
        held, self._held = self._held or [], None
        for kept in (event, *held):
            self.emit(kept)

    def release(self) -> None:
        """Write the events that were kept for a call that is not asked for."""
        held, self._held = self._held or [], None
        for kept in held:
            self.emit(kept)

    def decoder(self, process: Process) -> Decoder:
        return Decoder(self.kernel, process)

    def wants_code(self, pid: int) -> bool:
        """Whether the instruction before the PC is asked for."""
        if not self.filter.wants(pid):
            return False
        if not self.filter.by_address:
            return True
        registers = self.core.engine.registers
        return self.filter.wants_code(registers.pc - (2 if registers.thumb else 4))
