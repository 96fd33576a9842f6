"""Code that changed is never run as it was, however the change reached memory."""

import pytest

from tests.mmu.rig import FREE, L1, OTHER_L1, PAGE, SVC, Rig

CODE, ALIAS, WRITER, DATA = 0x8000, 0x30000, 0x40000, 0x20000
CODE_PA, WRITER_PA, DATA_PA = FREE, FREE + PAGE, FREE + 2 * PAGE

BX_LR = 0xE12FFF1E
STR_R1_AT_R0 = 0xE5801000
STR_R3_AT_R2 = 0xE5823000


def mov_r0(value: int) -> int:
    return 0xE3A00000 | value


@pytest.fixture
def rig(backend):
    rig = Rig(backend)
    rig.map_code(WRITER, WRITER_PA)
    rig.put(WRITER_PA, STR_R1_AT_R0, STR_R3_AT_R2, SVC)
    return rig


def store(rig: Rig, va: int, word: int, then_va: int = 0, then_word: int = 0) -> None:
    """The guest stores one word, or two."""
    rig.result(WRITER, va, word, then_va or va, then_word or word)


def check_functions(rig: Rig, at: int, *values: int) -> None:
    """There is a function every 16 bytes from ``at``; run them all."""
    for index, value in enumerate(values):
        assert rig.result(at + index * 16) == value, f"function {index}"


def put_functions(rig: Rig, pa: int, *values: int) -> None:
    for index, value in enumerate(values):
        rig.put(pa + index * 16, mov_r0(value), SVC)


def test_guest_rewrites_the_page_it_may_also_execute(rig):
    rig.map(CODE, CODE_PA)
    put_functions(rig, CODE_PA, 1, 2, 3)
    check_functions(rig, CODE, 1, 2, 3)
    for round_ in range(3):
        value = 10 * (round_ + 1)
        store(rig, CODE, mov_r0(value), CODE + 32, mov_r0(value + 2))
        check_functions(rig, CODE, value, 2, value + 2)


def test_first_written_then_executed_then_rewritten(rig):
    rig.map(CODE, CODE_PA)
    rig.put(CODE_PA + 4, SVC)
    for value in range(1, 6):
        store(rig, CODE, mov_r0(value))
        check_functions(rig, CODE, value)


@pytest.mark.parametrize("writes_before", [0, 1])
def test_guest_writes_through_another_mapping(rig, writes_before):
    """Each store after the first must be noticed, also when the writable entry came first."""
    rig.map_code(CODE, CODE_PA)
    rig.map_data(ALIAS, CODE_PA)
    put_functions(rig, CODE_PA, 1, 2, 3)
    for _ in range(writes_before):
        store(rig, ALIAS, mov_r0(1))
    check_functions(rig, CODE, 1, 2, 3)
    for value in (10, 20, 30):
        store(rig, ALIAS, mov_r0(value), ALIAS + 32, mov_r0(value + 2))
        check_functions(rig, CODE, value, 2, value + 2)
    store(rig, ALIAS + 16, mov_r0(99))
    check_functions(rig, CODE, 30, 99, 32)


def test_both_mappings_of_a_page_may_do_everything(rig):
    rig.map(CODE, CODE_PA)
    rig.map(ALIAS, CODE_PA)
    put_functions(rig, CODE_PA, 1, 2)
    for value, through in enumerate((ALIAS, CODE, CODE, ALIAS, ALIAS, CODE), 10):
        check_functions(rig, CODE, 1 if value == 10 else value - 1, 2)
        check_functions(rig, ALIAS, 1 if value == 10 else value - 1, 2)
        store(rig, through, mov_r0(value))
        check_functions(rig, ALIAS, value, 2)
        check_functions(rig, CODE, value, 2)


def test_code_rewrites_its_own_page_through_another_mapping(rig):
    """The storing code is itself on the page that the store goes to."""
    rig.map_code(CODE, CODE_PA)
    rig.map_data(ALIAS, CODE_PA)
    rig.put(CODE_PA, STR_R1_AT_R0, 0xEA000000, SVC, mov_r0(1), SVC)  # str; b +8
    for value in (5, 6, 7):
        assert rig.result(CODE, ALIAS + 12, mov_r0(value)) == value


def test_the_kernel_writes_code(rig):
    rig.map_code(CODE, CODE_PA)
    put_functions(rig, CODE_PA, 1, 2, 3)
    check_functions(rig, CODE, 1, 2, 3)
    put_functions(rig, CODE_PA, 4, 5, 6)
    check_functions(rig, CODE, 4, 5, 6)
    put_functions(rig, CODE_PA, 7)
    check_functions(rig, CODE, 7, 5, 6)


