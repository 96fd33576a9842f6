"""The trace of loads and stores: virtual and physical address, size and value of each.

Unicorn calls a hook after each load, with the loaded value, and before each store; a store that
spans two pages may still fail at the second.  Another hook, before each instruction, keeps the PC
of the accesses that follow and finds exclusive stores, which Unicorn reports wrongly.

Plain accesses may be gathered (``emu.trace.plain``).  They are written when many have been
gathered, when a run stops or a call is made, and before an access that is not plain.
"""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.arm.encoding import encoding
from emu.arm.exclusives import Store, exclusive_store
from emu.cpu import unicorn_abi as const
from emu.cpu.libunicorn import HOOK_CODE_CFUNC, HOOK_MEM_ACCESS_CFUNC
from emu.execution.addresses import Addresses
from emu.machine.core import Core
from emu.machine.observers import Observer, Words
from emu.trace.columns import columns
from emu.trace.events import AccessEvent
from emu.trace.plain import Callbacks, plain_accesses
from emu.trace.recorder import Recorder
from kernel_model.call import CallRow
from kernel_model.events import DescriptorsWritten, VspaceChanged
from kernel_model.process import Process, Resume

if TYPE_CHECKING:
    from emu.cpu.stop import Stop
    from emu.trace.execution import ExecutionTracer


ACCESSES = const.UC_HOOK_MEM_READ_AFTER | const.UC_HOOK_MEM_WRITE
"""The kinds of hooks that tell of accesses."""


class NotExclusive(NamedTuple):
    """An instruction that is not an exclusive store, and where it is in RAM."""

    where: slice
    code: bytes


class AccessTracer(Observer):
    """Emits ``AccessEvent``.

    execution: the trace of instructions in the same output, or None.
    gathers: whether plain accesses may be written some time after they happen.
    """

    def __init__(
        self, recorder: Recorder, execution: ExecutionTracer | None, gathers: bool
    ) -> None:
        self.recorder, self.execution = recorder, execution
        self.engine = recorder.core.engine
        self.addresses = Addresses(recorder.code)
        self._wanted, self._gathers = False, gathers
        self._store: Store | None = None
        self._not_exclusive: dict[int, NotExclusive] = {}
        self._memory = recorder.code.memory
        self.engine.hooks.count_instructions()
        self._callbacks = Callbacks(
            HOOK_CODE_CFUNC(self._begun), HOOK_MEM_ACCESS_CFUNC(self._accessed)
        )
        self._accesses = plain_accesses(
            self.engine, self._callbacks, self.addresses, self._write_gathered, gathers
        )
        self._watch()

    def _watch(self) -> None:
        unicorn, accesses = self.engine.unicorn, self._accesses
        unicorn.keep(accesses, self)
        unicorn.add_hook(ACCESSES, accesses.on_access, user_data=accesses.user_data)
        unicorn.add_hook(const.UC_HOOK_CODE, accesses.on_begun, user_data=accesses.user_data)
        self.engine.alignment.renew()

    # Runs, calls and changes of the address space

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        self._wanted = self.recorder.filter.wants(process.pid) and not self.recorder.output.lost
        self._accesses.wanted = self._wanted
        if switched:
            self._forget()

    def stopped(self, core: Core, process: Process, reason: Stop) -> None:
        self._write_gathered()
        self._stored(self.engine.registers.pc)

    def calling(self, core: Core, process: Process, call: CallRow, words: Words) -> None:
        self._write_gathered()
        self._stored(self.engine.registers.pc)

    def semihosting(self, core: Core, process: Process, operation: int, argument: int) -> None:
        self._write_gathered()

    def vspace_changed(self, event: VspaceChanged) -> None:
        self._forget()

    def descriptors_written(self, event: DescriptorsWritten) -> None:
        self._forget()

    def restored(self) -> None:
        self._store, self._accesses.pending = None, False
        self._forget()

    def _forget(self) -> None:
        """Forget translations: the address space is another or has changed."""
        self.addresses.forget()
        self._accesses.forget()
        self._not_exclusive.clear()

    # Unicorn's hooks

    def _accessed(
        self, _uc: int, kind: int, told: int, size: int, value: int, _data: object
    ) -> None:
        try:
            self.engine.hooks.leave_it_block()
            if not self._wanted or self._store is not None:
                return
            va, pa = self.addresses.both(told, self._accesses.pc)
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
            self._accesses.pc = va
            if size == 4:
                known = self._not_exclusive.get(va)
                if known is None or self._memory[known.where] != known.code:
                    self._look_for_store(va)
        except BaseException as error:
            self.engine.control.fail(error)

    # Exclusive stores

    def _look_for_store(self, va: int) -> None:
        """Note what the instruction is about to store, if it is an exclusive store."""
        code = self.recorder.code.read(va, 4)
        thumb = self.engine.registers.thumb
        word = encoding(int.from_bytes(code, "little"), thumb)
        self._store = exclusive_store(word, thumb, self.engine.registers.core())
        offset = self.recorder.code.offset(va, 4)
        self._accesses.pending = self._store is not None
        if self._store is None and offset >= 0:
            self._not_exclusive[va] = NotExclusive(slice(offset, offset + 4), code)

    def _stored(self, pc: int) -> None:
        """Emit the exclusive store under way, if it has ended and has stored."""
        store, self._store = self._store, None
        self._accesses.pending = False
        if store is None or pc == self._accesses.pc:
            return
        if not self.engine.registers.core()[store.status]:
            pa = self.recorder.core.backend.physical(store.va)
            self._emit(True, store.va, pa, store.size, store.value)

    # Writing

    def _emit(self, is_write: bool, va: int, pa: int, size: int, value: int) -> None:
        if self._gathers:
            self._write_gathered()
        recorder, pc = self.recorder, self._accesses.pc
        if not recorder.filter.wants_access(pc, va, size):
            return
        if self.execution is not None:
            self.execution.write_through(pc)
        time = self.engine.counter.begun(pc)
        recorder.emit(AccessEvent(time, recorder.pid, pc, is_write, va, pa, size, value))

    def _write_gathered(self) -> None:
        taken, recorder = self._accesses.take(), self.recorder
        if not taken[0]:
            return
        gathered = columns(*taken)
        if recorder.filter.by_address:
            gathered = gathered.chosen(recorder.filter.wants_access)
        recorder.output.write(recorder.format.accesses(recorder.pid, gathered))
        recorder.output.pause()
