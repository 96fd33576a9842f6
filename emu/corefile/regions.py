"""What a process has mapped, with names: its program, heap, stacks, and frames."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from emu.corefile.programs import Program, program_of
from emu.machine.machine import Machine
from kernel_model.abi import NO_ID, FrameType
from kernel_model.frame import Frame
from kernel_model.memory import PAGE_BASE, PAGE_SIZE
from kernel_model.process import Process
from kernel_model.walk import mapped

_KINDS = {FrameType.IO: "device", FrameType.PROC: "process", FrameType.POOL: "pool"}

Piece = tuple[int, int]
"""(pa, bytes)."""


class Region(NamedTuple):
    """Mapped addresses [va, va + size) with the same rights of the process, and the same name.

    rights: READ, WRITE, EXEC.  offset: in the file whose path the name is, if ``is_file``.
    pieces: the physical memory, in order of address (va); none where there is no RAM.
    """

    va: int
    size: int
    rights: int
    name: str
    is_file: bool
    offset: int
    pieces: tuple[Piece, ...]

    @property
    def end(self) -> int:
        return self.va + self.size


def threads_of(machine: Machine, process: Process) -> list[Process]:
    """The processes whose vspace is this process's: the process first, then by pid."""
    if process.l1 == NO_ID:
        return [process]
    users = sorted(machine.kernel.frames[process.l1].users)
    return [process, *(machine.kernel.processes[pid] for pid in users if pid != process.pid)]


def regions(machine: Machine, process: Process, programs: Sequence[Program]) -> list[Region]:
    """What a process can access, in order of address.

    programs: files for names; the first is proc0's.  The kernel's own mappings are left out.
    """
    if process.l1 == NO_ID:
        return []
    parts = _parts(machine, process, _Names(machine, process, programs))
    return [joined(group) for group in groups(parts, _continues)]


def groups(
    parts: Iterable[Region], continues: Callable[[Region, Region], bool]
) -> Iterator[list[Region]]:
    """Consecutive regions of which each ``continues`` the one before."""
    group: list[Region] = []
    for part in parts:
        if group and not continues(group[-1], part):
            yield group
            group = []
        group.append(part)
    if group:
        yield group


def joined(group: list[Region]) -> Region:
    """Regions one after the other as one, with what the first has."""
    pieces: list[Piece] = []
    for pa, size in (piece for region in group for piece in region.pieces):
        if pieces and sum(pieces[-1]) == pa:
            pa, size = pieces[-1][0], pieces.pop()[1] + size
        pieces.append((pa, size))
    return group[0]._replace(size=group[-1].end - group[0].va, pieces=tuple(pieces))


def _continues(last: Region, region: Region) -> bool:
    offset = last.offset + last.size if region.is_file else 0
    return (last.end, last.rights, last.name, offset) == (
        region.va, region.rights, region.name, region.offset,
    ) and bool(last.pieces) == bool(region.pieces)  # fmt: skip


def _parts(machine: Machine, process: Process, names: _Names) -> Iterator[Region]:
    """Regions that end where the frame, the rights or the name do."""
    kernel = machine.kernel
    frames = sorted(kernel.frames.values(), key=attrgetter("pa"))
    starts = [frame.pa for frame in frames]
    for run in mapped(kernel.memory, kernel.l1_pa(process)):
        va, shift = run.va, run.pa - run.va
        while run.user and va < run.end:
            at = bisect_right(starts, va + shift) - 1
            frame = frames[at] if at >= 0 and va + shift < frames[at].end else None
            end = run.end if frame is None else min(run.end, frame.end - shift)
            name, is_file, offset, end = names.of(va, end, frame)
            is_ram = kernel.memory.contains(va + shift, end - va)
            pieces = ((va + shift, end - va),) if is_ram else ()
            yield Region(va, end - va, run.user, name, is_file, offset, pieces)
            va = end


class _Names:
    """The names of one process's memory."""

    def __init__(self, machine: Machine, process: Process, programs: Sequence[Program]) -> None:
        self._program = program_of(machine.kernel, process, programs)
        self._heap = machine.sessions.heap_of(process) or (0, 0)
        self._stacks = {}
        for thread in threads_of(machine, process):
            sp = machine.state_of(thread).core[13]
            self._stacks[sp - 1] = "[stack]" if thread is process else f"[stack:{thread.pid + 1}]"

    def of(self, va: int, end: int, frame: Frame | None) -> tuple[str, bool, int, int]:
        """The name at ``va``, whether it is a file's, the offset in it, and the name's end.

        The end is at most ``end``, to which one frame is mapped.
        """
        low, high = self._heap
        if low <= va < high:
            return "[heap]", False, 0, min(end, high)
        end = min(end, low) if va < low < high else end
        for load in self._program.loads if self._program is not None else ():
            first, last = load.vaddr & PAGE_BASE, load.vaddr + load.memsz + ~PAGE_BASE & PAGE_BASE
            if va < first:
                end = min(end, first)
            elif va < last:
                assert self._program is not None
                offset = load.offset - (load.vaddr - va)
                return self._program.path, True, offset & -PAGE_SIZE, min(end, last)
        stacks = [name for sp, name in self._stacks.items() if va <= sp < end]
        return (stacks[0] if stacks else _title(frame)), False, 0, end


def _title(frame: Frame | None) -> str:
    if frame is None:
        return ""
    if frame.is_table:
        return f"[{frame.table.name} table {frame.f_id}]"
    return f"[{_KINDS.get(frame.type, 'frame')} {frame.f_id}]"
