"""The kernel's state: frames, processes, their accounts, and who runs on which core.

The calls are in ``kernel_model.calls``; ``kernel_model.trap`` is the way in.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable

from kernel_model.abi import (
    LAST_F_ID,
    LAST_PID,
    NO_ID,
    PROC_INFO_STRUCT,
    Error,
    FrameType,
    ProcState,
    TableType,
)
from kernel_model.call import CallTable
from kernel_model.convention import Convention, as_convention
from kernel_model.errors import Refused
from kernel_model.events import (
    FrameMade,
    FrameMerged,
    FrameMoved,
    ProcessMade,
    VspaceChanged,
)
from kernel_model.frame import Frame
from kernel_model.host import Host, NullHost
from kernel_model.memory import PhysicalMemory
from kernel_model.process import Ending, Failed, Process, Resume
from kernel_model.state import KernelState, freeze, thaw
from kernel_model.tables import TableEditor

KERNEL_SIZE = 0x100000
"""Bytes at the start of RAM that belong to the kernel: one section."""

BOOT_POOL = 1024
"""Kernel objects that proc0's account has room for at boot; other accounts begin with none."""

MOST_CORES = 8

PROC0 = 0


class Device:
    """A device's registers: ``size`` bytes at ``pa``, which become one IO frame at boot."""

    __slots__ = ("name", "pa", "size")

    def __init__(self, name: str, pa: int, size: int) -> None:
        self.name, self.pa, self.size = name, pa, size


Prepared = tuple[Callable[..., int], int, tuple[int, ...], tuple[int, ...]]
"""A call ready to be made: its handler, the count of its arguments, the indices of those that are
signed, and the register of each parameter, as in ``Call.order``."""


