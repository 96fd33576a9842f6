"""Recording a run: observers are attached before it begins and removed after it."""

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
    """Attach observers for a run that has not begun; the function returned removes them.

    finished: called by that function, after each observer has been told that the run is over.
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
    """Make an empty file of this name; its descriptor, to write to.  Errors: OSError."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
