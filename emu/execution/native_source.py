"""The source of executed blocks in C, which calls Python once for each block."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from emu.execution.executed import BlockUser, ExecutedBlocks

if TYPE_CHECKING:
    from emu.execution.code import Code
    from emu.execution.stacks import Stacks


class NativeBlocks(ExecutedBlocks):
    """Over ``emu/native/blocks.c``."""

    def __init__(
        self, code: Code, user: BlockUser, ordered: bool, stacks: Stacks | None, hooks: ModuleType
    ) -> None:
        super().__init__(code, user)
        counter, fail = self.engine.counter, self.engine.control.fail
        ran = self.tell_order if ordered else None
        self._blocks: Any = hooks.Blocks(counter, self._made, self._full, ran, fail)
        if stacks is not None:
            self._blocks.follow(stacks)
        self.engine.watch_blocks(self._blocks.callback, self._leave, self._blocks.user_data)

    @property
    def last(self) -> int:
        number: int = self._blocks.last
        return number

    def take_counts(self) -> Sequence[int]:
        counts: list[int] = self._blocks.take()
        return counts

    def tell_order(self) -> None:
        taken = self._blocks.take_order()
        if taken:
            self._user.ran(array("i", taken))

    def _take_last(self) -> int:
        number, self._blocks.last = self.last, -1
        return number

    def _use(self, space: int) -> None:
        self._blocks.space, self._blocks.wanted = space, self._wanted

    def _forget(self) -> None:
        self._blocks.forget()