class Kernel:
    """The kernel's state, with lookups and effects.  ``snapshot`` returns all of the state.

    memory: RAM.  start: where the kernel's own KERNEL_SIZE bytes begin (pa).
    convention: in which programs call it; ``calls`` is its table.  devices: all device registers.
    tell: receives each event as it happens.  tell_written: the same for ``MemoryWritten``, by its
    members.
    core: the core that the kernel was last entered from.
    ready: pids that are ready to run, the next first.  running: the process on each core, None
    for an idle core.  readers: pids that wait for console input, first come first served.
    boot_room: objects that proc0's account has room for at boot.
    halted: how proc0 ended; None while the machine runs.
    is_device_tree_boot: proc0 makes frames itself, of memory that the device tree names.
    refusal: why the last call failed, for traces; not part of the state.
    work: what the call under way, or the last one, is charged beyond ``charges.CALL``; not part of
    the state.
    prepared: by number, each call that has been made as ``Prepared``; not part of the state.
    """

    def __init__(
        self,
        memory: PhysicalMemory,
        convention: Convention | CallTable,
        host: Host | None = None,
        devices: tuple[Device, ...] = (),
        cores: int = 1,
        start: int | None = None,
    ) -> None:
        """start: where RAM begins, if None.  Errors: ValueError, if it is no section of RAM."""
        self.start = memory.base if start is None else start
        if self.start % KERNEL_SIZE or not memory.contains(self.start, KERNEL_SIZE):
            raise ValueError(f"Kernel: no section of RAM is at {self.start:#x}")
        if not 1 <= cores <= MOST_CORES:
            raise ValueError(f"Kernel: {cores} cores, not 1 to {MOST_CORES}")
        self.memory = memory
        self.convention = as_convention(convention)
        self.calls = self.convention.calls
        self.host: Host = NullHost() if host is None else host
        self.tell, self.tell_written = self.host.happened, self.host.memory_written
        self.devices = devices
        self.work = 0
        self.boot_room = BOOT_POOL
        self.editor = TableEditor(memory, self.tell, self.start, cores, self.charge)
        self.core = 0
        self.frames: dict[int, Frame] = {}
        self.processes: dict[int, Process] = {}
        self.next_f_id = 0
        self.next_pid = PROC0
        self.ready: deque[int] = deque()
        self.readers: dict[int, None] = {}
        self.running: list[Process | None] = [None] * cores
        self.halted: Ending | None = None
        self.is_device_tree_boot = False
        self.refusal: Refused | None = None
        self.prepared: dict[int, Prepared] = {}

    @property
    def end(self) -> int:
        """The end of the kernel's own memory (pa)."""
        return self.start + KERNEL_SIZE

    def enter(self, core: int) -> None:
        """Enter the kernel from a core: from now on tables are edited through its window."""
        self.core = core
        self.editor.window = self.editor.windows[core]

    def charge(self, work: int) -> None:
        """Charge the call under way with more than ``charges.CALL`` (rule 16)."""
        self.work += work

    # -- lookups, used while deciding -------------------------------------------------

    def frame_of(self, caller: Process, f_id: int) -> Frame:
        """The caller's frame with this id.  Errors: NO_FRAME."""
        if f_id not in caller.frames:
            raise Refused(
                Error.NO_FRAME, "process {pid} owns no frame {f_id}", pid=caller.pid, f_id=f_id
            )
        return self.frames[f_id]

    def frame_at(self, pa: int) -> Frame | None:
        """The frame that holds a physical address, whoever owns it, or None."""
        return next((frame for frame in self.frames.values() if frame.pa <= pa < frame.end), None)

    def process(self, pid: int) -> Process:
        """The living process with this pid.  Errors: NO_PROCESS."""
        process = self.processes.get(pid)
        if process is None:
            raise Refused(Error.NO_PROCESS, "no living process has pid {pid}", pid=pid)
        return process

    def check_room(self, process: Process, count: int = 1) -> None:
        """Errors: POOL_FULL, when a process's account has no room for ``count`` more objects."""
        if process.free_room < count:
            raise Refused(
                Error.POOL_FULL,
                "the account of process {pid} has room for {room} kernel objects, {used} are used",
                pid=process.pid, room=process.room, used=process.charged,
            )  # fmt: skip

    def check_f_id(self) -> None:
        """Errors: NO_ID_LEFT, when every id that a frame can have has been used."""
        if self.next_f_id > LAST_F_ID:
            raise Refused(Error.NO_ID_LEFT, "frame {last} was the last", last=LAST_F_ID)

    def check_pid(self) -> None:
        """Errors: NO_ID_LEFT, when every pid has been used."""
        if self.next_pid > LAST_PID:
            raise Refused(Error.NO_ID_LEFT, "process {last} was the last", last=LAST_PID)

    def l1_over(self, table: Frame) -> Frame | None:
        """The L1 through which a table translates: itself, the one it is installed in, or none."""
        if table.is_installed:
            return self.frames[table.t_id]
        return table if table.table is TableType.L1 else None

    def is_current(self, frame: Frame) -> bool:
        """Whether the frame is the current vspace of its owner or of a process it is lent to."""
        return bool(frame.users)

    def view_va(self, frame: Frame) -> int:
        """Where the page view begins (va); in an L2 that is installed nowhere, the offset."""
        return self.frames[frame.v_id].t_va + frame.v_off

    # -- effects, which cannot fail -----------------------------------------------------

    def add_frame(self, owner: Process, type_: FrameType, pa: int, length: int) -> Frame:
        """A new frame at the end of ``owner``'s list, charged to its account.

        The caller has checked that the account has room and that an id is left.
        """
        frame = Frame(self.next_f_id, type_, pa, length, owner.pid, owner.pid)
        self.next_f_id += 1
        owner.charged += 1
        self.frames[frame.f_id] = frame
        owner.frames[frame.f_id] = None
        return frame

    def make_frame(self, owner: Process, type_: FrameType, pa: int, length: int) -> Frame:
        """A new frame, as ``add_frame`` makes it, of memory that no frame had."""
        frame = self.add_frame(owner, type_, pa, length)
        self.tell(FrameMade(frame.f_id, owner.pid, pa, length))
        return frame

    def remove_frame(self, frame: Frame, into: Frame) -> None:
        """Delete a frame whose pages now belong to the frame ``into``."""
        del self.processes[frame.owner].frames[frame.f_id]
        del self.frames[frame.f_id]
        self.processes[frame.account].charged -= 1
        self.tell(FrameMerged(into.f_id, frame.f_id))

    def transfer(self, frame: Frame, to: Process) -> None:
        """Move a frame to the end of another process's list."""
        giver = frame.owner
        del self.processes[giver].frames[frame.f_id]
        to.frames[frame.f_id] = None
        frame.owner = to.pid
        self.tell(FrameMoved(frame.f_id, giver, to.pid))

    def add_process(self, parent: int, record: int = NO_ID) -> Process:
        """A new process that has not started.

        Without a PROC frame (record) its record is charged to its parent's account.  The caller
        has checked that the account has room and that a pid is left.
        """
        process = Process(self.next_pid, parent, parent, record)
        self.next_pid += 1
        if record == NO_ID and parent != NO_ID:
            process.account = parent
            self.processes[parent].charged += 1
        self.processes[process.pid] = process
        self.tell(ProcessMade(process.pid, parent))
        return process

    def set_vspace(self, process: Process, l1: Frame) -> None:
        """Make an L1 the current vspace of a process."""
        self.leave_vspace(process)
        before, process.l1 = process.l1, l1.f_id
        l1.users[process.pid] = None
        self.tell(VspaceChanged(process.pid, l1.f_id, l1.pa, before))

    def leave_vspace(self, process: Process) -> None:
        """Remove the process from the users of its current vspace, if it has one."""
        if process.l1 != NO_ID:
            del self.frames[process.l1].users[process.pid]

    def publish(self, process: Process) -> None:
        """Bring the process's information page, if it has one, up to date (rule 11)."""
        if process.record != NO_ID:
            pa, page = self.frames[process.record].pa, self.proc_info(process)
            self.memory.write(pa, page)
            self.tell_written(pa, len(page))

    def proc_info(self, process: Process) -> bytes:
        """The process's ``struct proc_info``, as its information page must hold it."""
        return struct.pack(
            PROC_INFO_STRUCT, process.pid, process.parent, process.l1, len(process.frames),
            process.state, process.calls & 0xFFFFFFFF, process.sent & 0xFFFFFFFF,
            process.received & 0xFFFFFFFF,
        )  # fmt: skip

    # -- how a process continues --------------------------------------------------------

    def failure(self, error: Error) -> Failed:
        """How a process continues when the call in which it waited has failed."""
        return Failed(error, self.convention.result_of(error))

    # -- whose turn it is ------------------------------------------------------------------

    def core_of(self, process: Process) -> int | None:
        """The core that runs a process, or None."""
        for core, one in enumerate(self.running):
            if one is process:
                return core
        return None

    def wake(self, process: Process, resume: Resume | None) -> None:
        """Make a waiting process ready: it runs on an idle core, or joins the end of the queue.

        resume: how it continues; None: exactly where it was.
        """
        process.state = ProcState.READY
        process.partner, process.message, process.fault = NO_ID, b"", None
        process.buffer = process.wanted = 0
        process.resume = resume
        self.ready.append(process.pid)
        if None in self.running:
            self.run_next(self.running.index(None))

    def release(self, process: Process) -> None:
        """Take the core from a process that waits now or has ended, if it has one."""
        core = self.core if self.running[self.core] is process else self.core_of(process)
        if core is not None:
            self.run_next(core)

    def run_next(self, core: int) -> None:
        """Give a core to the first process in the queue; the core idles if there is none."""
        self.running[core] = self.processes[self.ready.popleft()] if self.ready else None

    def slice_ended(self, core: int) -> None:
        """End a process's time slice: round robin."""
        process = self.running[core]
        if process is not None and self.ready:
            self.ready.append(process.pid)
            self.run_next(core)

    def halt(self, ending: Ending) -> None:
        """Halt the machine, because proc0 has ended: every core stops."""
        self.halted = ending
        self.running = [None] * len(self.running)
        self.ready.clear()
        self.readers.clear()

    def l1_pa(self, process: Process) -> int:
        """TTBR0 for a process that has a vspace."""
        return self.frames[process.l1].pa

    def waiting(self) -> list[str]:
        """What each process waits for, in order of pid, for the report of a deadlock."""
        return [_waits_for(process) for process in self.processes.values()]

    # -- the state as a value --------------------------------------------------------------

    def snapshot(self) -> KernelState:
        """The state as a value, which later changes do not affect."""
        return KernelState(
            frames=tuple(freeze(frame) for frame in self.frames.values()),
            processes=tuple(freeze(process) for process in self.processes.values()),
            next_f_id=self.next_f_id,
            next_pid=self.next_pid,
            ready=tuple(self.ready),
            readers=tuple(self.readers),
            running=tuple(NO_ID if one is None else one.pid for one in self.running),
            halted=self.halted,
            is_device_tree_boot=self.is_device_tree_boot,
            windows=tuple(window.page for window in self.editor.windows),
        )

    def restore(self, state: KernelState) -> None:
        """Return to a state; the caller restores RAM.

        The host receives no events.  Frames and processes are new objects.
        """
        frames = [thaw(Frame, values) for values in state.frames]
        processes = [thaw(Process, values) for values in state.processes]
        self.frames = {frame.f_id: frame for frame in frames}
        self.processes = {process.pid: process for process in processes}
        self.next_f_id, self.next_pid = state.next_f_id, state.next_pid
        self.ready, self.readers = deque(state.ready), dict.fromkeys(state.readers)
        self.running = [None if pid == NO_ID else self.processes[pid] for pid in state.running]
        self.halted, self.is_device_tree_boot = state.halted, state.is_device_tree_boot
        for window, page in zip(self.editor.windows, state.windows, strict=True):
            window.page = page
        self.refusal = None

    def copy(self, memory: PhysicalMemory, host: Host | None = None) -> Kernel:
        """A copy of this kernel over another memory, which holds the same bytes."""
        other = Kernel(memory, self.convention, host, self.devices, len(self.running), self.start)
        other.boot_room = self.boot_room
        other.restore(self.snapshot())
        return other


def _waits_for(process: Process) -> str:
    what = {
        ProcState.NEW: f"waits for its parent, process {process.parent}, to start it",
        ProcState.READY: "is ready to run",
        ProcState.SENDING: f"waits for process {process.partner} to receive its message",
        ProcState.RECEIVING: "waits for a message",
        ProcState.DEAD: "has ended",
        ProcState.CALLING: f"waits for process {process.partner} to receive its call",
        ProcState.AWAITING: f"waits for process {process.partner} to reply",
        ProcState.FAULTED: f"waits for process {process.partner} to receive its fault",
        ProcState.STOPPED: f"waits for process {process.partner} to answer its fault",
        ProcState.READING: "waits for the console",
    }
    return f"process {process.pid} {what[process.state]}"
