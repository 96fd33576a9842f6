"""The frames boot: proc0 starts as the owner of all memory that the kernel does not use.

What proc0 finds, from low to high addresses: its segments where the program wants them; then
the system area, the last 16 MiB below the kernel that no segment needs:

    base      read-only views of the L1 and of every L2
              the information page (r0)
      ...     free addresses, already covered by a visible L2: room for more tables
              guard page, unmapped
    top       the stack (sp = top, or below the block of thread-local variables, if there are any)

Source: docs/kernel.md, "Boot"; rules 1 and 7.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from kernel_model.abi import (
    BOOT_ARGS_SIZE,
    BOOT_INFO_STRUCT,
    KERNEL_VA,
    MAP_NOEXEC,
    MAP_READ,
    MAP_WRITE,
    FrameType,
    ProcState,
    TableType,
)
from kernel_model.call import CallTable
from kernel_model.convention import Convention
from kernel_model.descriptors import COARSE_SIZE, EXEC, L1_SIZE, SECTION_SIZE, WRITE
from kernel_model.frame import Frame
from kernel_model.host import Host
from kernel_model.image import Image, Segment
from kernel_model.kernel import KERNEL_SIZE, PROC0, Device, Kernel
from kernel_model.mapping import enter_view, install_table
from kernel_model.memory import PAGE_BASE, PAGE_SIZE, PhysicalMemory
from kernel_model.process import Process, Start
from kernel_model.syscalls import STANDARD

SYSTEM_AREA_SIZE = 16 * SECTION_SIZE
L2_PAGE_SPAN = PAGE_SIZE // COARSE_SIZE * SECTION_SIZE
"""Bytes of address space that a 4 KiB L2, four coarse tables, translates."""

MAX_STACK = 8 * SECTION_SIZE
MIN_STACK = 16 * PAGE_SIZE


class BootError(Exception):
    """The program does not fit the machine; the message is one line for the user."""


class Chunk(NamedTuple):
    """Segments that share pages and therefore a frame: whole pages at ``va``, rights united."""

    va: int
    size: int
    rights: int
    segments: tuple[Segment, ...]

    @property
    def end(self) -> int:
        return self.va + self.size


def boot(
    memory: PhysicalMemory,
    image: Image,
    arguments: bytes = b"",
    devices: tuple[Device, ...] = (),
    host: Host | None = None,
    calls: Convention | CallTable = STANDARD,
    cores: int = 1,
    kernel_base: int | None = None,
) -> Kernel:
    """Boot a kernel that is about to run ``image`` as proc0.

    arguments: the command line, for the information page; at most 255 bytes.
    calls: the convention that programs use.  cores: how many the machine has.
    kernel_base: where the kernel's own memory begins (pa): at the start of RAM for this boot.
    Errors: BootError, when the program does not fit the machine.
    """
    if len(arguments) >= BOOT_ARGS_SIZE:
        raise BootError(
            f"the command line is {len(arguments)} bytes, more than {BOOT_ARGS_SIZE - 1}"
        )
    kernel = Kernel(memory, calls, host, devices, cores, kernel_base)
    if kernel.start != memory.base:
        raise ValueError(f"boot: the kernel at {kernel.start:#x} is not where RAM begins")
    memory.zero(kernel.start, KERNEL_SIZE)
    proc0 = kernel.add_process(parent=-1)
    proc0.room = kernel.boot_room
    _Boot(kernel, proc0, image, arguments).run()
    proc0.state = ProcState.READY
    kernel.running[0] = proc0
    return kernel


def chunks(image: Image) -> list[Chunk]:
    """The image's segments grouped into frames: segments that share a page share a frame."""
    gathered: list[Chunk] = []
    segments = [segment for segment in image.segments if segment.size]
    for segment in sorted(segments, key=lambda segment: segment.va):
        va = segment.va & PAGE_BASE
        end = _page_up(segment.end)
        if gathered and va < gathered[-1].end:
            last = gathered.pop()
            size = max(end, last.end) - last.va
            both = (*last.segments, segment)
            gathered.append(Chunk(last.va, size, last.rights | segment.rights, both))
        else:
            gathered.append(Chunk(va, end - va, segment.rights, (segment,)))
    return gathered


