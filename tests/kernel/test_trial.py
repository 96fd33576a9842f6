"""Calls made on trial do what they would do, and change nothing of the kernel asked about."""

from __future__ import annotations

from array import array

import pytest

from kernel_model.abi import Error
from kernel_model.memory import Ram
from kernel_model.operations import Operation
from kernel_model.plan import planned
from kernel_model.trial import Overlay, Trial
from kernel_model.walk import walk
from tests.kernel.driver import CODE_VA, FREE_VA, PAGE, REST, RO, RW, SYS, Machine

BASE = 0x80000000


def test_a_trial_leaves_kernel_and_memory_alone() -> None:
    machine = Machine()
    child = machine.child()
    page = machine.take()
    before, ram = machine.kernel.snapshot(), bytes(machine.ram.bytes)
    trial = Trial(machine.kernel)
    assert trial.refusal(0, planned(Operation.FRAME_MAP, SYS, page, FREE_VA, RW)) is None
    assert trial.refusal(0, planned(Operation.FRAME_GIVE, page, child.pid)) is None
    refused = trial.refusal(0, planned(Operation.FRAME_UNMAP, page, 0))
    assert refused is not None
    assert refused.error is Error.NO_FRAME
    assert trial.refusal(child.pid, planned(Operation.FRAME_POOL, page)) is None
    assert trial.kernel.running[0] is trial.kernel.processes[0]
    assert trial.refusal(0, planned(Operation.PROC_NEW, REST)) is None
    assert (machine.kernel.snapshot(), bytes(machine.ram.bytes)) == (before, ram)


def test_a_trial_is_what_the_calls_lead_to() -> None:
    machine = Machine()
    page = machine.take()
    trial = Trial(machine.kernel)
    assert trial.refusal(0, planned(Operation.FRAME_MAP, SYS, page, FREE_VA, RO)) is None
    machine.view(page, FREE_VA)
    state = machine.kernel.snapshot()
    assert trial.kernel.snapshot()._replace(processes=()) == state._replace(processes=())
    l1 = machine.kernel.l1_pa(machine.current)
    for va in (FREE_VA, FREE_VA + PAGE, CODE_VA):
        assert walk(trial.kernel.memory, l1, va) == walk(machine.ram, l1, va)


@pytest.mark.parametrize("start", [0, 8, PAGE - 8, PAGE])
@pytest.mark.parametrize("length", [0, 4, 16, PAGE, 2 * PAGE + 8])
def test_an_overlay_is_memory(start: int, length: int) -> None:
    """Whatever is written is read, beside what was there, and the memory beneath stays."""
    start += BASE
    rams = [Ram(BASE, 4 * PAGE, memoryview(bytearray(b"below..." * (PAGE // 2)))) for _ in range(2)]
    overlay = Overlay(rams[0])
    for memory in (rams[1], overlay):
        memory.write(start, bytes(range(256)) * (length // 256) + bytes(length % 256))
        memory.zero(start + 4, length)
        memory.write_word(start, 0x12345678)
        memory.write_words(start + 8, array("I", [7, 0xFFFFFFFF]))
    assert overlay.read(BASE, 4 * PAGE) == bytes(rams[1].bytes)
    assert list(overlay.read_words(BASE, PAGE)) == list(rams[1].read_words(BASE, PAGE))
    assert overlay.read_word(start) == 0x12345678
    for size in (4, 8, PAGE):
        assert overlay.is_zero(start + 16, size) is rams[1].is_zero(start + 16, size)
    assert overlay.contains(BASE, 4 * PAGE)
    assert not overlay.contains(BASE, 4 * PAGE + 1)
    assert set(bytes(rams[0].bytes)) == set(b"below...")
