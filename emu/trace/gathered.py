"""The trace of loads and stores with the hooks in C, which gather those that are plain."""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from unicorn import unicorn_const as const

from emu.cpu.binding import address_of
from emu.machine.core import Core
from emu.machine.observers import Words
from emu.trace.accesses import ACCESSES, AccessTracer
from emu.trace.columns import columns
from emu.trace.recorder import Recorder
from emu.trace.text import TextFormat
from kernel_model.call import Call
from kernel_model.process import Process, Resume

if TYPE_CHECKING:
    from emu.cpu.stop import Stop


class NativeAccessTracer(AccessTracer):
    """Does what ``AccessTracer`` does where nobody traces the instructions among the accesses.

    A line is made when there are many, or when something else is told: all of those come when a
    run stops or a call is made.
    """

    def __init__(self, recorder: Recorder, hooks: ModuleType) -> None:
        self._hooks = hooks
        super().__init__(recorder, None)

    def _watch(self) -> None:
        engine, unicorn = self.engine, self.engine.unicorn
        self._plain_ones = self._hooks.Accesses(
            engine.counter,
            address_of(self._on_begun),
            address_of(self._on_access),
            self.addresses.view,
            self._write_gathered,
            engine.control.fail,
            self.addresses.virtual,
        )
        unicorn.keep(self._plain_ones, self)
        data = self._plain_ones.user_data
        unicorn.add_hook(ACCESSES, self._plain_ones.on_access, user_data=data)
        unicorn.add_hook(const.UC_HOOK_CODE, self._plain_ones.on_begun, user_data=data)

    # What goes on around the accesses

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        super().loading(core, process, resume, switched)
        self._plain_ones.wanted = self._wanted

    def stopped(self, core: Core, process: Process, reason: Stop) -> None:
        self._write_gathered()
        super().stopped(core, process, reason)

    def calling(self, core: Core, process: Process, call: Call, words: Words) -> None:
        self._write_gathered()
        super().calling(core, process, call, words)

    def semihosting(self, core: Core, process: Process, operation: int, argument: int) -> None:
        self._write_gathered()

    def restored(self) -> None:
        super().restored()
        self._plain_ones.pending = False

    def _forget(self) -> None:
        super()._forget()
        self._plain_ones.forget()

    # What Unicorn tells, and is not plain

    def _accessed(self, uc: int, kind: int, told: int, size: int, value: int, data: object) -> None:
        self._pc = self._plain_ones.pc
        super()._accessed(uc, kind, told, size, value, data)

    def _begun(self, uc: int, va: int, size: int, data: object) -> None:
        super()._begun(uc, va, size, data)
        self._plain_ones.pending = self._store is not None

    def _stored(self, pc: int) -> None:
        super()._stored(pc)
        self._plain_ones.pending = False

    # Writing

    def _emit(self, is_write: bool, va: int, pa: int, size: int, value: int) -> None:
        self._write_gathered()
        super()._emit(is_write, va, pa, size, value)

    def _write_gathered(self) -> None:
        recorder = self.recorder
        gathered = columns(*self._plain_ones.take())
        if not gathered.va:
            return
        if recorder.filter.by_address:
            gathered = gathered.chosen(recorder.filter.wants_access)
        if isinstance(recorder.format, TextFormat):
            recorder.output.write(gathered.text(recorder.pid))
        else:
            recorder.output.write(
                "".join(map(recorder.format.event, gathered.events(recorder.pid)))
            )
        recorder.output.pause()
