"""What records a run, and the file of its result: there before the run, finished after it."""

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


class ResultFile:
    """A file that is written once, when a run is over, but made before: mistakes show then.

    what: it is to hold.  note: told in one line if it cannot be written.  Errors: OSError.
    """

    def __init__(self, path: str, what: str, note: Callable[[str], None]) -> None:
        self._fd = create(path)
        self._path, self._what, self._note = path, what, note

    def write(self, text: bytes) -> None:
        try:
            with os.fdopen(self._fd, "wb") as stream:
                stream.write(text)
        except OSError as error:
            self._note(f"{self._path}: {error.strerror}: there is no {self._what}")
