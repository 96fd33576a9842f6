"""Profiling a run; the file is written when the run is over.

Its lines are collapsed stacks, as flame graph tools read them: functions from the outermost to
the innermost with semicolons between, and the number of instructions.  A name that ends in .svg or
.html asks for the flame graph itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emu.execution.attach import attach
from emu.execution.code import Code
from emu.execution.resultfile import ResultFile
from emu.profile.profiler import Profiler
from emu.profile.tree import Node

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles
    from emu.machine.machine import Machine


def begin_profile(
    machine: Machine, path: str, files: DebugFiles, note: Callable[[str], None]
) -> Callable[[], None]:
    """Count what functions execute in a run that has not begun; the function returned ends that.

    note: called with one line if the file cannot be written then.  Errors: OSError.
    """
    file = ResultFile(path, "profile", note)
    profiler = Profiler(Code.of(machine, files))
    title = files.program.name

    def contents() -> bytes:
        if not path.endswith((".svg", ".html")):
            return collapsed(profiler.root).encode()
        from emu.profile.flamegraph import flame_html, flame_svg

        draw = flame_svg if path.endswith(".svg") else flame_html
        return draw(profiler.root, title).encode()

    def finished() -> None:
        file.write(contents)

    return attach(machine, [profiler.blocks, profiler], finished)


def collapsed(root: Node) -> str:
    """A line for each stack that executed something, sorted."""
    waiting = [(node.name, node) for node in root.children.values()]
    lines = []
    while waiting:
        path, node = waiting.pop()
        if node.instructions:
            lines.append(f"{path} {node.instructions}\n")
        waiting += [(f"{path};{child.name}", child) for child in node.children.values()]
    return "".join(sorted(lines))
