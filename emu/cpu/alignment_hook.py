"""The twin of ``emu/native/translation.c``: a hook that looks at each instruction.

An access that must be aligned and is not faults precisely, on each backend.
Source: Arm ARM DDI 0406C, A3.2.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import c_uint64
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from emu.arm.alignment import Place, is_thumb_load, place_of, unit_of, wanted_by
from emu.arm.conditions import holds
from emu.arm.encoding import encoding
from emu.arm.registers import PC
from emu.arm.statuswrites import E_BIT, StatusWrite, status_write
from emu.cpu import unicorn_abi as const
from emu.cpu.alignment import Misaligned, Pages
from emu.cpu.binding import Unicorn
from emu.cpu.counter import Counter
from emu.cpu.lengths import thumb_length
from emu.cpu.libunicorn import HOOK_CODE_CFUNC
from emu.cpu.registers import THUMB_BIT, Batch, Registers, in_it_block
from emu.cpu.run_control import RunControl
from emu.cpu.stop import Stop
from kernel_model.descriptors import READ, WRITE, Leaf
from kernel_model.memory import PAGE_OFFSET, PAGE_SIZE

if TYPE_CHECKING:
    from kernel_model.walk import Walk

WORD: Final = 0xFFFFFFFF

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
        self._it_block = range(0)
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
        left = in_it_block(self._status.read()[0])
        self._it_block = self._following(pc & ~1, left) if left else range(0)
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
            if _is_of_interest(code):
                self._look(va, code)
            elif covered := _covered(code):
                self._it_block = self._following(va + 2, covered)
            if va in self._it_block and self._diverted is None:
                self._look_for_device(va, code)
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
            self._write_status(status_write(word, thumb), word, cpsr)
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

    def _following(self, va: int, count: int) -> range:
        """The addresses of so many Thumb instructions from ``va`` on."""
        end = va
        for _ in range(count):
            end += thumb_length(int.from_bytes(self._read(end, 2), "little"))
        return range(va, end)

    def _look_for_device(self, va: int, code: bytes) -> None:
        """Divert a misaligned access to a device in an IT block, where ``refuses`` cannot end the
        run before the instructions that follow."""
        address = self._unaligned()
        if address is None or not _wants_alignment(self._walk(address)):
            return
        from emu.arm.addressing import base_of
        from emu.arm.disassembly import disassemble

        base = base_of(next(disassemble(code, va, True)))
        if base is None:
            return
        value = self._registers.core()[base]
        self._registers.write(_name(base), value + _REFUSED_VA - address & WORD)
        access = READ if is_thumb_load(_word(code, True)) else WRITE
        self._diverted = _Diverted(va, Misaligned(address, access), base, value, None)

    def _write_status(self, found: StatusWrite | None, word: int, cpsr: int) -> None:
        """Write the E bit before Unicorn writes all else."""
        if found is not None and (cpsr & THUMB_BIT or holds(word >> 28, cpsr)):
            new = found._replace(mask=E_BIT).result(cpsr, self._registers.core())
            self._registers.write("cpsr", new)

    def passes_undefined(self) -> bool:
        return False

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
def _is_of_interest(code: bytes) -> bool:
    """Whether this is an instruction to look at, in Arm or in Thumb code."""
    words = [
        (_word(code, thumb), thumb) for thumb in ((True,) if len(code) == 2 else (False, True))
    ]
    return any(wanted_by(*one).bits or status_write(*one) is not None for one in words)


def _covered(code: bytes) -> int:
    """How many instructions this one covers, if it is an IT (A8.8.54)."""
    return in_it_block((code[0] & 3) << 25 | (code[0] & 0xC) << 8) if _is_it(code) else 0


def _is_it(code: bytes) -> bool:
    return len(code) == 2 and code[1] == 0xBF and code[0] & 0xF != 0


def _address(place: Place, values: Sequence[int], va: int, thumb: bool) -> int:
    base = (va + (4 if thumb else 8)) & ~3 if place.base == PC else values[place.base]
    index = 0 if place.added is None else place.sign * values[place.added]
    return base + place.offset + index & WORD


def _name(register: int) -> str:
    return {13: "sp", 14: "lr"}.get(register, f"r{register}")
