"""Calls answered in the kernel's place, as if they had failed: for tests of programs."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import NamedTuple

from emu.machine.observers import Words
from emu.machine.svc import Calls
from kernel_model.abi import Error
from kernel_model.call import CallRow
from kernel_model.errors import Refused
from kernel_model.kernel import Kernel
from kernel_model.process import Process

Chooses = Callable[[Process, CallRow, Words], bool]
"""chooses(process, call, words): whether this call is answered; asked before each is made."""


class Injection(NamedTuple):
    """An answer for chosen calls.  error: what they fail with; or result: what they return."""

    chooses: Chooses
    error: Error | None
    result: int


class Injections:
    """Answers chosen calls; the kernel does not hear of them.

    The injection that was added first, of those that choose a call, answers it.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls, self._trap = calls, calls.decide
        self._all: tuple[Injection, ...] = ()

    @property
    def stand(self) -> bool:
        """Whether there is any."""
        return bool(self._all)

    def add(self, injection: Injection) -> None:
        """Let it choose from now on."""
        self._set((*self._all, injection))

    def remove(self, injection: Injection) -> None:
        """Let it choose no more."""
        self._set(tuple(one for one in self._all if one is not injection))

    def _set(self, injections: tuple[Injection, ...]) -> None:
        self._all = injections
        self._calls.decide = self._decide if injections else self._trap

    def _decide(self, kernel: Kernel, core: int, call: CallRow, words: Words) -> int | None:
        process = kernel.running[core]
        assert process is not None
        chosen = [one for one in self._all if one.chooses(process, call, words)]
        if not chosen:
            return self._trap(kernel, core, call, words)
        if core != kernel.core:
            kernel.enter(core)
        _, error, result = chosen[0]
        kernel.refusal = None
        if error is None:
            return result
        kernel.refusal = Refused(error, "injected: the kernel was not asked")
        return kernel.convention.result_of(error)


def occurrences(row: CallRow, which: Container[int] | None, pid: int | None) -> Chooses:
    """Chooses calls of one kind by how many there were, from 1 on; None: all.  pid: of whom."""
    seen = 0

    def chooses(process: Process, call: CallRow, _words: Words) -> bool:
        nonlocal seen
        if call.number != row.number or pid not in (None, process.pid):
            return False
        seen += 1
        return which is None or seen in which

    return chooses
