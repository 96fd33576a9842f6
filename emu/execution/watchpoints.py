"""Watchpoints: the machine pauses before an instruction that would access what is watched.

Of memory accesses Unicorn tells in the middle of an instruction, before a store and behind a load.
The run is ended there, which in an IT block may take some instructions more.  Then the core is put
back to where the instruction began: its registers, what it has counted, and memory.  As the hooks
are given the addresses that matter, an access elsewhere costs some nanoseconds; where no watchpoint
is, none.
"""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from unicorn import unicorn_const as const
from unicorn.unicorn_py3.unicorn import HOOK_MEM_ACCESS_CFUNC

from emu.arm.encoding import encoding
from emu.arm.exclusives import exclusive_store
from emu.cpu.lengths import thumb_length
from emu.cpu.registers import in_it_block
from emu.cpu.stop import Stop
from emu.execution.addresses import Addresses
from emu.execution.code import Code
from emu.machine.core import Core
from emu.machine.machine import Machine
from emu.machine.observers import Observer
from emu.mmu.regions import regions_of
from kernel_model.abi import NO_ID
from kernel_model.call import Call
from kernel_model.descriptors import READ, WRITE
from kernel_model.events import TranslationChanged
from kernel_model.memory import PAGE_BASE, PAGE_SIZE
from kernel_model.process import Process, Resume

if TYPE_CHECKING:
    from kernel_model.memory import Ram

PHYSICAL: Final = -1
"""In place of a pid: the address is a physical one, whoever reaches it through whatever view."""
_ACCESSES: Final = const.UC_HOOK_MEM_READ_AFTER | const.UC_HOOK_MEM_WRITE
_REACH: Final = 7
"""An access may begin so many bytes before what it reaches: Unicorn's are of 8 bytes at most."""
_NOWHERE: Final = 1 << 40
"""No access has such an address.  A hook there has code translated so that all are told."""

Stored = list[tuple[int, bytes]]
"""What is in RAM at some places (pa)."""
Span = tuple[int, int]
"""First address, and the one behind the last."""


class Watch(NamedTuple):
    """What is watched.  access: READ, WRITE or both.  length: bytes.

    pid: in whose address space, or ``PHYSICAL``.
    """

    access: int
    address: int
    length: int
    pid: int = PHYSICAL

    def reaches(self, start: int, size: int) -> bool:
        """Whether [start, start + size) has any of it."""
        return start < self.address + self.length and self.address < start + size


class Hit(NamedTuple):
    """An access to something watched, of which nothing has been done.

    value: what it would load or store.
    """

    watch: Watch
    pid: int
    pc: int
    is_write: bool
    va: int
    pa: int
    size: int
    value: int


