"""What is decoded of an instruction is what a processor does with it."""

from __future__ import annotations

import pytest

from emu.arm.addressing import address_of
from emu.arm.disassembly import Instruction, disassemble
from emu.arm.effects import NOTHING, Effect, Sum, effect_of, effects
from emu.arm.registers import LR, PC, SP
from tests.arm.encodings import A32, T32
from tests.arm.processor import CODE, RAM, Step, executed

ALL = [(code, text, False) for code, text in A32] + [(code, text, True) for code, text in T32]
every_instruction = pytest.mark.parametrize(
    ("code", "thumb"),
    [(bytes.fromhex(code), thumb) for code, _, thumb in ALL],
    ids=[f"{'t32' if thumb else 'a32'} {text}" for _, text, thumb in ALL],
)


def decoded(code: bytes, thumb: bool) -> Effect:
    (instruction,) = disassemble(code, CODE, thumb)
    return effect_of(instruction)


def value(step: Step, number: int) -> int:
    """A core register before, as an operand: the PC is ahead."""
    return step.before[number] + ((4 if step.thumb else 8) if number == PC else 0)


@every_instruction
def test_registers_that_change_are_among_those_written(code: bytes, thumb: bool) -> None:
    effect, step = decoded(code, thumb), executed(code, thumb)
    goes_on = step.after[PC] == CODE + len(code)
    changed = {n for n in range(15) if step.after[n] != step.before[n]}
    assert changed <= effect.writes
    assert goes_on is not (effect.is_jump or effect.is_call)
    assert effect.is_call is (LR in changed and not goes_on)
    assert not effect.is_conditional


@every_instruction
def test_transfers_are_at_these_addresses(code: bytes, thumb: bool) -> None:
    transfer, step = decoded(code, thumb).transfer, executed(code, thumb)
    first = min((access.va for access in step.accesses), default=None)
    assert address_of(code, CODE, thumb, step.before) == first
    if transfer is None:
        return
    base = value(step, transfer.base) & (~3 if transfer.base == PC else -1)
    if transfer.start is not None:
        assert first == base + transfer.start
    loads = transfer.registers if transfer.is_load else ()
    if transfer.change is not None and transfer.base != PC and transfer.base not in loads:
        assert step.after[transfer.base] == base + transfer.change
    for number, offset in transfer.places:
        if transfer.is_load:
            assert step.after[number] == step.words[base + offset]
        else:
            assert step.word(base + offset) == value(step, number)


@every_instruction
def test_sums_are_what_comes_out(code: bytes, thumb: bool) -> None:
    sum_, step = decoded(code, thumb).sum, executed(code, thumb)
    if sum_ is not None:
        assert step.after[sum_.result] == value(step, sum_.source) + sum_.amount


@pytest.mark.parametrize(
    ("code", "thumb", "effect"),
    [
        ("10402de9", False, (SP, -8, (4, LR), -8)),  # push {r4, lr}
        ("f0416de1", False, (SP, -16, (4, 5), -16)),  # strd r4, r5, [sp, #-16]!
        ("04e02de5", False, (SP, -4, (LR,), -4)),  # push {lr}, a single store
        ("2de91001", True, (SP, -8, (4, 8), -8)),  # push.w {r4, r8}
        ("5df804fb", True, (SP, 0, (PC,), 4)),  # ldr pc, [sp], #4
        ("9de80003", True, (SP, 0, (8, 9), 0)),  # ldm.w sp, {r8, r9}
        ("00a89de8", False, (SP, 0, (11, SP, PC), 0)),  # ldm sp, {r11, sp, pc}
        ("0080bde9", False, (SP, 4, (PC,), 4)),  # ldmib sp!, {pc}
        ("2ded028b", True, (SP, -8, (), -8)),  # vpush {d8}
        ("038b2ded", False, (SP, -12, (), -12)),  # fstmdbx sp!, {d8}
        ("02402de7", False, (SP, None, (4,), None)),  # str r4, [sp, -r2]!
    ],
)
def test_transfers_at_the_stack(
    code: str, thumb: bool, effect: tuple[int, int | None, tuple[int, ...], int | None]
) -> None:
    transfer = decoded(bytes.fromhex(code), thumb).transfer
    assert transfer is not None
    assert transfer[1:] == effect


@pytest.mark.parametrize(
    ("code", "thumb", "sum_"),
    [
        ("0cd08de0", False, None),  # add sp, sp, r12
        ("9d44", True, None),  # add sp, r3
        ("82b0", True, Sum(SP, SP, -8)),  # sub sp, #8
        ("04b04ce2", False, Sum(11, 12, -4)),  # sub r11, r12, #4
        ("bd46", True, Sum(SP, 7)),  # mov sp, r7
        ("7047", True, Sum(PC, LR)),  # bx lr
    ],
)
def test_sums(code: str, thumb: bool, sum_: Sum | None) -> None:
    effect = decoded(bytes.fromhex(code), thumb)
    assert effect.sum == sum_
    assert SP in effect.writes or sum_ is not None


@pytest.mark.parametrize(
    ("code", "thumb", "conditional"),
    [
        ("1080bd08", False, [True]),  # popeq {r4, pc}
        ("30d0", True, [True]),  # beq
        ("40b1", True, [True]),  # cbz
        ("08bf 10bd 10bd", True, [True, True, False]),  # it eq; popeq; pop
        ("1cbf 01b0 7047 7047", True, [True, True, True, False]),  # itt ne; ...; bx lr
    ],
)
def test_conditions(code: str, thumb: bool, conditional: list[bool]) -> None:
    found = effects(disassemble(bytes.fromhex(code), CODE, thumb))
    assert [effect.is_conditional for effect in found] == conditional


def test_data_and_unknown_bits_do_nothing() -> None:
    assert effect_of(Instruction(0, b"\x10\xb5", ".short", "0xb510")) is NOTHING
    assert decoded(bytes.fromhex("ffffffff"), False) is NOTHING
    assert address_of(bytes.fromhex("ffffffff"), 0, False, range(RAM, RAM + 17)) is None
