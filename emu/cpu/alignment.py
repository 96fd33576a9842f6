"""Alignment faults: accesses that Armv7-A wants aligned whatever SCTLR.A says.

Unicorn checks exclusive loads and SWP only.  Its translated code can check any access, at no cost;
the version in C lets its translator ask for that (``emu/native/translation.c``).  Where that does
not work, a hook looks at each instruction before it executes, which is slow.  Either way the fault
is precise: nothing of the instruction has been done.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Sequence
from ctypes import addressof, c_char, c_uint64
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from emu import native
from emu.arm.alignment import Place, place_of, unit_of, wanted_by
from emu.arm.conditions import holds
from emu.arm.encoding import encoding
from emu.arm.registers import PC
from emu.cpu import exit_checks
from emu.cpu import unicorn_abi as const
from emu.cpu.binding import Context, Unicorn
from emu.cpu.counter import Counter
from emu.cpu.lengths import thumb_length
from emu.cpu.libunicorn import HOOK_CODE_CFUNC
from emu.cpu.memory import Memory
from emu.cpu.registers import THUMB_BIT, Batch, Registers
from emu.cpu.run_control import RunControl
from emu.cpu.stop import Stop
from kernel_model.descriptors import READ, WRITE, Leaf
from kernel_model.memory import PAGE_OFFSET, PAGE_SIZE, PhysicalMemory

if TYPE_CHECKING:
    from kernel_model.walk import Walk

WORD: Final = 0xFFFFFFFF


class Misaligned(NamedTuple):
    """An access that was not aligned as it must be.  access: READ or WRITE."""

    va: int
    access: int


class Pages(Protocol):
    """The pages of the current address space: ``emu.mmu.pages.PageCache``."""

    ram: PhysicalMemory
    memory: Memory

    def walk(self, va: int) -> Walk:
        """The walk for this address."""


class Alignment(Protocol):
    """Checks the alignment of one core's accesses.

    found: the access that ended the last run, where Unicorn has not noted it itself.
    refuses: called with READ or WRITE during an access to a device: whether it is misaligned, which
    ends the run.  None: such accesses do not come so far.
    """

    found: Misaligned | None

    @property
    def refuses(self) -> Callable[[int], bool] | None: ...

    def see(self, pages: Pages) -> None:
        """Find code and types of memory here."""

    def start(self, pc: int) -> int:
        """Run from an address (bit 0: Thumb) until something stops the run; Unicorn's status."""

    def renew(self) -> None:
        """Other hooks for instructions have been added: look after them."""

    def count(self, counter: Counter) -> None:
        """This counter's hook for blocks is added: let translated code do its work, if it can."""


class NativeAlignment:
    """Lets translated code check: ``emu/native/translation.c``."""

    found: Misaligned | None = None
    refuses = None

    def __init__(self, checks: Any) -> None:
        self._checks = checks
        self.start: Callable[[int], int] = checks.start

    def see(self, pages: Pages) -> None:
        self._checks.see(pages.memory)

    def renew(self) -> None:
        pass

    def count(self, counter: Counter) -> None:
        self._checks.count(counter)


_REFUSED_VA: Final = 0xFFFFF100
"""In the kernel's part of the address space: user mode reaches nothing there."""


class _Diverted(NamedTuple):
    """An instruction that is about to make a misaligned access, and goes elsewhere instead.

    base, value: the register that was changed, and what was in it.  monitor: likewise.
    """

    pc: int
    access: Misaligned
    base: int
    value: int
    monitor: int | None


