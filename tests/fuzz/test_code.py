"""A little random code, always the same; ``make fuzz-guest FUZZ_FLAGS="--kind code"`` runs more."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.agreement import random_ways
from tests.fuzz import code
from tests.fuzz.code.oracle import outside
from tests.fuzz.code.patterns import ARM, THUMB, Pattern, fill
from tests.fuzz.code.streams import Code, Instruction
from tests.fuzz.guest import check, shrink
from tests.fuzz.variants import Seen, Variant, run
from tests.guests import need_tool

SEEDS = range(1, 25)
NOP, MOVS_R0_5, UDF = 0xE320F000, 0xE3B00005, 0xE7F000F0


@pytest.mark.parametrize(("seed", "ways"), random_ways(SEEDS).items(), ids=SEEDS)
def test_code_does_the_same_however_it_is_run(seed: int, ways: list[Variant]) -> None:
    case = code.generate(seed)
    finding, _ = check(code, case, ways)
    assert finding is None, f"{finding}\n{case}"


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_code_does_the_same_in_many_ways(seed: int) -> None:
    case = code.generate(seed)
    finding, _ = check(code, case, code.variants(seed))
    assert finding is None, f"{finding}\n{case}"


def test_defined_code_is_compared_with_qemu() -> None:
    need_tool("qemu-arm")
    ends: Counter[str] = Counter()
    for seed in range(100, 160):
        case = code.generate(seed)
        if case.is_defined:
            seen = run(code.program_of(case))
            assert outside(case, seen) is None, case
            ends[_end(seen)] += 1
    assert ends["exited"] > 10
    assert ends["misaligned"] > 5


def _end(seen: Seen) -> str:
    if not seen.faults:
        return "exited"
    return "misaligned" if "ALIGNMENT" in seen.faults[-1] else "faulted"


def test_qemu_is_not_always_of_our_mind() -> None:
    """What is seen of other code, or of none, is a finding."""
    need_tool("qemu-arm")
    one = Code(1, False, True, (Instruction(MOVS_R0_5, 4),))
    seen = run(code.program_of(one))
    assert outside(one, seen) is None
    other = one._replace(instructions=(Instruction(NOP, 4),))
    finding = outside(other, seen)
    assert finding is not None
    assert finding.text.startswith("r0: 00000005, qemu-arm ")
    fault = one._replace(instructions=(Instruction(UDF, 4),))
    assert outside(fault, run(code.program_of(fault))) is None
    finding = outside(fault, seen)
    assert finding is not None
    assert finding.kind == "qemu-arm ends otherwise"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_listing_is_the_code(seed: int) -> None:
    case = code.generate(seed)
    assert code.parse(str(case)) == case


@pytest.mark.parametrize("pattern", [*ARM, *THUMB], ids=lambda one: one.bits)
def test_a_pattern_keeps_its_bits(pattern: Pattern) -> None:
    chance = random.Random(pattern.bits)
    words = [fill(pattern, chance, 0.5) for _ in range(20)]
    for at, kind in enumerate(reversed(pattern.bits)):
        if kind in "01":
            assert {word >> at & 1 for word in words} == {int(kind)}
    assert max(words) < 1 << len(pattern.bits)


def test_a_finding_is_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of code with a call in it, which is answered with an exception, the call is left."""

    def broken(*_: object) -> None:
        raise KeyError("planted")

    monkeypatch.setattr("emu.machine.svc.trap", broken)
    svc = Instruction(0xEF000000, 4)
    case = Code(7, False, False, (*[Instruction(NOP, 4)] * 20, svc, *[Instruction(NOP, 4)] * 20))
    ways = (Variant(),)
    finding, _ = check(code, case, ways)
    assert finding is not None
    assert finding.kind == "KeyError"
    less, same = shrink(case, finding, code, ways, lambda: True)
    assert same.kind == "KeyError"
    assert len(less.instructions) <= 1
