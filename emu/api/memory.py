"""Memory by virtual address of any process, and by physical address."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from emu.api.running import Running
from emu.machine.machine import Machine as Engine
from kernel_model.abi import NO_ID, FrameType
from kernel_model.memory import PAGE_BASE, PAGE_SIZE
from kernel_model.process import Process
from kernel_model.walk import walk

LONGEST_STRING = 1 << 20


class AddressError(LookupError):
    """There is no memory at an address, or it may not be written; the text says which."""


class Memory:
    """Bytes at addresses, read and written as a debugger does, whatever user mode may access.

    Words are little-endian.  Errors of all methods: AddressError; of those that write also
    MachineRunningError, while the machine runs and no callback is told of an event.  The program
    sees a write at once, in code too.  Tables cannot be written: they are the kernel's.
    """

    def __init__(
        self, engine: Engine, physical: Callable[[int], int], running: Running | None
    ) -> None:
        """physical: gives the pa of an address.  Its errors: AddressError.

        running: for a script's machine, which it may write to only at times.
        """
        self._engine, self._physical, self._running = engine, physical, running

    def read(self, address: int, length: int) -> bytes:
        """The bytes at [address, address + length)."""
        ram = self._engine.ram.ram
        return b"".join(ram.read(pa, size) for pa, size in self._pieces(address, length))

    def write(self, address: int, data: bytes) -> None:
        """Write bytes at ``address``: all of them, or none."""
        if self._running is not None:
            self._running.check_settled("Memory.write")
        pieces = list(self._pieces(address, len(data)))
        for pa, _ in pieces:
            self._check_writable(pa)
        done = 0
        for pa, size in pieces:
            self._engine.ram.ram.write(pa, data[done : done + size])
            for core in self._engine.cores:
                core.backend.written(pa, size)
            done += size
        if self._running is not None:
            self._running.written(None)

    def read_word(self, address: int) -> int:
        """The 32-bit word at ``address``."""
        return int.from_bytes(self.read(address, 4), "little")

    def write_word(self, address: int, word: int) -> None:
        """Write a 32-bit word at ``address``."""
        self.write(address, (word & 0xFFFFFFFF).to_bytes(4, "little"))

    def read_string(self, address: int) -> str:
        """The bytes up to a NUL as UTF-8, with invalid bytes replaced."""
        text = bytearray()
        while len(text) < LONGEST_STRING:
            at = address + len(text)
            piece = self.read(at, (at & PAGE_BASE) + PAGE_SIZE - at)
            end = piece.find(b"\0")
            text += piece if end < 0 else piece[:end]
            if end >= 0:
                break
        return text.decode(errors="replace")

    def _pieces(self, address: int, length: int) -> Iterator[tuple[int, int]]:
        """(pa, size) of the pieces of [address, address + length), none across a page border."""
        if length < 0 or not 0 <= address <= (1 << 32) - length:
            raise AddressError(f"{length} bytes at {address:#x} are not within 32 bits")
        ram, end = self._engine.ram.ram, address + length
        while address < end:
            size = min(end, (address & PAGE_BASE) + PAGE_SIZE) - address
            pa = self._physical(address)
            if not ram.contains(pa, size):
                raise AddressError(f"{address:#010x} is not in RAM")
            yield pa, size
            address += size

    def _check_writable(self, pa: int) -> None:
        kernel = self._engine.kernel
        frame = kernel.frame_at(pa)
        if kernel.start <= pa < kernel.end:
            raise AddressError(f"{pa:#010x} (pa) is the kernel's")
        if frame is not None and (frame.is_table or frame.type is FrameType.PROC):
            raise AddressError(f"{pa:#010x} (pa) is in {frame}, which only the kernel writes")


def physical_memory(engine: Engine, running: Running | None = None) -> Memory:
    """RAM by physical address."""
    return Memory(engine, lambda pa: pa, running)


def virtual_memory(engine: Engine, process: Process, running: Running | None = None) -> Memory:
    """Memory as the tables of a process map it at the time of each access."""

    def physical(va: int) -> int:
        if process.l1 == NO_ID:
            raise AddressError(f"process {process.pid} has no address space")
        found = walk(engine.ram.ram, engine.kernel.l1_pa(process), va)
        if found.fault is not None:
            raise AddressError(f"{va:#010x}: {found.fault.text}")
        return found.pa

    return Memory(engine, physical, running)