class PythonAlignment:
    """The twin: looks at each instruction before it executes.

    An instruction that would make a misaligned access has its base register point to where every
    access is refused, and gets it back when the run has ended: a stop would come too late in an IT
    block, and an instruction that is undefined must not be told to be misaligned.
    """

    def __init__(self, unicorn: Unicorn, registers: Registers, control: RunControl) -> None:
        self.found: Misaligned | None = None
        self._unicorn, self._registers, self._control = unicorn, registers, control
        self._run = unicorn.start
        self._status = Batch(unicorn.uc, ("cpsr",))
        self._pages: Pages | None = None
        self._diverted: _Diverted | None = None
        self._va = 0
        self._function = HOOK_CODE_CFUNC(self._begins)
        self._hook = unicorn.add_hook(const.UC_HOOK_CODE, self._function)

    def see(self, pages: Pages) -> None:
        self._pages = pages

    def renew(self) -> None:
        unicorn = self._unicorn
        unicorn.remove_hook(self._hook)
        self._hook = unicorn.add_hook(const.UC_HOOK_CODE, self._function)

    def count(self, counter: Counter) -> None:
        pass

    def start(self, pc: int) -> int:
        self.found = None
        status = self._run(pc)
        self._settle(status == const.UC_ERR_EXCEPTION or self._control.reason is Stop.FAULT)
        return status

    def _settle(self, has_faulted: bool) -> None:
        """Give the diverted instruction its registers back; what it met is a misaligned access."""
        diverted, self._diverted = self._diverted, None
        if diverted is None:
            return
        self._registers.write(_name(diverted.base), diverted.value)
        if diverted.monitor is not None:
            self._monitor().value = diverted.monitor
        if has_faulted and self._registers.pc == diverted.pc:
            self.found = diverted.access

    def _monitor(self) -> c_uint64:
        from emu.cpu.unicorn_internals import monitor_place

        return c_uint64.from_address(monitor_place(self._unicorn))

    def _begins(self, _uc: int, va: int, size: int, _data: object) -> None:
        try:
            self._va = va
            code = self._read(va, size)
            if _may_want(code):
                self._look(va, code)
        except BaseException as error:
            self._control.fail(error)

    def _read(self, va: int, size: int) -> bytes:
        """The instruction at ``va``, which executes."""
        pages = self._pages
        if pages is None:
            return b""
        if (va & PAGE_OFFSET) + size > PAGE_SIZE:
            return self._read(va, 2) + self._read(va + 2, 2)
        pa = pages.memory.physical(va)
        return pages.ram.read(pa, size) if pa >= 0 else b""

    def _look(self, va: int, code: bytes) -> None:
        """Divert the instruction at ``va`` if it would make a misaligned access."""
        cpsr = self._status.read()[0]
        thumb = cpsr & THUMB_BIT != 0
        word = _word(code, thumb)
        wanted = wanted_by(word, thumb)
        if not wanted.bits:
            return
        place, values = place_of(word, thumb), self._registers.core()
        address = _address(place, values, va, thumb)
        if not address & (1 << wanted.bits) - 1:
            return
        if not thumb and not holds(word >> 28, cpsr):  # in IT blocks the hook is behind that
            return
        access = Misaligned(address, READ if place.is_load else WRITE)
        if place.base == PC:
            self.found = access
            self._control.end(Stop.FAULT)
        else:
            self._divert(va, place, values, access, wanted.exclusive)

    def _divert(
        self, va: int, place: Place, values: tuple[int, ...], access: Misaligned, exclusive: bool
    ) -> None:
        value, monitor = values[place.base], None
        if place.added == place.base:
            new = _REFUSED_VA // 2
        else:
            index = 0 if place.added is None else place.sign * values[place.added]
            new = _REFUSED_VA - place.offset - index & WORD
        if exclusive:  # one that has no reservation accesses nothing
            place_of_monitor = self._monitor()
            monitor, place_of_monitor.value = place_of_monitor.value, _REFUSED_VA
        self._registers.write(_name(place.base), new)
        self._diverted = _Diverted(va, access, place.base, value, monitor)

    def refuses(self, access: int) -> bool:
        if self.found is not None:
            return True  # the rest of an access that Unicorn has split
        address = self._unaligned()
        if address is None or not _wants_alignment(self._walk(address)):
            return False
        self.found = Misaligned(address, access)
        self._control.end(Stop.FAULT)
        return True

    def _unaligned(self) -> int | None:
        """The address (va) that the load or store under way accesses, if it is not aligned."""
        thumb = self._registers.thumb
        code = self._read(self._va, 2 if thumb else 4)
        if thumb and thumb_length(int.from_bytes(code, "little")) == 4:
            code = self._read(self._va, 4)
        word = _word(code, thumb)
        unit = 1 if wanted_by(word, thumb).bits else unit_of(word, thumb)
        if unit == 1:
            return None
        from emu.arm.addressing import address_of

        address = address_of(code, self._va, thumb, self._registers.core())
        return address if address is not None and address % unit else None

    def _walk(self, va: int) -> Walk:
        assert self._pages is not None
        return self._pages.walk(va)


def _wants_alignment(found: Walk) -> bool:
    """Whether memory is of a type that wants all accesses aligned (A3.2.1)."""
    entry = found.steps[-1].entry
    return isinstance(entry, Leaf) and entry.memory.name in ("device", "strongly-ordered")


