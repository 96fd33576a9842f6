"""The heap of a program that has done whatever it likes before it asks for one."""

from __future__ import annotations

import struct
from types import SimpleNamespace
from typing import Any

import pytest

from emu.environment.outside import Outside
from emu.environment.world import ScriptedWorld
from emu.machine import How, Machine, Options, Outcome
from emu.semihosting.process import semihosting_for
from kernel_model.abi import KERNEL_VA
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.image import Image, Segment
from kernel_model.invariants import check_invariants
from kernel_model.kernel import Kernel
from kernel_model.process import Start
from kernel_model.syscalls import CALLS
from tests.kernel import driver
from tests.kernel.adversary import Adversary, run_programs
from tests.kernel.driver import (
    AREA,
    CODE_VA,
    DATA_VA,
    FREE_VA,
    L1,
    LOW,
    MIB,
    PAGE,
    PAGE_KIND,
    REST,
    RO,
    RW,
    STACK,
    SYS,
    TABLE_L2,
    UART,
    is_writable,
    set_room,
)
from tests.kernel.host import RecordingHost

HEAPINFO = 0x16
BLOCK, RESULT = DATA_VA, DATA_VA + 16
DATA_END = DATA_VA + 4 * PAGE
STACK_TOP = AREA + 16 * MIB
ODD_STACKS = (
    0, 1, 0xFFFFFFFF, PAGE, CODE_VA + 8, DATA_VA + 8, DATA_END, FREE_VA, KERNEL_VA, STACK_TOP,
)  # fmt: skip


NO_RAM: Any = SimpleNamespace(bytes_at=lambda *_: None, place=lambda *_: -1)
"""What makes semihosting ask the kernel about all memory."""


def ask(kernel: Kernel, sp: int) -> tuple[int, int]:
    """What SYS_HEAPINFO tells the current process, straight from its memory."""
    process = kernel.running[0]
    assert process is not None
    semihosting = semihosting_for(
        kernel, process, Outside(ScriptedWorld()), lambda: sp, NO_RAM, lambda _: None
    )
    memory = semihosting.memory
    memory.write(BLOCK, struct.pack("<I", RESULT))
    assert semihosting.call(HEAPINFO, BLOCK) == 0
    base, limit, stack, stack_limit = struct.unpack("<4I", memory.read(RESULT, 16))
    assert (stack, stack_limit) == (sp, 0)
    return base, limit


def heap(machine: driver.Machine, sp: int = STACK_TOP) -> int:
    """The size of the heap behind the data, which is all there."""
    base, limit = ask(machine.kernel, sp)
    machine.check()
    assert base <= limit
    assert all(is_writable(machine.kernel, va) for va in range(base, limit, PAGE))
    return limit - base


@pytest.fixture
def machine() -> driver.Machine:
    return driver.Machine(size=32 * MIB)


# -- tables ----------------------------------------------------------------------------------


