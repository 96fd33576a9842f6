"""A booted kernel to drive by hand: make calls as the current process and look at what they did.

Every failing call is compared with the whole state before it, and every call is followed
by all invariants: no test has to ask for either.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from kernel_model.abi import (
    FRAME_FIELDS,
    FRAME_STRUCT,
    MAP_NOEXEC,
    MAP_READ,
    MAP_WRITE,
    Error,
    FaultKind,
    MapKind,
    TableType,
)
from kernel_model.boot import boot
from kernel_model.call import CallTable
from kernel_model.convention import Convention
from kernel_model.descriptors import EXEC, READ, WRITE, rights_text
from kernel_model.image import Image, Segment
from kernel_model.invariants import check_invariants
from kernel_model.kernel import Device, Kernel
from kernel_model.memory import Ram
from kernel_model.process import Failed, FaultRecord, Process, Resume
from kernel_model.syscalls import CALLS
from kernel_model.trap import Signal, trap
from kernel_model.walk import Walk, walk
from tests.kernel.host import RecordingHost

PAGE = 0x1000
MIB = 0x100000
RAM_BASE = 0x80000000
RAM_SIZE = 4 * MIB
UART_PA = 0x44E09000

CODE_VA = 0x10000
DATA_VA = 0x20000
AREA = 0xEF000000
"""Where the boot puts its tables and its stack: the last 16 MiB below the kernel."""
FREE_VA = 0xEF100000
"""Addresses that the boot leaves free, in the L2 that is frame ``SYS``."""

PROGRAM = Image(
    (
        Segment(CODE_VA, PAGE, b"\xfe\xff\xff\xea", READ | EXEC),
        Segment(DATA_VA, 4 * PAGE, b"data", READ | WRITE),
    ),
    CODE_VA,
)

# The ids of the frames that proc0 boots with, in order.
L1, LOW, SYS, INFO, CODE, DATA, STACK, REST, UART = range(9)

PAGE_KIND, SECTION, TABLE_L1, TABLE_L2 = MapKind
RO = MAP_READ | MAP_NOEXEC
RW = MAP_READ | MAP_WRITE | MAP_NOEXEC
RX = MAP_READ
RWX = MAP_READ | MAP_WRITE


REGISTERS = tuple(range(100, 108))
CRASH = FaultRecord(
    FaultKind.UNDEFINED_INSTRUCTION, 0, CODE_VA, 0x10, 0, 0, 0x5000, 0x6000, REGISTERS, "in a test"
)


def failed(error: Error) -> Failed:
    """How a process goes on whose call failed after it had waited."""
    return Failed(error, int(error))


class FrameInfo(NamedTuple):
    """``struct frame`` as a guest reads it."""

    f_id: int
    type: int
    pa: int
    len: int
    t_id: int
    t_va: int
    t_flags: int
    v_id: int
    v_va: int
    v_flags: int


assert FrameInfo._fields == FRAME_FIELDS


class Machine:
    """A kernel, its RAM and its host, with the words a test speaks in.

    core: the core whose process makes the calls.
    """

    def __init__(
        self,
        size: int = RAM_SIZE,
        image: Image = PROGRAM,
        devices: tuple[Device, ...] = (Device("uart", UART_PA, PAGE),),
        arguments: bytes = b"",
        calls: Convention | CallTable = CALLS,
        cores: int = 1,
    ) -> None:
        self.core = 0
        self.ram = Ram(RAM_BASE, size)
        self.host = RecordingHost(self.ram)
        self.kernel: Kernel = boot(self.ram, image, arguments, devices, self.host, calls, cores)
        check_invariants(self.kernel)
        self.booted = self.resume()
        self._next_va = FREE_VA + MIB

    # -- calls -----------------------------------------------------------------------------

    @property
    def current(self) -> Process:
        """Who runs on the core that this drives."""
        process = self.kernel.running[self.core]
        assert process is not None, self.kernel.waiting()
        return process

    @property
    def pid(self) -> int:
        return self.current.pid

    def call(self, name: str, *arguments: int) -> int | None:
        """Make a call as the current process.  None: it blocked, ended or gave its turn away."""
        registers = [argument & 0xFFFFFFFF for argument in arguments]
        registers += [0] * (4 - len(registers))
        result = trap(self.kernel, self.core, self.kernel.calls.named(name), tuple(registers))
        assert result is None or isinstance(result, int)
        self.check()
        return result

    def check(self) -> None:
        """What must hold after every call."""
        check_invariants(self.kernel)
        self.host.check(self.kernel)

    def ok(self, name: str, *arguments: int) -> int:
        """Make a call that must succeed, and return its result."""
        result = self.call(name, *arguments)
        assert result is not None, f"{name} gave the turn away"
        assert result >= 0, f"{name}: {self.kernel.refusal}"
        assert result == 0 or self.kernel.calls.named(name).result != "zero"
        return result

    def ok_or_error(self, name: str, *arguments: int) -> int:
        """Make a call that does not give the turn away, and return its result."""
        result = self.call(name, *arguments)
        assert result is not None, f"{name} gave the turn away"
        return result

    def fails(self, error: Error, name: str, *arguments: int) -> None:
        """Make a call that must fail so, having changed nothing at all."""
        before, ram = self.kernel.snapshot(), bytes(self.ram.bytes)
        result = self.call(name, *arguments)
        assert result == error, f"{name}: {self.kernel.refusal or result}"
        assert self.kernel.snapshot() == before
        assert bytes(self.ram.bytes) == ram
        assert self.kernel.refusal is not None
        assert "{" not in self.kernel.refusal.text

    def blocks(self, name: str, *arguments: int) -> None:
        """Make a call that must give the turn away."""
        caller = self.current
        assert self.call(name, *arguments) is None, self.kernel.refusal
        assert self.kernel.running[self.core] is not caller

    def blocks_for_ever(self, name: str, *arguments: int) -> None:
        """Make a call that gives the turn away, perhaps to nobody."""
        assert self.call(name, *arguments) is None, self.kernel.refusal

    def crash(self) -> None:
        """End the current process with a fault nobody handles."""
        trap(self.kernel, self.core, CRASH)
        self.check()

    # -- turns -----------------------------------------------------------------------------

    def turn(self, pid: int) -> None:
        """Let the time slices pass until ``pid`` runs."""
        for _ in range(len(self.kernel.ready) + 1):
            if self.pid == pid:
                return
            trap(self.kernel, self.core, Signal.SLICE_ENDED)
            check_invariants(self.kernel)
        raise AssertionError(f"process {pid} is not ready: {self.kernel.waiting()}")

    def resume(self) -> Resume | None:
        """What the current process goes on with, taken as the machine takes it."""
        resume, self.current.resume = self.current.resume, None
        return resume

    # -- what the current process sees -----------------------------------------------------

    def walk(self, va: int, process: Process | None = None) -> Walk:
        l1 = self.kernel.l1_pa(process or self.current)
        self.host.touch(l1, va)
        return walk(self.ram, l1, va)

    def rights(self, va: int, process: Process | None = None) -> str:
        """What the process may do at ``va``, e.g. ``r-x``; ``---`` where nothing is mapped."""
        return rights_text(self.walk(va, process).user)

    def pa(self, va: int, process: Process | None = None) -> int:
        return self.walk(va, process).pa

    def peek(self, va: int, length: int) -> bytes:
        """Bytes of the current process's memory, as its loads would get them."""
        return b"".join(self.ram.read(pa, part) for pa, part in self._runs(va, length, READ))

    def poke(self, va: int, data: bytes) -> None:
        """Store bytes as the current process's stores would."""
        for pa, part in self._runs(va, len(data), WRITE):
            self.ram.write(pa, data[:part])
            self.host.stored(pa, part)
            data = data[part:]

    def _runs(self, va: int, length: int, access: int) -> Iterator[tuple[int, int]]:
        """The physical runs of a range, page by page."""
        end = va + length
        while va < end:
            found = self.walk(va)
            assert found.user & access, f"{va:#x} is {rights_text(found.user)}"
            part = min(end - va, PAGE - va % PAGE)
            yield found.pa, part
            va += part

    def words(self, va: int, count: int) -> tuple[int, ...]:
        return struct.unpack(f"<{count}I", self.peek(va, count * 4))

    # -- frames ----------------------------------------------------------------------------

    def info(self, f_id: int, at: int = DATA_VA) -> FrameInfo:
        """What ``frame_lookup`` tells of a frame of the current process."""
        self.ok("frame_lookup", f_id, at)
        return FrameInfo(*struct.unpack(FRAME_STRUCT, self.peek(at, struct.calcsize(FRAME_STRUCT))))

    def owned(self) -> list[int]:
        """The current process's frames, in the order in which ``frame_info`` gives them."""
        found = []
        for index in range(self.ok("frame_count")):
            self.ok("frame_info", index, DATA_VA)
            found.append(self.words(DATA_VA, 1)[0])
        return found

    def take(self, pages: int = 1, align: int = PAGE, of: int = REST) -> int:
        """Cut ``pages`` pages at an address so aligned out of proc0's free memory; their id.

        They come from the upper end, so that ``REST`` stays the rest.
        """
        rest, length = self.info(of), pages * PAGE
        pa = (rest.pa + rest.len - length) & ~(align - 1)
        assert pa > rest.pa, "no room left"
        f_id = self.ok("frame_split", of, pa - rest.pa)
        if pa + length < rest.pa + rest.len:
            self.ok("frame_split", f_id, length)
        return f_id

    def view(self, f_id: int, va: int, flags: int = RO, table: int = SYS) -> int:
        """View a frame as pages; returns ``va``."""
        self.ok("frame_map", table, f_id, va, flags)
        return va

    def fresh_va(self, size: int) -> int:
        """Addresses in ``SYS`` that no other caller of this got."""
        va, self._next_va = self._next_va, self._next_va + size
        return va

    def l2(self, pages: int = 1) -> int:
        """A new L2 table, visible and installed nowhere."""
        f_id = self.take(pages)
        self.view(f_id, self.fresh_va(pages * PAGE))
        self.ok("frame_table", f_id, TableType.L2)
        return f_id

    def l1(self) -> int:
        """A new L1 table, visible and nobody's vspace."""
        f_id = self.take(4, align=0x4000)
        self.view(f_id, self.fresh_va(0x4000))
        self.ok("frame_table", f_id, TableType.L1)
        return f_id

    # -- processes -------------------------------------------------------------------------

    def vspace(self) -> Vspace:
        """A new vspace of the current process: code, data, and views of its own tables in it."""
        l1, l2, code, data = self.l1(), self.l2(), self.take(), self.take(4)
        self.ok("frame_map", l1, l2, 0, TABLE_L2)
        self.view(code, CODE_VA, RX, l2)
        self.view(data, DATA_VA, RW, l2)
        self.view(l1, CHILD_L1_VA, RO, l2)
        self.view(l2, CHILD_L2_VA, RO, l2)
        return Vspace(l1, l2, code, data)

    def child(self, start: bool = True) -> Child:
        """A child of the current process over a new vspace, started or not; its turn is to come."""
        space = self.vspace()
        pid = self.ok("proc_new", space.l1)
        self.ok("pool_give", pid, ROOM)
        if start:
            self.start(pid)
        return Child(pid, *space)

    def record_child(self) -> tuple[int, int]:
        """A child made of a frame: its pid and the id of its frame.  It has no vspace yet."""
        record = self.take(2)
        pid = self.ok("proc_new", record)
        self.ok("pool_give", pid, ROOM)
        return pid, record

    def start(self, pid: int, pc: int = CODE_VA, sp: int = DATA_VA + 4 * PAGE) -> None:
        self.poke(DATA_VA, struct.pack("<16I", pc, sp, 10, 11, 12, 13, *[0] * 10))
        self.ok("send", pid, DATA_VA)


