"""Code as it is in memory now, and its names, for traces, coverage and profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel_model.memory import PAGE_OFFSET, PAGE_SIZE

if TYPE_CHECKING:
    from emu.debuginfo import DebugFile, DebugFiles
    from emu.machine.core import Core
    from emu.machine.machine import Machine
    from kernel_model.kernel import Kernel
    from kernel_model.memory import Ram
    from kernel_model.process import Process


class Code:
    """Reads the code of the process that runs on a core.

    files: the debug information that names it; None where names are not needed.
    """

    def __init__(
        self, core: Core, kernel: Kernel, ram: Ram, files: DebugFiles | None = None
    ) -> None:
        self.core, self.kernel, self.files = core, kernel, files
        self.base, self.end = ram.base, ram.base + ram.size
        self._physical = core.backend.physical
        self._memory = ram.bytes.obj

    @classmethod
    def of(cls, machine: Machine, files: DebugFiles | None = None) -> Code:
        """The code that runs on the first core of a machine."""
        return cls(machine.core, machine.kernel, machine.ram.ram, files)

    @property
    def process(self) -> Process | None:
        """The process that runs on the core."""
        return self.kernel.running[self.core.number]

    @property
    def memory(self) -> bytes:
        """All of RAM, sliced like bytes and without a copy of more than the slice."""
        return self._memory  # type: ignore[return-value]  # a mapping, which memoryview hides

    def offset(self, va: int, size: int) -> int:
        """The offset in RAM of [va, va + size); -1 if it is not contiguous in RAM."""
        pa = self._physical(va)
        if not self.base <= pa <= self.end - size:
            return -1
        if (va & PAGE_OFFSET) + size > PAGE_SIZE and self._physical(va + size - 1) != pa + size - 1:
            return -1
        return pa - self.base

    def read(self, va: int, size: int) -> bytes:
        """The code at [va, va + size), or as much of it as there is."""
        found = b""
        while size:
            part = min(size, PAGE_SIZE - (va & PAGE_OFFSET))
            offset = self.offset(va, part)
            if offset < 0:
                break
            found += self.memory[offset : offset + part]
            va, size = va + part, size - part
        return found

    def file(self, va: int, code: bytes) -> DebugFile | None:
        """The file that has names for ``code`` at ``va`` in the process that runs, if any."""
        process = self.process
        if self.files is None or process is None:
            return None
        return self.files.of(process.pid, va, code)

    def symbol(self, va: int) -> str:
        """``va`` as ``function+0x12``, or "" where it has no name."""
        return symbol_in(self.file(va, self.read(va, 4)), va)


def symbol_in(file: DebugFile | None, va: int) -> str:
    """``va`` as ``function+0x12`` by the names of this file, or ""."""
    symbol = None if file is None else file.symbol_at(va)
    if symbol is None:
        return ""
    return f"{symbol.name}+{va - symbol.va:#x}" if va != symbol.va else symbol.name