def test_the_kernel_writes_code_inside_a_call(rig):
    rig.map_code(CODE, CODE_PA)
    rig.put(CODE_PA, 0xEF000001, mov_r0(1), SVC)

    def handler(*_):
        if rig.engine.registers.pc == CODE + 4:
            rig.put(CODE_PA + 4, mov_r0(next(values)))
        else:
            rig.engine.stop()

    rig.engine.on_svc = handler
    values = iter((5, 6, 7))
    for value in (5, 6, 7):
        assert rig.result(CODE) == value


def test_other_code_is_mapped_there(rig):
    rig.map_code(CODE, CODE_PA)
    put_functions(rig, CODE_PA, 1, 2)
    put_functions(rig, DATA_PA, 3, 4)
    check_functions(rig, CODE, 1, 2)
    rig.map_code(CODE, DATA_PA)
    check_functions(rig, CODE, 3, 4)
    rig.unmap(CODE)
    rig.map_code(CODE, CODE_PA)
    check_functions(rig, CODE, 1, 2)


def test_other_code_is_in_the_other_address_space(rig):
    put_functions(rig, CODE_PA, 1, 2)
    put_functions(rig, DATA_PA, 3, 4)
    rig.map_code(CODE, CODE_PA)
    rig.switch(OTHER_L1)
    rig.map_code(CODE, DATA_PA)
    for _ in range(2):
        rig.switch(L1)
        check_functions(rig, CODE, 1, 2)
        rig.switch(OTHER_L1)
        check_functions(rig, CODE, 3, 4)


def test_a_page_has_a_second_life_as_code(rig):
    """Executed, taken away, written as data in full, and executed again at the same address."""
    functions = 8
    rig.map_code(CODE, CODE_PA)
    put_functions(rig, CODE_PA, *range(functions))
    check_functions(rig, CODE, *range(functions))
    rig.unmap(CODE)
    rig.map_data(DATA, CODE_PA)
    for index in range(functions):
        store(rig, DATA + index * 16, mov_r0(index + 100))
    rig.unmap(DATA)
    rig.map_code(CODE, CODE_PA)
    check_functions(rig, CODE, *range(100, 100 + functions))


def test_a_page_becomes_data_and_code_again_where_it_is(rig):
    rig.map_code(CODE, CODE_PA)
    put_functions(rig, CODE_PA, 1, 2, 3)
    check_functions(rig, CODE, 1, 2, 3)
    rig.map_data(CODE, CODE_PA)
    for index in range(3):
        store(rig, CODE + index * 16, mov_r0(index + 10))
    rig.map_code(CODE, CODE_PA)
    check_functions(rig, CODE, 10, 11, 12)


def test_another_process_writes_what_this_one_executes(rig):
    rig.map_code(CODE, CODE_PA)
    put_functions(rig, CODE_PA, 1, 2)
    rig.switch(OTHER_L1)
    rig.map_code(WRITER, WRITER_PA)
    rig.map_data(DATA, CODE_PA)
    for value in (10, 20, 30):
        rig.switch(L1)
        check_functions(rig, CODE, 1 if value == 10 else value - 10, 2)
        rig.switch(OTHER_L1)
        store(rig, DATA, mov_r0(value))


def test_code_across_two_pages_changes_in_the_second(rig):
    rig.map_code(CODE, CODE_PA)
    rig.map_code(CODE + PAGE, DATA_PA)
    rig.map_data(ALIAS, DATA_PA)
    start = PAGE - 2  # add.w r0, r0, #1 with its second half on the next page
    rig.put_thumb(CODE_PA + start, 0xF100)
    rig.put_thumb(DATA_PA, 0x0001, 0xDF00)
    assert rig.result(CODE + start | 1, 5) == 6
    store(rig, ALIAS, 0xDF000003)  # add.w r0, r0, #3; svc
    assert rig.result(CODE + start | 1, 5) == 8


def test_code_is_known_that_ran_through_what_stored_to_it(rig):
    """Both mappings have run it, one stored and runs on, and then it comes from elsewhere."""
    rig.map(CODE, CODE_PA)
    rig.map(ALIAS, CODE_PA)
    put_functions(rig, CODE_PA, 1)
    check_functions(rig, CODE, 1)
    check_functions(rig, ALIAS, 1)
    store(rig, CODE, mov_r0(2))
    check_functions(rig, CODE, 2)
    put_functions(rig, CODE_PA, 3)
    check_functions(rig, CODE, 3)


def test_what_was_shown_to_remove_code_is_not_left_behind(rig):
    """The TLB is empty when the store comes, so nothing else flushes what it left of the code."""
    rig.map_code(CODE, CODE_PA)
    rig.map_data(ALIAS, CODE_PA)
    put_functions(rig, CODE_PA, 1)
    check_functions(rig, CODE, 1)
    rig.switch(OTHER_L1)
    rig.switch(L1)
    for value in (2, 3, 4):
        store(rig, ALIAS, mov_r0(value))
        check_functions(rig, CODE, value)
