"""The watchpoints of a machine.

Of memory accesses Unicorn tells in the middle of an instruction, before a store and after a load.
The run is ended there, which in an IT block may take some instructions more.  Then the core is put
back to where the instruction began: its registers, what it has counted, and memory.
"""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from emu.arm.encoding import encoding
from emu.arm.exclusives import exclusive_store
from emu.cpu import unicorn_abi as const
from emu.cpu.lengths import thumb_length
from emu.cpu.libunicorn import HOOK_MEM_ACCESS_CFUNC
from emu.cpu.registers import in_it_block
from emu.execution.addresses import Addresses
from emu.execution.code import Code
from emu.machine.observers import Observer
from emu.watchpoints.places import Places, pieces
from emu.watchpoints.rewind import Rewind, Stored
from emu.watchpoints.watch import PHYSICAL, Hit, Watch
from kernel_model.descriptors import READ, WRITE

if TYPE_CHECKING:
    from emu.cpu.stop import Stop
    from emu.machine.core import Core
    from emu.machine.machine import Machine
    from kernel_model.call import CallRow
    from kernel_model.events import TranslationChanged
    from kernel_model.process import Process, Resume


class Watchpoints(Observer):
    """The watchpoints of one machine; ``set`` changes them while it does not run.

    passes: whether the next run ignores watchpoints, as the step after a hit does.
    """

    rank = 2

    def __init__(self, machine: Machine) -> None:
        self._machine, self._core = machine, machine.core
        self._watches: tuple[Watch, ...] = ()
        self._addresses = Addresses(Code.of(machine))
        function = HOOK_MEM_ACCESS_CFUNC(self._accessed)
        self._places = Places(machine, function, self._addresses.virtual)
        self._hit: Hit | None = None
        self._rewind: Rewind | None = None
        self.passes = False

    @property
    def all(self) -> tuple[Watch, ...]:
        """What is watched."""
        return self._watches

    def set(self, watches: Sequence[Watch]) -> None:
        """Watch these, and nothing else."""
        had, self._watches = bool(self._watches), tuple(watches)
        self._addresses.forget()
        if self._watches and not had:
            self._machine.count_instructions()
        elif had and not self._watches:
            self._machine.observers.remove(self)
        self._places.watch(watches)
        if self._watches and not had:
            self._machine.forget_code()
            self._machine.observers.add(self)

    def take(self) -> Hit | None:
        """The hit at which the machine has paused, once."""
        hit, self._hit = self._hit, None
        return hit

    # What goes on

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        if switched:
            self._addresses.forget()
        self._places.look(process)

    def called(self, core: Core, process: Process, call: CallRow, result: int | None) -> None:
        if result is not None:
            self._places.look(process)

    def translation_changed(self, event: TranslationChanged) -> None:
        self._forget()

    def restored(self) -> None:
        self._hit = None
        self._forget()

    def stopped(self, core: Core, process: Process, reason: Stop) -> None:
        rewind, self._rewind = self._rewind, None
        if rewind is not None:
            rewind.finish(self._machine.ram.ram)
            self._machine.pause()

    def _forget(self) -> None:
        """Some address space has changed."""
        self._places.forget()
        self._addresses.forget()

    # What Unicorn tells

    def _accessed(
        self, _uc: int, kind: int, told: int, size: int, value: int, _data: object
    ) -> None:
        engine = self._core.engine
        try:
            is_write = kind == const.UC_MEM_WRITE
            if self._rewind is not None:
                return  # the rewind has a hook of its own
            hit = None
            if not self.passes:
                hit = self._reached(is_write, told, size, value & (1 << size * 8) - 1)
            if hit is None:
                engine.hooks.leave_it_block()
                return
            end = self._end_of_it_block(hit.pc)
            self._hit, self._rewind = hit, Rewind(self._core, hit.pc, end, self._there)
            if is_write:
                self._rewind.stored += self._read(hit.va, size)
            engine.hooks.leave_it_block()
        except BaseException as error:
            engine.control.fail(error)

    def _reached(self, is_write: bool, told: int, size: int, value: int) -> Hit | None:
        """The hit, if an access reaches something watched and the program would see it."""
        registers = self._core.engine.registers
        pc, process = registers.pc, self._machine.kernel.running[self._core.number]
        assert process is not None
        va, pa = self._addresses.both(told, pc)
        if is_write and not self._addresses.may_store(va, size):
            return None
        for watch in self._watches:
            if not watch.access & (WRITE if is_write else READ):
                continue
            places = [(va, size)]
            if watch.pid == PHYSICAL:
                places = list(pieces(self._core, va, size))
            elif watch.pid != process.pid:
                continue
            if any(watch.reaches(*place) for place in places) and self._is_made(
                pc, is_write, value
            ):
                return Hit(watch, process.pid, pc, is_write, va, pa, size, value)
        return None

    def _is_made(self, pc: int, is_write: bool, value: int) -> bool:
        """Whether the program sees the access: exclusive stores load, and may store what was there.

        See ``emu.arm.exclusives``.
        """
        registers, code = self._core.engine.registers, self._addresses.code.read(pc, 4)
        thumb = registers.thumb
        store = None
        if len(code) == 4:
            word = encoding(int.from_bytes(code, "little"), thumb)
            store = exclusive_store(word, thumb, registers.core())
        return store is None or (is_write and store.value == value)

    def _end_of_it_block(self, pc: int) -> int:
        """Where the IT block ends that the instruction at ``pc`` is in; ``pc`` if it is in none."""
        for _ in range(in_it_block(self._core.engine.registers.core()[16])):
            pc += thumb_length(int.from_bytes(self._addresses.code.read(pc, 2), "little"))
        return pc

    def _there(self, told: int, size: int) -> Stored:
        """What is in RAM where the access under way goes, by pa."""
        va, _ = self._addresses.both(told, self._core.engine.registers.pc)
        return list(self._read(va, size))

    def _read(self, va: int, size: int) -> Iterator[tuple[int, bytes]]:
        """What is in RAM there, by pa; nothing of what is not RAM."""
        ram = self._machine.ram.ram
        for pa, part in pieces(self._core, va, size):
            if ram.contains(pa, part):
                yield pa, ram.read(pa, part)
