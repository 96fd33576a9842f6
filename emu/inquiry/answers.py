"""Answers: what happened, when, and which line of the program it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from emu.decoding.calls import entry_text
from emu.execution.code import Code
from emu.machine.history import KernelEntry

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles
    from emu.machine.machine import Machine


class Answer(NamedTuple):
    """What happened.

    instruction, call: how many had been executed, and calls made; going there by either shows it.
    pid: who did it.  what: in words.  where: the function, the line and the address of the code,
    or "".  details: further values, by name.
    """

    instruction: int
    call: int
    pid: int
    what: str
    where: str = ""
    details: dict[str, Any] = {}  # noqa: RUF012 - never changed

    def lines(self) -> list[str]:
        """For people."""
        place = f"    {self.where}" if self.where else ""
        head = f"insn:{self.instruction} call:{self.call}  {self.what}"
        return [head, place] if place else [head]


def where_is(machine: Machine, debug: DebugFiles, pid: int, pc: int) -> str:
    """Function, source line and address of code that a process executes."""
    code = Code.of(machine).read(pc & ~1, 4)
    file = debug.of(pid, pc & ~1, code)
    if file is None:
        return f"{pc:#010x}"
    place = file.place(pc & ~1)
    name = place.function or f"{pc:#010x}"
    line = "" if place.line is None else f" at {place.line}"
    return f"in {name}{line}, {pc:#010x}"


def entry_now(machine: Machine) -> KernelEntry:
    """The entry into the kernel that is under way, or was last."""
    return KernelEntry(*machine.history.under_way)


def entry_words(machine: Machine, entry: KernelEntry) -> str:
    """An entry into the kernel, in words."""
    kernel = machine.kernel
    caller = kernel.processes.get(entry.pid) or next(iter(kernel.processes.values()))
    return entry_text(kernel, caller, entry)
