"""Putting a core back to where an instruction began that has made an access."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emu.cpu import unicorn_abi as const
from emu.cpu.libunicorn import HOOK_MEM_ACCESS_CFUNC
from emu.cpu.stop import Stop

if TYPE_CHECKING:
    from emu.machine.core import Core
    from kernel_model.memory import Ram

ACCESSES = const.UC_HOOK_MEM_READ_AFTER | const.UC_HOOK_MEM_WRITE
"""The kinds of hooks that tell of accesses: after loads, before stores."""

Stored = list[tuple[int, bytes]]
"""What was in RAM at some places (pa)."""


class Rewind:
    """Puts a core back to where the instruction began that executes when this is made.

    It is made in a callback of Unicorn's for an access, and ends the run there.  In an IT block the
    run ends later: at the next access, or at the next block of translated code.
    """

    def __init__(self, core: Core, pc: int, end: int, read: Callable[[int, int], Stored]) -> None:
        """end: of the IT block that the instruction is in, or ``pc``.

        read: what is in RAM where an access goes that Unicorn tells.
        """
        engine = core.engine
        self._core, self._pc, self._read = core, pc, read
        self._context = engine.new_context()
        self._count = engine.counter.begun(pc) - 1
        self.stored: Stored = []
        self._on_svc, engine.on_svc = engine.on_svc, self._made_later
        self._semihosting, engine.svc.semihosting = engine.svc.semihosting, self._made_later
        engine.svc.let_nothing()
        self._function = HOOK_MEM_ACCESS_CFUNC(self._accessed)
        self._hook = engine.unicorn.add_hook(ACCESSES, self._function)
        self._end = end
        if end == pc:
            engine.stop()
        else:
            engine.control.end_soon(Stop.REQUESTED)

    def _made_later(self, *_: int) -> None:
        self._core.engine.stop()

    def _accessed(
        self, _uc: int, kind: int, told: int, size: int, _value: int, _data: object
    ) -> None:
        engine = self._core.engine
        try:
            if kind == const.UC_MEM_WRITE:
                self.stored += self._read(told, size)
            if not self._pc <= engine.registers.pc < self._end:
                engine.stop()
            engine.hooks.leave_it_block()
        except BaseException as error:
            engine.control.fail(error)

    def finish(self, ram: Ram) -> None:
        """The run has ended: put back registers, memory and counts."""
        core, engine = self._core, self._core.engine
        engine.unicorn.remove_own_hook(self._hook, 0, 0)
        engine.on_svc, engine.svc.semihosting = self._on_svc, self._semihosting
        for pa, data in reversed(self.stored):
            ram.write(pa, data)
            core.backend.written(pa, len(data))
        made = engine.hooks.device_accesses.made
        engine.restore(self._context)
        engine.hooks.device_accesses.made = made
        engine.hooks.device_accesses.end(self._pc)
        core.turn += engine.counter.count - self._count
        engine.counter.count, engine.counter.next = self._count, self._pc