def busy_machine() -> Machine:
    """Frames mapped, one process running, one blocked, one new."""
    machine = Machine()
    child = machine.child()
    machine.record_child()
    machine.ok("frame_allow", child.pid)
    machine.blocks("send", child.pid, DATA_VA)
    machine.ok("frame_allow", 0)
    return machine


def is_writable(kernel: Kernel, va: int) -> bool:
    """Whether who runs may write there."""
    process = kernel.running[0]
    assert process is not None
    return walk(kernel.memory, kernel.l1_pa(process), va).refusal(WRITE) is None


def set_room(kernel: Kernel, room: int) -> None:
    """Let the kernel be one whose proc0 has room for so many objects."""
    kernel.boot_room += room - kernel.processes[0].room
    kernel.processes[0].room = room


ROOM = 16
"""Kernel objects that the account of a child has room for."""

CHILD_L1_VA = 0x40000
CHILD_L2_VA = 0x44000
CHILD_FREE_VA = 0x50000


class Vspace(NamedTuple):
    """Frames of an address space made by ``Machine.vspace``."""

    l1: int
    l2: int
    code: int
    data: int


class Child(NamedTuple):
    """A process made by ``Machine.child``, and its frames."""

    pid: int
    l1: int
    l2: int
    code: int
    data: int
