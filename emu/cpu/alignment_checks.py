"""The checks of alignment: by translated code where that works, else by a hook."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from ctypes import addressof, c_char
from typing import Any, Final

from emu import native
from emu.cpu import exit_checks
from emu.cpu.alignment import Alignment, Misaligned, Pages
from emu.cpu.binding import Context, Unicorn
from emu.cpu.counter import Counter
from emu.cpu.memory import Memory
from emu.cpu.registers import CPSR, PC, Registers, advanced
from emu.cpu.run_control import RunControl
from kernel_model.memory import PAGE_SIZE


class NativeAlignment:
    """Lets translated code check: ``emu/native/translation.c``."""

    found: Misaligned | None = None
    refuses = None

    def __init__(self, checks: Any, registers: Registers) -> None:
        self._checks, self._registers = checks, registers
        self._memory: Memory | None = None
        self.start: Callable[[int], int] = checks.start

    def see(self, pages: Pages) -> None:
        self._memory = pages.memory
        self._checks.see(pages.memory)

    def passes_undefined(self) -> bool:
        """See ``emu.arm.statuswrites``: Unicorn's translator gets an undefined instruction."""
        from emu.arm.encoding import encoding
        from emu.arm.statuswrites import status_write

        registers = self._registers
        values = registers.core()
        pc, cpsr = values[PC], values[CPSR]
        thumb = cpsr >> 5 & 1
        code = None if self._memory is None else self._memory.bytes_at(pc, 4)
        if code is None:
            return False
        found = status_write(encoding(int.from_bytes(code, "little"), bool(thumb)), bool(thumb))
        if found is None:
            return False
        registers.write("pc", pc + 4 | thumb)
        registers.write("cpsr", found.result(advanced(cpsr), values))
        return True

    def renew(self) -> None:
        pass

    def count(self, counter: Counter) -> None:
        self._checks.count(counter)


def make_alignment(unicorn: Unicorn, registers: Registers, control: RunControl) -> Alignment:
    """The version in C if it is built and works with this Unicorn, else the Python one.

    To be called before the core has run.
    """
    checks = _native_checks(unicorn, registers)
    made: Alignment
    if checks is None:
        from emu.cpu.alignment_hook import PythonAlignment

        made = PythonAlignment(unicorn, registers, control)
    else:
        made = NativeAlignment(checks, registers)
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
