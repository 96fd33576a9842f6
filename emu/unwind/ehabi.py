"""Unwinding by the Arm exception tables, ``.ARM.exidx`` and ``.ARM.extab``.

They hold for calls: in a prologue or an epilogue they speak of the function's middle.
Source: ARM IHI 0038, 6 (index table), 7 (extab), 10.3 (frame unwinding instructions).
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator

from emu.unwind.frame import LR, PC, SP, Frame, ReadWord, UnwindError, caller, word_at

CANTUNWIND = 1
_FINISH = 0xB0
ReadFile = Callable[[int, int], bytes]
"""Bytes of the ELF file's contents at an address."""


class Index:
    """The index table: for each function, where its unwinding instructions are."""

    def __init__(self, exidx: bytes, va: int, read: ReadFile) -> None:
        """exidx: the section, which begins at ``va``.  read: for the rest of the tables."""
        self._read = read
        self._entries = []
        for offset, (function, entry) in enumerate(struct.iter_unpack("<2I", exidx)):
            place = va + offset * 8
            self._entries.append((prel31(place, function), place + 4, entry))
        self._starts = [function for function, _, _ in self._entries]

    def instructions(self, va: int) -> bytes | None:
        """The unwinding instructions for ``va``; None if the tables say nothing about it.

        Errors: UnwindError, when they say that this function cannot be unwound.
        """
        index = bisect_right(self._starts, va) - 1
        if index < 0:
            return None
        _, place, entry = self._entries[index]
        if entry == CANTUNWIND:
            raise UnwindError("marked as one that cannot be unwound")
        if entry >> 31:
            return _compact(entry, lambda _count: b"")
        return self._from_extab(prel31(place, entry))

    def _from_extab(self, va: int) -> bytes:
        """An entry of ``.ARM.extab``: compact, or a personality routine and its data.

        The routines of C++ and C (``__gxx_personality_v0``) begin their data with the compact
        form's instructions.
        """
        first = self._word(va)
        if first >> 31:
            return _compact(first, lambda count: self._words(va + 4, count))
        head = self._word(va + 4)
        return _bytes(head)[1:] + self._words(va + 8, head >> 24)

    def _words(self, va: int, count: int) -> bytes:
        return b"".join(_bytes(self._word(va + 4 * number)) for number in range(count))

    def _word(self, va: int) -> int:
        data = self._read(va, 4)
        if len(data) < 4:
            raise UnwindError(f"its table at {va:#010x} is not in the file")
        return int.from_bytes(data, "little")


def prel31(place: int, word: int) -> int:
    """The address that a place-relative 31-bit offset means."""
    offset = word & 0x7FFFFFFF
    return place + (offset - (1 << 31) if offset >> 30 else offset) & 0xFFFFFFFF


def _bytes(word: int) -> bytes:
    """Unwinding instructions stand in words from the most significant byte on."""
    return word.to_bytes(4, "big")


def _compact(word: int, more: Callable[[int], bytes]) -> bytes:
    """The instructions of the compact model; ``more(count)`` are the words after the first."""
    kind = word >> 24 & 0xF
    if kind == 0:
        return _bytes(word)[1:]
    if kind in (1, 2):
        return _bytes(word)[2:] + more(word >> 16 & 0xFF)
    raise UnwindError(f"its table has personality {kind}, which is reserved")


def unwind(frame: Frame, instructions: bytes, read: ReadWord) -> Frame:
    """The caller's frame, as the unwinding instructions restore it.  Errors: UnwindError."""
    state = _State(frame, read)
    code = iter(instructions)
    for byte in code:
        if byte == _FINISH:
            break
        state.execute(byte, code)
    state.registers[SP] = state.vsp
    pc = state.registers[PC] if state.pc_restored else state.registers[LR]
    return caller(state.registers, pc)


class _State:
    """The virtual stack pointer and the registers while instructions are executed."""

    def __init__(self, frame: Frame, read: ReadWord) -> None:
        self.registers = list(frame.registers)
        self.vsp = frame.sp
        self.pc_restored = False
        self._read = read

    def execute(self, byte: int, code: Iterator[int]) -> None:
        """One instruction; ``code`` gives its further bytes.  Table 4 of the source, by rows."""
        if byte < 0x40:
            self.vsp += ((byte & 0x3F) << 2) + 4
        elif byte < 0x80:
            self.vsp -= ((byte & 0x3F) << 2) + 4
        elif byte < 0x90:
            self._pop_mask((byte & 0xF) << 8 | _next(code))
        elif byte < 0xA0:
            self._set_vsp(byte & 0xF)
        elif byte < 0xB0:
            lr = 1 << 10 if byte & 8 else 0
            self._pop_mask((2 << (byte & 7)) - 1 | lr)
        elif byte < 0xC0:
            self._execute_b(byte, code)
        elif byte in (0xC8, 0xC9):
            self.vsp += 8 * ((_next(code) & 0xF) + 1)  # vpop d16.. or d0..
        elif 0xD0 <= byte < 0xD8:
            self.vsp += 8 * ((byte & 7) + 1)  # vpop d8..
        else:
            raise UnwindError(f"its table has the instruction {byte:#04x}, which is reserved")

    def _execute_b(self, byte: int, code: Iterator[int]) -> None:
        if byte == 0xB1:
            self._pop_low(_next(code))
        elif byte == 0xB2:
            self.vsp += 0x204 + (_uleb128(code) << 2)
        elif byte == 0xB3:
            self.vsp += 8 * ((_next(code) & 0xF) + 1) + 4  # as stored by FSTMFDX
        elif byte >= 0xB8:
            self.vsp += 8 * ((byte & 7) + 1) + 4
        else:
            raise UnwindError(f"its table has the instruction {byte:#04x}, which is reserved")

    def _pop_mask(self, mask: int) -> None:
        """Pop r4 to r15, bit 0 being r4.  An SP among them counts once all are popped."""
        if not mask:
            raise UnwindError("its table refuses to unwind")
        sp = None
        for number in range(4, 16):
            if mask >> (number - 4) & 1:
                value = self._pop()
                if number == SP:
                    sp = value
                else:
                    self.registers[number] = value
        self.pc_restored |= bool(mask >> (PC - 4) & 1)
        self.vsp = self.vsp if sp is None else sp

    def _pop_low(self, mask: int) -> None:
        if not mask or mask >> 4:
            raise UnwindError("its table has the instruction 0xb1 with bits that are reserved")
        for number in range(4):
            if mask >> number & 1:
                self.registers[number] = self._pop()

    def _pop(self) -> int:
        value = word_at(self._read, self.vsp)
        self.vsp += 4
        return value

    def _set_vsp(self, number: int) -> None:
        if number in (SP, PC):
            raise UnwindError("its table sets the stack pointer from a register that it cannot")
        self.vsp = self.registers[number]


def _next(code: Iterator[int]) -> int:
    byte = next(code, None)
    if byte is None:
        raise UnwindError("its table ends within an instruction")
    return byte


def _uleb128(code: Iterator[int]) -> int:
    value, shift = 0, 0
    while True:
        byte = _next(code)
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value
