"""What must hold after every call: each invariant a named function with its reason.

``check_invariants`` runs them all.  A broken invariant is a defect of the kernel, never of a
guest, and raises.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache
from operator import attrgetter

from kernel_model.abi import (
    KERNEL_VA,
    MAP_KIND_MASK,
    MAP_WRITE,
    MESSAGE_SIZE,
    NO_ID,
    POOL_OBJECT_SIZE,
    FrameType,
    MapKind,
    ProcState,
    TableType,
)
from kernel_model.descriptors import (
    AP_KERNEL_RW,
    COARSE_SIZE,
    L1_ENTRIES,
    NORMAL,
    SECTION_SIZE,
    Coarse,
    Invalid,
    SmallPage,
    decode_l1,
    user_rights,
)
from kernel_model.frame import Frame
from kernel_model.kernel import PROC0, Kernel
from kernel_model.mapping import coarse_words, view_words
from kernel_model.memory import PAGE_OFFSET
from kernel_model.window import FIRST_KERNEL_ENTRY, kernel_entries, window_table


class InvariantError(AssertionError):
    """An invariant does not hold: the kernel has a defect."""


Check = Callable[[Kernel], Iterator[str]]
INVARIANTS: dict[str, tuple[str, Check]] = {}
"""Every invariant by name: its reason, and the function that yields each violation."""


def invariant(reason: str) -> Callable[[Check], Check]:
    """Register a function as an invariant."""

    def enter(check: Check) -> Check:
        INVARIANTS[check.__name__] = (reason, check)
        return check

    return enter


def check_invariants(kernel: Kernel) -> None:
    """Run every invariant.  Errors: InvariantError, naming it, its reason and the values."""
    for name, (reason, check) in INVARIANTS.items():
        for wrong in check(kernel):
            raise InvariantError(f"{name}: {wrong} ({reason})")


@invariant("a byte with two owners breaks isolation, and a byte without an owner is lost")
def frames_tile_memory(kernel: Kernel) -> Iterator[str]:
    """Kernel memory and all frames together are exactly RAM and the devices (rule 1)."""
    runs: list[tuple[int, int]] = []
    start = at = 0
    for frame in sorted(kernel.frames.values(), key=attrgetter("pa")):
        pa, length = frame.pa, frame.len
        if (pa | length) & PAGE_OFFSET or length <= 0:
            yield f"{frame} is not whole pages"
        if pa != at:
            if pa < at:
                yield f"{frame} overlaps the frame below it"
            runs.append((start, at))
            start = pa
        at = pa + length
    runs.append((start, at))
    if kernel.is_device_tree_boot:
        return
    ram = kernel.memory
    wanted = [(kernel.end, ram.base + ram.size)]
    wanted += [(device.pa, device.pa + device.size) for device in kernel.devices]
    if _joined(runs) != _joined(sorted(wanted)):
        yield "the frames are not RAM and the devices"


def _joined(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted runs, adjacent ones joined, empty ones dropped."""
    joined: list[tuple[int, int]] = []
    for start, end in runs:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        elif end > start:
            joined.append((start, end))
    return joined


@invariant("a frame in two lists could be given twice, and one in none is never freed")
def frames_have_one_owner(kernel: Kernel) -> Iterator[str]:
    """Each frame is in its owner's list and in no other list (rule 2)."""
    listed = [
        (f_id, process.pid) for process in kernel.processes.values() for f_id in process.frames
    ]
    owners = dict(listed)
    if len(owners) != len(listed):
        yield "a frame is in two lists"
    for f_id, frame in kernel.frames.items():
        if owners.get(f_id) != frame.owner or frame.f_id != f_id:
            yield f"{frame} of process {frame.owner} is listed by {owners.get(f_id)}"
    if len(owners) != len(kernel.frames):
        yield "a list names a frame that does not exist"


@invariant("with a wrong count the kernel would run out of memory that it believes it has")
def accounts_are_exact(kernel: Kernel) -> Iterator[str]:
    """Each frame, and each record outside a PROC frame, is charged to one account (rule 3).

    That includes the record of a dead child whose parent has not received the report.
    """
    charged = Counter(frame.account for frame in kernel.frames.values())
    for process in kernel.processes.values():
        if process.record == NO_ID and process.pid != PROC0:
            charged[process.account] += 1
        charged[process.pid] += sum(death.record == NO_ID for death in process.deaths)
    for process in kernel.processes.values():
        if process.charged != charged.pop(process.pid, 0):
            yield f"process {process.pid} is charged with {process.charged} objects"
        if process.free_room < 0:
            yield f"process {process.pid} is charged with {process.charged} of {process.room}"
    if any(charged.values()):
        yield f"objects are charged to no living process: {dict(charged)}"


