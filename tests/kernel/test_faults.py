"""Faults: the processor reports one, and whoever caused it ends."""

from __future__ import annotations

import pytest

from kernel_model.abi import FaultKind
from kernel_model.descriptors import WRITE
from kernel_model.process import Faulted, FaultRecord
from kernel_model.trap import trap
from kernel_model.walk import FaultStatus
from tests.kernel.driver import CODE_VA, DATA_VA, REGISTERS, Machine

STRAY_STORE = FaultRecord(
    FaultKind.MEMORY_ACCESS, 0x1234, CODE_VA, 0x10, WRITE, FaultStatus.TRANSLATION_L2, DATA_VA, 0,
    REGISTERS, "write of 0x1234",
)  # fmt: skip


def test_a_record_is_in_the_order_of_the_message():
    """Rule 15: kind, va, pc, cpsr, rights wanted, fault status, sp, lr."""
    assert FaultRecord._fields == (
        "kind", "va", "pc", "cpsr", "rights", "status", "sp", "lr", "registers", "why",
    )  # fmt: skip


def test_whoever_faults_ends(machine):
    child = machine.child()
    machine.turn(child.pid)
    trap(machine.kernel, 0, STRAY_STORE)
    machine.check()
    assert machine.pid == 0
    assert child.pid not in machine.kernel.processes
    assert machine.kernel.halted is None


def test_when_proc0_faults_the_machine_stops_and_says_why(machine):
    trap(machine.kernel, 0, STRAY_STORE)
    assert machine.kernel.halted == Faulted("write of 0x1234")


def test_a_fault_is_of_the_core_that_reports_it():
    machine = Machine(cores=2)
    machine.child()
    trap(machine.kernel, 1, STRAY_STORE)
    machine.check()
    assert machine.kernel.running == [machine.kernel.processes[0], None]


def test_where_nobody_runs_nobody_faults(machine):
    machine.blocks("recv", DATA_VA)
    with pytest.raises(AssertionError, match=r"^trap: no process runs on core 0$"):
        trap(machine.kernel, 0, STRAY_STORE)
