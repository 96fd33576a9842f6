"""What semihosting needs of a process of ours: its memory, its heap, its end."""

from __future__ import annotations

from collections.abc import Callable

from emu.environment.outside import Outside
from emu.semihosting import BadPointer, HeapInfo, Semihosting
from emu.semihosting.heap import map_heap
from kernel_model import user
from kernel_model.calls.endings import end_process
from kernel_model.errors import Refused
from kernel_model.kernel import Kernel
from kernel_model.memory import PAGE_OFFSET, PAGE_SIZE
from kernel_model.process import Exited, Process


class ProcessMemory:
    """The process's memory, reached as it could itself.

    physical: where the process, which runs, reads an address (pa), or -1: a walk that is kept.
    """

    def __init__(self, kernel: Kernel, process: Process, physical: Callable[[int], int]) -> None:
        self.kernel, self.process, self.physical = kernel, process, physical

    def read(self, va: int, length: int) -> bytes:
        if (va & PAGE_OFFSET) + length <= PAGE_SIZE:
            pa = self.physical(va)
            if self.kernel.memory.contains(pa, length):
                return self.kernel.memory.read(pa, length)
        try:
            return user.read(self.kernel, self.process, va, length)
        except Refused as refusal:
            raise BadPointer(refusal.text) from refusal

    def write(self, va: int, data: bytes) -> None:
        try:
            user.write(self.kernel, self.process, va, data)
        except Refused as refusal:
            raise BadPointer(refusal.text) from refusal


class SemihostedProcess:
    """A process that asks for its heap and for its end."""

    def __init__(self, kernel: Kernel, process: Process, read_sp: Callable[[], int]) -> None:
        """read_sp: the stack pointer (va) of the process, which is running."""
        self.kernel, self.process, self.read_sp = kernel, process, read_sp
        self.mapped_heap: tuple[int, int] | None = None

    def exit(self, status: int) -> None:
        end_process(self.kernel, self.process, Exited(status))

    def heap(self) -> HeapInfo:
        """The heap, mapped on the first question; the stack stays where it is."""
        sp = self.read_sp()
        if self.mapped_heap is None:
            self.mapped_heap = map_heap(self.kernel, self.process, sp)
        return HeapInfo(*self.mapped_heap, sp, 0)


def semihosting_for(
    kernel: Kernel,
    process: Process,
    outside: Outside,
    read_sp: Callable[[], int],
    physical: Callable[[int], int],
    note: Callable[[str], None],
) -> Semihosting:
    """Semihosting for one process: the arguments are those of what it is made of."""
    memory = ProcessMemory(kernel, process, physical)
    return Semihosting(memory, outside, SemihostedProcess(kernel, process, read_sp), note)
