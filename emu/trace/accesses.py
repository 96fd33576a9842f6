"""The trace of loads and stores: virtual and physical address, size and value of each.

Unicorn calls a hook behind each load, with what it loaded, and before each store; a store that
spans two pages may still fail at the second.  Another hook, before each instruction, says whose
they are and finds exclusive stores, of which Unicorn tells something else than they do.
"""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from unicorn import unicorn_const as const
from unicorn.unicorn_py3.unicorn import HOOK_CODE_CFUNC, HOOK_MEM_ACCESS_CFUNC

from emu.arm.encoding import encoding
from emu.arm.exclusives import Store, exclusive_store
from emu.execution.addresses import Addresses
from emu.machine.core import Core
from emu.machine.observers import Observer, Words
from emu.trace.events import Access
from emu.trace.recorder import Recorder
from kernel_model.call import Call
from kernel_model.events import DescriptorsWritten, VspaceChanged
from kernel_model.process import Process, Resume

if TYPE_CHECKING:
    from emu.cpu.stop import Stop
    from emu.trace.execution import ExecutionTracer


ACCESSES = const.UC_HOOK_MEM_READ_AFTER | const.UC_HOOK_MEM_WRITE
"""The kinds of hooks that tell of accesses."""


class Plain(NamedTuple):
    """An instruction that is no exclusive store, and where in RAM it is."""

    start: int
    end: int
    code: bytes


class AccessTracer(Observer):
    """Emits ``Access``.

    execution: who writes the instructions among which the accesses belong, if anybody does.
    """

    def __init__(self, recorder: Recorder, execution: ExecutionTracer | None) -> None:
        self.recorder, self.execution = recorder, execution
        self.engine = recorder.core.engine
        self.addresses = Addresses(recorder.code)
        self._wanted = False
        self._pc = 0
        self._store: Store | None = None
        self._plain: dict[int, Plain] = {}
        self._memory = recorder.code.memory
        self.engine.hooks.count_instructions()
        self._on_access = HOOK_MEM_ACCESS_CFUNC(self._accessed)
        self._on_begun = HOOK_CODE_CFUNC(self._begun)
        self._watch()

    def _watch(self) -> None:
        unicorn = self.engine.unicorn
        unicorn.add_hook(ACCESSES, self._on_access)
        unicorn.add_hook(const.UC_HOOK_CODE, self._on_begun)

    # What goes on around the accesses

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        self._wanted = self.recorder.filter.wants(process.pid) and not self.recorder.output.lost
        if switched:
            self._forget()

    def stopped(self, core: Core, process: Process, reason: Stop) -> None:
        self._stored(self.engine.registers.pc)

    def calling(self, core: Core, process: Process, call: Call, words: Words) -> None:
        self._stored(self.engine.registers.pc)

    def vspace_changed(self, event: VspaceChanged) -> None:
        self._forget()

    def descriptors_written(self, event: DescriptorsWritten) -> None:
        self._forget()

    def restored(self) -> None:
        self._store = None
        self._forget()

    def _forget(self) -> None:
        """The address space is another one, or has changed."""
        self.addresses.forget()
        self._plain.clear()

    # What Unicorn tells

    def _accessed(
        self, _uc: int, kind: int, told: int, size: int, value: int, _data: object
    ) -> None:
        try:
            self.engine.hooks.leave_it_block()
            if not self._wanted or self._store is not None:
                return
            va, pa = self.addresses.both(told, self._pc)
            is_write = kind == const.UC_MEM_WRITE
            if is_write and not self.addresses.may_store(va, size):
                return
            self._emit(is_write, va, pa, size, value & (1 << size * 8) - 1)
        except BaseException as error:
            self.engine.control.fail(error)

    def _begun(self, _uc: int, va: int, size: int, _data: object) -> None:
        try:
            if not self._wanted:
                return
            if self._store is not None:
                self._stored(va)
            self._pc = va
            if size == 4:
                self._look_for_store(va)
        except BaseException as error:
            self.engine.control.fail(error)

    # Exclusive stores

    def _look_for_store(self, va: int) -> None:
        """Note what the instruction is about to do, if it is an exclusive store."""
        plain = self._plain.get(va)
        if plain is not None and self._memory[plain.start : plain.end] == plain.code:
            return
        code = self.recorder.code.read(va, 4)
        thumb = self.engine.registers.thumb
        word = encoding(int.from_bytes(code, "little"), thumb)
        self._store = exclusive_store(word, thumb, self.engine.registers.core())
        offset = self.recorder.code.offset(va, 4)
        if self._store is None and offset >= 0:
            self._plain[va] = Plain(offset, offset + 4, code)

    def _stored(self, pc: int) -> None:
        """An instruction that was to store has ended, unless the PC is still on it."""
        store, self._store = self._store, None
        if store is None or pc == self._pc:
            return
        if not self.engine.registers.core()[store.status]:
            pa = self.recorder.core.backend.physical(store.va)
            self._emit(True, store.va, pa, store.size, store.value)

    def _emit(self, is_write: bool, va: int, pa: int, size: int, value: int) -> None:
        recorder = self.recorder
        if not recorder.filter.wants_access(self._pc, va, size):
            return
        if self.execution is not None:
            self.execution.write_through(self._pc)
        time = self.engine.counter.begun(self._pc)
        event = Access(time, recorder.pid, self._pc, is_write, va, pa, size, value)
        recorder.emit(event)
