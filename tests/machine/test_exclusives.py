"""Exclusive accesses and swaps that are not aligned, and LDRDs that move their own base."""

from __future__ import annotations

import pytest

from emu.machine import How
from emu.machine.fault import MachineFault
from emu.mmu import BACKENDS
from kernel_model.descriptors import READ, WRITE
from kernel_model.walk import FaultStatus
from tests.kernel.driver import CODE_VA, DATA_VA
from tests.machine.rig import STACK_TOP, Guest

ANY = READ | WRITE
BOTH, ARM = (False, True), (False,)

MISALIGNED = {
    "ldrex   r1, [r0]": (4, READ, BOTH),
    "ldrexh  r1, [r0]": (2, READ, BOTH),
    "ldrexd  r4, r5, [r0]": (8, READ, BOTH),
    "strex   r1, r2, [r0]": (4, ANY, BOTH),
    "strexh  r1, r2, [r0]": (2, ANY, BOTH),
    "strexd  r1, r4, r5, [r0]": (8, ANY, BOTH),
    "swp     r1, r2, [r0]": (4, READ, ARM),
}
"""Instruction: its alignment, what it is told to have been doing, Thumb or not."""


def fault_of(source: str, thumb: bool = False) -> MachineFault:
    """The fault that a program ends in, on each backend the same."""
    faults = []
    for mmu in BACKENDS:
        guest = Guest(source, mmu, thumb)
        assert guest.run().how is How.FAULTED
        faults.append(guest.only_fault())
    assert faults[0] == faults[1] == faults[2]
    return faults[0]


@pytest.mark.parametrize(
    ("text", "offset", "thumb"),
    [
        pytest.param(text, offset, thumb, id=f"{text}+{offset} {'thumb' if thumb else 'arm'}")
        for text, (size, _, states) in MISALIGNED.items()
        for offset in (1, 2, 3, 4, 6)
        for thumb in states
        if offset % size
    ],
)
def test_a_misaligned_exclusive_access_is_an_alignment_fault(
    text: str, offset: int, thumb: bool
) -> None:
    """The monitor, which a store asks first, has been told of just this address."""
    fault = fault_of(f"set r0, data + {offset}\n ldrexb r3, [r0]\n {text}\n exit 1", thumb)
    assert (fault.kind, fault.status) == ("alignment fault", FaultStatus.ALIGNMENT)
    assert (fault.va, fault.pc) == (DATA_VA + offset, CODE_VA + 12)
    assert fault.access in (READ, WRITE)
    assert fault.access & MISALIGNED[text][1]


OVERLAPPING = {
    "ldrd r4, r5, [r4], #8": (".inst 0xe0c440d8", False, 0),
    "ldrd r4, r5, [r4, #8]!": (".inst 0xe1e440d8", False, 8),
    "ldrd r4, r5, [r4, #-8]!": (".inst 0xe16440d8", False, -8),
    "ldrd r4, r5, [r4], r6": (".inst 0xe08440d6", False, 0),
    "ldrd r4, r5, [r4, r6]!": (".inst 0xe1a440d6", False, 16),
    "ldrd r4, r5, [r4], #8 thumb": (".inst.w 0xe8f44502", True, 0),
    "ldrd r4, r5, [r4, #8]! thumb": (".inst.w 0xe9f44502", True, 8),
}
"""UNPREDICTABLE ones: each with what it adds to r4 before it loads; r6 is 16."""


@pytest.mark.parametrize("text", OVERLAPPING)
def test_an_ldrd_that_writes_its_base_back_over_it_faults(text: str) -> None:
    """Its second word is in a page that is not there; the first, now in the base, is anything."""
    instruction, thumb, added = OVERLAPPING[text]
    base = STACK_TOP - 4 - added
    fault = fault_of(f"set r4, {base}\n mov r6, #16\n {instruction}\n exit 1", thumb)
    assert (fault.va, fault.access) == (STACK_TOP, READ)
    assert fault.status is FaultStatus.TRANSLATION_L2
    assert fault.pc == CODE_VA + 12


@pytest.mark.parametrize("text", OVERLAPPING)
def test_nor_can_its_first_word_be_read(text: str) -> None:
    instruction, thumb, added = OVERLAPPING[text]
    base = STACK_TOP + 4 - added
    fault = fault_of(f"set r4, {base}\n mov r6, #16\n {instruction}\n exit 1", thumb)
    assert (fault.va, fault.access) == (STACK_TOP + 4, READ)
    assert fault.registers[4] == base
