"""A process about to make a call that is refused: as proc0, as a child, as a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from emu.debuginfo import DebugFiles
from emu.machine.fault import MachineFault
from emu.machine.history import KEPT_EVENTS, Happening, History, KernelEntry
from emu.report.cause import cause_of
from emu.report.context import Context
from emu.report.hint import Hint, hint_for
from emu.report.remedy import remedy
from kernel_model.abi import Error, TableType
from kernel_model.errors import Refused
from kernel_model.events import DescriptorsWritten, Event
from kernel_model.invariants import check_invariants
from kernel_model.kernel import Kernel
from kernel_model.plan import PlannedCall, planned
from kernel_model.trap import trap
from kernel_model.walk import Walk, walk
from tests.debug.rig import debug_for
from tests.guests import guest
from tests.kernel import driver
from tests.kernel.driver import CODE_VA, L1, MIB, PAGE, REST, RO, SYS, TABLE_L2

RAM = 16 * MIB
CHILD_MEMORY = 6 * MIB
ROOM = 400


def obey(kernel: Kernel, calls: Sequence[tuple[int, PlannedCall]]) -> None:
    """Make the calls, each by the process that is to make it; all must succeed."""
    for pid, call in calls:
        running = kernel.running[0]
        kernel.running[0] = kernel.processes[pid]
        row = kernel.calls.of(call.operation)
        assert row is not None
        words = [argument & 0xFFFFFFFF for argument in row.registers(call.arguments)]
        result = trap(kernel, 0, row, (*words, *[0] * (4 - len(words))))
        assert result is not None
        assert result >= 0, f"{call}: {kernel.refusal}"
        kernel.running[0] = running
        check_invariants(kernel)


class Stage:
    """A process with memory, room, an L1, and an L2 that it sees; it makes the calls.

    own: id of its L1.  sys: of that L2.  free: of its free memory.
    """

    def __init__(self, situation: str) -> None:
        self.machine = driver.Machine(RAM)
        self.kernel = self.machine.kernel
        self.history = History()
        self.kernel.tell = self.kernel.editor.tell = self._tell
        self.debug: DebugFiles = debug_for(guest("programs/hello"))
        self.is_lent = situation == "thread"
        self.registers: tuple[int, ...] | None = None
        self.own, self.sys, self.free = L1, SYS, REST
        self._next, self._far = driver.FREE_VA, 0x40000000
        if situation != "proc0":
            self._be_child()
        self.pid = self.machine.pid

    def _be_child(self) -> None:
        machine = self.machine
        child = machine.child()
        memory = machine.take(CHILD_MEMORY // PAGE, align=MIB)
        machine.ok("frame_give", memory, child.pid)
        machine.ok("pool_give", child.pid, ROOM)
        self.own, self.sys, self.free = child.l1, child.l2, memory
        self._next = driver.CHILD_FREE_VA
        machine.turn(child.pid)

    # -- what mistakes are made of ---------------------------------------------------------

    def call(self, name: str, *arguments: int) -> int:
        """A call that succeeds."""
        history, row = self.history, self.kernel.calls.named(name)
        words = tuple(argument & 0xFFFFFFFF for argument in arguments)
        history.made += 1
        history.under_way = (history.made, self.machine.pid, row, words)
        result = self.machine.ok(name, *arguments)
        history.calls.append((history.now, result))
        return result

    def _tell(self, event: Event) -> None:
        """Keep what a machine would keep of an event."""
        self.machine.host.happened(event)
        history = self.history
        if isinstance(event, DescriptorsWritten):
            pa, level, old, new = event
            history.writes.append((history.under_way, pa, level, len(new), old[0], new[0]))
        elif isinstance(event, KEPT_EVENTS):
            history.events.append(Happening(history.now, event))

    def take(self, pages: int = 1, align: int = PAGE) -> int:
        """A frame of so many pages, mapped nowhere."""
        return self.machine.take(pages, align, self.free)

    def va(self, size: int = PAGE) -> int:
        """Free addresses in the L2 that it sees."""
        va, self._next = self._next, self._next + size
        return va

    def far(self) -> int:
        """A MiB without a table, the first of eight such."""
        self._far += 8 * MIB
        return self._far

    def seen(self, f_id: int, flags: int = RO) -> int:
        length = self.kernel.frames[f_id].len
        self.call("frame_map", self.sys, f_id, self.va(length), flags)
        return f_id

    def table(self, type_: int = TableType.L2) -> int:
        """A new table that it sees; an L2 is installed nowhere."""
        pages = 1 if type_ == TableType.L2 else 4
        table = self.seen(self.take(pages, pages * PAGE))
        self.call("frame_table", table, type_)
        return table

    def installed(self, va: int | None = None) -> int:
        """A new L2 that it sees, installed."""
        table = self.table()
        va = self.far() if va is None else va
        self.call("frame_map", self.own, table, va, TABLE_L2)
        return table

    def child(self) -> int:
        """A child of the process, not started."""
        return self.call("proc_new", self.take(2))

    def as_process(self, pid: int, name: str, *arguments: int) -> None:
        """A call of another process that succeeds."""
        obey(self.kernel, [(pid, planned(self.kernel.calls.named(name).operation, *arguments))])

    # -- the mistake, and what is advised ----------------------------------------------------

    def lend(self) -> None:
        """Become a thread on proc0's vspace, which keeps its own; or proc0's own thread."""
        if self.is_lent:
            self.as_process(0, "vspace_lend", self.pid, L1)

    def take_back(self) -> None:
        if self.is_lent:
            self.call("vspace_swap", self.pid, self.own)

    def advice(self, error: Error, name: str, *arguments: int) -> Hint | None:
        """What is advised for a call of process ``pid`` that is refused with this error."""
        words = tuple(argument & 0xFFFFFFFF for argument in arguments)
        row, process = self.kernel.calls.named(name), self.kernel.processes[self.pid]
        running, self.kernel.running[0] = self.kernel.running[0], process
        assert trap(self.kernel, 0, row, (*words, *[0] * (4 - len(words)))) == error
        self.kernel.running[0] = running
        refusal = self.kernel.refusal
        assert isinstance(refusal, Refused)
        self.history.refused(KernelEntry(self.history.made, self.pid, row, words), refusal)
        context = Context(self.kernel, self.history, self.debug, process, self.registers)
        return remedy(context, row, words, refusal)

    def walk(self, pid: int, va: int) -> Walk:
        return walk(self.kernel.memory, self.kernel.l1_pa(self.kernel.processes[pid]), va)

    def hint_of_fault(self, pid: int, va: int, access: int) -> Hint | None:
        """What is advised for an access of a process that faults."""
        found, registers = self.walk(pid, va), self.registers or (*[0] * 15, CODE_VA, 0x10)
        status = found.refusal(access)
        assert status is not None
        fault = MachineFault(pid, status.text, CODE_VA, registers, va, access, found, status)
        process = self.kernel.processes[pid]
        context = Context(self.kernel, self.history, self.debug, process, registers)
        return hint_for(context, fault, cause_of(context, fault))


Make = Callable[[Stage], tuple[int, ...]]
SITUATIONS: Final = ("proc0", "child", "thread")


class Case(NamedTuple):
    """A call that is refused with ``error``.

    make: sets the stage and returns the arguments; it can do so twice.
    lent: the error on a lent vspace; None: the same.
    """

    call: str
    error: Error
    make: Make
    lent: Error | None = None

    def refused_with(self, stage: Stage) -> Error:
        return self.lent if stage.is_lent and self.lent is not None else self.error
