"""Registers, contexts, devices and hooks."""

import pytest

from emu.cpu import registers
from emu.cpu.stop import Stop
from tests.hooks import add_block_hook, add_code_hook, add_memory_hook
from tests.mmu.rig import FREE, PAGE, SVC, Rig

CODE, DATA, DEVICE = 0x8000, 0x20000, 0x30000
CODE_PA, DATA_PA, DEVICE_PA = FREE, FREE + PAGE, 0x44E09000


class Recorder:
    """A device that remembers what was done to it."""

    name, compatible, pa, size = "recorder", "none", DEVICE_PA, 2 * PAGE

    def __init__(self) -> None:
        self.seen = []

    def read(self, offset, size):
        self.seen.append(("read", offset, size))
        return 0x1122334455667788 & (1 << size * 8) - 1

    def write(self, offset, size, value):
        self.seen.append(("write", offset, size, value))


@pytest.fixture
def device():
    return Recorder()


@pytest.fixture
def rig(backend, device):
    rig = Rig(backend, (device,))
    rig.map_code(CODE, CODE_PA)
    rig.map_data(DATA, DATA_PA)
    rig.map_data(DEVICE, DEVICE_PA + PAGE)
    return rig


def test_every_register_can_be_written_and_read(rig):
    names = [*(f"r{n}" for n in range(13)), "sp", "lr", *registers.VFP, *registers.THREAD]
    for number, name in enumerate(names, 1):
        rig.engine.registers.write(name, number * 0x01010101)
    assert [rig.engine.registers.read(name) for name in names] == [
        number * 0x01010101 for number in range(1, len(names) + 1)
    ]
    state = rig.state()
    assert state.core[:15] == tuple(n * 0x01010101 for n in range(1, 16))
    assert state.vfp == tuple(n * 0x01010101 for n in range(16, 48))
    assert state.thread == tuple(n * 0x01010101 for n in range(48, 51))


def test_user_mode_reads_its_thread_register(rig):
    rig.put(CODE_PA, 0xEE1D0F70, SVC)  # mrc p15,0,r0,c13,c0,3: TPIDRURO
    rig.engine.start_at(CODE, 0)
    rig.engine.registers.write("tpidruro", 0x1234)
    rig.engine.run()
    assert rig.engine.registers.read("r0") == 0x1234


def test_a_context_brings_everything_back(rig):
    rig.engine.start_at(CODE | 1, 0x1000, (1, 2, 3, 4))
    for number in range(32):
        rig.engine.registers.write(f"d{number}", number + 1)
    rig.engine.registers.write("fpscr", 0x03000000)
    rig.engine.registers.write("tpidrurw", 9)
    context, state = rig.engine.new_context(), rig.state()
    rig.engine.start_at(DATA, 0)
    assert rig.state() != state
    rig.engine.restore(context)
    assert rig.state() == state


def test_a_state_that_is_set_is_the_state(rig):
    state = registers.State(
        core=(*range(1, 16), CODE, 0x800F0030),
        vfp=tuple(range(100, 132)),
        fpscr=0xF3000000,
        thread=(7, 8, 9),
    )
    rig.engine.start_at(DATA, 0)
    rig.engine.registers.set_state(state)
    assert rig.state() == state
    rig.engine.start_at(DATA, 0)
    assert rig.state().thread == (0, 0, 0), "and it is the processor that has it"


def test_a_fresh_start_has_nothing_of_the_last(rig):
    rig.engine.start_at(CODE, 0)
    fresh = rig.state()
    rig.put(CODE_PA, 0xEEB70B00, 0xE3E00000, 0xE1A0E00D, 0xE0900000, SVC)
    # vmov.f64 d0,#1; mvn r0,#0; mov lr,sp; adds r0,r0,r0
    rig.run(CODE, sp=0x5000)
    assert rig.state() != fresh
    rig.engine.start_at(CODE, 0)
    assert rig.state() == fresh


def test_processes_take_turns_through_contexts_kept_and_reused(rig):
    rig.put(CODE_PA, 0xE2800001, SVC, 0xEAFFFFFC)  # L: add r0,r0,#1; svc; b L
    contexts = []
    for start in (0, 100):
        rig.engine.start_at(CODE, 0, (start,))
        contexts.append(rig.engine.new_context())
    for turn in range(1, 6):
        for start, context in zip((0, 100), contexts, strict=True):
            rig.engine.restore(context)
            assert rig.engine.run() is Stop.REQUESTED
            assert rig.engine.registers.read("r0") == start + turn
            rig.engine.unicorn.save(context)


