"""Unwinding by reading code, of functions written by hand."""

from __future__ import annotations

import pytest

from emu.arm.disassembly import disassemble
from emu.arm.registers import LR, PC, SP
from emu.unwind.frame import StackFrame
from emu.unwind.prologue import Prologue, analyse, returning, stores_lr


def analysed(code: str, thumb: bool) -> Prologue:
    return analyse(disassemble(bytes.fromhex(code), 0x1000, thumb))


@pytest.mark.parametrize(
    ("code", "thumb", "depth", "saved"),
    [
        ("10402de9", False, 8, {4: 8, LR: 4}),  # push {r4, lr}
        ("2de91041", True, 12, {4: 12, 8: 8, LR: 4}),  # push.w {r4, r8, lr}
        ("2de91001", True, 8, {4: 8, 8: 4}),  # stmdb sp!, {r4, r8} in Thumb
        ("04e02de5", False, 4, {LR: 4}),  # push {lr}
        ("f0416de1", False, 16, {4: 16, 5: 12}),  # strd r4, r5, [sp, #-16]!
        ("6de90445", True, 16, {4: 16, 5: 12}),  # and in Thumb
        ("84b0 cde9024e", True, 16, {4: 8, LR: 4}),  # sub sp, #16; strd r4, lr, [sp, #8]
        ("08d04de2 10408de8", False, 8, {4: 8, LR: 4}),  # sub sp, sp, #8; stm sp, {r4, lr}
        ("10400de9 08d04de2", False, 8, {4: 8, LR: 4}),  # stmdb sp, {r4, lr}; sub sp, sp, #8
        ("0f002de9 10402de9", False, 24, {4: 24, LR: 20}),  # push {r0-r3}; push {r4, lr}
        ("048b2ded", False, 16, {}),  # vpush {d8, d9}
        ("038a2ded", False, 12, {}),  # vpush {s16-s18}
        ("038b2ded", False, 12, {}),  # fstmdbx sp!, {d8}
        ("10b5 10bc", True, 4, {LR: 4}),  # push {r4, lr}; pop {r4}
        ("10402de9 0400bde8", False, 4, {LR: 4}),  # push {r4, lr}; pop {r2}
        ("10402de9 028bbdec", False, 0, {}),  # push {r4, lr}; vpop {d8}
        ("0fb4 10b5 04b0", True, 8, {}),  # push {r0-r3}; push {r4, lr}; add sp, #16
    ],
)
def test_what_is_on_the_stack(code: str, thumb: bool, depth: int, saved: dict[int, int]) -> None:
    found = analysed(code, thumb)
    assert (found.depth, found.saved, found.pointer) == (depth, saved, None)


@pytest.mark.parametrize(
    ("code", "thumb"),
    [
        ("10402de9 0cd04de0", False),  # push {r4, lr}; sub sp, sp, r12
        ("10402de9 0cd08de0", False),  # push {r4, lr}; add sp, sp, r12
        ("10b5 adeb0c0d", True),  # push {r4, lr}; sub.w sp, sp, r12
        ("10402de9 07d0cde3", False),  # push {r4, lr}; bic sp, sp, #7
        ("10402de9 02402de7", False),  # push {r4, lr}; str r4, [sp, -r2]!
        ("10402de9 00d095e5 080000ea", False),  # push {r4, lr}; ldr sp, [r5]; b
    ],
)
def test_a_stack_pointer_that_is_not_known(code: str, thumb: bool) -> None:
    """Nothing is guessed: where the registers are is not known either."""
    found = analysed(code, thumb)
    assert found.depth is None
    frame = StackFrame((0,) * 16, thumb, False)
    assert found.unwind(frame, lambda _va: 0x8001, lambda _pc: True) is None


@pytest.mark.parametrize(
    ("code", "thumb", "pointer"),
    [
        ("80b5 00af", True, (7, 8)),  # push {r7, lr}; add r7, sp, #0
        ("80b5 82b0 02af", True, (7, 8)),  # push {r7, lr}; sub sp, #8; add r7, sp, #8
        ("80b5 adeb0c0d 6f46", True, None),  # the SP is not known when it is copied
        ("0dc0a0e1 00d82de9 04b04ce2", False, (11, 4)),  # mov r12, sp; push {r11, r12, lr, pc}; ...
        ("00482de9 04b08de2 0cd04de0", False, (11, 4)),  # ...; sub sp, sp, r12
        ("80b5 00af 0827", True, None),  # r7 becomes another number
    ],
)
def test_frame_pointers(code: str, thumb: bool, pointer: tuple[int, int] | None) -> None:
    assert analysed(code, thumb).pointer == pointer


@pytest.mark.parametrize(
    ("code", "thumb", "depth", "pointer"),
    [
        ("10b5 82b0 02b0 10bd", True, 16, None),  # push; sub sp; add sp; pop {r4, pc}
        ("80b5 84b0 00af 1037 bd46 80bd", True, 24, (7, 24)),  # ...; adds r7, #16; mov sp, r7; pop
        (
            "00482de9 04b08de2 10d04de2 04d04be2 0088bde8",
            False,
            24,
            (11, 4),
        ),  # sub sp, r11, #4; pop
        ("10402de9 0400bde8 04f09de4", False, 8, None),  # push {r4, lr}; pop {r2}; ldr pc, [sp], #4
    ],
)
def test_behind_an_epilogue_everything_is_there_again(
    code: str, thumb: bool, depth: int, pointer: tuple[int, int] | None
) -> None:
    """The registers are where they were before it, and so is the frame pointer."""
    found = analysed(code, thumb)
    assert (found.depth, found.saved[LR], found.pointer) == (depth, 4, pointer)


