"""What Unicorn knows but has no function for: where it keeps that is found by experiment, once.

Unicorn takes no exception, so DFAR, DFSR and IFAR stay as they are, and a hook learns only the page
of a refused TLB fill.  But Unicorn notes the exact address, and what the monitor for exclusive
accesses remembers, in memory that can be read: in its instance and in a saved context.  The places
are found by accesses to addresses that nothing else there can hold.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from emu.cpu import unicorn_abi as const
from emu.cpu.binding import Context, Unicorn
from emu.cpu.fill import FILL_CFUNC, answer
from emu.cpu.libunicorn import HOOK_INTR_CFUNC
from emu.cpu.registers import THUMB_BIT, USER_MODE, Registers
from kernel_model.memory import PAGE_SIZE

_LDR = 0xE59017F8  # ldr r1, [r0, #0x7f8]
_OFFSET = 0x7F8
_LDREX = 0xE1901F9F  # ldrex r1, [r0]
_SVC = 0xEF000000
_BASES = (0x5AC3A5A4, 0xA53C5A58)
_VALUES = (0x1EAF_BABE, 0x7A57_E0F5)

_INSTANCE_SEARCHED = 8 << 10
"""Bytes of the instance to search if the C library does not tell its size, which is larger."""


class Internals(NamedTuple):
    """Offsets in bytes; None for what was not found.

    refused: in the instance, of the address of the last refused access.
    abort: in a context, of the address of the last abort; the word before it is the FSR.
    exclusive: in a context, of the monitor's address, and from there on its value.
    """

    refused: int | None
    abort: int | None
    exclusive: int | None


_STATE_SEARCHED = 64 << 10
"""Bytes from the target of a pointer on, among which the core's registers are looked for."""

MONITOR_SIZE = 24
"""Bytes of a context that the monitor takes: an address, and a value of 128 bits."""


@cache
def internals() -> Internals:
    """The internals of the Unicorn that is loaded."""
    return _Laboratory().internals()


class _Laboratory:
    """A core with one page of RAM at address 0, for code and data alike; all else is refused."""

    def __init__(self) -> None:
        self.unicorn = Unicorn()
        self.registers = Registers(self.unicorn.uc)
        self.context = Context(self.unicorn.uc)
        self._page = mmap.mmap(-1, PAGE_SIZE)
        host = ctypes.addressof(ctypes.c_char.from_buffer(self._page))
        self.unicorn.map_ram(0, PAGE_SIZE, host)
        self.unicorn.use_virtual_tlb(True)
        self.unicorn.add_hook(const.UC_HOOK_TLB_FILL, FILL_CFUNC(_only_page_0))
        self.unicorn.add_hook(const.UC_HOOK_INTR, HOOK_INTR_CFUNC(self._stop))
        self.registers.write("cpsr", USER_MODE)

    def internals(self) -> Internals:
        refused = _common(self._after_refusal(base) for base in _BASES)
        abort = _common(self._after_abort(base) for base in (0x7F1, 0x5A6))
        exclusive = _common(self._after_ldrex(0x100 + n * 8, v) for n, v in enumerate(_VALUES))
        return Internals(refused, abort, exclusive)

    def _after_refusal(self, base: int) -> set[int]:
        self._run(base, _LDR)
        return _places(self._instance(), (base + _OFFSET).to_bytes(8, "little"))

    def _after_abort(self, va: int) -> set[int]:
        """An LDREX that is not aligned: FS is alignment (0b00001), and the address follows."""
        self._run(va, _LDREX)
        found = _places(self._saved(), b"\1\0\0\0" + va.to_bytes(8, "little"))
        return {at + 4 for at in found}

    def _after_ldrex(self, va: int, value: int) -> set[int]:
        self._page[va : va + 4] = value.to_bytes(4, "little")
        self._run(va, _LDREX, _SVC)
        return _places(self._saved(), va.to_bytes(8, "little") + value.to_bytes(8, "little"))

    # The T bit

    def mark_registers(self) -> bytes:
        """Give r0 to r12 values that nothing else has; returns them as bytes in memory."""
        values = [0x5AC3_0000 + number * 0x1357 for number in range(13)]
        for number, value in enumerate(values):
            self.registers.write(f"r{number}", value)
        return b"".join(value.to_bytes(4, "little") for value in values)

    def thumb_bit_from_registers(self) -> int | None:
        """Bytes from r0 to the T bit in a saved context, whose layout is that of a core's state."""
        marks = self.mark_registers()
        registers = _places(self._saved(), marks)
        place = self.thumb_bit_place()
        if len(registers) != 1 or place is None:
            return None
        return place - registers.pop()

    def thumb_bit_place(self) -> int | None:
        """Where the T bit is in a saved context."""
        arm, thumb, again = (self._in_state(t) for t in (0, THUMB_BIT, 0))
        changed = [at for at, was in enumerate(arm) if (was, thumb[at], again[at]) == (0, 1, 0)]
        return changed[0] if len(changed) == 1 else None

    def _in_state(self, thumb: int) -> bytes:
        self.registers.write("cpsr", USER_MODE | thumb)
        return self._saved()

    def pointed_at(self, wanted: bytes) -> Iterator[tuple[int, int]]:
        """Pointers to memory that holds ``wanted``.

        Each is given as its offset in the instance, and the offset of ``wanted`` from its target.
        """
        instance = self._instance()
        for at in range(0, len(instance) - 7, 8):
            pointer = int.from_bytes(instance[at : at + 8], "little")
            found = _own_memory(pointer, _STATE_SEARCHED).find(wanted) if pointer else -1
            if found >= 0:
                yield at, found

    def _run(self, r0: int, *words: int) -> None:
        self._page[: 4 * len(words)] = b"".join(word.to_bytes(4, "little") for word in words)
        self.unicorn.flush_blocks()
        self.registers.write("r0", r0)
        self.unicorn.start(0)

    def _saved(self) -> bytes:
        self.unicorn.save(self.context)
        return self.context.bytes()

    def _instance(self) -> bytes:
        return ctypes.string_at(self.unicorn.uc, _allocated(self.unicorn.uc))

    def _stop(self, _uc: int, _number: int, _data: object) -> None:
        self.unicorn.stop()


