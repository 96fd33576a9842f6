"""What an SVC takes and gives: registers in, r0 out; and which SVCs are those of semihosting."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, Protocol

from emu import native
from emu.cpu.binding import PythonHook
from emu.cpu.counter import Counter
from emu.cpu.libunicorn import HOOK_INTR_CFUNC
from emu.cpu.memory import ADDRESSES, Memory
from emu.cpu.registers import IDS, SYSCALL, THUMB_BIT, Registers

OnSvc = Callable[..., int | None]
"""on_svc(r0, r1, r2, r3, r12) -> the value for r0, or None to keep r0."""

OnSemihosting = Callable[..., int | None]
"""on_semihosting(r0, r1, words) -> the value for r0, or None to keep r0.

words: those of the block at r1, or None where the operation has no block, or it is not in RAM.
"""

ShortOnes = tuple[Callable[..., int] | None, ...]


class Session(Protocol):
    """What the functions of ``Svc.let`` are called with."""

    def failed(self, error: OSError) -> int:
        """The result of a call that has raised this."""


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

    @property
    def taken(self) -> int:
        """The number of calls answered by functions of ``let``."""

    def see(self, memory: Memory, counter: Counter, blocks: bytes) -> None:
        """Find SVCs and blocks of operands here; before, no SVC is one of semihosting.

        counter: counts runs.  blocks: by operation of semihosting, the number of words of its
        block.
        """

    def let(self, session: Session, functions: ShortOnes) -> None:
        """Let these answer in the place of ``semihosting``, and nobody hears of it.

        That ends with the run, with any other SVC, and by ``let_nothing``.
        functions: by operation, called with the session and the words of the block, or r1 where
        there is none.  None: it is for ``semihosting``, as are calls whose block is not in RAM.
        """

    def let_nothing(self) -> None:
        """Let ``semihosting`` answer from now on."""

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
        self._counter: Counter | None = None
        self._session: Session | None = None
        self._short: ShortOnes = ()
        self._run = self.taken = 0
        self._registers, self._other, self._fail = registers, other, fail
        super().__init__(HOOK_INTR_CFUNC(self._interrupted))

    def _interrupted(self, _uc: int, number: int, _data: object) -> None:
        try:
            if number != SVC:
                self._other(number)
                return
            taken = self._registers.syscall.read()
            if self._is_semihosting(*taken[OF_CALL:]):
                result = self._answer_semihosting(*taken[:2])
            else:
                self._run = 0
                result = self.handler(*taken[:OF_CALL])
            if result is not None:
                self._registers.write_r0(result)
        except BaseException as error:
            self._fail(error)

    def see(self, memory: Memory, counter: Counter, blocks: bytes) -> None:
        self._memory, self._counter, self._blocks = memory, counter, blocks

    def let(self, session: Session, functions: ShortOnes) -> None:
        assert self._counter is not None
        self._session, self._short, self._run = session, functions, self._counter.runs

    def let_nothing(self) -> None:
        self._run = 0

    def _answer_semihosting(self, operation: int, r1: int) -> int | None:
        number = self._blocks[operation] if operation < len(self._blocks) else 0
        words = self._words(r1, number)
        function = self._short_one(operation)
        if function is None or (number and words is None):
            self._run = 0
            return self.semihosting(operation, r1, words)
        session = self._session
        assert session is not None
        try:
            result = function(session, words if number else r1)
        except OSError as error:
            result = session.failed(error)
        self.taken += 1
        return result

    def _short_one(self, operation: int) -> Callable[..., int] | None:
        """What answers the operation without a word to anybody."""
        if self._counter is None or self._run != self._counter.runs:
            return None
        return self._short[operation] if operation < len(self._short) else None

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

    def _words(self, va: int, number: int) -> tuple[int, ...] | None:
        """So many words at ``va``, if there are any and they are in RAM."""
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
