"""Where the source files of a program are on this host."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import PurePosixPath


class SourceFiles:
    """Finds the files that debug information names: as named, or under some directories.

    missing: the names of those that were not found.
    """

    def __init__(self, directories: Sequence[str] = ()) -> None:
        self._directories = tuple(directories)
        self.missing: set[str] = set()
        self.find = cache(self._find)

    def _find(self, path: str) -> str | None:
        """A path that can be opened, or None.

        Under a directory the end of the path is looked for, the longest end first: the sources of
        a program that was built elsewhere are found by what both trees have in common.
        """
        if os.path.isfile(path):
            return path
        parts = [part for part in PurePosixPath(path).parts if part not in ("/", "..")]
        for directory in self._directories:
            for first in range(len(parts)):
                candidate = os.path.join(directory, *parts[first:])
                if os.path.isfile(candidate):
                    return candidate
        self.missing.add(path)
        return None
