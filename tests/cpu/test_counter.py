"""Instructions are counted exactly, and a run is bounded exactly, natively and in Python alike."""

import pytest

from emu import native
from emu.cpu.stop import Stop
from kernel_model.descriptors import AP_USER_RO
from tests.hooks import add_code_hook, keep_exit_checks, use_python_hooks
from tests.mmu.rig import FREE, PAGE, SVC, Rig

CODE, DATA = 0x8000, 0x20000
CODE_PA, DATA_PA = FREE, FREE + PAGE
ADD = 0xE2800001  # add r0,r0,#1
B_SELF = 0xEAFFFFFE


@pytest.fixture(params=["native", "native, exit checks kept", "python", "traced"])
def rig(request):
    if request.param == "python":
        use_python_hooks(request)
    elif native.hooks is None:
        pytest.skip("the hooks in C are not built, or not wanted")
    elif "kept" in request.param:
        keep_exit_checks(request)
    rig = Rig("tlb")
    rig.map_code(CODE, CODE_PA)
    rig.engine.hooks.count_instructions()
    if request.param == "traced":
        add_code_hook(rig.engine, lambda address, size: None)
    return rig


def put_thumb(rig, *halfwords):
    rig.put_thumb(CODE_PA, *halfwords)


def test_each_instruction_counts_once(rig):
    rig.put(CODE_PA, ADD, ADD, ADD, SVC)
    rig.run(CODE)
    assert rig.engine.instructions == 4
    rig.run(CODE)
    assert rig.engine.instructions == 8


@pytest.mark.parametrize("limit", [1, 2, 3, 10, 1000])
def test_a_run_is_bounded_exactly(rig, limit):
    rig.put(CODE_PA, ADD, 0xEAFFFFFD)  # add; b CODE
    rig.engine.start_at(CODE, 0)
    for run in range(1, 4):
        assert rig.engine.run(limit) is Stop.COUNT
        assert rig.engine.instructions == run * limit
        assert rig.engine.registers.read("r0") == (run * limit + 1) // 2


def test_a_bound_on_the_last_instruction_before_the_stop(rig):
    rig.put(CODE_PA, ADD, SVC, ADD)
    rig.engine.start_at(CODE, 0)
    assert rig.engine.run(2) is Stop.REQUESTED
    assert rig.engine.instructions == 2
    rig.engine.start_at(CODE, 0)
    assert rig.engine.run(1) is Stop.COUNT
    assert rig.engine.run(1) is Stop.REQUESTED


def test_a_loop_onto_itself(rig):
    rig.put(CODE_PA, B_SELF)
    rig.engine.start_at(CODE, 0)
    assert rig.engine.run(7) is Stop.COUNT
    assert rig.engine.instructions == 7


def test_a_faulting_instruction_counts_when_it_completes(rig):
    rig.put(CODE_PA, ADD, 0xE5821000, ADD, SVC)  # str r1,[r2]
    rig.map(DATA, DATA_PA, AP_USER_RO, xn=1)
    assert rig.run(CODE, 0, 0, DATA) is Stop.FAULT
    assert rig.engine.instructions == 1
    rig.backend.fault()
    assert rig.engine.instructions == 1
    assert rig.engine.run() is Stop.FAULT
    assert rig.engine.instructions == 1
    rig.map_data(DATA, DATA_PA)
    assert rig.engine.run() is Stop.REQUESTED
    assert rig.engine.instructions == 4


def test_a_failed_fetch_does_not_count(rig):
    rig.put(CODE_PA + PAGE - 4, ADD)
    assert rig.run(CODE + PAGE - 4) is Stop.FAULT
    assert rig.engine.instructions == 1


def test_an_it_block_is_finished_beyond_the_bound_and_counted(rig):
    put_thumb(rig, 0x4280, 0xBF02, 0x3101, 0x3201, 0x3301, 0x3101, 0xE7F9)
    # cmp r0,r0; ittt eq; addeq r1,#1; addeq r2,#1; addeq r3,#1; adds r1,#1; b CODE+2
    rig.engine.start_at(CODE | 1, 0)
    assert rig.engine.run(3) is Stop.COUNT
    done = rig.engine.instructions
    assert rig.engine.registers.pc == CODE + done * 2
    assert 3 <= done <= 5
    before = rig.engine.instructions
    assert rig.engine.run(2) is Stop.COUNT
    assert rig.engine.instructions >= before + 2


def test_skipped_instructions_of_an_it_block_count_as_those_of_arm_code_do(rig):
    put_thumb(rig, 0x4280, 0xBF18, 0x3101, 0xDF00)  # cmp r0,r0; it ne; addne r1,#1; svc
    rig.run(CODE | 1)
    assert rig.engine.instructions == 4
    rig.put(CODE_PA, 0xE1500000, 0x12811001, SVC)  # cmp r0,r0; addne r1,r1,#1; svc
    rig.backend.written(CODE_PA, PAGE)
    rig.run(CODE)
    assert rig.engine.instructions == 4 + 3


def test_runs_in_bounds_are_the_run_without(rig):
    """Sliced anyhow, a program does the same in as many instructions."""
    put_thumb(rig, 0x2000, 0x3101, 0x2905, 0xBFBC, 0x3001, 0x1840, 0x290A, 0xDBF8, 0xDF00)
    # movs r0,#0; L: adds r1,#1; cmp r1,#5; itt lt; addlt r0,#1; addlt r0,r0,r1; cmp r1,#10; blt L
    rig.run(CODE | 1)
    whole, state = rig.engine.instructions, rig.state()
    for limit in range(1, 9):
        rig.engine.start_at(CODE | 1, 0)
        before = rig.engine.instructions
        while rig.engine.run(limit) is Stop.COUNT:
            pass
        assert rig.engine.instructions - before == whole
        assert rig.state() == state


