"""Begins a profile; the file is written when the run is over.

Its lines are collapsed stacks, as flame graph tools read them: functions from the outermost to
the innermost with semicolons between, and the number of instructions.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from emu.execution.code import Code
from emu.profile.profiler import Profiler
from emu.profile.stack import Node

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles
    from emu.machine.machine import Machine


def begin_profile(
    machine: Machine, path: str, files: DebugFiles, note: Callable[[str], None]
) -> Callable[[], None]:
    """Watch a machine that has not run yet; the result writes the file.

    note: told in one line if it cannot be written then.  Errors: OSError.
    """
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    profiler = Profiler(Code.of(machine, files))
    machine.observers.add(profiler)

    def end() -> None:
        machine.observers.remove(profiler)
        profiler.finish()
        try:
            with os.fdopen(fd, "w", encoding="utf-8") as stream:
                stream.writelines(collapsed(profiler.root))
        except OSError as error:
            note(f"{path}: {error.strerror}: there is no profile")

    return end


def collapsed(root: Node) -> Iterator[str]:
    """A line for each stack that executed something, in order of its text."""
    waiting = [(node.name, node) for node in root.children.values()]
    lines = []
    while waiting:
        path, node = waiting.pop()
        if node.instructions:
            lines.append(f"{path} {node.instructions}\n")
        waiting += [(f"{path};{child.name}", child) for child in node.children.values()]
    return iter(sorted(lines))