@invariant("a link that leads nowhere, or one way only, lets a mapping outlive its frame")
def links_go_both_ways(kernel: Kernel) -> Iterator[str]:
    """A frame's view and place are recorded in the frame and in the table alike."""
    frames = kernel.frames
    for frame in frames.values():
        if frame.v_id == NO_ID:
            if frame.v_off or frame.v_flags:
                yield f"{frame} records a view that it no longer has"
        elif frame.f_id not in _views(kernel, frame.v_id):
            yield f"table {frame.v_id} does not know its view of {frame}"
        if frame.t_id == NO_ID:
            if frame.t_va:
                yield f"{frame} records a place that it no longer has"
        elif frame.f_id not in _installed(kernel, frame.t_id):
            yield f"table {frame.t_id} does not know that {frame} is installed in it"
        if not frame.views and not frame.installed:
            continue
        if not frame.is_table:
            yield f"{frame} is no table and has entries"
        for f_id in frame.views:
            if f_id not in frames or frames[f_id].v_id != frame.f_id:
                yield f"{frame} claims a view of {f_id}"
        for f_id in frame.installed:
            if f_id not in frames or frames[f_id].t_id != frame.f_id:
                yield f"{frame} claims that {f_id} is installed in it"


def _views(kernel: Kernel, f_id: int) -> dict[int, None]:
    return kernel.frames[f_id].views if f_id in kernel.frames else {}


def _installed(kernel: Kernel, f_id: int) -> dict[int, None]:
    return kernel.frames[f_id].installed if f_id in kernel.frames else {}


@invariant("no call could take away the access that an unrecorded descriptor gives")
def descriptors_are_accounted_for(kernel: Kernel) -> Iterator[str]:
    """A table holds the entries of its views and its installed tables, and no others."""
    for table in kernel.frames.values():
        if table.table is TableType.NO:
            continue
        end = FIRST_KERNEL_ENTRY * 4 if table.table is TableType.L1 else table.len
        expected, wrong = _due(end, tuple(_claimed(kernel, table)))
        for text in wrong:
            yield text.format(f_id=table.f_id)
        found = kernel.memory.read(table.pa, end)
        if found != expected:
            pairs = zip(array("I", found), array("I", expected), strict=True)
            index, (word, due) = next((n, pair) for n, pair in enumerate(pairs) if len({*pair}) > 1)
            yield f"entry {index:#x} of table {table.f_id} is {word:#x}, not {due:#x}"


@lru_cache(maxsize=64)  # most tables are the same after the next call
def _due(length: int, claims: tuple[tuple[int, bytes], ...]) -> tuple[bytes, list[str]]:
    """The ``length`` bytes that a table should hold, and what is wrong with claims to its entries.

    claims: first entry and words of each.
    """
    expected, wrong = bytearray(length), []
    for index, words in claims:
        start, end = index * 4, index * 4 + len(words)
        if end > length:
            wrong.append(f"table {{f_id}} has no entries from {index:#x} on for {len(words) // 4}")
            continue
        if any(expected[start:end]):
            wrong.append(f"two mappings claim entries from {index:#x} on of table {{f_id}}")
        expected[start:end] = words
    return bytes(expected), wrong


def _claimed(kernel: Kernel, table: Frame) -> Iterator[tuple[int, bytes]]:
    """First entry and words of each view and each installed table that a table should hold.

    The kernel's part of an L1 is checked by another invariant.
    """
    frames = kernel.frames
    for frame in (frames[f_id] for f_id in table.views if f_id in frames):
        yield _view(frame.type, frame.pa, frame.len, frame.v_off, frame.v_flags, frame.table)
    for frame in (frames[f_id] for f_id in table.installed if f_id in frames):
        yield frame.t_va // SECTION_SIZE, coarse_words(frame).tobytes()


def _kernel_part(kernel: Kernel, l1: Frame) -> bytes:
    """The kernel's entries of an L1, as they are in memory."""
    pa = l1.pa + FIRST_KERNEL_ENTRY * 4
    return kernel.memory.read(pa, (L1_ENTRIES - FIRST_KERNEL_ENTRY) * 4)


@lru_cache(maxsize=1 << 14)  # most views are the same after the next call
def _view(
    type_: FrameType, pa: int, length: int, offset: int, flags: int, table: TableType
) -> tuple[int, bytes]:
    """First entry and words of the page view of a frame with these properties."""
    frame = Frame(0, type_, pa, length, 0, 0, table, v_id=0, v_off=offset, v_flags=flags)
    return offset // frame.view_unit, view_words(frame, flags).tobytes()


@invariant("a process that can write a table can map anything")
def tables_are_never_writable(kernel: Kernel) -> Iterator[str]:
    """No view lets user mode write a table or a PROC frame (rules 7 and 11)."""
    for frame in kernel.frames.values():
        writable = frame.v_flags & MAP_WRITE and frame.is_viewed
        if writable and (frame.is_table or frame.type is FrameType.PROC):
            yield f"{frame} is viewed writable"


