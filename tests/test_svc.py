"""Which SVC is a call of the kernel's and which is semihosting: the whole immediate decides."""

from __future__ import annotations

import struct

import pytest

from emu.environment.world import ScriptedWorld
from emu.machine import How, Machine, Options, Outcome
from emu.mmu import BACKENDS
from kernel_model.descriptors import EXEC, READ
from kernel_model.image import Image, Segment
from kernel_model.syscalls import CALLS

CODE = 0x10000
ANSWERED = 42
"""The exit status of a program whose first SVC was answered by the kernel."""


def arm_program(immediate: int) -> bytes:
    """Make an SVC that is vspace_id to the kernel and the end with status 0 to semihosting."""
    words = (
        0xE3A00018,  #                              mov r0, #0x18       ; SYS_EXIT
        0xE3001026,  #                              movw r1, #0x26
        0xE3401002,  #                              movt r1, #2         ; by the application
        0xE3A0C000 | CALLS.named("vspace_id").number,  # mov r12, #15
        0xEF000000 | immediate,  #                  svc #immediate
        0xE3A00000 | ANSWERED,  #                   mov r0, #42
        0xE3A0C000 | CALLS.named("exit").number,  #     mov r12, #18
        0xEF000000,  #                              svc #0
    )
    return struct.pack("<8I", *words)


def thumb_program(immediate: int) -> bytes:
    """The same in Thumb."""
    halfwords = (
        0x2018,  #                                    movs r0, #0x18
        0xF240, 0x0126,  #                            movw r1, #0x26
        0xF2C0, 0x0102,  #                            movt r1, #2
        0x2200 | CALLS.named("vspace_id").number, 0x4694,  # movs r2, #15; mov r12, r2
        0xDF00 | immediate,  #                        svc #immediate
        0x2000 | ANSWERED,  #                         movs r0, #42
        0x2200 | CALLS.named("exit").number, 0x4694,  #   movs r2, #18; mov r12, r2
        0xDF00,  #                                    svc #0
    )  # fmt: skip
    return struct.pack(f"<{len(halfwords)}H", *halfwords)


def run(code: bytes, entry: int, mmu: str) -> Outcome:
    image = Image((Segment(CODE, len(code), code, READ | EXEC),), entry)
    return Machine(image, ScriptedWorld(), Options(mmu=mmu, ram=8 << 20)).run()


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize(
    ("immediate", "status"),
    [(0, ANSWERED), (0x123456, 0), (0x3456, ANSWERED), (0xAB, ANSWERED), (0xAB3456, ANSWERED)],
)
def test_arm(immediate: int, status: int, mmu: str) -> None:
    assert run(arm_program(immediate), CODE, mmu) == Outcome(How.EXITED, status)


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize(
    ("immediate", "status"), [(0, ANSWERED), (0xAB, 0), (0x56, ANSWERED), (0xFF, ANSWERED)]
)
def test_thumb(immediate: int, status: int, mmu: str) -> None:
    assert run(thumb_program(immediate), CODE | 1, mmu) == Outcome(How.EXITED, status)
