"""The file of a run's result: written under another name when the run is over, and then renamed.

So there is never half a file, and an earlier file stays until the new one is complete.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from emu.environment.world import STDOUT


class ResultFile:
    """A file that is written once, when the run is over; that it can be is checked at once.

    path: ``-`` is standard output.  what: its contents, in a word.  note: called with one line if
    it cannot be written in the end.  Errors: OSError.
    """

    def __init__(self, path: str, what: str, note: Callable[[str], None]) -> None:
        self._path, self._what, self._note = path, what, note
        self._stream: int | None = None
        if path == "-":
            self._stream = os.dup(STDOUT)
            return
        self._place = os.path.realpath(path)
        self._beside = f"{self._place}.{os.getpid()}.partial"
        self._mode = _mode(self._place)
        if stat.S_ISREG(self._mode):
            os.close(self._create())
            os.unlink(self._beside)
        else:  # a pipe or a device has no half
            self._stream = os.open(path, os.O_WRONLY)

    def write(self, make: Callable[[], bytes]) -> bool:
        """Make the contents and write them; whether that was possible."""
        try:
            if self._stream is None:
                self._replace(make())
            else:
                _write(self._stream, make())
        except OSError as error:
            self._note(f"{self._path}: {error.strerror}: there is no {self._what}")
            return False
        return True

    def _replace(self, contents: bytes) -> None:
        file = self._create()
        try:
            _write(file, contents)
            os.replace(self._beside, self._place)
        except BaseException:
            os.unlink(self._beside)
            raise

    def _create(self) -> int:
        file = os.open(self._beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        if stat.S_IMODE(self._mode):
            os.fchmod(file, stat.S_IMODE(self._mode))
        return file


def _mode(place: str) -> int:
    """Type and permissions of what is there; if nothing is, of a file without permissions."""
    try:
        return os.stat(place).st_mode
    except FileNotFoundError:
        return stat.S_IFREG


def _write(file: int, contents: bytes) -> None:
    with os.fdopen(file, "wb") as stream:
        stream.write(contents)
