"""RAM as one anonymous host mapping that Unicorn and the kernel model share byte for byte."""

from __future__ import annotations

import ctypes
import mmap

from kernel_model.memory import Ram


class HostRam:
    """``size`` bytes of RAM at physical address ``base``.

    ``ram`` is what the kernel model reads and writes, ``address`` is where the same bytes lie
    in the host: no copies.  The host gives pages on first touch, so big RAM costs nothing.
    """

    def __init__(self, base: int, size: int) -> None:
        self._mapping = mmap.mmap(-1, size)
        self.ram = Ram(base, size, memoryview(self._mapping))
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._mapping))
