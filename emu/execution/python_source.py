"""The source of executed blocks in Python, which is called at each execution of a block."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from emu.cpu.binding import address_of
from emu.cpu.libunicorn import HOOK_CODE_CFUNC
from emu.execution import executed
from emu.execution.executed import ORDERED, BlockUser, ExecutedBlocks

if TYPE_CHECKING:
    from emu.execution.code import Code
    from emu.execution.stacks import Stacks
    from kernel_model.events import DescriptorsWritten


class _Found:
    """A block that has a number.

    where: its place in RAM; empty, which matches nothing, if it is not contiguous there.
    """

    __slots__ = ("code", "number", "size", "where")

    def __init__(self, number: int, code: bytes) -> None:
        self.number, self.code, self.size = number, code, len(code)
        self.where = slice(0)


_Space = tuple[dict[int, _Found], dict[int, _Found]]
"""The blocks of an address space by their address: of Arm code, and of Thumb code."""


class PythonBlocks(ExecutedBlocks):
    """The twin of ``emu/native/blocks.c``.

    To find a block again quickly, its place in RAM is kept by address until translation changes.
    A block keeps its number beyond that.
    """

    def __init__(self, code: Code, user: BlockUser, ordered: bool, stacks: Stacks | None) -> None:
        super().__init__(code, user)
        self._last = -1
        self._counts: list[int] = []
        self._order: list[int] = []
        self._numbered: dict[tuple[int, bool, int, int], _Found] = {}
        self._spaces_found: dict[int, _Space] = {}
        self._found: _Space = ({}, {})
        self._begins = HOOK_CODE_CFUNC(self._callback(ordered, stacks))
        self.engine.watch_blocks(address_of(self._begins), self._leave)

    def _callback(
        self, ordered: bool, stacks: Stacks | None
    ) -> Callable[[int, int, int, object], None]:
        """What Unicorn calls at each block; what it needs is at hand in local names."""
        counter, memory = self.engine.counter, self.code.memory
        counts, order = self._counts, self._order
        entered = stacks.entered if stacks is not None else None

        def begun(_uc: int, va: int, size: int, _data: object) -> None:
            try:
                if not self._wanted:
                    return
                if ordered and self._last >= 0:  # it has executed to its end
                    order.append(self._last)
                    if len(order) == ORDERED:
                        self.tell_order()
                block = self._found[counter.thumb].get(va)
                if block is None or block.size != size or memory[block.where] != block.code:
                    block = self._find(va, size)
                self._last = number = block.number
                counts[number] += 1
                if entered is not None:
                    entered(number)
            except BaseException as error:
                self._last = -1
                self.engine.control.fail(error)

        return begun

    def _find(self, va: int, size: int) -> _Found:
        """The block that is there now."""
        thumb = self.engine.counter.thumb
        code = self.code.read(va, size)
        if len(code) != size:
            raise AssertionError(f"PythonBlocks: no code at {va:#x}")
        block = self._numbered.get((self._space, thumb, va, size))
        if block is None or block.code != code:
            block = self._number(va, code, thumb)
        offset = self.code.offset(va, size)
        block.where = slice(offset, offset + size) if offset >= 0 else slice(0)
        self._found[thumb][va] = block
        return block

    def _number(self, va: int, code: bytes, thumb: bool) -> _Found:
        if len(self._counts) >= executed.MOST_BLOCKS:
            self._full()
        block = _Found(len(self._counts), code)
        self._numbered[self._space, thumb, va, len(code)] = block
        self._counts.append(0)
        self._made(block.number, va, code, thumb)
        return block

    # For the user

    @property
    def last(self) -> int:
        return self._last

    def take_counts(self) -> Sequence[int]:
        counts = array("Q", self._counts)
        self._counts[:] = [0] * len(counts)
        return counts

    def tell_order(self) -> None:
        numbers = self._order.copy()
        if numbers:
            self._order.clear()
            self._user.ran(numbers)

    # For what both sources do

    def _take_last(self) -> int:
        number, self._last = self._last, -1
        return number

    def _use(self, space: int) -> None:
        self._found = self._spaces_found.setdefault(space, ({}, {}))

    def _forget(self) -> None:
        self._counts.clear()
        self._numbered.clear()
        self._last = -1
        self._forget_places()

    def _forget_places(self) -> None:
        """An address may now be other memory."""
        self._spaces_found.clear()
        self._found = self._spaces_found.setdefault(self._space, ({}, {}))

    # What the machine tells

    def descriptors_written(self, event: DescriptorsWritten) -> None:
        if any(event.old):
            self._forget_places()

    def restored(self) -> None:
        super().restored()
        self._forget_places()
