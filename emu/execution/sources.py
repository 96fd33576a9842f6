"""Makes a source of executed blocks, and what follows call stacks over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu import native
from emu.cpu.registers import IDS
from emu.execution.stacks import PythonStacks, Stacks

if TYPE_CHECKING:
    from emu.cpu.engine import Engine
    from emu.execution.code import Code
    from emu.execution.executed import BlockUser, ExecutedBlocks


def executed_blocks(
    code: Code, user: BlockUser, ordered: bool = False, stacks: Stacks | None = None
) -> ExecutedBlocks:
    """A source for this user: the C version if it is built, else the Python one.

    ordered: whether the user is told in which order blocks ran.  stacks: told of each block that
    begins; made by ``call_stacks``.  What is returned is an observer, to be added to the machine.
    """
    if native.hooks is None:
        from emu.execution.python_source import PythonBlocks

        return PythonBlocks(code, user, ordered, stacks)
    from emu.execution.native_source import NativeBlocks

    return NativeBlocks(code, user, ordered, stacks, native.hooks)


def call_stacks(engine: Engine) -> Stacks:
    """Call stacks of what runs on a core: the C version if it is built, else the Python one."""
    if native.hooks is None:
        return PythonStacks(engine)
    stacks: Stacks = native.hooks.Stacks(engine.counter, IDS["sp"], IDS["lr"], engine.control.fail)
    return stacks