def _page_up(value: int) -> int:
    return (value + PAGE_SIZE - 1) & -PAGE_SIZE


def _spans(parts: list[Chunk], area: int) -> list[tuple[int, int]]:
    """Runs (va, bytes) of 4 MiB blocks that need an L2; each run gets one L2 frame."""
    blocks: set[int] = set(range(area, area + SYSTEM_AREA_SIZE, L2_PAGE_SPAN))
    for part in parts:
        first = part.va // L2_PAGE_SPAN * L2_PAGE_SPAN
        blocks.update(range(first, part.end, L2_PAGE_SPAN))
    runs: list[tuple[int, int]] = []
    for block in sorted(blocks):
        if runs and sum(runs[-1]) == block:
            runs[-1] = (runs[-1][0], runs[-1][1] + L2_PAGE_SPAN)
        else:
            runs.append((block, L2_PAGE_SPAN))
    return runs


def _system_area(parts: list[Chunk]) -> int:
    """The highest 16 MiB below the kernel whose L2s no segment shares."""
    for area in range(KERNEL_VA - SYSTEM_AREA_SIZE, 0, -SYSTEM_AREA_SIZE):
        if all(part.end <= area or area + SYSTEM_AREA_SIZE <= part.va for part in parts):
            return area
    raise BootError("the program's segments leave no 16 MiB for its tables and its stack")


