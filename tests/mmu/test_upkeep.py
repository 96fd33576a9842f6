"""What backends do when they are told of changes: enough, and no more."""

import ctypes

import pytest
from unicorn.unicorn_py3.unicorn import uc_mem_region, uclib

from emu.cpu.binding import NOTHING, View
from emu.cpu.stop import Stop
from emu.devices.uart import Uart
from emu.environment.outside import Outside
from emu.environment.world import ScriptedWorld
from emu.mmu import filling, make_backend, pages
from emu.mmu.coherence import WINDOW
from kernel_model.descriptors import (
    AP_KERNEL_RW,
    AP_USER_RO,
    AP_USER_RW,
    EXEC,
    NORMAL,
    READ,
    WRITE,
    Section,
    SmallPage,
)
from kernel_model.walk import FaultStatus
from tests.mmu.rig import FREE, L1, L2, OTHER_L1, PAGE, RAM, RAM_SIZE, SVC, Rig

CODE, DATA, AWAY = 0x8000, 0x20000, 0x50000
CODE_PA, DATA_PA = FREE, FREE + PAGE
LDR, STR = 0xE5901000, 0xE5801000  # r1 from and to [r0]
RW, RX, RWX = READ | WRITE, READ | EXEC, READ | WRITE | EXEC


@pytest.fixture
def rig(backend):
    rig = Rig(backend)
    rig.map_code(CODE, CODE_PA)
    rig.put(CODE_PA, LDR, SVC, STR, SVC)
    return rig


def load(rig: Rig, va: int) -> Stop:
    return rig.run(CODE, va)


def store(rig: Rig, va: int, value: int = 0) -> Stop:
    return rig.run(CODE + 8, va, value)


def test_a_page_appears_where_there_was_none(rig):
    assert load(rig, DATA) is Stop.FAULT
    rig.map_data(DATA, DATA_PA)
    assert load(rig, DATA) is Stop.REQUESTED


def test_a_page_goes_away(rig):
    rig.map_data(DATA, DATA_PA)
    assert load(rig, DATA) is Stop.REQUESTED
    rig.unmap(DATA)
    assert load(rig, DATA) is Stop.FAULT
    assert store(rig, DATA) is Stop.FAULT


def test_rights_are_taken_and_given(rig):
    rig.map_data(DATA, DATA_PA)
    assert store(rig, DATA) is Stop.REQUESTED
    rig.map(DATA, DATA_PA, AP_USER_RO, xn=1)
    assert load(rig, DATA) is Stop.REQUESTED
    assert store(rig, DATA) is Stop.FAULT
    rig.map_data(DATA, DATA_PA)
    assert store(rig, DATA) is Stop.REQUESTED


def test_a_page_moves(rig):
    rig.ram.write_word(DATA_PA, 1)
    rig.ram.write_word(DATA_PA + PAGE, 2)
    rig.map_data(DATA, DATA_PA)
    load(rig, DATA)
    assert rig.engine.registers.read("r1") == 1
    rig.map_data(DATA, DATA_PA + PAGE)
    load(rig, DATA)
    assert rig.engine.registers.read("r1") == 2


def test_code_loses_the_right_to_be_executed(rig):
    assert load(rig, CODE) is Stop.REQUESTED
    rig.map(CODE, CODE_PA, AP_USER_RO, xn=1)
    assert load(rig, CODE) is Stop.FAULT
    assert rig.backend.fault().access == EXEC


