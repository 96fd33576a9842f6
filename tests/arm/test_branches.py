"""Where branches go, how blocks end, and what calls are."""

from __future__ import annotations

import pytest

from emu.arm.addressing import base_register
from emu.arm.branches import End, end_of, ends_with_call, register_of, target_of
from emu.arm.disassembly import Instruction, disassemble, disassemble_data
from emu.arm.registers import LR, PC, SP

VA = 0x1000


def one(code: str, thumb: bool) -> Instruction:
    (instruction,) = disassemble(bytes.fromhex(code), VA, thumb)
    return instruction


@pytest.mark.parametrize(
    ("code", "thumb", "end", "target"),
    [
        ("feffffea", False, End.PLAIN, VA),  # b
        ("feffff0a", False, End.PLAIN, VA),  # beq
        ("feffffeb", False, End.CALL, VA),  # bl
        ("feffff0b", False, End.CALL, VA),  # bleq
        ("fefffffa", False, End.CALL, VA),  # blx
        ("33ff2fe1", False, End.CALL, None),  # blx r3
        ("1eff2fe1", False, End.INDIRECT, None),  # bx lr
        ("22ff2fe1", False, End.INDIRECT, None),  # bxj r2
        ("0ef0a0e1", False, End.INDIRECT, None),  # mov pc, lr
        ("1080bde8", False, End.INDIRECT, None),  # pop {r4, pc}
        ("1080bd08", False, End.INDIRECT, None),  # popeq {r4, pc}
        ("00a89de8", False, End.INDIRECT, None),  # ldm sp, {r11, sp, pc}
        ("0080bde9", False, End.INDIRECT, None),  # ldmib sp!, {pc}
        ("08f09de4", False, End.INDIRECT, None),  # ldr pc, [sp], #8
        ("02f19f97", False, End.PLAIN, None),  # ldrls pc, [pc, r2, lsl #2]
        ("02f18fe0", False, End.PLAIN, None),  # add pc, pc, r2, lsl #2
        ("00802de9", False, End.PLAIN, None),  # push {pc}
        ("030000ef", False, End.PLAIN, None),  # svc
        ("0210c0e3", False, End.PLAIN, None),  # bic: not every name with a b is a branch
        ("fee7", True, End.PLAIN, VA),  # b
        ("30d0", True, End.PLAIN, VA + 0x64),  # beq
        ("40b1", True, End.PLAIN, VA + 0x14),  # cbz
        ("00f0f281", True, End.PLAIN, VA + 0x3E8),  # beq.w
        ("fff7feff", True, End.CALL, VA),  # bl
        ("00f002e8", True, End.CALL, VA + 8),  # blx
        ("9847", True, End.CALL, None),  # blx r3
        ("7047", True, End.INDIRECT, None),  # bx lr
        ("c3f3008f", True, End.INDIRECT, None),  # bxj r3
        ("f746", True, End.INDIRECT, None),  # mov pc, lr
        ("10bd", True, End.INDIRECT, None),  # pop {r4, pc}
        ("5df804fb", True, End.INDIRECT, None),  # ldr pc, [sp], #4
        ("51f822f0", True, End.INDIRECT, None),  # ldr.w pc, [r1, r2, lsl #2]
        ("dff808f0", True, End.PLAIN, None),  # ldr.w pc, [pc, #8]
        ("dfe800f0", True, End.PLAIN, None),  # tbb
        ("01be", True, End.PLAIN, None),  # bkpt
    ],
)
def test_how_a_block_ends(code: str, thumb: bool, end: End, target: int | None) -> None:
    instruction = one(code, thumb)
    assert end_of(instruction) is end
    assert target_of(instruction) == target


def test_a_target_beyond_the_end_of_memory_is_at_its_start() -> None:
    (instruction,) = disassemble(bytes.fromhex("010000ea"), 0xFFFFFFF8, False)
    assert target_of(instruction) == 4


def test_data_ends_nothing() -> None:
    (word,) = disassemble_data(bytes.fromhex("feffffea"), VA)
    assert (end_of(word), target_of(word), base_register(word)) == (End.PLAIN, None, None)


@pytest.mark.parametrize(
    ("code", "thumb", "register"),
    [
        ("33ff2fe1", False, 3),  # blx r3
        ("13ff2f11", False, 3),  # bxne r3
        ("0ef0a0e1", False, LR),  # mov pc, lr
        ("9846", True, None),  # mov r8, r3
        ("feffffeb", False, None),  # bl
        ("1080bde8", False, None),  # pop {r4, pc}
    ],
)
def test_the_register_with_the_address(code: str, thumb: bool, register: int | None) -> None:
    assert register_of(one(code, thumb)) == register


@pytest.mark.parametrize(
    ("code", "thumb", "register"),
    [
        ("08009fe5", False, PC),  # ldr r0, [pc, #8]
        ("02402de7", False, SP),  # str r4, [sp, -r2]!
        ("060020e9", False, 0),  # stmdb r0!, {r1, r2}
        ("040ab0ec", False, 0),  # vldmia r0!, {s0-s3}
        ("920f81e1", False, 1),  # strex r0, r2, [r1]
        ("10402de9", False, None),  # push {r4, lr}: SP goes without saying
        ("028bbdec", False, None),  # vpop {d8}
        ("0800a0e1", False, None),  # mov r0, r8
    ],
)
def test_the_base_of_a_load_or_store(code: str, thumb: bool, register: int | None) -> None:
    assert base_register(one(code, thumb)) == register


@pytest.mark.parametrize(
    ("code", "thumb", "is_call"),
    [
        ("feffffeb", False, True),  # bl
        ("33ff2fe1", False, True),  # blx r3
        ("feffffea", False, False),  # b
        ("1eff2fe1", False, False),  # bx lr
        ("fff7feff", True, True),  # bl
        ("00bf9847", True, True),  # nop; blx r3
        ("9847 00bf", True, False),  # blx r3; nop
        ("00bf 7047", True, False),  # nop; bx lr
        ("ffffffff", True, False),
    ],
)
def test_calls_before_a_return_address(code: str, thumb: bool, is_call: bool) -> None:
    assert ends_with_call(bytes.fromhex(code), thumb) is is_call
