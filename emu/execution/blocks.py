"""Following a run block by block: what traces of instructions, coverage and profiles are made of.

Unicorn tells where each basic block begins.  What a watcher knows of a block is made when it first
executes and found again for as long as the same bytes are at the same place, so that an execution
costs one short callback, whatever the number of its instructions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from unicorn.unicorn_py3.unicorn import HOOK_CODE_CFUNC

from emu.cpu.binding import address_of
from emu.cpu.registers import THUMB_BIT, Batch
from emu.execution.code import Code
from emu.machine.core import Core
from emu.machine.observers import Observer, Words
from kernel_model.call import Call
from kernel_model.events import DescriptorsWritten
from kernel_model.process import Process, Resume

if TYPE_CHECKING:
    from emu.cpu.stop import Stop

MANY_BLOCKS = 50_000
"""Beyond so many, blocks are forgotten and made again when needed: memory stays bounded."""


class Block:
    """A block that executes now and then.

    where: its place in RAM; empty if it is not in one piece there, which never matches.
    switches: whether the next block may be of the other instruction set.
    """

    __slots__ = ("code", "size", "switches", "va", "where")

    def __init__(self, va: int, code: bytes, offset: int, switches: bool) -> None:
        """offset: in RAM, or -1."""
        self.va, self.code, self.size = va, code, len(code)
        self.where = slice(offset, offset + len(code)) if offset >= 0 else slice(0)
        self.switches = switches

    def __contains__(self, va: int) -> bool:
        return self.va <= va < self.va + self.size


AnyBlock = TypeVar("AnyBlock", bound=Block)


class BlockWatcher(Observer, Generic[AnyBlock]):
    """Knows the block that executes.  What to do about it is for the classes beneath.

    thumb: the instruction set of the block that begins.
    last: the block that began last, until the run ends or a call is made.
    """

    def __init__(self, code: Code) -> None:
        self.code, self.engine = code, code.core.engine
        self.thumb = False
        self.last: AnyBlock | None = None
        self._status = Batch(self.engine.unicorn.uc, ("cpsr",))
        self._spaces: dict[tuple[int, int, bool], dict[int, AnyBlock]] = {}
        self._blocks: dict[int, AnyBlock] = {}
        self._known = 0
        self._watching = False
        self._begins = HOOK_CODE_CFUNC(self._callback())
        self.engine.watch_blocks(address_of(self._begins), self._leave)

    # For the classes beneath

    def wants(self, process: Process) -> bool:  # noqa: ARG002
        """Whether the blocks of this process matter."""
        return True

    def make(self, va: int, code: bytes, offset: int) -> AnyBlock:
        """What is to be known of the block with this code."""
        raise NotImplementedError

    def enter(self, block: AnyBlock) -> None:
        """A block begins; ``last``, if there is one, has executed to its end."""

    def leave(self, pc: int) -> None:
        """The last block has executed as far as ``pc``, or to its end if that is elsewhere."""

    # What Unicorn and the machine tell

    def _callback(self) -> Callable[[int, int, int, object], None]:
        """What Unicorn calls at each block: all it needs at hand."""
        memory, enter = self.code.memory, self.enter
        fetch, status = self._status.fetch, self._status.values

        def begun(_uc: int, va: int, size: int, _data: object) -> None:
            try:
                if not self._watching:
                    return
                last = self.last
                if last is None:
                    self._choose()
                elif last.switches:
                    fetch()
                    if (status[0] & THUMB_BIT != 0) is not self.thumb:
                        self._choose()
                block = self._blocks.get(va)
                if block is None or block.size != size or memory[block.where] != block.code:
                    block = self._make(va, size)
                enter(block)
                self.last = block
            except BaseException as error:
                self.engine.control.fail(error)

        return begun

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:  # noqa: ARG002
        self._watching = self.wants(process)

    def stopped(self, core: Core, process: Process, reason: Stop) -> None:  # noqa: ARG002
        self._leave()

    def calling(self, core: Core, process: Process, call: Call, words: Words) -> None:  # noqa: ARG002
        self._leave()

    def semihosting(self, core: Core, process: Process, operation: int, argument: int) -> None:  # noqa: ARG002
        self._leave()

    def descriptors_written(self, event: DescriptorsWritten) -> None:
        """An address may now be other memory."""
        if any(event.old):
            self._forget()

    def restored(self) -> None:
        self.last = None
        self._forget()

    def finish(self) -> None:
        self._leave()

    def _leave(self) -> None:
        if self.last is not None:
            self.leave(self.engine.registers.pc)
            self.last = None

    def _forget(self) -> None:
        self._spaces.clear()
        self._known = 0

    def _choose(self) -> None:
        """Find the blocks of the address space and instruction set that are current now."""
        process = self.code.process
        assert process is not None
        self.thumb = self._status.read()[0] & THUMB_BIT != 0
        self._blocks = self._spaces.setdefault((process.pid, process.l1, self.thumb), {})

    def _make(self, va: int, size: int) -> AnyBlock:
        if self._known >= MANY_BLOCKS:
            self._forget()
            self._choose()
        code = self.code.read(va, size)
        block = self._blocks[va] = self.make(va, code, self.code.offset(va, size))
        self._known += 1
        return block
