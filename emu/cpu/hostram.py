"""RAM as one anonymous host mapping that Unicorn and the kernel model share byte for byte."""

from __future__ import annotations

import ctypes
import mmap
import os
import tempfile

from kernel_model.memory import Ram


class HostRam:
    """``size`` bytes of RAM at physical address ``base``.

    ``ram`` is what the kernel model reads and writes, ``address`` is where the same bytes lie
    in the host: no copies.  The host gives pages on first touch, so big RAM costs nothing.
    """

    def __init__(self, base: int, size: int) -> None:
        self._size = size
        self._file = _nameless_file()
        os.truncate(self._file, size)
        self._views = [mmap.mmap(self._file, size)]
        self.ram = Ram(base, size, memoryview(self._views[0]))
        self.address = self.view(0)

    def view(self, number: int) -> int:
        """The host address of the same bytes once more: each number has its own."""
        while len(self._views) <= number:
            self._views.append(mmap.mmap(self._file, self._size))
        return ctypes.addressof(ctypes.c_char.from_buffer(self._views[number]))

    def __del__(self) -> None:
        os.close(self._file)  # the mappings live on


def _nameless_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("ram")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
