"""What records a run: it is there before the run begins, and ends after it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emu.machine.machine import Machine
    from emu.machine.observers import Observer


def attach(
    machine: Machine, observers: Sequence[Observer], finished: Callable[[], None]
) -> Callable[[], None]:
    """Let observers see a run that has not begun yet; what is returned ends that.

    finished: called then, when the observers themselves have ended.
    """
    for observer in observers:
        machine.observers.add(observer)

    def end() -> None:
        for observer in observers:
            machine.observers.remove(observer)
            observer.finish()
        finished()

    return end


def create(path: str) -> int:
    """An empty file of this name, to write to: its descriptor.  Errors: OSError."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
