"""Unwinding by the Arm exception tables: executing the instructions that they hold.

They are valid at calls: in a prologue or an epilogue they still describe the function's body.
Source: ARM IHI 0038, 10.3 (frame unwinding instructions).
"""

from __future__ import annotations

from collections.abc import Iterator

from emu.arm.registers import LR, PC, SP
from emu.unwind.frame import ReadWord, StackFrame, UnwindError, caller, word_at

_FINISH = 0xB0


def unwind(frame: StackFrame, instructions: bytes, read: ReadWord) -> StackFrame:
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

    def __init__(self, frame: StackFrame, read: ReadWord) -> None:
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
        """Pop r4 to r15, bit 0 being r4.  An SP among them takes effect after all pops."""
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