def test_many_pages_change_at_once(rig):
    rig.map_data(DATA, DATA_PA)
    assert load(rig, DATA) is Stop.REQUESTED
    for index in range(64):
        word = SmallPage(DATA_PA + index * PAGE, AP_USER_RW, 1, NORMAL).encode()
        rig.ram.write_word(L2 + (DATA // PAGE + index) * 4, word)
    rig.changed(L1, DATA, 64 * PAGE, True)
    for index in (0, 1, 63):
        assert store(rig, DATA + index * PAGE) is Stop.REQUESTED


def test_changes_in_another_address_space(rig):
    load(rig, CODE)
    flushes = rig.backend.flushes
    word = SmallPage(DATA_PA, AP_USER_RW, 1, NORMAL).encode()
    rig.ram.write_word(L2 + (AWAY >> 12) * 4, word)
    rig.switch(OTHER_L1)
    before = rig.backend.flushes
    rig.changed(L1, AWAY, PAGE, True)
    assert rig.backend.flushes == before > flushes
    assert rig.backend.view(AWAY) == NOTHING
    rig.switch(L1)
    assert load(rig, AWAY) is Stop.REQUESTED


def test_an_address_is_another_page_in_each_address_space(rig):
    """The first time and the second, when both are known."""
    for l1, pa in ((L1, DATA_PA), (OTHER_L1, DATA_PA + PAGE)):
        rig.switch(l1)
        rig.map_code(CODE, CODE_PA)
        rig.map_data(DATA, pa)
        rig.put(pa, pa)
    for l1, pa in ((L1, DATA_PA), (OTHER_L1, DATA_PA + PAGE)) * 2:
        rig.switch(l1)
        load(rig, DATA)
        assert rig.engine.registers.read("r1") == pa


def test_a_section_replaces_a_table(rig):
    rig.map_data(DATA, DATA_PA)
    load(rig, DATA)
    old = rig.ram.read_word(L1)
    rig.ram.write_word(L1, Section(RAM + 0x100000, AP_USER_RW, 0, NORMAL).encode())
    rig.changed(L1, 0, 0x100000, True)
    assert rig.backend.view(DATA) == View(RAM + 0x100000 + DATA, RWX)
    rig.ram.write_word(L1, old)
    rig.changed(L1, 0, 0x100000, True)
    assert rig.backend.view(DATA) == View(DATA_PA, RW)


def test_kernel_pages_are_nothing_to_user_mode(rig):
    rig.map(DATA, DATA_PA, AP_KERNEL_RW)
    assert rig.backend.view(DATA) == NOTHING
    assert rig.backend.physical(DATA) == -1
    assert load(rig, DATA) is Stop.FAULT


def test_physical_follows_the_tables(rig):
    assert rig.backend.physical(DATA + 5) == -1
    rig.map_data(DATA, DATA_PA)
    assert rig.backend.physical(DATA + 5) == DATA_PA + 5
    rig.map_data(DATA, DATA_PA + PAGE)
    assert rig.backend.physical(DATA + 5) == DATA_PA + PAGE + 5
    rig.unmap(DATA)
    assert rig.backend.physical(DATA + 5) == -1


def test_memory_that_is_neither_ram_nor_a_device(rig):
    rig.map_data(DATA, RAM + RAM_SIZE)
    for access in (load, store):
        assert access(rig, DATA + 8) is Stop.FAULT
        fault = rig.backend.fault()
        assert fault.va == DATA + 8
        assert "nothing is at the physical address" in fault.status.text


def test_code_that_goes_on_where_nothing_is(rig):
    """The fault is that of the second half, whose page has nothing behind it."""
    rig.map_code(CODE + PAGE, RAM + RAM_SIZE)
    rig.put_thumb(CODE_PA + PAGE - 2, 0xF100)  # add.w r0, r0, #1 begins
    assert rig.run(CODE + PAGE - 2 | 1) is Stop.FAULT
    fault = rig.backend.fault()
    assert (fault.va, fault.access, fault.pc) == (CODE + PAGE, EXEC, CODE + PAGE - 2)
    assert fault.status is FaultStatus.EXTERNAL_ABORT


@pytest.mark.parametrize(("word", "offset"), [(0xE1C000D8, 8), (0xE14000D8, -8), (0xE1C000D0, 0)])
def test_a_base_that_memory_holds_too_is_left_alone(rig, word, offset):
    """The first word of an LDRD cannot be read; the one before it is the address of its base."""
    rig.map_data(DATA, DATA_PA)
    base = DATA + PAGE - offset
    rig.ram.write_word(DATA_PA + PAGE - 4, base)
    rig.put(CODE_PA, word)
    assert rig.run(CODE, base) is Stop.FAULT
    assert rig.backend.fault().va == DATA + PAGE
    assert rig.engine.registers.read("r0") == base


def test_once_in_step_there_is_nothing_to_do(rig):
    rig.map_data(DATA, DATA_PA)
    assert rig.backend.is_in_step
    rig.switch(OTHER_L1)
    assert rig.backend.is_in_step


def test_a_device_is_never_fetched_from(backend):
    """Whatever its descriptor says, and though it would answer."""
    uart = Uart(Outside(ScriptedWorld()))
    rig = Rig(backend, (uart,))
    rig.map(DATA, uart.pa)
    assert rig.run(DATA) is Stop.FAULT
    fault = rig.backend.fault()
    assert (fault.va, fault.access, fault.status) == (DATA, EXEC, FaultStatus.EXTERNAL_ABORT)
    assert not uart.input_ended  # RBR was not read


def test_a_section_that_reaches_beyond_ram(backend):
    rig = Rig(backend)
    last = RAM + RAM_SIZE - 0x100000
    rig.ram.write_word(L1 + 8 * 4, Section(last, AP_USER_RW, 0, NORMAL).encode())
    rig.ram.write_word(L1 + 9 * 4, Section(last + 0x100000, AP_USER_RW, 0, NORMAL).encode())
    rig.changed(L1, 0x800000, 0x200000, False)
    assert rig.backend.view(0x8FF000) == View(last + 0xFF000, RWX)
    assert rig.backend.physical(0x900000) == -1


def test_view_sees_through_a_change_nobody_told(rig):
    """What --check is for: the TLB or the mirror stays behind, and the comparison shows it."""
    rig.map_data(DATA, DATA_PA)
    load(rig, DATA)
    rig.ram.write_word(L2 + (DATA >> 12) * 4, 0)
    assert rig.backend.translate(DATA).fault is not None
    assert rig.backend.view(DATA).pa == DATA_PA


def test_looking_changes_nothing(rig):
    rig.map(DATA, DATA_PA)
    for _ in range(2):
        assert rig.backend.view(DATA) == View(DATA_PA, RWX)
        assert rig.backend.view(CODE) == View(CODE_PA, RX)
        assert store(rig, DATA, SVC) is Stop.REQUESTED
        assert rig.run(DATA) is Stop.REQUESTED


# How often the tlb backend is asked


@pytest.fixture
def tlb():
    rig = Rig("tlb")
    rig.map_code(CODE, CODE_PA)
    rig.put(CODE_PA, LDR, SVC, STR, SVC)
    return rig


def fills_of(rig: Rig, work) -> int:
    before = rig.backend.fills
    work()
    return rig.backend.fills - before


def test_a_page_of_data_is_filled_once(tlb):
    tlb.map_data(DATA, DATA_PA)
    load(tlb, DATA)
    assert fills_of(tlb, lambda: [store(tlb, DATA), load(tlb, DATA), store(tlb, DATA)]) == 0


def test_filling_an_empty_descriptor_flushes_nothing(tlb):
    load(tlb, CODE)
    flushes = tlb.backend.flushes
    tlb.map_data(DATA, DATA_PA)
    assert tlb.backend.flushes == flushes


def test_changing_one_page_leaves_the_others(tlb):
    tlb.map_data(DATA, DATA_PA)
    tlb.map_data(AWAY, DATA_PA + PAGE)
    load(tlb, DATA)
    load(tlb, AWAY)
    tlb.unmap(DATA)
    assert fills_of(tlb, lambda: load(tlb, AWAY)) == 0


def test_changing_a_page_of_another_address_space_flushes_nothing(rig):
    rig.map_data(DATA, DATA_PA)
    assert load(rig, DATA) is Stop.REQUESTED
    rig.switch(OTHER_L1)
    flushes = rig.backend.flushes
    rig.changed(L1, DATA, PAGE, True)
    assert rig.backend.flushes == flushes


@pytest.mark.parametrize("backend", ["tlb", "map"])
def test_flushing_a_page_keeps_the_others(rig):
    rig.map_data(DATA, DATA_PA)
    rig.map_data(AWAY, DATA_PA + PAGE)
    load(rig, DATA)
    load(rig, AWAY)
    fills = rig.backend.fills
    rig.engine.unicorn.flush_page(AWAY)
    load(rig, DATA)
    assert rig.backend.fills == fills
    load(rig, AWAY)
    assert rig.backend.fills == fills + 1


@pytest.mark.parametrize("backend", ["tlb", "map"])
def test_now_and_then_a_flush_of_a_page_is_one_of_all(rig):
    rig.map_data(DATA, DATA_PA)
    rig.engine.unicorn.flush_tlb()
    load(rig, DATA)
    fills = rig.backend.fills
    for _ in range(filling.FLUSHED_ALONE - 1):
        rig.engine.unicorn.flush_page(AWAY)
    load(rig, DATA)
    assert rig.backend.fills == fills
    for flushed in range(1, 4):
        rig.engine.unicorn.flush_page(AWAY)
        load(rig, DATA)
        assert rig.backend.fills == fills + 2, f"{flushed} flushes later"  # code and data


def test_a_program_that_touches_the_window_s_page_faults(rig):
    assert load(rig, WINDOW) is Stop.FAULT
    assert rig.backend.fault().va == WINDOW
    assert store(rig, WINDOW) is Stop.FAULT


def test_changing_a_page_that_was_never_used_flushes_nothing(tlb):
    tlb.map_data(DATA, DATA_PA)
    flushes = tlb.backend.flushes
    tlb.unmap(DATA)
    assert tlb.backend.flushes == flushes


def test_coming_back_to_an_address_space_walks_nothing_again(tlb, monkeypatch):
    tlb.map_data(DATA, DATA_PA)
    load(tlb, DATA)
    walks = []
    real = pages.walk
    monkeypatch.setattr(pages, "walk", lambda *what: walks.append(what) or real(*what))
    tlb.switch(OTHER_L1)
    tlb.switch(L1)
    assert fills_of(tlb, lambda: load(tlb, DATA)) == 2
    assert walks == []


def test_a_page_that_is_stored_to_and_executed_settles(tlb):
    """It gets both rights, instead of being filled at each change of use."""
    tlb.map(DATA, DATA_PA)
    tlb.put(DATA_PA, SVC)
    for _ in range(3):
        store(tlb, DATA + 8)
        tlb.run(DATA)

    def both():
        store(tlb, DATA + 8)
        tlb.run(DATA)

    assert fills_of(tlb, both) == 0
    tlb.switch(OTHER_L1)
    tlb.switch(L1)
    assert fills_of(tlb, lambda: [tlb.run(DATA), store(tlb, DATA + 8)]) == 2  # a page each
    assert fills_of(tlb, both) == 0


def test_a_page_that_is_only_executed_is_never_writable(tlb):
    """Stores through an entry that may also execute take long, for ever."""
    tlb.map(DATA, DATA_PA)
    tlb.put(DATA_PA, SVC)
    tlb.run(DATA)
    assert fills_of(tlb, lambda: store(tlb, DATA + 8)) == 2  # of the code, and of the data


def test_a_page_that_was_only_stored_to_is_filled_when_it_is_executed(tlb):
    tlb.map(DATA, DATA_PA)
    tlb.put(DATA_PA, SVC)
    store(tlb, DATA + 8)
    assert fills_of(tlb, lambda: tlb.run(DATA)) == 1
    assert fills_of(tlb, lambda: store(tlb, DATA + 8)) == 1


def test_what_unicorn_walks_itself_is_not_counted_and_what_is_flushed_is():
    cpu = Rig("cpu")
    cpu.map_data(DATA, DATA_PA)
    assert cpu.backend.fills == 0
    flushes = cpu.backend.flushes
    cpu.unmap(DATA)
    assert cpu.backend.flushes == flushes + 1
    cpu.switch(OTHER_L1)
    assert cpu.backend.flushes == flushes + 2
    assert (cpu.backend.fills, cpu.engine.registers.read("ttbcr")) == (0, 0)


def test_after_a_reset_nothing_is_remembered(rig):
    """All of RAM may be another now, and nobody has told what changed."""
    rig.map_data(DATA, DATA_PA)
    assert load(rig, DATA) is Stop.REQUESTED
    assert rig.backend.physical(DATA) == DATA_PA
    at = L2 + (DATA >> 12) * 4
    rig.ram.write_word(at, SmallPage(DATA_PA + PAGE, AP_USER_RO, 1, NORMAL).encode())
    rig.ram.write_word(CODE_PA + 4, 0xE3A01007)  # mov r1, #7, where there was a call
    rig.ram.write_word(DATA_PA + PAGE, 5)
    rig.backend.reset()
    assert rig.backend.sync()
    assert rig.backend.physical(DATA) == DATA_PA + PAGE
    assert store(rig, DATA) is Stop.FAULT
    assert load(rig, DATA) is Stop.FAULT
    assert rig.engine.registers.read("r1") == 7


# What the map backend gives to Unicorn


def regions(rig: Rig) -> list[tuple[int, int]]:
    """(start, end) of what Unicorn itself says is mapped."""
    found = ctypes.POINTER(uc_mem_region)()
    count = ctypes.c_uint32()
    uclib.uc_mem_regions(rig.engine.unicorn.uc, ctypes.byref(found), ctypes.byref(count))
    result = [(found[i].begin, found[i].end + 1) for i in range(count.value)]
    uclib.uc_free(found)
    return result


def test_the_mirror_has_one_region_for_pages_that_continue_each_other():
    rig = Rig("map")
    for index in (0, 2, 1):
        rig.map_data(DATA + index * PAGE, DATA_PA + index * PAGE)
    assert regions(rig) == [(DATA, DATA + 3 * PAGE)]
    rig.unmap(DATA + PAGE)
    assert regions(rig) == [(DATA, DATA + PAGE), (DATA + 2 * PAGE, DATA + 3 * PAGE)]
    rig.switch(OTHER_L1)
    assert regions(rig) == []
    rig.switch(L1)
    assert len(regions(rig)) == 2


def test_the_mirror_splits_where_rights_or_addresses_do_not_continue():
    rig = Rig("map")
    rig.map_data(DATA, DATA_PA)
    rig.map(DATA + PAGE, DATA_PA + PAGE, AP_USER_RO, xn=1)
    rig.map_data(DATA + 2 * PAGE, DATA_PA + 4 * PAGE)
    assert [end - start for start, end in regions(rig)] == [PAGE] * 3


def test_the_map_backend_wants_ram_with_many_views():
    rig = Rig("tlb")
    with pytest.raises(TypeError):
        make_backend("map", rig.engine, rig.host)


def test_there_is_no_other_backend():
    rig = Rig("tlb")
    with pytest.raises(ValueError, match="no backend"):
        make_backend("paper", rig.engine, rig.host)
