"""Exact stops: running to an instruction inside a block, where the counter cannot stop."""

from __future__ import annotations

from collections.abc import Callable

from emu.cpu import unicorn_abi as const
from emu.cpu.binding import Unicorn
from emu.cpu.counter import Counter
from emu.cpu.hooks import IT_BLOCK_BYTES
from emu.cpu.libunicorn import HOOK_CODE_CFUNC
from emu.cpu.run_control import RunControl


class ExactStop:
    """Runs the part of a block that the counter's limit allows.

    rests: called before that, because the counter will report the block a second time.
    """

    def __init__(self, unicorn: Unicorn, counter: Counter, control: RunControl) -> None:
        self._unicorn, self._counter, self._control = unicorn, counter, control
        self._at_limit = HOOK_CODE_CFUNC(self._reached)
        self.rests: list[Callable[[], None]] = []

    def run(self, pc: int, thumb: bool) -> int:
        """Run from ``pc``, the start of a block that exceeds the limit; returns Unicorn's status.

        An IT block that has begun is finished.  The code is translated with a hook at the limit,
        and forgotten afterwards: some tens of microseconds.
        """
        for rests in self.rests:
            rests()
        unicorn = self._unicorn
        limit = self._counter.pass_block(pc, thumb)
        end = limit + IT_BLOCK_BYTES
        handle = unicorn.add_hook(const.UC_HOOK_CODE, self._at_limit, limit, end)
        unicorn.remove_blocks_within(pc, end)
        try:
            return unicorn.start(pc | thumb)
        finally:
            unicorn.remove_own_hook(handle, pc, end)

    def _reached(self, _uc: int, _va: int, _size: int, _data: object) -> None:
        self._control.leave()
