"""A process of the kernel for semihosting: its memory, its heap, its end."""

from __future__ import annotations

from collections.abc import Callable

from emu.cpu.memory import Memory
from emu.environment.outside import Outside
from emu.semihosting import BadPointer, HeapInfo, Semihosting
from emu.semihosting.heap import map_heap
from kernel_model import user
from kernel_model.calls.endings import end_process
from kernel_model.charges import pages
from kernel_model.descriptors import WRITE
from kernel_model.errors import Refused
from kernel_model.kernel import Kernel
from kernel_model.memory import PAGE_SIZE
from kernel_model.process import Exited, Process
from kernel_model.user import Ranges

Place = int | Ranges
"""A place in RAM: an address (pa) if it is in one page."""


class ProcessMemory:
    """The memory of a process, which runs, with the process's own rights.

    ram: that memory, as far as it is RAM.
    """

    def __init__(self, kernel: Kernel, process: Process, ram: Memory) -> None:
        self.kernel, self.process = kernel, process
        self.bytes_at, self.page_place = ram.bytes_at, ram.place

    def charge(self, length: int) -> None:
        self.kernel.charge(pages(length))

    def read(self, va: int, length: int) -> bytes:
        found = self.bytes_at(va, length)
        if found is not None:
            if length > PAGE_SIZE:
                self.charge(length)
            return found
        try:
            return user.read(self.kernel, self.process, va, length)
        except Refused as refusal:
            raise BadPointer(refusal.text) from refusal

    def write(self, va: int, data: bytes) -> None:
        self.store(self.place(va, len(data)), data)

    def place(self, va: int, length: int) -> Place:
        try:
            return user.check_range(self.kernel, self.process, va, length, WRITE)
        except Refused as refusal:
            raise BadPointer(refusal.text) from refusal

    def store(self, place: Place, data: bytes) -> None:
        kernel = self.kernel
        if isinstance(place, int):
            if data:
                kernel.memory.write(place, data)
                kernel.tell_written(place, len(data))
        else:
            user.store(kernel, place, data)


class SemihostedProcess:
    """A process that can be asked for its heap and for its end."""

    def __init__(self, kernel: Kernel, process: Process, read_sp: Callable[[], int]) -> None:
        """read_sp: the stack pointer (va) of the process, which is running."""
        self.kernel, self.process, self.read_sp = kernel, process, read_sp
        self.mapped_heap: tuple[int, int] | None = None

    def exit(self, status: int) -> None:
        end_process(self.kernel, self.process, Exited(status))

    def heap(self) -> HeapInfo:
        """The heap, which the first request maps, and the stack."""
        sp = self.read_sp()
        if self.mapped_heap is None:
            self.mapped_heap = map_heap(self.kernel, self.process, sp)
        return HeapInfo(*self.mapped_heap, sp, 0)


def semihosting_for(
    kernel: Kernel,
    process: Process,
    outside: Outside,
    read_sp: Callable[[], int],
    ram: Memory,
    note: Callable[[str], None],
) -> Semihosting:
    """Semihosting for one process; arguments: see ``ProcessMemory`` and ``SemihostedProcess``."""
    memory = ProcessMemory(kernel, process, ram)
    return Semihosting(memory, outside, SemihostedProcess(kernel, process, read_sp), note)
