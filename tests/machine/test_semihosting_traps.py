"""Semihosting by HLT, and by BKPT in programs for M-profile processors."""

from __future__ import annotations

from typing import Final

import pytest

from emu.environment.requests import Answer, Cause, ReadInput
from emu.environment.world import ScriptedWorld
from emu.machine import How
from tests.machine.rig import Guest

HLT: Final = {"arm": ".inst 0xe10f0070", "thumb": ".inst.n 0xbabc"}
ISERROR: Final = "set r1, data\n mov r2, #-5\n str r2, [r1]\n mov r0, #8"
READC: Final = "mov r0, #7\n mov r1, #0"


@pytest.fixture(params=["arm", "thumb"])
def code(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_call_by_hlt_has_its_result_in_r0_and_goes_on_behind(code: str, mmu: str) -> None:
    guest = Guest(f"{ISERROR}\n {HLT[code]}\n add r0, r0, #6\n call exit", mmu, code == "thumb")
    assert guest.run().status == 7
    assert guest.machine.calls.semihosting == 1


def test_it_counts_as_one_instruction(code: str, mmu: str) -> None:
    """As an SVC does: the program is the same but for that."""
    svc = "svc #0xab" if code == "thumb" else "svc #0x123456"
    counts = []
    for asked in (svc, HLT[code]):
        source = f"{ISERROR}\n {asked}\n b next\nnext: {ISERROR}\n {asked}\n exit 3"
        guest = Guest(source, mmu, code == "thumb")
        guest.machine.count_instructions()
        assert guest.run().status == 3
        counts.append(guest.machine.instructions)
    assert counts[0] == counts[1]


def test_a_run_of_pieces_is_the_run(code: str, mmu: str) -> None:
    source = f"{ISERROR}\n {HLT[code]}\n {ISERROR}\n {HLT[code]}\n add r0, r0, #6\n call exit"
    guest = Guest(source, mmu, code == "thumb")
    guest.machine.count_instructions()
    while (outcome := guest.machine.run_for(1)).how is How.COUNT:
        continue
    assert (outcome.status, guest.machine.calls.semihosting) == (7, 2)


def test_a_call_that_ends_the_process(code: str, mmu: str) -> None:
    guest = Guest(f"mov r0, #0x18\n set r1, 0x20026\n {HLT[code]}\n b .", mmu, code == "thumb")
    outcome = guest.run()
    assert (outcome.how, outcome.status) == (How.EXITED, 0)


@pytest.mark.parametrize("inst", [".inst.n 0xba80", ".inst.n 0xbaab", ".inst.n 0xbebb"])
def test_other_numbers_are_undefined_or_breakpoints(inst: str, mmu: str) -> None:
    guest = Guest(f"{inst}\n exit 0", mmu, thumb=True)
    assert guest.run().how is How.FAULTED
    assert guest.machine.calls.semihosting == 0


def test_in_an_it_block_it_is_undefined(mmu: str) -> None:
    guest = Guest(f"movs r0, #0\n it eq\n {HLT['thumb']}\n exit 0", mmu, thumb=True)
    assert guest.run().how is How.FAULTED


@pytest.mark.parametrize("is_m", [False, True])
def test_bkpt_is_semihosting_in_programs_for_m_profile_processors(is_m: bool, mmu: str) -> None:
    guest = Guest(f"{ISERROR}\n bkpt #0xab\n add r0, r0, #6\n call exit", mmu, thumb=True)
    guest.machine.cores[0].semihosting.has_bkpt = is_m
    outcome = guest.run()
    assert (outcome.how, outcome.status) == ((How.EXITED, 7) if is_m else (How.FAULTED, 139))


class Interrupting(ScriptedWorld):
    """The first wait for input is ended."""

    is_over = False

    def read_input(self, request: ReadInput, moment: int) -> Answer:
        if not self.is_over:
            self.is_over = True
            return Cause.INTERRUPTED
        return super().read_input(request, moment)


def test_a_call_whose_wait_was_ended_is_made_again(code: str, mmu: str) -> None:
    world = Interrupting(b"A")
    guest = Guest(f"{READC}\n {HLT[code]}\n call exit", mmu, code == "thumb", world=world)
    guest.machine.count_instructions()
    with_svc = Guest(f"{READC}\n nop\n call exit", mmu, code == "thumb")
    with_svc.machine.count_instructions()
    with_svc.run()
    assert guest.run().how is How.INTERRUPTED
    before = guest.machine.snapshot()
    assert guest.run().status == ord("A")
    assert guest.machine.instructions == with_svc.machine.instructions
    assert guest.machine.calls.semihosting == 1
    assert before.cores[0].instructions == guest.machine.instructions - 3
