"""What an SVC takes and gives: registers in, r0 out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from emu import native
from emu.cpu.binding import PythonHook
from emu.cpu.libunicorn import HOOK_INTR_CFUNC
from emu.cpu.registers import IDS, SYSCALL, Registers

OnSvc = Callable[..., int | None]
"""on_svc(r0, r1, r2, r3, r12[, syndrome, pc, cpsr]) -> the value for r0, or None to keep r0.

The last three come with immediates other than 0, of which there is something to find out.
"""

SVC = 2
"""The number of the exception in Unicorn."""

OF_SVC_0 = 5
"""Registers of an SVC with immediate 0; the next is the syndrome, with the immediate."""
IMMEDIATE = 0xFFFF


class Svc(Protocol):
    """Unicorn's hook for exceptions.  handler: answers SVCs."""

    handler: OnSvc

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
        self.handler = handler
        self._registers, self._other, self._fail = registers, other, fail
        super().__init__(HOOK_INTR_CFUNC(self._interrupted))

    def _interrupted(self, _uc: int, number: int, _data: object) -> None:
        try:
            if number != SVC:
                self._other(number)
                return
            taken = self._registers.syscall.read()
            is_plain = not taken[OF_SVC_0] & IMMEDIATE
            result = self.handler(*(taken[:OF_SVC_0] if is_plain else taken))
            if result is not None:
                self._registers.write_r0(result)
        except BaseException as error:
            self._fail(error)


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
