"""Kernels copied and compared."""

from __future__ import annotations

import pytest

from kernel_model.kernel import MOST_CORES, Kernel
from kernel_model.memory import Ram
from kernel_model.process import Exited
from kernel_model.syscalls import CALLS, trap
from tests.kernel.driver import (
    CODE,
    DATA_VA,
    FREE_VA,
    MIB,
    PAGE,
    RAM_BASE,
    REST,
    RO,
    SYS,
    Machine,
    busy_machine,
)
from tests.kernel.host import RecordingHost


def copy_of(machine: Machine) -> Kernel:
    ram = Ram(machine.ram.base, machine.ram.size, memoryview(bytearray(machine.ram.bytes)))
    return machine.kernel.copy(ram)


@pytest.fixture
def busy() -> Machine:
    return busy_machine()


def test_a_copy_is_equal(busy):
    copy = copy_of(busy)
    assert copy.snapshot() == busy.kernel.snapshot()
    assert copy.running[0] is copy.processes[1]
    assert copy.running[0] is not busy.kernel.running[0]


def test_a_copy_goes_on_just_as_the_original(busy):
    copy = copy_of(busy)
    numbers = [("recv", DATA_VA), ("frame_split", 12, PAGE), ("yield",), ("exit", 0)]
    for name, *arguments in numbers:
        words = [*arguments, 0, 0, 0, 0][:4]
        assert trap(copy, copy.calls.named(name).number, *words) == busy.call(name, *arguments)
        assert copy.snapshot() == busy.kernel.snapshot()
        assert bytes(copy.memory.read(copy.memory.base, copy.memory.size)) == bytes(busy.ram.bytes)


def test_a_copy_is_independent(busy):
    copy = copy_of(busy)
    before, ram = copy.snapshot(), copy.memory.read(copy.memory.base, copy.memory.size)
    busy.ok("recv", DATA_VA)
    busy.turn(0)
    busy.view(busy.take(), FREE_VA)
    busy.ok("frame_unmap", CODE, 0)
    busy.turn(1)
    busy.blocks("exit", 0)
    assert copy.snapshot() == before
    assert copy.memory.read(copy.memory.base, copy.memory.size) == ram


def test_the_original_is_independent_of_the_copy(busy):
    copy = copy_of(busy)
    before, ram = busy.kernel.snapshot(), bytes(busy.ram.bytes)
    trap(copy, copy.calls.named("exit").number, 0, 0, 0, 0)
    trap(copy, copy.calls.named("frame_map").number, SYS, REST, FREE_VA, RO)
    assert busy.kernel.snapshot() == before
    assert bytes(busy.ram.bytes) == ram


def test_a_kernel_begins_with_nothing():
    kernel = Kernel(Ram(0x80000000, 0x200000), CALLS)
    assert kernel.running == [None]
    assert kernel.halted is kernel.refusal is None
    assert kernel.is_device_tree_boot is False
    assert not kernel.frames
    assert not kernel.processes


def test_the_copy_of_a_halted_kernel(machine):
    machine.call("exit", 4)
    copy = copy_of(machine)
    assert copy.halted == Exited(4)
    assert copy.running == [None]


def test_a_copy_may_have_a_host_of_its_own(machine):
    host = RecordingHost(machine.ram)
    copy = machine.kernel.copy(machine.ram, host)
    assert copy.host is host
    assert copy.tell == copy.editor.tell == host.happened
    assert copy.tell_written == host.memory_written


def test_a_copy_knows_its_devices_and_asks_its_own_host(busy):
    copy = copy_of(busy)
    assert copy.devices == busy.kernel.devices
    assert copy.host is not busy.host
    assert trap(copy, copy.calls.named("console_read").number, DATA_VA, 10, 0, 0) == 0
    assert trap(copy, copy.calls.named("console_write").number, DATA_VA, 10, 0, 0) == 10
    assert busy.host.console == b""


def test_where_a_kernel_begins_and_how_many_cores_it_has():
    ram = Ram(RAM_BASE, 4 * MIB)
    for start in (RAM_BASE, RAM_BASE + MIB, RAM_BASE + 3 * MIB):
        kernel = Kernel(ram, CALLS, start=start, cores=MOST_CORES)
        copy = kernel.copy(ram)
        assert (kernel.start, kernel.end, len(kernel.running)) == (start, start + MIB, 8)
        assert (copy.start, copy.end, len(copy.running)) == (start, start + MIB, 8)
    assert Kernel(ram, CALLS).start == RAM_BASE


@pytest.mark.parametrize("start", [0, RAM_BASE - MIB, RAM_BASE + PAGE, RAM_BASE + 4 * MIB])
def test_a_kernel_is_a_section_of_ram(start):
    with pytest.raises(ValueError, match=f"Kernel: no section of RAM is at {start:#x}"):
        Kernel(Ram(RAM_BASE, 4 * MIB), CALLS, start=start)


def test_a_kernel_needs_all_of_its_section():
    with pytest.raises(ValueError, match="no section of RAM"):
        Kernel(Ram(RAM_BASE, MIB - PAGE), CALLS)


@pytest.mark.parametrize("cores", [0, MOST_CORES + 1])
def test_a_kernel_has_one_to_eight_cores(cores):
    with pytest.raises(ValueError, match=f"Kernel: {cores} cores, not 1 to 8"):
        Kernel(Ram(RAM_BASE, MIB), CALLS, cores=cores)
