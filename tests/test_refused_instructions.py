"""Instructions that the processor refuses, and why the report says it did."""

from __future__ import annotations

from unittest.mock import create_autospec

import pytest

from emu.debuginfo import DebugFiles
from emu.environment.world import ScriptedWorld
from emu.machine import How, Machine, Options
from emu.machine.fault import MachineFault
from emu.mmu import BACKENDS
from emu.report.cause import Cause
from emu.report.context import Context
from emu.report.fault import cause_of_fault
from kernel_model.descriptors import EXEC, READ
from kernel_model.image import Image, Segment
from tests.observing import OnFault

CODE = 0x8000
THUMB = 1


def cause_in(code: bytes, entry: int = CODE, mmu: str = "tlb") -> Cause:
    """Why a program of just this code, which ends in a fault at once, was stopped."""
    causes: list[Cause] = []

    def on_fault(fault: MachineFault) -> None:
        process = machine.kernel.processes[fault.pid]
        files = create_autospec(DebugFiles)
        context = Context(machine.kernel, machine.history, files, process, fault.registers)
        causes.append(cause_of_fault(context, fault))

    image = Image((Segment(CODE, len(code), code, READ | EXEC),), entry)
    options = Options(ram=2 << 20, mmu=mmu, max_insns=100)
    machine = Machine(image, ScriptedWorld(), options)
    machine.observers.add(OnFault(on_fault))
    assert machine.run().how is How.FAULTED
    (cause,) = causes
    return cause


def arm(*words: int) -> bytes:
    return b"".join(word.to_bytes(4, "little") for word in words)


def thumb(*halves: int) -> bytes:
    return b"".join(half.to_bytes(2, "little") for half in halves)


@pytest.mark.parametrize(
    ("code", "name", "why"),
    [
        (arm(0xEE070F15), "privileged instruction", "caches"),  # mcr p15, 0, r0, c7, c5, 0
        (
            arm(0xEE110F10),
            "privileged instruction",
            "system registers",
        ),  # mrc p15, 0, r0, c1, c0, 0
        (arm(0xEC510F1E), "privileged instruction", "system registers"),  # mrrc p15, 1, r0, r1, c14
        (arm(0xEEF80A10), "privileged instruction", "system registers"),  # vmrs r0, fpexc
        (arm(0xE14F0000), "privileged instruction", "privileged modes"),  # mrs r0, spsr
        (arm(0xE1600070), "privileged instruction", "privileged modes"),  # smc #0
        (arm(0xF89D0A00), "privileged instruction", "privileged modes"),  # rfeia sp
        (arm(0xE7F000F1), "undefined instruction", "must never come"),  # udf #1
        (arm(0xE1200073), "breakpoint instruction", "no debugger"),  # bkpt #3
        (arm(0xFE421BA1), "undefined instruction", "Cortex-A15"),  # vseleq.f64, of Armv8
    ],
)
def test_arm_instruction(code: bytes, name: str, why: str) -> None:
    cause = cause_in(code)
    assert cause.name == name
    assert why in cause.why


@pytest.mark.parametrize(
    ("code", "name", "why"),
    [
        (thumb(0xEE07, 0x0F15), "privileged instruction", "caches"),
        (thumb(0xF7F0, 0x8000), "privileged instruction", "privileged modes"),  # smc #0
        (thumb(0xDE00), "undefined instruction", "must never come"),  # udf #0
        (thumb(0xBEAB), "semihosting for Cortex-M", "-mcpu=cortex-a15"),  # bkpt #0xab
        (thumb(0xBE01), "breakpoint instruction", "no debugger"),
    ],
)
def test_thumb_instruction(code: bytes, name: str, why: str) -> None:
    cause = cause_in(code, CODE | THUMB)
    assert cause.name == name
    assert why in cause.why


@pytest.mark.parametrize("mmu", BACKENDS)
def test_jump_into_the_middle_of_an_arm_instruction(mmu: str) -> None:
    """Unicorn executes what is there, whether it was meant or not; here it is an UDF."""
    code = arm(0xE51FF004, CODE + 10) + thumb(0xFFFF) + arm(0xE7F000F1)  # ldr pc, [pc, #-4]
    assert cause_in(code, mmu=mmu).name == "jump to a misaligned address"