def _word(code: bytes, thumb: bool) -> int:
    """The bits of an instruction as the manual has them."""
    word = int.from_bytes(code, "little")
    return encoding(word, thumb) if len(code) == 4 else word


@lru_cache(maxsize=4096)
def _may_want(code: bytes) -> bool:
    """Whether this is an instruction that wants alignment, in Arm or in Thumb code."""
    states = (True,) if len(code) == 2 else (False, True)
    return any(wanted_by(_word(code, thumb), thumb).bits for thumb in states)


def _address(place: Place, values: Sequence[int], va: int, thumb: bool) -> int:
    base = (va + (4 if thumb else 8)) & ~3 if place.base == PC else values[place.base]
    index = 0 if place.added is None else place.sign * values[place.added]
    return base + place.offset + index & WORD


def _name(register: int) -> str:
    return {13: "sp", 14: "lr"}.get(register, f"r{register}")


def make_alignment(unicorn: Unicorn, registers: Registers, control: RunControl) -> Alignment:
    """The version in C if it is built and works with this Unicorn, else the Python one.

    To be called before the core has run.
    """
    checks = _native_checks(unicorn, registers)
    made: Alignment
    if checks is None:
        made = PythonAlignment(unicorn, registers, control)
    else:
        made = NativeAlignment(checks)
    unicorn.start = made.start
    return made


def _native_checks(unicorn: Unicorn, registers: Registers) -> Any:
    """The object in C, or None.  The first is tried out; the others do what it does."""
    global _does_work
    if native.hooks is None or _does_work is False:
        return None
    try:
        checks = native.hooks.Alignment(unicorn.uc.value)
    except NotImplementedError:
        _does_work = False
        return None
    if _does_work is None:
        _does_work = _works(unicorn, registers, checks)
    if not _does_work:
        return None
    exit_checks.leave_out(checks)
    return checks


_does_work: bool | None = None
"""Whether the version in C works with the Unicorn that is loaded; None: not known yet."""

_TRIALS: Final = (
    (0xE8900006, 0, 0x101, True),  # ldm r0, {r1, r2}
    (0xE8900006, 0, 0x102, True),
    (0xE8900006, 0, 0x104, False),
    (0xE5901000, 0, 0x102, False),  # ldr r1, [r0]
    (0xE1801F92, 0, 0x102, True),  # strex r1, r2, [r0]
    (0xE1801F92, 0, 0x104, False),
    (0x4606E890, 1, 0x102, True),  # ldm.w r0, {r1, r2, r9, r10, lr}
    (0x0000C806, 1, 0x102, True),  # ldmia r0!, {r1, r2}
    (0x0000C806, 1, 0x104, False),
    (0x00006801, 1, 0x102, False),  # ldr r1, [r0]
)
"""Instructions as words in memory, whether in Thumb, r0, and whether that must fault."""


def _works(unicorn: Unicorn, registers: Registers, checks: Any) -> bool:
    """Whether accesses fault that must, and no others: tried out before there is any memory."""
    state = Context(unicorn.uc)
    unicorn.save(state)
    page = mmap.mmap(-1, PAGE_SIZE)
    host = c_char.from_buffer(page)
    unicorn.map_ram(0, PAGE_SIZE, addressof(host))
    try:
        does_work = all(
            _faults(unicorn, registers, checks.start, page, word, thumb, base) == expected
            for word, thumb, base, expected in _TRIALS
        )
        if does_work:
            exit_checks.try_out(unicorn, registers, checks, page)
        return does_work
    finally:
        unicorn.unmap(0, PAGE_SIZE)
        unicorn.flush_blocks()
        unicorn.restore(state)


def _faults(
    unicorn: Unicorn, registers: Registers, start: Callable[[int], int], page: mmap.mmap,
    word: int, thumb: int, base: int,
) -> bool:  # fmt: skip
    """Whether this instruction faults, with this value in r0; an SVC is behind it."""
    svc = b"\x00\xdf" * 3 if thumb else (0xEF000000).to_bytes(4, "little")
    page[:10] = (word.to_bytes(4, "little") + svc)[:10].ljust(10, b"\0")
    if thumb and not word >> 16:
        page[2:4] = svc[:2]
    unicorn.flush_blocks()
    registers.write("r0", base)
    start(thumb)
    return registers.pc == 0
