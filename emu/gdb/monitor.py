"""``monitor``: the commands that gdb passes on to this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from emu.gdb.tracing import Trace
from emu.machine.fault import ACCESS
from emu.recording.timeline import PastError
from emu.trace.selection import TraceError
from emu.views.frames import frame_grids
from emu.views.grid import Grid, grid_text
from emu.views.tables import table_grids
from emu.views.tree import vspace_text
from emu.watchpoints.watch import PHYSICAL, Watch
from kernel_model.descriptors import READ, WRITE
from kernel_model.frame import Frame
from kernel_model.process import Process
from kernel_model.walk import walk

if TYPE_CHECKING:
    from emu.gdb.backwards import Backwards
    from emu.gdb.running import Runner
    from kernel_model.kernel import Kernel

SHOWN: Final = 20
"""The number of calls that ``monitor calls`` shows."""
_WATCHED: Final = {"read": READ, "write": WRITE, "access": READ | WRITE}


class Monitor:
    """Answers one debugger's commands.  pid: the process that its user looks at."""

    def __init__(self, runner: Runner, backwards: Backwards | None = None) -> None:
        """backwards: the machine's past, if it is kept."""
        self._backwards = backwards
        self.runner, self.target = runner, runner.target
        self.kernel: Kernel = runner.machine.kernel
        self.pid = 0
        self._trace: Trace | None = None

    def answer(self, pid: int, line: str) -> str:
        """The output of a command, in lines."""
        self.pid = pid
        name, *words = line.split() or ["help"]
        command = _COMMANDS.get(name)
        if command is None:
            return f"there is no monitor command {name}: monitor help lists them\n"
        try:
            return "".join(f"{line}\n" for line in command[0](self, words))
        except TraceError as error:
            return f"{error}\n"
        except (ValueError, KeyError, IndexError):
            return f"usage: monitor {command[1]}\n"

    def console(self) -> Iterator[str]:
        """The lines of the trace since the last time."""
        if self._trace is not None:
            yield from self._trace.take()

    def close(self) -> None:
        """The debugger has gone: end the trace."""
        if self._trace is not None:
            self._trace.end()
            self._trace = None

    # Commands: the lines of each, from the words after its name

    def help(self, _words: list[str]) -> Iterator[str]:
        width = max(len(usage) for _, usage, _ in _COMMANDS.values())
        for _, usage, text in _COMMANDS.values():
            yield f"{usage:<{width}}  {text}"

    def tables(self, words: list[str]) -> Iterator[str]:
        process = self.target.process(int(words[0]) if words else self.pid)
        yield from _lines(table_grids(self.kernel, process))

    def frames(self, _words: list[str]) -> Iterator[str]:
        yield from _lines(frame_grids(self.kernel))

    def frame(self, words: list[str]) -> Iterator[str]:
        kernel, frame = self.kernel, self._frame(words[0])
        yield str(frame)
        yield f"owned by process {frame.owner}"
        if frame.is_viewed:
            l1 = kernel.l1_over(kernel.frames[frame.v_id])
            whose = "" if l1 is None else vspace_text(l1)
            seen = f", in the {whose}" if whose else ", in a vspace on which no process runs"
            yield f"seen in table {frame.v_id} at {kernel.view_va(frame):#010x}{seen}"
        if frame.is_installed:
            yield f"installed in table {frame.t_id} at {frame.t_va:#010x}"

    def walk(self, words: list[str]) -> Iterator[str]:
        found = walk(self.kernel.memory, self.kernel.l1_pa(self._process), int(words[0], 0))
        for step in found.steps:
            yield str(step)
        yield found.fault.text if found.fault is not None else f"pa {found.pa:#010x}"

    def calls(self, _words: list[str]) -> Iterator[str]:
        from emu.inquiry.answers import entry_words

        machine = self.runner.machine
        for entry, result in list(machine.history.calls)[-SHOWN:]:
            yield f"{entry_words(machine, entry)} = {result}"

    def processes(self, _words: list[str]) -> Iterator[str]:
        yield from self.kernel.waiting()

    def explain(self, words: list[str]) -> Iterator[str]:
        """Explain the fault at which the machine stands, or an access that the user names."""
        from emu.report import access_text, fault_text

        history, files = self.runner.machine.history, self.target.files()
        if not words:
            fault = self.runner.machine.core.fault
            if fault is None:
                yield "no fault: monitor explain ADDRESS says what one would meet there"
            else:
                yield fault_text(self.kernel, history, files, fault)
            return
        va, name = int(words[0], 0), words[1] if len(words) > 1 else "read"
        access = {text: bits for bits, text in ACCESS.items()}[name]
        core = self.target.state(self.pid).core
        yield access_text(self.kernel, history, files, self._process, core, va, access)

    def watch(self, words: list[str]) -> Iterator[str]:
        if words:
            self.runner.watch(self._watch(words), True)
        for number, one in enumerate(self._physical()):
            yield f"{number}: {_watch_text(self.kernel, one)}"

    def unwatch(self, words: list[str]) -> Iterator[str]:
        watches = self._physical()
        for one in [watches[int(words[0])]] if words else watches:
            self.runner.watch(one, False)
        yield from self.watch([])

    def trace(self, words: list[str]) -> Iterator[str]:
        switch = words.pop(0)
        if switch == "on" and self._trace is None:
            self._trace = Trace(self.runner.machine, self.target.files, words)
            yield f"traced until monitor trace off: {', '.join(self._trace.kinds)}"
        elif switch == "off" and self._trace is not None:
            trace, self._trace = self._trace, None
            yield from trace.end()
        else:
            yield f"the trace is {'off' if self._trace is None else 'on'}"

    def goto(self, words: list[str]) -> Iterator[str]:
        backwards = self._backwards
        if backwards is None:
            yield "the past is not kept"
            return
        if words[1:] == ["later"]:
            backwards.go_later(words[0])
            return
        try:
            yield backwards.go_to(words[0])
        except PastError as error:
            yield str(error)
            return
        yield "gdb shows it after: maintenance flush register-cache"

    # Arguments of commands

    @property
    def _process(self) -> Process:
        return self.target.process(self.pid)

    def _frame(self, word: str) -> Frame:
        return self.kernel.frames[int(word)]

    def _physical(self) -> list[Watch]:
        """The watched ranges of physical memory."""
        return [one for one in self.runner.watchpoints.all if one.pid == PHYSICAL]

    def _watch(self, words: list[str]) -> Watch:
        """``frame ID [KIND]`` or ``pa ADDRESS LENGTH [KIND]``.  Errors: ValueError and others."""
        if words[0] == "frame":
            frame, rest = self._frame(words[1]), words[2:]
            place = frame.pa, frame.end - frame.pa
        elif words[0] == "pa":
            place, rest = (int(words[1], 0), int(words[2], 0)), words[3:]
        else:
            raise ValueError(words[0])
        if place[1] <= 0 or len(rest) > 1:
            raise ValueError(rest)
        return Watch(_WATCHED[rest[0] if rest else "write"], *place)