def fill(machine: driver.Machine, table: int) -> None:
    """Map memory at every free page of a table."""
    frame = machine.kernel.frames[table]
    entries = list(machine.ram.read_words(frame.pa, frame.len // 4))
    pages = [frame.t_va + index * PAGE for index, entry in enumerate(entries) if not entry]
    runs: list[list[int]] = []
    for va in filter(None, pages):
        if runs and runs[-1][-1] + PAGE == va:
            runs[-1].append(va)
        else:
            runs.append([va])
    for run in runs:
        machine.view(machine.take(len(run)), run[0], RO, table)


def test_the_table_that_views_the_l1_is_full(machine: driver.Machine) -> None:
    """There is room to view new tables in another."""
    fill(machine, SYS)
    assert heap(machine) > 4 * MIB


def test_every_table_is_full(machine: driver.Machine) -> None:
    fill(machine, SYS)
    fill(machine, LOW)
    assert heap(machine) == 0


def test_the_l1_is_not_viewed(machine: driver.Machine) -> None:
    machine.ok("frame_unmap", L1, PAGE_KIND)
    assert heap(machine) > 8 * MIB


def test_no_table_is_viewed(machine: driver.Machine) -> None:
    for table in (L1, LOW, SYS):
        machine.ok("frame_unmap", table, PAGE_KIND)
    assert heap(machine) == 0


def test_a_table_that_hangs_nowhere(machine: driver.Machine) -> None:
    machine.l2()
    assert heap(machine) > 8 * MIB


def test_the_data_move_with_their_table(machine: driver.Machine) -> None:
    """What is in a table that is installed elsewhere now is elsewhere, too."""
    table = machine.l2()
    machine.ok("frame_map", L1, table, 0x40000000, TABLE_L2)
    machine.view(machine.take(), 0x40000000, RW, table)
    machine.ok("frame_unmap", table, TABLE_L2)
    machine.ok("frame_map", L1, table, 0xEE800000, TABLE_L2)
    assert heap(machine) == AREA - 0xEE800000 - PAGE


def test_another_table_is_in_the_way(machine: driver.Machine) -> None:
    table = machine.l2()
    machine.ok("frame_map", L1, table, 5 * MIB, TABLE_L2)
    machine.view(machine.take(), 6 * MIB, RO, table)
    assert heap(machine) == 4 * MIB - DATA_END


def test_a_hidden_table_is_in_the_way(machine: driver.Machine) -> None:
    table = machine.l2()
    machine.ok("frame_map", L1, table, 4 * MIB, TABLE_L2)
    machine.ok("frame_unmap", table, PAGE_KIND)
    assert heap(machine) > 8 * MIB


# -- memory ----------------------------------------------------------------------------------


def test_no_memory_is_free(machine: driver.Machine) -> None:
    machine.ok("frame_pool", REST)
    assert heap(machine) == 0


def test_no_room_in_the_pool(machine: driver.Machine) -> None:
    set_room(machine.kernel, machine.kernel.processes[0].charged)
    assert heap(machine) == 0


@pytest.mark.parametrize("left", range(1, 8))
def test_next_to_no_room_in_the_pool(machine: driver.Machine, left: int) -> None:
    set_room(machine.kernel, machine.kernel.processes[0].charged + left)
    assert heap(machine) > 0


def test_memory_in_pieces(machine: driver.Machine) -> None:
    """Nothing is larger than a page; then something is, and that counts."""
    for _ in range(20):
        machine.take()
    big = machine.take(40)
    machine.ok("frame_pool", REST)
    assert heap(machine) == 38 * PAGE
    assert machine.kernel.frames[big].len < 40 * PAGE


# -- addresses -------------------------------------------------------------------------------


@pytest.mark.parametrize("sp", ODD_STACKS)
def test_odd_stack_pointers(machine: driver.Machine, sp: int) -> None:
    heap(machine, sp)


def test_the_data_reach_the_kernel(machine: driver.Machine) -> None:
    assert ask(machine.kernel, sp=0) == (KERNEL_VA, KERNEL_VA)
    machine.check()


def test_a_device_is_no_data(machine: driver.Machine) -> None:
    machine.view(UART, FREE_VA, RW)
    assert ask(machine.kernel, STACK_TOP)[0] == DATA_END


def test_nothing_but_a_stack(machine: driver.Machine) -> None:
    machine.ok("frame_unmap", STACK, PAGE_KIND)
    assert ask(machine.kernel, DATA_VA + 8) == (0, 0)
    machine.check()


# -- anything --------------------------------------------------------------------------------


class Hosted(Adversary):
    """At its end whoever runs asks for a heap, with each odd stack pointer in turn."""

    def teardown(self) -> None:
        kernel, process = self.trial.kernel, self.trial.kernel.running[0]
        assert process is not None
        outside = Outside(ScriptedWorld())
        for sp in ODD_STACKS:
            semihosting = semihosting_for(
                kernel, process, outside, lambda sp=sp: sp, NO_RAM, lambda _: None
            )
            base, limit, _, _ = semihosting.process.heap()
            assert base <= limit
            assert all(is_writable(kernel, va) for va in range(base, limit, PAGE))
            check_invariants(kernel)
            self.trial.host.check(kernel)


@pytest.mark.parametrize("number", range(2))
def test_heaps_of_hostile_programs(number: int) -> None:
    run_programs(Hosted, number, programs=16)


# -- on the machine itself -------------------------------------------------------------------


def movw(register: int, value: int) -> int:
    return 0xE3000000 | (value >> 12) << 16 | register << 12 | value & 0xFFF


def movt(register: int, value: int) -> int:
    return movw(register, value >> 16) | 1 << 22


# -- a lent vspace ---------------------------------------------------------------------------


def thread(machine: driver.Machine) -> int:
    """A child that runs on this process's vspace, and has its turn."""
    pid, _ = machine.record_child()
    machine.ok("vspace_lend", pid, machine.kernel.processes[0].l1)
    machine.start(pid)
    machine.turn(pid)
    return pid


def test_a_thread_finds_the_data_of_its_vspace(machine: driver.Machine) -> None:
    """Both 0 would mean a heap without a limit, where nothing is mapped."""
    thread(machine)
    assert ask(machine.kernel, FREE_VA) == (DATA_END, DATA_END)
    machine.check()


def test_a_thread_may_use_the_heap_that_the_owner_has(machine: driver.Machine) -> None:
    _, limit = ask(machine.kernel, STACK_TOP)
    thread(machine)
    assert ask(machine.kernel, FREE_VA) == (limit, limit)
    assert limit > DATA_END


def test_others_stacks_are_no_data_of_a_thread(machine: driver.Machine) -> None:
    machine.view(machine.take(2), FREE_VA + 4 * PAGE, RW)
    pid = thread(machine)
    frames = len(machine.kernel.processes[pid].frames)
    assert ask(machine.kernel, STACK_TOP) == (DATA_END, DATA_END)
    assert len(machine.kernel.processes[pid].frames) == frames


def code(*calls: tuple[int, int]) -> bytes:
    """Calls of the kernel, (number, r0), or, where the number is -1, of semihosting, with r1."""
    words: list[int] = []
    for number, argument in calls:
        if number < 0:
            words += [movw(0, -number), movw(1, argument & 0xFFFF), movt(1, argument), 0xEF123456]
        else:
            words += [movw(12, number), movw(0, argument & 0xFFFF), movt(0, argument), 0xEF000000]
    return struct.pack(f"<{len(words)}I", *words)


REFUSED, RECV, EXIT = (
    (99, 0),
    (CALLS.named("recv").number, RESULT),
    (CALLS.named("exit").number, 42),
)
ASK = (-HEAPINFO, BLOCK)
BLOCK_WORDS = struct.pack("<I", RESULT)


class Driven(driver.Machine):
    """The kernel of a real machine that has not run yet, driven by hand."""

    def __init__(self, machine: Machine) -> None:
        self.ram = machine.ram.ram
        self.host = RecordingHost(self.ram)
        self.kernel = machine.kernel
        self.core = 0
        self._next_va = FREE_VA + MIB

    def check(self) -> None:
        check_invariants(self.kernel)


def real_machine(*calls: tuple[int, int]) -> Machine:
    """A machine with ``--check`` whose program makes these calls."""
    segments = (
        Segment(CODE_VA, PAGE, code(*calls), READ | EXEC),
        Segment(DATA_VA, 4 * PAGE, BLOCK_WORDS, READ | WRITE),
    )
    return Machine(Image(segments, CODE_VA), ScriptedWorld(), Options(ram=32 * MIB, check=True))


def test_full_table_on_the_machine() -> None:
    machine = real_machine(ASK, REFUSED, EXIT)
    fill(Driven(machine), SYS)
    assert machine.run() == Outcome(How.EXITED, 42)


def test_heap_of_a_child_that_has_an_information_page() -> None:
    """The refused call that follows finds the page telling the truth."""
    machine = real_machine(RECV, EXIT)
    driven = Driven(machine)
    pid, _ = driven.record_child()
    space = driven.vspace()
    frames = driven.kernel.frames
    driven.ram.write(frames[space.code].pa, code(ASK, REFUSED, EXIT))
    driven.ram.write(frames[space.data].pa, BLOCK_WORDS)
    data_pa = frames[space.data].pa
    driven.ok("vspace_swap", pid, space.l1)
    driven.ok("frame_give", driven.take(16), pid)
    start = driven.current.resume
    driven.start(pid, sp=CODE_VA)
    driven.current.resume = start
    assert isinstance(start, Start)
    assert machine.run() == Outcome(How.EXITED, 42)
    base, limit, _, _ = struct.unpack("<4I", driven.ram.read(data_pa + 16, 16))
    assert (base, limit) == (DATA_END, DATA_END + 15 * PAGE)