def _only_page_0(_uc: int, va: int, _kind: int, entry: int, _data: object) -> bool:
    return not va and answer(entry, 0, const.UC_PROT_ALL)


def _places(memory: bytes, wanted: bytes) -> set[int]:
    return {
        at for at in range(0, len(memory) - len(wanted) + 1, 4) if memory.startswith(wanted, at)
    }


def _common(found: Any) -> int | None:
    """The only place that all experiments found, or None."""
    places = set.intersection(*found)
    return places.pop() if len(places) == 1 else None


def _allocated(pointer: ctypes.c_void_p) -> int:
    """How many bytes the C library allocated at this pointer, at least."""
    ask: Callable[..., int] | None = getattr(ctypes.CDLL(None), "malloc_usable_size", None)
    if ask is None:
        return _INSTANCE_SEARCHED
    ask.restype = ctypes.c_size_t  # type: ignore[attr-defined]
    return ask(pointer)


class _Pointed(NamedTuple):
    """A place in memory.  pointer: a pointer's offset in the instance.  offset: from its target."""

    pointer: int
    offset: int

    def address(self, unicorn: Unicorn) -> int:
        """The host's address of it for one core; 0 if the pointer is null."""
        instance = unicorn.uc.value or 0
        state = int(ctypes.c_uint64.from_address(instance + self.pointer).value)
        return state + self.offset if state else 0


def thumb_bit(unicorn: Unicorn) -> int:
    """The host's address of the byte whose bit 0 says that a core is in Thumb state; 0: unknown.

    Asking Unicorn for the CPSR takes as long as ten blocks.  An unrelated pointer may by chance
    point shortly before the registers of one core, but not of the next, so each core is tried by
    itself.
    """
    registers = Registers(unicorn.uc)
    cpsr = registers.read("cpsr")
    try:
        addresses = (place.address(unicorn) for place in _thumb_bits())
        return next((at for at in addresses if at and _is_thumb_bit(registers, at)), 0)
    finally:
        registers.write("cpsr", cpsr)


@cache
def _thumb_bits() -> tuple[_Pointed, ...]:
    """Where the T bit may be: registers are found by their values, the bit by its changes."""
    lab = _Laboratory()
    from_registers = lab.thumb_bit_from_registers()
    if from_registers is None:
        return ()
    found = lab.pointed_at(lab.mark_registers())
    return tuple(_Pointed(pointer, registers + from_registers) for pointer, registers in found)


def _is_thumb_bit(registers: Registers, address: int) -> bool:
    """Whether the byte there changes as the core's T bit does."""
    shown = []
    for thumb in (0, THUMB_BIT, 0):
        registers.write("cpsr", USER_MODE | thumb)
        shown.append(_own_memory(address, 1))
    return shown == [b"\0", b"\1", b"\0"]


def _own_memory(address: int, length: int) -> bytes:
    """This process's bytes at ``address``; fewer where it has none, or the host does not tell."""
    try:
        with open("/proc/self/mem", "rb", buffering=0) as memory:
            return os.pread(memory.fileno(), length, address)
    except (OSError, OverflowError):
        return b""


def monitor_place(unicorn: Unicorn) -> int:
    """The host's address of the monitor's address (64 bits) in a core.  Errors: LookupError."""
    exclusive, thumb = internals().exclusive, thumb_bit(unicorn)
    in_context = _Laboratory().thumb_bit_place()
    if not thumb or exclusive is None or in_context is None:
        raise LookupError("monitor_place: not found in this Unicorn")
    return thumb + exclusive - in_context


class Noted:
    """What one instance of Unicorn has noted, read when it is needed."""

    def __init__(self, unicorn: Unicorn) -> None:
        self._unicorn = unicorn
        self._context = Context(unicorn.uc)

    @property
    def refused(self) -> int | None:
        """The address (va) of the access whose TLB fill was refused last, or the address (pa) of
        the last access to a place without RAM or a device; None if that cannot be known."""
        at = internals().refused
        if at is None or self._unicorn.uc.value is None:
            return None
        return int(ctypes.c_uint64.from_address(self._unicorn.uc.value + at).value)

    def abort(self) -> tuple[int, int] | None:
        """Address (va) and FSR of the abort that the Arm core noted last, or None."""
        at = internals().abort
        if at is None:
            return None
        self._unicorn.save(self._context)
        state = self._context.bytes()
        return _word(state, at), _word(state, at - 4)


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def monitor_of(context: Context) -> bytes:
    """What the monitor for exclusive accesses remembers in a saved state; b"" if unknown."""
    at = internals().exclusive
    return b"" if at is None else context.bytes()[at : at + MONITOR_SIZE]


def set_monitor(context: Context, remembered: bytes) -> None:
    """Let the monitor of a saved state remember what ``monitor_of`` gave."""
    at = internals().exclusive
    if at is not None and remembered and context.handle.value is not None:
        ctypes.memmove(context.handle.value + at, remembered, len(remembered))
