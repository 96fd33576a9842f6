"""The blocks that ran: what coverage, profiles and traces of code are made of.

Unicorn tells where each basic block begins.  A source of blocks gives each a number when it first
executes and finds it again for as long as the same bytes are at the same place, so that an
execution costs little, whatever the number of its instructions.  There are two sources, in C and in
Python, which number blocks alike; ``emu.execution.sources`` chooses between them.
"""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from emu.machine.observers import Observer, Words

if TYPE_CHECKING:
    from emu.cpu.stop import Stop
    from emu.execution.code import Code
    from emu.machine.core import Core
    from kernel_model.call import Call
    from kernel_model.events import VspaceChanged
    from kernel_model.process import Process, Resume

MOST_BLOCKS: Final = 50_000
"""When there are so many, all are forgotten and numbered anew, so that memory stays bounded."""
ORDERED: Final = 512
"""After so many executions the user is told of their order."""


class Block(NamedTuple):
    """A basic block.  va: its first address.  thumb: its instruction set."""

    number: int
    va: int
    code: bytes
    thumb: bool


class BlockUser:
    """What a source of blocks tells its user.

    Numbers begin at 0 and have no gaps, so that a list can hold what is known of each block.
    """

    def wants(self, process: Process) -> bool:
        """Whether the blocks of this process matter.  Asked whenever it is about to run."""
        return True

    def made(self, block: Block) -> None:
        """A block begins for the first time; there may have been other code at its address."""
        raise NotImplementedError

    def ran(self, numbers: Sequence[int]) -> None:
        """These blocks have executed to their end, in this order.

        Of a source that keeps the order: always before ``left``, and before numbers are forgotten.
        """

    def left(self, number: int, pc: int) -> None:
        """The block that began last has executed as far as ``pc``: a run ends, or a call is made.

        If ``pc`` is elsewhere, the block has executed to its end.
        """
        raise NotImplementedError

    def forgotten(self) -> None:
        """There were too many blocks: numbers begin at 0 again."""
        raise NotImplementedError


class ExecutedBlocks(Observer, ABC):
    """A source of the blocks that ran on a core.

    ordered: whether the user is told in which order they ran.
    """

    def __init__(self, code: Code, user: BlockUser) -> None:
        self.code, self.engine = code, code.core.engine
        self._user = user
        self._spaces: dict[tuple[int, int], int] = {}
        self._space = self._next_space = 0
        self._pid, self._wanted = -1, False

    # For the user

    @property
    @abstractmethod
    def last(self) -> int:
        """The number of the block that began last; -1 from the end of a run or a call on."""

    @abstractmethod
    def take_counts(self) -> Sequence[int]:
        """How often each block has begun since the last time, by number."""

    @abstractmethod
    def tell_order(self) -> None:
        """Tell the user which blocks have executed to their end since it was told last."""

    # For the sources

    @abstractmethod
    def _use(self, space: int) -> None:
        """Blocks that begin from now on are in this address space, and told if they are wanted."""

    @abstractmethod
    def _forget(self) -> None:
        """Let numbers begin at 0 again."""

    @abstractmethod
    def _take_last(self) -> int:
        """``last``, which is -1 from now on."""

    def _made(self, number: int, va: int, code: bytes, thumb: bool) -> None:
        self._user.made(Block(number, va, code, thumb))

    def _full(self) -> None:
        self.tell_order()
        self._user.forgotten()
        self._forget()
        self._spaces = {key: space for key, space in self._spaces.items() if space == self._space}

    def _leave(self) -> None:
        number = self._take_last()
        if number >= 0:
            self.tell_order()
            self._user.left(number, self.engine.registers.pc)

    # What the machine tells

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        self._pid, self._wanted = process.pid, self._user.wants(process)
        self._enter(process.pid, process.l1)

    def vspace_changed(self, event: VspaceChanged) -> None:
        if event.pid == self._pid:
            self._enter(event.pid, event.l1)

    def stopped(self, core: Core, process: Process, reason: Stop) -> None:
        self._leave()

    def calling(self, core: Core, process: Process, call: Call, words: Words) -> None:
        self._leave()

    def semihosting(self, core: Core, process: Process, operation: int, argument: int) -> None:
        self._leave()

    def restored(self) -> None:
        self._take_last()

    def finish(self) -> None:
        self._leave()
        self._wanted = False
        self._use(self._space)

    def _enter(self, pid: int, l1: int) -> None:
        """The process that runs is now in the address space of this L1 table (frame id)."""
        key = pid, l1
        if key not in self._spaces:
            self._spaces[key] = self._next_space
            self._next_space += 1
        self._space = self._spaces[key]
        self._use(self._space)