@invariant("reading the kernel's objects reveals what others own; writing them takes it")
def kernel_memory_is_never_viewed(kernel: Kernel) -> Iterator[str]:
    """No frame reaches into the kernel's own memory, and pool frames have no view (rule 3)."""
    end = kernel.end
    for frame in kernel.frames.values():
        if frame.pa < end and kernel.start < frame.end:
            yield f"{frame} reaches into the kernel"
        if frame.type is FrameType.POOL and frame.is_viewed:
            yield f"{frame} is viewed"


@invariant("the kernel must be the same in every vspace, and out of reach of programs")
def kernel_entries_are_the_same_everywhere(kernel: Kernel) -> Iterator[str]:
    """Every L1 ends in the same entries, none of which gives user mode access (rule 14)."""
    wanted = kernel_entries(kernel.start, len(kernel.editor.windows)).tobytes()
    for frame in kernel.frames.values():
        if frame.table is TableType.L1 and _kernel_part(kernel, frame) != wanted:
            yield f"the kernel's part of table {frame.f_id} differs"
    for word in filter(None, kernel_entries(kernel.start, len(kernel.editor.windows))):
        entry = decode_l1(word)
        if not isinstance(entry, Invalid | Coarse) and user_rights(entry):
            yield f"{word:#x} lets user mode into the kernel"


