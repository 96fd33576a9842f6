"""``--check`` looks at everything after each call and changes nothing, least of all an IT block."""

from __future__ import annotations

import pytest

from emu.machine import How
from kernel_model.abi import MapKind
from tests.kernel.driver import FREE_VA, RW, SYS
from tests.machine.rig import Guest

SET_UP = """
        mov     r0, #0
        mov     r1, #0
        mov     r2, #0
        mov     r3, #0
        mov     r4, #0
        mov     r5, #0
        mov     r12, #call_frame_count
        cmp     r0, #%d
"""


BLOCKS = {
    "itt, then": ("svceq #0", "addeq r4, #1"),
    "itt, last": ("addeq r4, #1", "svceq #0"),
    "ite": ("svceq #0", "addne r4, #1"),
    "ite, else": ("addeq r4, #1", "svcne #0"),
    "ittt": ("addeq r4, #1", "svceq #0", "addeq r5, #1"),
    "itee": ("svceq #0", "addne r4, #1", "addne r5, #1"),
    "itete": ("svceq #0", "addne r4, #1", "addeq r5, #1", "addne r5, #2"),
    "ittet": ("addeq r4, #1", "svceq #0", "addne r5, #1", "addeq r5, #2"),
    "two calls": ("svceq #0", "moveq r12, #call_vspace_id", "svceq #0", "addeq r4, #1"),
    "a fill": ("svceq #0", "ldreq r4, [sp, #-8]", "addeq r5, #1"),
    "it": ("svceq #0",),
}
"""Blocks of which one instruction or another is a call."""


def it_block(instructions: tuple[str, ...]) -> str:
    """The instructions with the IT that they need."""
    pattern = "".join("t" if "eq" in one.split()[0] else "e" for one in instructions)
    return "\n".join((f"it{pattern[1:]} eq", *instructions))


def registers_after(source: str, mmu: str, check: bool) -> tuple[int, ...]:
    """Those of a program that ends in an UDF."""
    guest = Guest(source, mmu, thumb=True, check=check)
    assert guest.run().how is How.FAULTED
    fault = guest.only_fault()
    assert fault.kind == "undefined instruction"
    return fault.registers


@pytest.mark.parametrize("compared", [0, 1], ids=["equal", "not equal"])
@pytest.mark.parametrize("block", BLOCKS)
def test_a_call_in_an_it_block_goes_on_in_the_block(block: str, compared: int, mmu: str) -> None:
    source = SET_UP % compared + it_block(BLOCKS[block]) + it_after()
    checked = registers_after(source, mmu, check=True)
    assert checked == registers_after(source, mmu, check=False)
    assert checked[6:8] == ((1, 0) if compared == 0 else (0, 1))


def it_after() -> str:
    return "\nite eq\n addeq r6, #1\n addne r7, #1\n udf #0"


MAPPING = """
        set     r8, {va}
        mov     r7, #0
        cmp     r7, #0
        {map}
        ittt    eq
        svceq   #0                      @ maps
        moveq   r4, r0
        streq   r8, [r8]
        ldr     r5, [r8]
        {unmap}
        cmp     r7, #0
        ittee   eq
        svceq   #0                      @ unmaps
        moveq   r6, r0
        addne   r6, #1
        addne   r4, #1
        udf     #0
"""


@pytest.mark.parametrize("check", [False, True], ids=["unchecked", "checked"])
def test_a_call_in_an_it_block_may_map_and_unmap(check: bool, mmu: str) -> None:
    guest = Guest("", mmu)
    frame = guest.take()
    source = MAPPING.format(
        va=FREE_VA,
        map=f"mov r0, #{SYS}\n set r1, {frame}\n set r2, {FREE_VA}\n mov r3, #{MapKind.PAGE | RW}\n"
        " mov r12, #call_frame_map",
        unmap=f"set r0, {frame}\n mov r1, #{MapKind.PAGE}\n mov r12, #call_frame_unmap",
    )
    guest = Guest(source, mmu, thumb=True, check=check)
    assert guest.take() == frame
    assert guest.run().how is How.FAULTED
    fault = guest.only_fault()
    assert fault.kind == "undefined instruction"
    assert fault.registers[4:7] == (0, FREE_VA, 0)


def test_check_finds_what_is_wrong_behind_a_call(mmu: str) -> None:
    """And without it nobody looks."""
    for check in (False, True):
        guest = Guest("call yield\n exit 0", mmu, check=check)
        guest.kernel.frames[SYS].len += 0x1000
        if check:
            with pytest.raises(AssertionError):
                guest.run()
        else:
            assert guest.run().how is How.EXITED