def test_an_epilogue_by_the_frame_pointer() -> None:
    """push {r11, lr}; add r11, sp, #4; sub sp, sp, #16; sub sp, r11, #4; pop {r11, lr}."""
    found = analysed("00482de9 04b08de2 10d04de2 04d04be2 0048bde8", False)
    assert found == Prologue(0, {}, None)


@pytest.mark.parametrize(
    ("code", "thumb"),
    [
        ("10402de9 10402d09 08d08d02 1080bd08", False),  # pusheq, addeq sp, popeq {r4, pc}
        ("10b5 0cbf 02b0 82b0", True),  # ite eq; add sp, #8; sub sp, #8
        ("10b5 08bf 10bd", True),  # it eq; popeq {r4, pc}
        ("10b5 40b1", True),  # cbz
    ],
)
def test_what_is_conditional_was_not_done(code: str, thumb: bool) -> None:
    assert analysed(code, thumb) == Prologue(8, {4: 8, LR: 4}, None)


@pytest.mark.parametrize(
    ("code", "thumb", "stores"),
    [
        ("2de91041", True, True),  # push.w {r4, r8, lr}
        ("04e02de5", False, True),  # push {lr}
        ("10408de8", False, True),  # stm sp, {r4, lr}
        ("cde9024e", True, True),  # strd r4, lr, [sp, #8]
        ("1040bde8", False, False),  # pop {r4, lr}
        ("00e085e5", False, False),  # str lr, [r5]
        ("10402d09", False, False),  # pusheq {r4, lr}
    ],
)
def test_stores_of_the_return_address(code: str, thumb: bool, stores: bool) -> None:
    assert stores_lr(disassemble(bytes.fromhex(code), 0x1000, thumb)) is stores


STACK = {0x2000 + 4 * number: 0x8000 + 0x10 * number for number in range(16)}


def returned(code: str, thumb: bool) -> StackFrame | None:
    """The caller's frame by the code ahead; r0 to r12 are their numbers."""
    frame = StackFrame((*range(13), 0x2000, 0x9001, 0x1000), thumb, False)
    return returning(disassemble(bytes.fromhex(code), 0x1000, thumb), frame, STACK.get)


@pytest.mark.parametrize(
    ("code", "thumb", "changed"),
    [
        ("1eff2fe1", False, {PC: 0x9000}),  # bx lr
        ("0ef0a0e1", False, {PC: 0x9000}),  # mov pc, lr
        ("0200c0e3 1eff2fe1", False, {PC: 0x9000}),  # bic r0, r0, #2; bx lr
        ("0000a001 1eff2fe1", False, {PC: 0x9000}),  # moveq r0, r0; bx lr
        ("08bf 0846 7047", True, {PC: 0x9000}),  # it eq; moveq r0, r1; bx lr
        ("10bd", True, {4: 0x8000, PC: 0x8010, SP: 0x2008}),  # pop {r4, pc}
        ("bde81081", True, {4: 0x8000, 8: 0x8010, PC: 0x8020, SP: 0x200C}),  # pop.w {r4, r8, pc}
        ("5df804fb", True, {PC: 0x8000, SP: 0x2004}),  # ldr pc, [sp], #4
        ("08f09de4", False, {PC: 0x8000, SP: 0x2008}),  # ldr pc, [sp], #8
        ("1080bde9", False, {4: 0x8010, PC: 0x8020, SP: 0x2008}),  # ldmib sp!, {r4, pc}
        ("00a89de8", False, {11: 0x8000, SP: 0x8010, PC: 0x8020}),  # ldm sp, {r11, sp, pc}
    ],
)
def test_code_that_returns(code: str, thumb: bool, changed: dict[int, int]) -> None:
    frame = returned(code, thumb)
    assert frame is not None
    before = (*range(13), 0x2000, 0x9001, 0x1000)
    assert {n: v for n, v in enumerate(frame.registers) if v != before[n]} == changed


@pytest.mark.parametrize(
    ("code", "thumb"),
    [
        ("1eff2f01", False),  # bxeq lr
        ("08bf 7047", True),  # it eq; bxeq lr
        ("08d08de2 1eff2fe1", False),  # add sp, sp, #8; bx lr
        ("0cd08de0 1eff2fe1", False),  # add sp, sp, r12; bx lr
        ("07d0cde3 1eff2fe1", False),  # bic sp, sp, #7; bx lr
        ("028bbdec 1eff2fe1", False),  # vpop {d8}; bx lr
        ("04e09de4 1eff2fe1", False),  # pop {lr}; bx lr
        ("fee7", True),  # b
        ("40b1 7047", True),  # cbz; bx lr
        ("01df 7047", True),  # svc #1; bx lr
        ("9847 7047", True),  # blx r3; bx lr
        ("13ff2fe1", False),  # bx r3
        ("08f09de5", False),  # ldr pc, [sp, #8]: a jump, for SP stays
        ("02f19de7", False),  # ldr pc, [sp, r2, lsl #2]
    ],
)
def test_code_that_does_not_return_yet(code: str, thumb: bool) -> None:
    assert returned(code, thumb) is None