@invariant("cores that shared a window would write into each other's tables")
def windows_show_one_page_each(kernel: Kernel) -> Iterator[str]:
    """A core's window maps the page that it edits and nothing else, privileged-only (rule 14)."""
    for core, window in enumerate(kernel.editor.windows):
        table = window_table(kernel.start, core)
        words = kernel.memory.read_words(table, COARSE_SIZE // 4)
        due = SmallPage(window.page, AP_KERNEL_RW, 1, NORMAL).encode() if window.page else 0
        if words[0] != due or any(words[1:]):
            yield f"the window of core {core} does not show {window.page:#x} alone"


@invariant("a mapping in another process's table would survive the loss of the frame")
def trees_have_one_owner(kernel: Kernel) -> Iterator[str]:
    """What a table maps has the table's owner and fits the table's level (rules 7 and 9)."""
    for frame in kernel.frames.values():
        if frame.v_id == NO_ID and frame.t_id == NO_ID:
            continue
        for place, level in ((frame.v_id, None), (frame.t_id, TableType.L1)):
            if place == NO_ID or place not in kernel.frames:
                continue
            table = kernel.frames[place]
            if table.owner != frame.owner:
                yield f"{frame} of {frame.owner} is mapped in table {place} of {table.owner}"
            if level is None:
                section = frame.v_flags & MAP_KIND_MASK == MapKind.SECTION
                level = TableType.L1 if section else TableType.L2
            if table.table is not level:
                yield f"{frame} is mapped in {place}, which is no {level.name}"
        if frame.is_installed and frame.table is not TableType.L2:
            yield f"{frame} is installed in {frame.t_id} and is no L2"


@invariant("beyond its first page a PROC frame is the kernel's")
def records_show_their_first_page(kernel: Kernel) -> Iterator[str]:
    """A page view of a PROC frame has one entry that names a page of it (rule 11).

    The other entries are the table's, and name other frames; descriptors_are_accounted_for sees to
    those of views.
    """
    for frame in kernel.frames.values():
        if frame.type is not FrameType.PROC or not frame.is_viewed:
            continue
        table = kernel.frames.get(frame.v_id)
        if frame.view_kind is not MapKind.PAGE:
            yield f"{frame} is viewed as a section"
        elif table is not None:
            words = kernel.memory.read_words(table.pa, table.len >> 2)
            shown = [word & ~PAGE_OFFSET for word in words if word]
            if [pa for pa in shown if frame.pa <= pa < frame.end] != [frame.pa]:
                yield f"{frame} is viewed beyond its first page"


@invariant("room that nobody put in would let objects grow without bound")
def room_is_the_pools(kernel: Kernel) -> Iterator[str]:
    """The room of all accounts is what proc0 began with and what the POOL frames give (rule 3)."""
    pool = sum(frame.len for frame in kernel.frames.values() if frame.type is FrameType.POOL)
    wanted = kernel.boot_room + pool // POOL_OBJECT_SIZE
    found = sum(process.room for process in kernel.processes.values())
    if found != wanted:
        yield f"the accounts have room for {found} objects, not for {wanted}"


@invariant("an access through a null pointer must fault")
def page_zero_is_never_mapped(kernel: Kernel) -> Iterator[str]:
    """No view begins at address 0, and none reaches the kernel's part (rule 7)."""
    for frame in kernel.frames.values():
        if frame.v_id == NO_ID or kernel.l1_over(kernel.frames[frame.v_id]) is None:
            continue
        va = kernel.view_va(frame)
        if va == 0 or va + frame.view_len > KERNEL_VA:
            yield f"{frame} is viewed at {va:#x}"


@invariant("a process whose partner does not know that it waits would wait for ever")
def the_blocked_wait_for_something(kernel: Kernel) -> Iterator[str]:
    """A process knows who waits for it, and every process that is named lives (rules 9, 12, 15)."""
    processes = kernel.processes
    for process in processes.values():
        waits = process.is_in_queue or process.state in (ProcState.AWAITING, ProcState.STOPPED)
        if waits != (process.partner in processes):
            yield f"process {process.pid} is {process.state.name} with partner {process.partner}"
        for pid in process.senders:
            if pid not in processes or processes[pid].partner != process.pid:
                yield f"process {process.pid} expects a message of process {pid}"
        queue = processes[process.partner].senders if process.partner in processes else {}
        if process.is_in_queue != (process.pid in queue):
            yield f"process {process.pid} waits for process {process.partner}, which does not know"
        if len(process.message) != (MESSAGE_SIZE if process.is_in_queue else 0):
            yield f"process {process.pid} is {process.state.name} with {len(process.message)} bytes"
        if (process.state in (ProcState.FAULTED, ProcState.STOPPED)) != (process.fault is not None):
            yield f"process {process.pid} is {process.state.name} with the fault {process.fault}"
        if process.pid != PROC0 and process.parent not in processes:
            yield f"the parent of process {process.pid} is gone"
        for pid in (process.allowed, process.handler):
            if pid != NO_ID and pid not in processes:
                yield f"process {process.pid} names process {pid}, which is gone"
    reading = [p.pid for p in processes.values() if p.state is ProcState.READING]
    if sorted(kernel.readers) != reading and kernel.halted is None:
        yield f"{list(kernel.readers)} are in the console's queue, {reading} wait for it"


@invariant("a process in no queue never runs, and a process in two queues runs twice")
def turns_are_fair(kernel: Kernel) -> Iterator[str]:
    """Exactly the ready processes run or are queued, once; no core idles while one is queued."""
    running = [process.pid for process in kernel.running if process is not None]
    if kernel.halted is not None:
        if running:
            yield f"the machine has halted, and {running} run"
        return
    if kernel.ready and len(running) < len(kernel.running):
        yield f"a core idles while {list(kernel.ready)} are ready"
    turns = [*running, *kernel.ready]
    ready = [p.pid for p in kernel.processes.values() if p.state is ProcState.READY]
    if sorted(turns) != sorted(ready):
        yield f"{sorted(turns)} have turns, {sorted(ready)} are ready"


@invariant("a process runs on the vspace it was given and on no other")
def vspaces_belong_to_their_processes(kernel: Kernel) -> Iterator[str]:
    """Each runs on an L1 that it or its parent owns; a new process may have none (rules 10, 11)."""
    for process in kernel.processes.values():
        if process.l1 == NO_ID and process.state is ProcState.NEW:
            continue
        frame = kernel.frames.get(process.l1)
        if frame is None or frame.table is not TableType.L1:
            yield f"process {process.pid} runs on {process.l1}, which is no L1"
        elif frame.owner not in (process.pid, process.parent):
            yield f"process {process.pid} runs on {process.l1} of process {frame.owner}"
    users = defaultdict(list)
    for pid, process in kernel.processes.items():
        users[process.l1].append(pid)
    for f_id, frame in kernel.frames.items():
        if (frame.users or f_id in users) and sorted(frame.users) != users.get(f_id, []):
            yield f"{frame} is the vspace of {users[f_id]}, not of {list(frame.users)}"


@invariant("programs act on what this page says")
def information_pages_tell_the_truth(kernel: Kernel) -> Iterator[str]:
    """PROC frames belong to their process, or to the parent to be told of its end; pages are right.

    Rules 11 and 12.
    """
    records = {
        process.record: process for process in kernel.processes.values() if process.record != NO_ID
    }
    dead = {death.record: one for one in kernel.processes.values() for death in one.deaths}
    for f_id, frame in kernel.frames.items():
        if (frame.type is FrameType.PROC) != (f_id in records or f_id in dead):
            yield f"{frame} is no process's record"
        if f_id in dead and frame.owner != dead[f_id].pid:
            yield f"{frame} is not owned by the parent that will be told of its process's end"
    for f_id, process in records.items():
        truth = kernel.proc_info(process)
        if f_id not in kernel.frames:
            yield f"the record of process {process.pid} does not exist"
            continue
        if kernel.frames[f_id].owner != process.pid:
            yield f"the record of process {process.pid} is not its own"
        if kernel.memory.read(kernel.frames[f_id].pa, len(truth)) != truth:
            yield f"the information page of process {process.pid} is out of date"
