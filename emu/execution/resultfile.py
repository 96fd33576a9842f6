"""The file of a run's result: written beside its place when the run is over, and then put there.

So nobody finds half a file, and what was there before stays until there is something better.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable


class ResultFile:
    """A file that is written once, but made before the run: mistakes show then.

    what: it is to hold.  note: told in one line if it cannot be written.  Errors: OSError.
    """

    def __init__(self, path: str, what: str, note: Callable[[str], None]) -> None:
        self._path, self._what, self._note = path, what, note
        self._place = os.path.realpath(path)
        self._beside: str | None = f"{self._place}.{os.getpid()}.partial"
        try:
            mode = os.stat(self._place).st_mode
        except FileNotFoundError:
            mode = stat.S_IFREG
        if stat.S_ISREG(mode):
            self._fd = os.open(self._beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            if stat.S_IMODE(mode):
                os.fchmod(self._fd, stat.S_IMODE(mode))
        else:  # a pipe or a device has no half
            self._fd, self._beside = os.open(path, os.O_WRONLY), None

    def write(self, make: Callable[[], bytes]) -> None:
        """Make the contents, and put them where they belong."""
        try:
            try:
                with os.fdopen(self._fd, "wb") as stream:
                    stream.write(make())
                if self._beside is not None:
                    os.replace(self._beside, self._place)
            except BaseException:
                self._drop()
                raise
        except OSError as error:
            self._note(f"{self._path}: {error.strerror}: there is no {self._what}")

    def _drop(self) -> None:
        if self._beside is not None:
            os.unlink(self._beside)
