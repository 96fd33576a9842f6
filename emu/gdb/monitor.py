"""``monitor``: what gdb's users can ask of this machine and of no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from emu.views.frames import frame_grids
from emu.views.grid import Grid, grid_text
from emu.views.tables import table_grids
from kernel_model.calls.checks import is_viewed_by
from kernel_model.walk import walk

if TYPE_CHECKING:
    from emu.gdb.target import Target

SHOWN: Final = 20
"""Calls."""


def answer(target: Target, pid: int, line: str) -> str:
    """What a command says, in lines.  pid: the process that the user looks at."""
    name, *words = line.split() or ["help"]
    command = _COMMANDS.get(name)
    if command is None:
        return f"there is no monitor command {name}: monitor help lists them\n"
    try:
        return command[0](target, pid, words)
    except (ValueError, KeyError, IndexError):
        return f"usage: monitor {command[1]}\n"


def _help(_target: Target, _pid: int, _words: list[str]) -> str:
    width = max(len(usage) for _, usage, _ in _COMMANDS.values())
    return "".join(f"{usage:<{width}}  {text}\n" for _, usage, text in _COMMANDS.values())


def _tables(target: Target, pid: int, words: list[str]) -> str:
    process = target.process(int(words[0]) if words else pid)
    return _text(table_grids(target.machine.kernel, process))


def _frames(target: Target, _pid: int, _words: list[str]) -> str:
    return _text(frame_grids(target.machine.kernel))


def _frame(target: Target, _pid: int, words: list[str]) -> str:
    kernel = target.machine.kernel
    frame = kernel.frames[int(words[0])]
    owner = kernel.processes[frame.owner]
    lines = [str(frame), f"owned by process {frame.owner}"]
    if frame.is_viewed:
        seen = "" if is_viewed_by(kernel, owner, frame) else ", which is not its current vspace"
        lines.append(f"seen in table {frame.v_id} at {kernel.view_va(frame):#010x}{seen}")
    if frame.is_hung:
        lines.append(f"hangs in table {frame.t_id} at {frame.t_va:#010x}")
    return "".join(f"{line}\n" for line in lines)


def _walk(target: Target, pid: int, words: list[str]) -> str:
    kernel, va = target.machine.kernel, int(words[0], 0)
    found = walk(kernel.memory, kernel.l1_pa(target.process(pid)), va)
    lines = [str(step) for step in found.steps]
    lines.append(found.fault.text if found.fault is not None else f"pa {found.pa:#010x}")
    return "".join(f"{line}\n" for line in lines)


def _calls(target: Target, _pid: int, _words: list[str]) -> str:
    from emu.decoding.calls import act_text

    kernel, history = target.machine.kernel, target.machine.history
    anybody = next(iter(kernel.processes.values()))
    made = list(history.calls)[-SHOWN:]
    return "".join(
        f"{act_text(kernel, kernel.processes.get(act.pid, anybody), act)} = {result}\n"
        for act, result in made
    )


def _processes(target: Target, _pid: int, _words: list[str]) -> str:
    return "".join(f"{line}\n" for line in target.machine.kernel.waiting())


def _text(grids: list[Grid]) -> str:
    return "\n".join(grid_text(grid) for grid in grids)


_Command = Callable[["Target", int, list[str]], str]
_COMMANDS: Final[dict[str, tuple[_Command, str, str]]] = {
    "tables": (_tables, "tables [PID]", "what the tables of a process map"),
    "frames": (_frames, "frames", "who owns which frames, and the tree of mappings"),
    "frame": (_frame, "frame ID", "one frame"),
    "walk": (_walk, "walk VA", "the translation table walk for an address"),
    "calls": (_calls, "calls", f"the last {SHOWN} calls that changed something"),
    "processes": (_processes, "processes", "what each process does or waits for"),
    "help": (_help, "help", "this list"),
}
