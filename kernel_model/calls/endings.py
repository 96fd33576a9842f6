"""How processes end, and what that does to others: rule 12."""

from __future__ import annotations

from collections import deque

from kernel_model.abi import MESSAGE_SIZE, NO_ID, DeathHow, Error, FrameType, ProcState
from kernel_model.charges import ENTRY, PAGE
from kernel_model.delivery import answered, leave_queue
from kernel_model.events import DeathTold, ProcessEnded
from kernel_model.kernel import PROC0, Kernel
from kernel_model.mapping import clear_view, dissolve
from kernel_model.process import Death, Ended, Ending, Exited, Faulted, Process
from kernel_model.user import store, writable


def end_process(kernel: Kernel, process: Process, ending: Ending) -> None:
    """End a process, in any state; its memory goes to its parent (rule 12).

    Processes that run on its vspaces end before it.  Processes whose fault it has not answered
    end after it.  When proc0 ends, the machine halts.
    """
    if kernel.processes.get(process.pid) is not process:
        raise AssertionError(f"end_process: process {process.pid} has ended already")
    waiting: deque[tuple[Process, Ending]] = deque([(process, ending)])
    while waiting and kernel.halted is None:
        first, how = waiting.popleft()
        if first.pid not in kernel.processes:
            continue
        if first.pid == PROC0 and waiting:
            waiting.append((first, how))  # proc0 halts the machine, so it ends last
            continue
        for one in _with_those_on_its_vspaces(kernel, first):
            stopped = _stopped_for(kernel, one)
            _end(kernel, one, how if one is first else Ended(first.pid, 0))
            waiting += stopped


def _with_those_on_its_vspaces(kernel: Kernel, process: Process) -> list[Process]:
    """The process and all that end with it, itself last.

    A process that runs on an L1 of a process that ends, ends with it.
    """
    found = [process]
    for one in found:
        found += [
            kernel.processes[pid]
            for f_id in one.frames
            for pid in kernel.frames[f_id].users
            if pid != one.pid
        ]
    return found[::-1]


def _stopped_for(kernel: Kernel, handler: Process) -> list[tuple[Process, Ending]]:
    """The processes that wait for this handler to answer their faults, and how they end."""
    return [
        (other, other.fault.ending)
        for other in kernel.processes.values()
        if other.fault is not None and other.partner == handler.pid
    ]


def _end(kernel: Kernel, process: Process, ending: Ending) -> None:
    _leave_queues(kernel, process)
    process.state = ProcState.DEAD
    kernel.publish(process)
    kernel.tell(ProcessEnded(process.pid, ending))
    if process.pid == PROC0:
        kernel.halt(ending)
        return
    heir = kernel.processes[process.parent]  # proc0 if its first parent has ended
    told = heir.pid == process.maker and not isinstance(ending, Ended)
    _forget_deaths(kernel, process)
    _bequeath(kernel, process, heir)
    if not told:
        release_record(kernel, process.account, process.record)
    _tell_the_others(kernel, process)
    del kernel.processes[process.pid]
    if told:
        _tell_parent(kernel, heir, _death(process, ending))
    kernel.publish(heir)
    kernel.release(process)


def _leave_queues(kernel: Kernel, process: Process) -> None:
    """Take a process that ends out of every queue."""
    if process.pid in kernel.ready:
        kernel.ready.remove(process.pid)
    kernel.readers.pop(process.pid, None)
    leave_queue(kernel, process)
    process.fault = None


def _forget_deaths(kernel: Kernel, process: Process) -> None:
    """Drop the reports of ended children that the process will not receive."""
    for death in process.deaths:
        release_record(kernel, process.pid, death.record)
    process.deaths = ()


def release_record(kernel: Kernel, account: int, record: int) -> None:
    """Free a dead process's record: its PROC frame, or an object charged to ``account`` (pid).

    A view of the PROC frame, which shows its first page alone, is removed.
    """
    if record == NO_ID:
        kernel.processes[account].charged -= 1
    else:
        frame = kernel.frames[record]
        if frame.is_viewed:
            clear_view(kernel, frame)
        frame.type = FrameType.MEM


def _bequeath(kernel: Kernel, process: Process, heir: Process) -> None:
    """Pass frames, room and charges to the heir."""
    frames = [kernel.frames[f_id] for f_id in process.frames]
    kernel.leave_vspace(process)
    dissolve(kernel, frames)
    kernel.charge(len(frames) * PAGE)
    for frame in frames:
        kernel.transfer(frame, heir)
    if process.charged:
        kernel.charge((len(kernel.frames) + len(kernel.processes)) * ENTRY)
        for frame in kernel.frames.values():
            if frame.account == process.pid:
                frame.account = heir.pid
        for other in kernel.processes.values():
            if other.account == process.pid:
                other.account = heir.pid
    heir.room += process.room
    heir.charged += process.charged


def _tell_the_others(kernel: Kernel, process: Process) -> None:
    """proc0 adopts the children; processes that wait for the dead process get PEER_DIED.

    A process that waits for the dead process to answer its fault stays stopped: it ends next.
    """
    for other in kernel.processes.values():
        if other.parent == process.pid:
            other.parent = PROC0
            kernel.publish(other)
        if other.allowed == process.pid:
            other.allowed = NO_ID
        if other.handler == process.pid:
            other.handler = NO_ID
        if other.partner == process.pid:
            if other.fault is None:
                kernel.wake(other, kernel.failure(Error.PEER_DIED))
            else:
                process.senders.pop(other.pid, None)
                other.state, other.partner, other.message = ProcState.STOPPED, NO_ID, b""
            kernel.publish(other)


def _death(process: Process, ending: Ending) -> Death:
    if isinstance(ending, Exited):
        return Death(process.pid, DeathHow.EXITED, ending.status, process.record)
    assert isinstance(ending, Faulted)
    return Death(process.pid, DeathHow.FAULTED, ending.kind, process.record)


def _tell_parent(kernel: Kernel, parent: Process, death: Death) -> None:
    """Report a child's end: at once if the parent waits in ``recv``, else at its next ``recv``.

    If the parent can no longer write its buffer, this ``recv`` fails and the next one reports.
    """
    ranges = None
    if parent.state is ProcState.RECEIVING:
        ranges = writable(kernel, parent, parent.buffer, MESSAGE_SIZE)
        kernel.wake(parent, answered(kernel, ranges, kernel.convention.result_of(Error.PEER_DIED)))
    if ranges is None:
        parent.deaths += (death,)
    else:
        store(kernel, ranges, death.message())
        release_record(kernel, parent.pid, death.record)
        kernel.tell(DeathTold(parent.pid, death))
