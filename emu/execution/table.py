"""Following a run block by block with the hooks in C: Python hears of each block once.

What ``BlockWatcher`` is for the hooks in Python.
"""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from types import ModuleType

from emu.execution.code import Code
from emu.machine.core import Core
from emu.machine.observers import Observer, Words
from kernel_model.call import Call
from kernel_model.events import VspaceChanged
from kernel_model.process import Process, Resume


class BlockTable(Observer):
    """Knows the blocks that have executed, by number.

    code: reads and names them.  blocks: the table itself.
    """

    def __init__(self, code: Code, hooks: ModuleType) -> None:
        self.code, self.engine = code, code.core.engine
        self._spaces: dict[tuple[int, int], int] = {}
        self._next_space = 0
        self._pid = -1
        counter, fail = self.engine.counter, self.engine.control.fail
        self.blocks = hooks.Blocks(counter, self.made, self._full, fail)
        self.engine.watch_blocks(self.blocks.callback, self._leave, self.blocks.user_data)

    # For the classes beneath

    def made(self, number: int, va: int, code: bytes) -> None:
        """A block with this code begins for the first time; numbers begin at 0 and have no gaps."""
        raise NotImplementedError

    def left(self, number: int, pc: int) -> None:
        """The block that began last has executed as far as ``pc``, or to its end."""

    def forget(self) -> None:
        """The numbers will begin at 0 again: there were too many."""
        raise NotImplementedError

    # What the machine tells

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        self._pid = process.pid
        self._enter(process.pid, process.l1)

    def _enter(self, pid: int, l1: int) -> None:
        """Blocks are now those of a process in the vspace of an L1 (frame id)."""
        space = pid, l1
        if space not in self._spaces:
            self._spaces[space] = self._next_space
            self._next_space += 1
        self.blocks.space = self._spaces[space]

    def vspace_changed(self, event: VspaceChanged) -> None:
        if event.pid == self._pid:
            self._enter(event.pid, event.l1)

    def stopped(self, core: Core, process: Process, reason: object) -> None:
        self._leave()

    def calling(self, core: Core, process: Process, call: Call, words: Words) -> None:
        self._leave()

    def semihosting(self, core: Core, process: Process, operation: int, argument: int) -> None:
        self._leave()

    def restored(self) -> None:
        self.blocks.last = -1

    def finish(self) -> None:
        self._leave()

    def _leave(self) -> None:
        number, self.blocks.last = self.blocks.last, -1
        if number >= 0:
            self.left(number, self.engine.registers.pc)

    def _full(self) -> None:
        self.forget()
        self.blocks.forget()
        now = self.blocks.space
        self._spaces = {space: number for space, number in self._spaces.items() if number == now}
