"""The fills of Unicorn's TLB: counted, noted by page, and the plain ones answered.

The version in C answers itself the fills that need no decision: loads and stores of frames without
code, and fetches from frames whose code is fetched through one page only and is not stored to.
``take_store`` tells through which page it lets a frame be stored to, which ``Coherence`` must know
before it lets the frame be fetched from.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from emu import native
from emu.cpu import unicorn_abi as const
from emu.cpu.binding import Unicorn, address_of
from emu.cpu.fill import FILL_CFUNC, answer
from emu.cpu.libunicorn import uclib_holding_gil
from emu.cpu.memory import Memory
from kernel_model.descriptors import EXEC
from kernel_model.memory import PAGE_BASE, PAGE_SIZE

Fill = Callable[[int, int, int, int, object], bool]


class Fills(Protocol):
    """The fills of one core.

    count: how many there have been.  due: the number of a fill that the backend must see.
    held: whether the backend must see all fills, because their answers are no translations.
    """

    count: int
    due: int
    held: bool

    def has_code(self, pa: int, va: int) -> None:
        """The frame has code.

        va: the only page through which it is fetched, if it is not stored to; else -1, and the
        backend answers its fills.
        """

    def has_no_code(self, pa: int) -> None:
        """The frame has no code any more."""

    def code_changed(self) -> None:
        """The host has stored to a frame that has code."""

    def take_store(self, pa: int) -> int:
        """The page (va) through which the TLB may store to a frame unnoticed, or -1.

        It is forgotten here: the caller flushes that page.
        """

    def forget_code(self) -> None:
        """No frame has code."""

    def flushed(self) -> None:
        """The TLB is empty."""

    def ask(self, uc: int, number: int) -> None:
        """Fill Unicorn's TLB with translations of the first ``number`` pages.

        uc: the host's address of Unicorn's instance.  The translations are made up: a flush must
        follow.
        """

    def filled(self, va: int, length: int) -> list[int]:
        """The pages in [va, va + length) that the TLB may have a translation of (va)."""


class PythonFills:
    """The twin of ``emu/native/fills.c``, which leaves every answer to the backend."""

    def __init__(self, fill: Fill, virtual: bool) -> None:
        self.count = self.due = 0
        self.held = False
        self._asking = False
        self._virtual = virtual
        self._fill = fill
        self._filled: set[int] = set()

    def answer(self, uc: int, va: int, kind: int, entry: int, data: object) -> bool:
        """What Unicorn calls."""
        if self._asking:
            return answer(entry, va if self._virtual else 0, EXEC)
        allowed = self._fill(uc, va, kind, entry, data)
        self._filled.add(va)  # after the flush that this fill may have caused
        return allowed

    def has_code(self, pa: int, va: int) -> None:
        pass

    def has_no_code(self, pa: int) -> None:
        pass

    def code_changed(self) -> None:
        pass

    def take_store(self, pa: int) -> int:  # noqa: ARG002 - the protocol's
        return -1

    def forget_code(self) -> None:
        pass

    def flushed(self) -> None:
        self._filled.clear()

    def ask(self, uc: int, number: int) -> None:
        self._asking = True
        nowhere = ctypes.byref(ctypes.c_uint64())
        for va in range(0, number * PAGE_SIZE, PAGE_SIZE):
            uclib_holding_gil.uc_vmem_translate(ctypes.c_void_p(uc), va, EXEC, nowhere)
        self._asking = False

    def filled(self, va: int, length: int) -> list[int]:
        first, end = va & PAGE_BASE, va + length
        if length // PAGE_SIZE <= len(self._filled):
            return [at for at in range(first, end, PAGE_SIZE) if at in self._filled]
        return sorted(at for at in self._filled if first <= at < end)


@contextmanager
def holding(fills: Fills) -> Iterator[None]:
    """Meanwhile the backend sees all fills."""
    fills.held = True
    yield
    fills.held = False


def answer_fills(unicorn: Unicorn, memory: Memory, fill: Fill, virtual: bool) -> Fills:
    """Let ``fill`` answer Unicorn's fills, except for those that the version in C answers.

    virtual: whether it answers with virtual addresses, not physical ones.
    """
    if native.hooks is None:
        fills = PythonFills(fill, virtual)
        unicorn.add_hook(const.UC_HOOK_TLB_FILL, FILL_CFUNC(fills.answer))
        return fills
    other = FILL_CFUNC(fill)
    in_c = native.hooks.Fills(memory, address_of(other), const.UC_ARM_REG_CPSR, virtual)
    unicorn.keep(other, in_c)
    unicorn.add_hook(const.UC_HOOK_TLB_FILL, in_c.callback, user_data=in_c.user_data)
    answers: Fills = in_c
    return answers