class _Rewind:
    """Puts a core back to where the instruction began that it executes when this is made.

    It is made in a callback of Unicorn's for an access, and ends the run: there, but in an IT block
    behind that, at the next access or the next block of translated code.
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
        self._function = HOOK_MEM_ACCESS_CFUNC(self._accessed)
        self._hook = engine.unicorn.add_hook(_ACCESSES, self._function)
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
        """The run has ended."""
        core, engine = self._core, self._core.engine
        engine.unicorn.remove_own_hook(self._hook, 0, 0)
        engine.on_svc = self._on_svc
        for pa, data in reversed(self.stored):
            ram.write(pa, data)
            core.backend.written(pa, len(data))
        made = engine.hooks.device_accesses.made
        engine.restore(self._context)
        engine.hooks.device_accesses.made = made
        engine.hooks.device_accesses.end(self._pc)
        core.turn += engine.counter.count - self._count
        engine.counter.count, engine.counter.next = self._count, self._pc


class Watchpoints(Observer):
    """Those of one machine, which ``set`` changes while it does not run.

    passes: whether the next run passes what it meets, as after a hit.
    """

    rank = 2

    def __init__(self, machine: Machine) -> None:
        self._machine, self._core = machine, machine.core
        self._watches: tuple[Watch, ...] = ()
        self._addresses = Addresses(Code.of(machine))
        self._function = HOOK_MEM_ACCESS_CFUNC(self._accessed)
        self._always = -1
        self._hooks: dict[Span, int] = {}
        self._spans: dict[int, frozenset[Span]] = {}
        self._hit: Hit | None = None
        self._rewind: _Rewind | None = None
        self.passes = False

    @property
    def all(self) -> tuple[Watch, ...]:
        """What is watched."""
        return self._watches

    def set(self, watches: Sequence[Watch]) -> None:
        """Watch these, and nothing else."""
        had, self._watches = bool(self._watches), tuple(watches)
        self._forget()
        if self._watches and not had:
            self._machine.count_instructions()
            self._always = self._add(_NOWHERE, _NOWHERE)
            self._machine.forget_code()
            self._machine.observers.add(self)
        elif had and not self._watches:
            self._machine.observers.remove(self)
            self._arrange(frozenset())
            self._core.engine.unicorn.remove_hook(self._always)

    def take(self) -> Hit | None:
        """The hit at which the machine has paused, once."""
        hit, self._hit = self._hit, None
        return hit

    # What goes on

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        if switched:
            self._addresses.forget()
        self._look(process)

    def called(self, core: Core, process: Process, call: Call, result: int | None) -> None:
        if result is not None:
            self._look(process)

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
        self._spans.clear()
        self._addresses.forget()

    # Where Unicorn is to tell of accesses

    def _look(self, process: Process) -> None:
        """Have the accesses told that matter while this process runs."""
        if process.l1 == NO_ID:
            return
        key = self._machine.kernel.l1_pa(process) << 32 | process.pid
        spans = self._spans.get(key)
        if spans is None:
            spans = self._spans[key] = frozenset(self._told(process))
        self._arrange(spans)

    def _arrange(self, spans: frozenset[Span]) -> None:
        for span in self._hooks.keys() - spans:
            self._core.engine.unicorn.remove_own_hook(self._hooks.pop(span), 0, 0)
        for span in sorted(spans - self._hooks.keys()):
            self._hooks[span] = self._add(span[0], span[1] - 1)

    def _add(self, first: int, last: int) -> int:
        return self._core.engine.unicorn.add_hook(_ACCESSES, self._function, first, last)

    def _told(self, process: Process) -> Iterator[Span]:
        """Where accesses may begin that reach what is watched, in the addresses Unicorn tells."""
        for start, end in self._views(process):
            first = max(start - _REACH, 0)
            if self._addresses.virtual:
                yield first, end
                continue
            for pa, size in self._pieces(first, end - first):
                if pa >= 0:
                    yield pa, pa + size

    def _views(self, process: Process) -> Iterator[Span]:
        """Where the process would find what is watched (va)."""
        kernel = self._machine.kernel
        for watch in self._watches:
            if watch.pid == process.pid:
                yield watch.address, watch.address + watch.length
            if watch.pid != PHYSICAL:
                continue
            for region in regions_of(
                kernel.memory, tuple(self._machine.bus), kernel.l1_pa(process)
            ):
                start = max(watch.address, region.pa)
                end = min(watch.address + watch.length, region.pa + region.length)
                if start < end:
                    yield region.va + start - region.pa, region.va + end - region.pa

    # What Unicorn tells

    def _accessed(
        self, _uc: int, kind: int, told: int, size: int, value: int, _data: object
    ) -> None:
        engine = self._core.engine
        try:
            is_write = kind == const.UC_MEM_WRITE
            if self._rewind is not None:
                return  # it is told, too
            hit = None
            if not self.passes:
                hit = self._reached(is_write, told, size, value & (1 << size * 8) - 1)
            if hit is None:
                engine.hooks.leave_it_block()
                return
            end = self._end_of_it_block(hit.pc)
            self._hit, self._rewind = hit, _Rewind(self._core, hit.pc, end, self._there)
            if is_write:
                self._rewind.stored += self._read(hit.va, size)
            engine.hooks.leave_it_block()
        except BaseException as error:
            engine.control.fail(error)

    def _reached(self, is_write: bool, told: int, size: int, value: int) -> Hit | None:
        """The watch that an access reaches, if there is one and the access is one."""
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
                places = list(self._pieces(va, size))
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

    def _pieces(self, va: int, size: int) -> Iterator[Span]:
        """Where [va, va + size) is (pa), and how many bytes there."""
        end = va + size
        while va < end:
            part = min((va & PAGE_BASE) + PAGE_SIZE, end) - va
            yield self._core.backend.physical(va & 0xFFFFFFFF), part
            va += part

    def _end_of_it_block(self, pc: int) -> int:
        """Where the IT block ends that the instruction at ``pc`` is in; ``pc`` if it is in none."""
        for _ in range(in_it_block(self._core.engine.registers.core()[16])):
            pc += thumb_length(int.from_bytes(self._addresses.code.read(pc, 2), "little"))
        return pc

    def _there(self, told: int, size: int) -> Stored:
        """What is in RAM where the access goes that is under way, by pa."""
        va, _ = self._addresses.both(told, self._core.engine.registers.pc)
        return list(self._read(va, size))

    def _read(self, va: int, size: int) -> Iterator[tuple[int, bytes]]:
        """What is in RAM there, by pa; nothing of what is not RAM."""
        ram = self._machine.ram.ram
        for pa, part in self._pieces(va, size):
            if ram.contains(pa, part):
                yield pa, ram.read(pa, part)