def test_a_bound_turns_counting_on():
    rig = Rig("tlb")
    rig.map_code(CODE, CODE_PA)
    rig.put(CODE_PA, ADD, 0xEAFFFFFD)
    rig.engine.start_at(CODE, 0)
    assert rig.engine.run(100) is Stop.COUNT
    assert rig.engine.registers.read("r0") == 50


def test_code_translated_before_counting_is_counted():
    rig = Rig("tlb")
    rig.map_code(CODE, CODE_PA)
    rig.put(CODE_PA, ADD, SVC)
    rig.run(CODE)
    rig.engine.hooks.count_instructions()
    rig.run(CODE)
    assert rig.engine.instructions == 2


# The end of a turn


def run_turn(rig, turn, limit=0):
    """Run for a turn; whether it is over, and where."""
    reason = rig.engine.run(limit, turn=turn)
    assert reason is Stop.COUNT
    return rig.engine.counter.turn_over, rig.engine.registers.pc - CODE, rig.engine.instructions


def test_a_turn_ends_where_the_next_instruction_is_elsewhere(rig):
    rig.put(CODE_PA, ADD, ADD, 0xEAFFFFFC)  # add; add; b CODE
    rig.engine.start_at(CODE, 0)
    assert run_turn(rig, 4) == (True, 0, 6)
    assert run_turn(rig, 3) == (True, 0, 9)
    assert run_turn(rig, 0) == (True, 0, 9), "nothing is left of it, and the jump was made"


def test_a_turn_does_not_end_in_straight_code(rig):
    branch = 0x1A000000  # bne to the next instruction but one, never taken
    rig.put(CODE_PA, 0xE1500000, branch, branch, branch, 0xEAFFFFFA)  # cmp r0,r0; ...; b CODE
    rig.engine.start_at(CODE, 0)
    assert run_turn(rig, 2) == (True, 0, 5)


def test_a_turn_ends_at_a_page(rig):
    rig.map_code(CODE + PAGE, CODE_PA + PAGE)
    rig.put(CODE_PA, *[ADD] * 1030, SVC)
    rig.engine.start_at(CODE, 0)
    assert run_turn(rig, 1) == (True, PAGE, 1024)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_turn_ends_at_the_same_place_wherever_it_was_cut(rig, cut):
    put_thumb(rig, 0x4280, 0xD100, 0xBF04, 0x3101, 0x3201, 0xF101, 0x0101, 0xE7F7)
    # cmp r0,r0; bne .+4; itt eq; addeq r1,#1; addeq r2,#1; add.w r1,r1,#1; b CODE
    rig.engine.start_at(CODE | 1, 0)
    whole = run_turn(rig, 9)
    assert whole == (True, 0, 14)
    rig.engine.start_at(CODE | 1, 0)
    over, _, count = run_turn(rig, 9, cut)
    assert not over
    assert count - 14 in (cut, cut + 1, cut + 2), "an IT block is finished"
    assert run_turn(rig, 9 - (count - 14)) == (True, 0, 28)


# What is told while a block executes


def test_each_instruction_knows_the_count_with_itself(rig):
    put_thumb(rig, 0x2001, 0xF101, 0x0101, 0x2002, 0xDF00)  # movs; add.w; movs; svc
    seen = []
    add_code_hook(rig.engine, lambda va, _: seen.append((va, rig.engine.counter.begun(va))))
    rig.run(CODE | 1)
    assert seen == [(CODE, 1), (CODE + 2, 2), (CODE + 6, 3), (CODE + 8, 4)]
    assert rig.engine.counter.begun(CODE) == 4, "no block is under way"


# Code that is not what it was


def test_a_block_of_thumb_code_is_looked_at_again_when_it_has_changed(rig):
    long, short = (0xF101, 0x0101), (0x3101, 0x3201)  # add.w r1,r1,#1; adds r1,#1; adds r2,#1
    done = 0
    for body, number in ((long, 6), (short, 7), (long, 6)):
        put_thumb(rig, 0x2001, 0x2002, 0x2003, 0x2004, *body, 0xDF00)
        rig.backend.written(CODE_PA, PAGE)
        for _ in range(2):
            rig.run(CODE | 1)
            done += number
            assert rig.engine.instructions == done


def test_a_program_that_stores_into_its_own_thumb_code_is_counted(rig):
    rig.map(CODE, CODE_PA)
    store, back = 0x6001, 0x4718  # str r1,[r0]; bx r3
    put_thumb(rig, store, back, 0x2001, 0x2002, 0x2003, 0x2004, 0xBF00, 0xBF00, 0xDF00)
    done = 0
    for word, number in ((0xBF00BF00, 9), (0x0101F101, 8), (0xBF00BF00, 9)):
        rig.engine.start_at(CODE | 1, 0, (CODE + 12, word, 0, CODE + 4 | 1))
        assert rig.engine.run() is Stop.REQUESTED
        done += number
        assert rig.engine.instructions == done


def test_without_the_place_of_the_thumb_bit_unicorn_is_asked(rig):
    rig.engine.counter.thumb_bit = 0
    put_thumb(rig, 0x2001, 0xF101, 0x0101, 0xDF00)
    rig.run(CODE | 1)
    rig.put(CODE_PA, ADD, SVC)
    rig.backend.written(CODE_PA, PAGE)
    rig.run(CODE)
    assert rig.engine.instructions == 3 + 2