def _stack_size(ram: int) -> int:
    """Bytes of stack that proc0 gets in a machine of ``ram`` bytes."""
    return max(MIN_STACK, min(MAX_STACK, ram // 16 & -PAGE_SIZE))


def _enough_ram(fixed: int) -> int:
    """The least RAM, in bytes of whole MiB, that holds ``fixed`` bytes and its stack."""
    ram = SECTION_SIZE
    while fixed + _stack_size(ram) > ram:
        ram += SECTION_SIZE
    return ram


class _Boot:
    """One boot: hands out RAM from the kernel's end upwards."""

    def __init__(self, kernel: Kernel, proc0: Process, image: Image, arguments: bytes) -> None:
        self.kernel, self.proc0, self.image = kernel, proc0, image
        self.memory = kernel.memory
        self.arguments = arguments
        self.chunks = chunks(image)
        _check_places(self.chunks)
        self.area = _system_area(self.chunks)
        self.spans = _spans(self.chunks, self.area)
        self.block = image.thread_local.room if image.thread_local else 0
        self.stack = _stack_size(self.memory.size) + _page_up(self.block)
        self.next_pa = kernel.end
        self._check_fits()
        self._check_pool()

    def _check_fits(self) -> None:
        tables = sum(size for _, size in self.spans) // L2_PAGE_SPAN * PAGE_SIZE
        program = sum(chunk.size for chunk in self.chunks)
        fixed = KERNEL_SIZE + L1_SIZE + tables + PAGE_SIZE + program
        if fixed + self.stack > self.memory.size:
            enough = _enough_ram(fixed + _page_up(self.block)) // SECTION_SIZE
            raise BootError(
                f"the program needs {fixed + self.stack:#x} bytes of RAM and there are "
                f"{self.memory.size:#x}: use --ram {enough}M or more"
            )
        if L1_SIZE + tables + 2 * PAGE_SIZE + self.stack > SYSTEM_AREA_SIZE:
            raise BootError("the program's addresses need more tables than the system area holds")

    def _check_pool(self) -> None:
        of_its_own = 4  # the L1, the information page, the stack, the rest of RAM
        frames = of_its_own + len(self.spans) + len(self.chunks) + len(self.kernel.devices)
        if frames > self.proc0.free_room:
            raise BootError(
                f"the program takes {frames} frames and the kernel has room for "
                f"{self.proc0.free_room}: link its segments closer together"
            )

    def run(self) -> None:
        """Make all frames, in the order in which proc0 finds them in its list."""
        l1 = self._take(L1_SIZE)
        l1.table = TableType.L1
        self.kernel.editor.start_l1(l1)
        self.kernel.set_vspace(self.proc0, l1)
        tables = [self._install_l2(l1, va, size) for va, size in self.spans]
        info = self._take(PAGE_SIZE)
        read_only = MAP_READ | MAP_NOEXEC
        next_va = self.area
        for frame in (l1, *tables, info):
            self._view(frame, next_va, read_only)
            next_va += frame.len
        for chunk in self.chunks:
            self._load(chunk)
        top = self.area + SYSTEM_AREA_SIZE
        noexec = 0 if self.image.is_stack_executable else MAP_NOEXEC
        stack = self._take(self.stack)
        self._view(stack, top - self.stack, MAP_READ | MAP_WRITE | noexec)
        sp = self._put_thread_local(stack, top)
        self._fill_info(info)
        self._give_the_rest()
        self.proc0.resume = Start(self.image.entry, sp, self.kernel.view_va(info))

    def _take(self, length: int) -> Frame:
        """The next ``length`` bytes of RAM, zeroed, as a frame of proc0."""
        frame = self.kernel.make_frame(self.proc0, FrameType.MEM, self.next_pa, length)
        self.memory.zero(frame.pa, length)
        self.next_pa += length
        return frame

    def _install_l2(self, l1: Frame, va: int, size: int) -> Frame:
        table = self._take(size // L2_PAGE_SPAN * PAGE_SIZE)
        table.table = TableType.L2
        install_table(self.kernel, table, l1, va)
        return table

    def _view(self, frame: Frame, va: int, flags: int) -> None:
        table = next(
            table
            for table in map(self.kernel.frames.__getitem__, self.proc0.frames)
            if table.table is TableType.L2 and va in table.span
        )
        enter_view(self.kernel, frame, table, va - table.t_va, flags)

    def _load(self, chunk: Chunk) -> None:
        frame = self._take(chunk.size)
        for segment in chunk.segments:
            self.memory.write(frame.pa + segment.va - chunk.va, segment.data)
        write = MAP_WRITE if chunk.rights & WRITE else 0
        noexec = 0 if chunk.rights & EXEC else MAP_NOEXEC
        self._view(frame, chunk.va, MAP_READ | write | noexec)

    def _put_thread_local(self, stack: Frame, top: int) -> int:
        """Put the thread-local variables at the stack's top; returns the top below them (va)."""
        own = self.image.thread_local
        if own is None:
            return top
        block = top - self.block
        self.memory.write(stack.end - self.block + own.offset, own.data)
        self.proc0.thread_pointer = block
        return block

    def _fill_info(self, info: Frame) -> None:
        boot_info = struct.pack(
            BOOT_INFO_STRUCT, self.kernel.start, KERNEL_SIZE, 0, 0, 0, self.arguments
        )
        self.memory.write(info.pa, boot_info)

    def _give_the_rest(self) -> None:
        rest = self.memory.base + self.memory.size - self.next_pa
        if rest:
            self.kernel.make_frame(self.proc0, FrameType.MEM, self.next_pa, rest)
        for device in self.kernel.devices:
            self.kernel.make_frame(self.proc0, FrameType.IO, device.pa, device.size)


def _check_places(parts: list[Chunk]) -> None:
    for part in parts:
        if part.end > KERNEL_VA:
            raise BootError(
                f"a segment at {part.va:#x} overlaps the kernel, which begins at {KERNEL_VA:#x}: "
                "link the program lower"
            )
        if part.va == 0:
            raise BootError("a segment uses page 0, which is never mapped: link the program higher")


__all__ = ["PROC0", "BootError", "boot", "chunks"]
