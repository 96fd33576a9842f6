"""What an SVC takes and gives: registers in, r0 out; and which SVCs are those of semihosting."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, Protocol

from emu import native
from emu.cpu.binding import PythonHook
from emu.cpu.libunicorn import HOOK_INTR_CFUNC
from emu.cpu.memory import ADDRESSES, Memory
from emu.cpu.registers import IDS, SYSCALL, THUMB_BIT, Registers

OnSvc = Callable[..., int | None]
"""on_svc(r0, r1, r2, r3, r12) -> the value for r0, or None to keep r0."""

OnSemihosting = Callable[..., int | None]
"""on_semihosting(r0, r1, words) -> the value for r0, or None to keep r0.

words: those of the block at r1, or None where the operation has no block, or it is not in RAM.
"""

SVC = 2
"""The number of the exception in Unicorn."""

OF_CALL = 5
"""Registers of a call; the next is the syndrome, with the immediate."""

ARM_SEMIHOSTING: Final = 0xEF123456.to_bytes(4, "little")
THUMB_SEMIHOSTING: Final = 0xDFAB.to_bytes(2, "little")
_IMMEDIATES: Final = (0x3456, 0xAB)
"""The low 16 bits of their immediates, which the syndrome register has.

Source: ARM-software/abi-aa, "Semihosting for AArch32 and AArch64".
"""


class Svc(Protocol):
    """Unicorn's hook for exceptions.  handler: answers SVCs.  semihosting: those of semihosting."""

    handler: OnSvc
    semihosting: OnSemihosting

    def see(self, memory: Memory, blocks: bytes) -> None:
        """Find SVCs and blocks of operands here; before, no SVC is one of semihosting.

        blocks: by operation of semihosting, the number of words of its block.
        """

    @property
    def callback(self) -> int:
        """Address of the hook's function."""

    @property
    def user_data(self) -> int:
        """What the hook's last argument must be."""


class PythonSvc(PythonHook):
    """The twin of ``emu/native/svc.c``."""

    def __init__(
        self,
        registers: Registers,
        handler: OnSvc,
        other: Callable[[int], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        self.handler, self.semihosting = handler, handler
        self._memory: Memory | None = None
        self._blocks = b""
        self._registers, self._other, self._fail = registers, other, fail
        super().__init__(HOOK_INTR_CFUNC(self._interrupted))

    def _interrupted(self, _uc: int, number: int, _data: object) -> None:
        try:
            if number != SVC:
                self._other(number)
                return
            taken = self._registers.syscall.read()
            if self._is_semihosting(*taken[OF_CALL:]):
                result = self.semihosting(*taken[:2], self._words(*taken[:2]))
            else:
                result = self.handler(*taken[:OF_CALL])
            if result is not None:
                self._registers.write_r0(result)
        except BaseException as error:
            self._fail(error)

    def see(self, memory: Memory, blocks: bytes) -> None:
        self._memory, self._blocks = memory, blocks

    def _is_semihosting(self, syndrome: int, pc: int, cpsr: int) -> bool:
        """Whether the SVC in memory is exactly that of semihosting.

        The syndrome register has only 16 bits of an immediate, of either instruction set, and code
        that stores into itself may have changed the instruction since.
        """
        if self._memory is None or syndrome & 0xFFFF not in _IMMEDIATES:
            return False
        if cpsr & THUMB_BIT:
            return self._memory.bytes_at(pc - 2, 2) == THUMB_SEMIHOSTING
        return self._memory.bytes_at(pc - 4, 4) == ARM_SEMIHOSTING

    def _words(self, operation: int, va: int) -> tuple[int, ...] | None:
        """The words of the block at ``va``, if the operation has one and it is in RAM."""
        number = self._blocks[operation] if operation < len(self._blocks) else 0
        if not number or self._memory is None or va + 4 * number > ADDRESSES:
            return None
        block = self._memory.bytes_at(va, 4 * number)
        return None if block is None else struct.unpack(f"<{number}I", block)


def make_svc(
    registers: Registers,
    handler: OnSvc,
    other: Callable[[int], None],
    fail: Callable[[BaseException], None],
) -> Svc:
    """The C version if it is built, else the Python one.

    other: called with the number of any other exception.  fail: called with what these raise.
    """
    if native.hooks is None:
        return PythonSvc(registers, handler, other, fail)
    svc: Svc = native.hooks.Svc(tuple(IDS[name] for name in SYSCALL), handler, other, fail)
    return svc
