"""RAM as user mode sees it, found fast enough to be read at every block and every fill."""

from __future__ import annotations

from typing import Protocol

from emu import native
from emu.cpu.hostram import HostRam
from kernel_model.descriptors import WRITE
from kernel_model.memory import PAGE_BASE, PAGE_OFFSET, PAGE_SIZE
from kernel_model.walk import walk

ADDRESSES = 1 << 32
"""The size of an address space in bytes."""


class Memory(Protocol):
    """One address space at a time; pages are found by walks and kept until something changes."""

    def use(self, l1: int) -> None:
        """The address space whose L1 table is at ``l1`` (pa) is current now; -1: none."""

    def forget(self) -> None:
        """Descriptors have changed: walk again."""

    def physical(self, va: int) -> int:
        """The address in RAM (pa) that user mode reads at ``va``; -1 if there is none."""

    def bytes_at(self, va: int, length: int) -> bytes | None:
        """What user mode reads in [va, va + length); None if any of that is not in RAM."""

    def place(self, va: int, length: int) -> int:
        """The address in RAM (pa) of ``length`` bytes at ``va``, all in one page.

        -1 if they are not, if there are none, or if user mode may not store to them.
        """


class PythonMemory:
    """The twin of ``emu/native/memory.c``."""

    def __init__(self, host: HostRam) -> None:
        self.ram = host.ram
        self._l1 = -1
        self._found: dict[int, int] = {}

    def use(self, l1: int) -> None:
        self._l1 = l1
        self._found.clear()

    def forget(self) -> None:
        self._found.clear()

    def translate(self, va: int) -> tuple[int, int]:
        """(pa, rights of user mode) of ``va``, if it is in RAM; else (-1, 0)."""
        found = walk(self.ram, self._l1, va)
        if not found.user or not self.ram.contains(found.pa - (found.pa & PAGE_OFFSET), PAGE_SIZE):
            return -1, 0
        return found.pa, found.user

    def physical(self, va: int) -> int:
        page = va & PAGE_BASE
        pa = self._found.get(page)
        if pa is None:
            pa, _ = self.translate(page)
            if pa < 0:
                return -1  # not kept: filling an empty descriptor needs no ``forget``
            self._found[page] = pa
        return pa | va & PAGE_OFFSET

    def bytes_at(self, va: int, length: int) -> bytes | None:
        end = va + length
        if end > ADDRESSES or length > self.ram.size:
            return None
        found = []
        while va < end:
            part = min(end - va, PAGE_SIZE - (va & PAGE_OFFSET))
            pa = self.physical(va)
            if pa < 0:
                return None
            found.append(self.ram.read(pa, part))
            va += part
        return b"".join(found)

    def place(self, va: int, length: int) -> int:
        if not 0 < length <= PAGE_SIZE - (va & PAGE_OFFSET) or va >= ADDRESSES:
            return -1
        pa, rights = self.translate(va)
        return pa if rights & WRITE else -1

    def read(self, va: int, size: int) -> bytes:
        """The bytes at ``va``, if they are in RAM and in one page; else b""."""
        pa = self.physical(va)
        if pa < 0 or (va & PAGE_OFFSET) + size > PAGE_SIZE:
            return b""
        return self.ram.read(pa, size)

    def halfword(self, va: int) -> int:
        """The two bytes at ``va``, which is even; 0 where there is no memory."""
        pa = self.physical(va)
        return 0 if pa < 0 else int.from_bytes(self.ram.read(pa, 2), "little")


def make_memory(host: HostRam) -> Memory:
    """The C version if it is built, else the Python one."""
    if native.hooks is None:
        return PythonMemory(host)
    memory: Memory = native.hooks.Memory(host.address, host.ram.base, host.ram.size)
    return memory
