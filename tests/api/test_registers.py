"""All registers of user mode by name, of processes in every condition."""

from __future__ import annotations

import random
import struct

import pytest

from emu.cpu.register_names import ALIASES, ALL, named, value_of, with_value
from emu.cpu.registers import CORE, VFP, State
from tests.api.rig import scripted

FRESH = State((0,) * 17, (0,) * 32, 0, (0, 0, 0))

FLOATS = """
        vmov.f64 d8, #1.5
        vmov.f32 s3, #-2.0
        vmov.i8 q15, #7
        mov     r1, #0x01000000
        vmsr    fpscr, r1
        mcr     p15, 0, r1, c13, c0, 2
        udf     #0
"""


def test_the_program_s_are_read_and_those_that_are_set_are_the_program_s(mmu: str) -> None:
    machine, _ = scripted(FLOATS + STORES, mmu)
    machine.run_until(fault=True)
    registers = machine.process.registers
    assert (registers.as_float("d8"), registers.as_float("s3")) == (1.5, -2.0)
    assert (registers.s16, registers.s17) == struct.unpack("<II", struct.pack("<d", 1.5))
    assert (registers.q15, registers.d31) == (0x07 * (256**16 - 1) // 255, 0x0707070707070707)
    assert (registers.fpscr, registers.tpidrurw) == (0x01000000, 0x01000000)
    registers.q1 = 0x00112233_44556677_8899AABB_CCDDEEFF
    registers["s1"] = -1
    registers.fpscr = 0
    registers.tpidruro = 0x1234
    registers.r1 = registers.sp - 64
    registers.pc += 4
    machine.run_until(fault=True)
    stored = machine.process.memory.read(machine.process.registers.r1 - 16, 32)
    assert stored[:16] == bytes.fromhex("ffeeddccbbaa99887766554433221100")
    assert stored[16:] == struct.pack("<IIII", 0xFFFFFFFF, 0, 0x1234, 0)


STORES = """
        vst1.8  {q1}, [r1]!
        vmrs    r2, fpscr
        mrc     p15, 0, r3, c13, c0, 3
        mov     r4, #0
        vmov    r5, s1
        str     r5, [r1]
        str     r2, [r1, #4]
        str     r3, [r1, #8]
        str     r4, [r1, #12]
        udf     #1
"""


def test_a_process_that_has_not_run_begins_with_what_is_set(mmu: str) -> None:
    """In each order of core and other registers, and once more after that."""
    for order in (("d1", "r4", "q3"), ("r4", "d1", "r5"), ("s4", "s4", "r4")):
        machine, rig = scripted("1: call yield\n b 1b", mmu)
        child = rig.load_child("udf #0")
        registers = machine.processes[child.pid].registers
        before = registers.as_dict()
        for value, name in enumerate(order, 5):
            registers[name] = value
        expected = {name: registers[name] for name in order}
        assert expected[order[-1]] == 7
        stop = machine.run_until(fault=True)
        found = machine.processes[child.pid].registers
        assert {name: found[name] for name in order} == expected
        assert (stop.fault.pid, found.pc, found.sp) == (child.pid, before["pc"], before["sp"])
        assert [found[f"r{number}"] for number in range(4)] == [10, 11, 12, 13]


def test_names_share_their_bits() -> None:
    """Source: Arm ARM DDI 0406C, A2.6.2: d<n> is s<2n> and s<2n+1>; q<n> is d<2n> and d<2n+1>."""
    chance = random.Random(1)
    state = FRESH._replace(vfp=tuple(chance.getrandbits(64) for _ in VFP))
    for number in range(16):
        low, high = (value_of(state, f"d{2 * number + half}") for half in (0, 1))
        assert value_of(state, f"q{number}") == high << 64 | low
    for number in range(32):
        assert value_of(state, f"d{number}") == state.vfp[number]
        half = state.vfp[number // 2] >> 32 * (number & 1) & 0xFFFFFFFF
        assert value_of(state, f"s{number}") == half


NAMES = [*ALL, *ALIASES, *(f"s{n}" for n in range(32)), *(f"q{n}" for n in range(16))]


@pytest.mark.parametrize("name", NAMES)
def test_a_register_that_is_set_is_set_and_none_that_does_not_share_its_bits(name: str) -> None:
    chance = random.Random(name)
    before = FRESH
    for other in ALL:
        before = with_value(before, other, chance.getrandbits(named(other).bits))
    value = chance.getrandbits(named(name).bits)
    after = with_value(before, name, value)
    assert value_of(after, name) == value
    assert with_value(after, name, -1 & ~value) == with_value(before, name, -1 & ~value)
    assert with_value(after, name, value_of(before, name)) == before


def test_each_bit_has_one_name_in_all() -> None:
    total = sum(named(name).bits for name in ALL)
    assert total == 32 * (len(CORE) + 1 + 2) + 64 * len(VFP)
    state = FRESH
    for name in ALL:
        state = with_value(state, name, -1)
    assert state == State(
        (0xFFFFFFFF,) * 17, ((1 << 64) - 1,) * 32, 0xFFFFFFFF, (0xFFFFFFFF,) * 2 + (0,)
    )


def test_what_has_no_number_has_none() -> None:
    registers = scripted("exit 0")[0].process.registers
    for name in ("r0", "sp", "q0", "fpscr", "cpsr"):
        with pytest.raises(KeyError):
            registers.as_float(name)
    assert set(registers) == {*ALL} == set(registers.as_dict())
    assert repr(registers).startswith("Registers(r0=0xef")