def _watch_text(kernel: Kernel, watch: Watch) -> str:
    kind = next(name for name, access in _WATCHED.items() if access == watch.access)
    frame = kernel.frame_at(watch.address)
    where = f" ({frame})" if frame is not None else ""
    return f"{kind} of {watch.length:#x} bytes at pa {watch.address:#010x}{where}"


def _lines(grids: list[Grid]) -> Iterator[str]:
    yield from "\n".join(grid_text(grid) for grid in grids).splitlines()


_Command = Callable[[Monitor, list[str]], Iterator[str]]
_COMMANDS: Final[dict[str, tuple[_Command, str, str]]] = {
    "tables": (Monitor.tables, "tables [PID]", "what the tables of a process map"),
    "frames": (Monitor.frames, "frames", "the owner of each frame, and the tree of mappings"),
    "frame": (Monitor.frame, "frame ID", "one frame"),
    "walk": (Monitor.walk, "walk VA", "the translation table walk for an address"),
    "calls": (Monitor.calls, "calls", f"the last {SHOWN} calls that changed something"),
    "processes": (Monitor.processes, "processes", "what each process does or waits for"),
    "explain": (
        Monitor.explain, "explain [VA [read|write|execution]]",
        "why this fault, or what an access would meet",
    ),
    "watch": (
        Monitor.watch, "watch [frame ID | pa ADDRESS LENGTH] [read|write|access]",
        "stop at accesses to RAM, whoever makes them",
    ),
    "unwatch": (Monitor.unwatch, "unwatch [NUMBER]", "stop there no longer"),
    "trace": (Monitor.trace, "trace on|off [KINDS]", "show calls and more as they happen"),
    "goto": (
        Monitor.goto, "goto insn:N|call:N|begin|end", "go there, forwards or backwards",
    ),
    "help": (Monitor.help, "help", "this list"),
}  # fmt: skip
