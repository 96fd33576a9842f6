"""Runs end at the same places with Unicorn's exit checks and without them."""

import sys
import threading
import time
from platform import machine

import pytest

from emu import native
from emu.cpu.stop import Stop
from tests.guests import emu_command
from tests.hooks import add_memory_hook, keep_exit_checks, use_python_hooks
from tests.mmu.rig import FREE, PAGE, RAM, Rig

CODE, DATA, DEVICE = 0x8000, 0x20000, 0x30000
CODE_PA, DATA_PA = FREE, FREE + PAGE
WAYS = ("left out", "kept", "python")


class Port:
    """A device whose accesses do what a test wants."""

    pa, size = 0x09000000, PAGE
    name = "port"

    def __init__(self):
        self.accessed = lambda: 0

    def read(self, _offset, _size):
        return self.accessed()

    def write(self, _offset, _size, _value):
        self.accessed()


@pytest.fixture(params=WAYS)
def way(request):
    if request.param == "python":
        use_python_hooks(request)
    elif native.hooks is None:
        pytest.skip("the hooks in C are not built, or not wanted")
    if request.param == "kept":
        keep_exit_checks(request)
    return request.param


@pytest.fixture
def port():
    return Port()


@pytest.fixture
def rig(way, port):
    rig = Rig("tlb", (port,))
    rig.map_code(CODE, CODE_PA)
    rig.map_data(DATA, DATA_PA)
    rig.map_data(DEVICE, port.pa)
    return rig


def ended(rig):
    """Where the run ended: PC and r0 to r3."""
    read = rig.engine.registers.read
    return rig.engine.registers.pc - CODE, [read(f"r{number}") for number in range(4)]


# ldr r2, [r1] between two additions to r0; str, strb in its place; and the same in Thumb code
ACCESSES = {
    "a load": (0xE2800001, 0xE5912000, 0xE2800001, 0xEF000000),
    "a load of a byte": (0xE2800001, 0xE5D12000, 0xE2800001, 0xEF000000),
    "a store": (0xE2800001, 0xE5812000, 0xE2800001, 0xEF000000),
    "a store of a byte": (0xE2800001, 0xE5C12000, 0xE2800001, 0xEF000000),
}
THUMB = {
    "a load": 0x680A,
    "a load of a byte": 0x780A,
    "a store": 0x600A,
    "a store of a byte": 0x700A,
}


@pytest.mark.parametrize("code", ["arm", "thumb"])
@pytest.mark.parametrize("access", ACCESSES)
@pytest.mark.parametrize("end", ["fails", "stops"])
def test_a_device_ends_the_run_at_its_access(rig, port, access, code, end):
    def accessed():
        if end == "fails":
            raise KeyError(1)
        rig.engine.control.end(Stop.WAITING)
        return 7

    port.accessed = accessed
    step = 4
    if code == "arm":
        rig.put(CODE_PA, *ACCESSES[access])
    else:
        step = 2
        rig.put_thumb(CODE_PA, 0x3001, THUMB[access], 0x3001, 0xDF00)
    rig.engine.start_at(CODE | (code == "thumb"), 0, (0, DEVICE))
    if end == "fails":
        with pytest.raises(KeyError):
            rig.engine.run()
    else:
        assert rig.engine.run() is Stop.WAITING
    assert ended(rig) == (step, [1, DEVICE, 0, 0])
    asked = []
    port.accessed = lambda: asked.append(1) or 7
    assert rig.engine.run() is Stop.REQUESTED
    assert ended(rig) == (4 * step, [2, DEVICE, 7 if "load" in access else 0, 0])
    assert len(asked) == (end == "fails"), "an access is made once"


def test_in_an_it_block_the_run_goes_on_to_its_end(rig, port):
    port.accessed = lambda: rig.engine.control.end(Stop.WAITING) or 7
    # cmp r0, #0; itt eq; ldreq r2, [r1]; addeq r3, #1; adds r0, #1; ldr r2, [r1]; svc
    rig.put_thumb(CODE_PA, 0x2800, 0xBF04, 0x680A, 0x3301, 0x3001, 0x3001, 0xDF00)
    rig.engine.start_at(CODE | 1, 0, (0, DEVICE))
    rig.engine.hooks.count_instructions()
    assert rig.engine.run() is Stop.WAITING
    pc, registers = ended(rig)
    assert pc >= 8
    assert registers[1:] == [DEVICE, 7, 1]


def test_an_unaligned_store_to_two_pages_is_made_as_one(rig):
    """Unicorn splits it into bytes: none of them ends the run."""
    rig.map_data(DATA + PAGE, DATA_PA + PAGE)
    stores = []

    def seen(is_write, _address, size, _value):
        stores.append((is_write, size))
        rig.engine.control.end(Stop.WAITING)

    add_memory_hook(rig.engine, seen)
    rig.put(CODE_PA, 0xE5812000, 0xE2800001, 0xEF000000)  # str r2, [r1]; add; svc
    rig.engine.start_at(CODE, 0, (0, DATA + PAGE - 2, 0x12345678))
    assert rig.engine.run() is Stop.WAITING
    assert rig.ram.read(DATA_PA + PAGE - 2, 4) == bytes.fromhex("78563412")


def test_memory_that_is_nowhere_ends_the_run_at_its_access(rig):
    rig.map_data(DATA + PAGE, RAM - PAGE)
    rig.put(CODE_PA, 0xE2800001, 0xE5912000, 0xE2800001, 0xEF000000)
    assert rig.run(CODE, 0, DATA + PAGE) is Stop.FAULT
    assert ended(rig) == (4, [1, DATA + PAGE, 0, 0])


@pytest.mark.parametrize("breakpoints", [(), (0x9000,)])
def test_a_request_from_another_thread_ends_a_loop_exactly(rig, breakpoints):
    """The blocks lead to each other without leaving translated code, where the PC is not kept."""
    # add r0, r0, #1; b . + 4; add r1, r1, #1; b . - 12
    rig.put(CODE_PA, 0xE2800001, 0xEAFFFFFF, 0xE2811001, 0xEAFFFFFB)
    rig.engine.hooks.set_breakpoints(breakpoints)
    for _ in range(3):
        rig.engine.start_at(CODE, 0)
        over = threading.Event()

        def request(over=over):
            while not over.wait(0.002):
                rig.engine.control.request()

        asking = threading.Thread(target=request)
        asking.start()
        began = time.monotonic()
        assert rig.engine.run() is Stop.REQUESTED
        over.set()
        asking.join()
        rig.engine.control.take_request()
        assert time.monotonic() - began < 10
        pc, (first, second, *_) = ended(rig)
        assert first - second == {0: 0, 4: 1, 8: 1, 12: 0}[pc]


@pytest.mark.parametrize("kept", ["", "1"])
def test_version_says_what_is_left_out(kept, monkeypatch):
    """On Linux for x86-64 the checks can be left out, with the Unicorn that is asked for."""
    monkeypatch.setenv("EMU_EXIT_CHECKS", kept)
    said = emu_command("--version").stdout.decode()
    can_be = native.hooks is not None and (sys.platform, machine()) == ("linux", "x86_64")
    assert ("without Unicorn's exit checks" in said) == (can_be and not kept)