DEVICE_ACCESSES = {
    "ldr r1,[r0,#4]": (0xE5901004, ("read", PAGE + 4, 4), 0x55667788),
    "ldrh r1,[r0,#4]": (0xE1D010B4, ("read", PAGE + 4, 2), 0x7788),
    "ldrb r1,[r0,#4]": (0xE5D01004, ("read", PAGE + 4, 1), 0x88),
    "str r1,[r0,#4]": (0xE5801004, ("write", PAGE + 4, 4, 0xABCD), 0xABCD),
    "strb r1,[r0,#4]": (0xE5C01004, ("write", PAGE + 4, 1, 0xCD), 0xABCD),
}


@pytest.mark.parametrize("text", DEVICE_ACCESSES)
def test_device_accesses(rig, device, text):
    word, seen, r1 = DEVICE_ACCESSES[text]
    rig.put(CODE_PA, word, SVC)
    for _ in range(2):
        assert rig.run(CODE, DEVICE, 0xABCD) is Stop.REQUESTED
        assert rig.engine.registers.read("r1") == r1
    assert device.seen == [seen, seen]


def test_what_a_device_raises_comes_out(rig, device):
    def broken(*_):
        raise ZeroDivisionError

    device.read = broken
    other = Rig(rig.backend.name, (device,))
    other.map_code(CODE, CODE_PA)
    other.map_data(DEVICE, DEVICE_PA)
    other.put(CODE_PA, 0xE5901004, SVC)
    with pytest.raises(ZeroDivisionError):
        other.run(CODE, DEVICE)


def test_code_hook_sees_each_instruction(rig):
    rig.put(CODE_PA, 0xE2800001, 0xE2800001, SVC)
    seen = []
    handle = add_code_hook(rig.engine, lambda va, size: seen.append((va, size)))
    rig.run(CODE)
    assert seen == [(CODE, 4), (CODE + 4, 4), (CODE + 8, 4)]
    assert rig.engine.instructions == 3
    rig.engine.unicorn.remove_hook(handle)
    rig.run(CODE)
    assert len(seen) == 3
    assert rig.engine.instructions == 6


def test_code_hook_sees_code_that_ran_before(rig):
    rig.put(CODE_PA, 0xE2800001, SVC)
    rig.run(CODE)
    seen = []
    add_code_hook(rig.engine, lambda va, size: seen.append(va))
    rig.run(CODE)
    assert seen == [CODE, CODE + 4]


def test_block_hook_sees_each_block(rig):
    rig.put(CODE_PA, 0xE2800001, 0xEA000000, SVC, 0xEAFFFFFD)  # add; b +8; svc; b -4
    seen = []
    handle = add_block_hook(rig.engine, lambda va, size: seen.append((va, size)))
    rig.run(CODE)
    assert seen == [(CODE, 8), (CODE + 12, 4), (CODE + 8, 4)]
    rig.engine.unicorn.remove_hook(handle)
    rig.run(CODE)
    assert len(seen) == 3


def test_memory_hook_sees_loads_and_stores(rig):
    rig.put(CODE_PA, 0xE5801004, 0xE5D01004, SVC)  # str r1,[r0,#4]; ldrb r1,[r0,#4]
    seen = []
    add_memory_hook(rig.engine, lambda *what: seen.append(what))
    rig.run(CODE, DATA, 0x1234)
    there = DATA if rig.backend.name == "map" else DATA_PA
    assert seen == [(True, there + 4, 4, 0x1234), (False, there + 4, 1, 0)]


def test_finding_a_fault_is_not_seen_by_hooks(rig):
    rig.put(CODE_PA, 0xE5801000, 0xE5901000)
    seen = []
    add_code_hook(rig.engine, lambda va, size: seen.append(va))
    add_block_hook(rig.engine, lambda va, size: seen.append(va))
    assert rig.run(CODE, 0x50000) is Stop.FAULT
    before = list(seen)
    assert before
    assert rig.backend.fault().va == 0x50000
    assert seen == before
