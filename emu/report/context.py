"""What reports read: a machine at rest, one of its processes, and the names of addresses."""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from emu.arm.registers import SP
from emu.cpu.registers import THUMB_BIT
from emu.unwind import StackFrame, Step, backtrace
from kernel_model.abi import NO_ID, FrameType
from kernel_model.descriptors import READ, SECTION_SIZE, WRITE
from kernel_model.frame import Frame
from kernel_model.memory import PAGE_SIZE
from kernel_model.process import Process
from kernel_model.walk import walk

if TYPE_CHECKING:
    from emu.debuginfo import DebugFile, DebugFiles
    from emu.machine.history import History
    from kernel_model.kernel import Kernel

STACK_REACH = SECTION_SIZE
"""How far (bytes) SP may be below a stack, for an overflow of it to be recognised without the
frames of its functions."""

_STEPS = 16
"""Stack frames that are looked through for the one that left the stack: the next ones fault."""

_CODE_COMPARED = 4
"""Bytes of code that are compared to find the file of a child: one instruction."""


class View(NamedTuple):
    """A frame at the address where the process views it."""

    va: int
    frame: Frame

    @property
    def end(self) -> int:
        return self.va + self.frame.view_len

    def __contains__(self, va: object) -> bool:
        return isinstance(va, int) and self.va <= va < self.end


class Overstep(NamedTuple):
    """A stack frame that left its stack: its caller's SP is in the stack, its own is not.

    size: of the stack frame, in bytes.
    """

    stack: View
    step: Step
    size: int

    @property
    def caller_sp(self) -> int:
        """SP of the caller (va)."""
        return self.step.frame.sp + self.size


def views_in(kernel: Kernel, l1: Frame) -> list[View]:
    """All that a vspace maps, in order of address."""
    tables = [l1, *(kernel.frames[f_id] for f_id in l1.installed)]
    frames = [kernel.frames[f_id] for table in tables for f_id in table.views]
    views = [View(kernel.view_va(frame), frame) for frame in frames]
    return sorted(views, key=lambda view: view.va)


class Context:
    """One process of a machine at rest."""

    def __init__(
        self,
        kernel: Kernel,
        history: History,
        debug: DebugFiles,
        process: Process,
        registers: tuple[int, ...] | None = None,
    ) -> None:
        """registers: r0-r12, sp, lr, pc, cpsr of the process, if they are known."""
        self.kernel, self.history, self.debug, self.process = kernel, history, debug, process
        self.registers = registers
        self.memory = kernel.memory
        self._pages: dict[int, int | None] = {}
        self._files: dict[int, DebugFile | None] = {}

    @cached_property
    def views(self) -> list[View]:
        """All that the process's vspace maps, whoever owns it, in order of address."""
        l1 = self.l1
        return [] if l1 is None else views_in(self.kernel, l1)

    @property
    def l1(self) -> Frame | None:
        """The L1 of the process's vspace."""
        return None if self.process.l1 == NO_ID else self.kernel.frames[self.process.l1]

    @property
    def mapper(self) -> Process:
        """The process that maps in this vspace: the process itself, or the one that lent it."""
        l1 = self.l1
        return self.process if l1 is None else self.kernel.processes[l1.owner]

    def view_at(self, va: int) -> View | None:
        return next((view for view in self.views if va in view), None)

    def view_below(self, va: int) -> View | None:
        """The last view that ends at ``va`` or before."""
        return next((view for view in reversed(self.views) if view.end <= va), None)

    def view_above(self, va: int) -> View | None:
        """The first view that begins after ``va``."""
        return next((view for view in self.views if view.va > va), None)

    def view_from(self, va: int) -> View | None:
        """The first view that begins at ``va`` or after."""
        return next((view for view in self.views if view.va >= va), None)

    def read(self, va: int, length: int) -> bytes | None:
        """Bytes that the process itself could read, or None."""
        data = b""
        while length:
            offset = va % PAGE_SIZE
            part = min(length, PAGE_SIZE - offset)
            pa = self._page(va - offset)
            if pa is None:
                return None
            data += self.memory.read(pa + offset, part)
            va, length = va + part, length - part
        return data

    def _page(self, va: int) -> int | None:
        """Where a page is (pa), or None if the process cannot read it."""
        if va not in self._pages:
            self._pages[va] = self._find_page(va & 0xFFFFFFFF)
        return self._pages[va]

    def _find_page(self, va: int) -> int | None:
        if self.process.l1 == NO_ID:
            return None
        found = walk(self.memory, self.kernel.l1_pa(self.process), va)
        readable = found.refusal(READ) is None and self.memory.contains(found.pa, PAGE_SIZE)
        return found.pa if readable else None

    def read_word(self, va: int) -> int | None:
        data = self.read(va, 4)
        return None if data is None else int.from_bytes(data, "little")

    def file_at(self, va: int) -> DebugFile | None:
        """The file that holds this process's code at an address, or None."""
        word = va & ~3
        if word not in self._files:
            code = self.read(word, _CODE_COMPARED)
            self._files[word] = self.debug.of(self.process.pid, word, code or b"")
        return self._files[word]

    @cached_property
    def stack(self) -> View | None:
        """The stack: the view that SP points into or, after an overflow, the one that SP left."""
        if self.registers is None:
            return None
        stack = self._stack_at(self.registers[SP])
        if stack is not None:
            return stack
        if self.overstep is not None:
            return self.overstep.stack
        above = self._next_above(self.registers[SP])
        return above if above is not None and above.frame.view_rights & WRITE else None

    @cached_property
    def overstep(self) -> Overstep | None:
        """The stack frame that left the stack, if SP is in no stack and a caller's SP was."""
        if self.registers is None or self._stack_at(self.registers[SP]) is not None:
            return None
        start = StackFrame(self.registers[:16], bool(self.registers[16] & THUMB_BIT), False)
        last: Step | None = None
        for step in islice(backtrace(start, self.file_at, self.read_word), _STEPS):
            if isinstance(step, str):
                return None
            stack = self._stack_at(step.frame.sp)
            if stack is not None and last is not None:
                return Overstep(stack, last, step.frame.sp - last.frame.sp)
            last = step
        return None

    def _stack_at(self, sp: int) -> View | None:
        """The view of writable memory that this SP points into."""
        view = self.view_at(sp - 1)
        is_memory = view is not None and view.frame.type is FrameType.MEM
        return view if is_memory and view is not None and view.frame.view_rights & WRITE else None

    def _next_above(self, sp: int) -> View | None:
        """The view that SP may have left, by the addresses alone: the next above, in reach."""
        if sp and self.view_at(sp - 1) is not None:
            return None
        view = self.view_from(sp)
        return None if view is None or view.va - sp > STACK_REACH else view
