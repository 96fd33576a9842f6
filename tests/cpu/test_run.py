"""How runs end, and what Unicorn does at the end of each: the traps the machine relies on."""

import threading
import time

import pytest

from emu.cpu.binding import EngineError
from emu.cpu.stop import Abort, Stop
from tests.hooks import add_block_hook, add_code_hook, add_memory_hook, keep_exit_checks
from tests.mmu.rig import FREE, PAGE, SVC, Rig

CODE, DATA, AWAY = 0x8000, 0x20000, 0x50000
CODE_PA, DATA_PA = FREE, FREE + PAGE
B_SELF = 0xEAFFFFFE


@pytest.fixture(params=["as it is", "exit checks kept"])
def rig(request):
    if request.param == "exit checks kept":
        keep_exit_checks(request)
    rig = Rig("tlb")
    rig.map_code(CODE, CODE_PA)
    rig.map_data(DATA, DATA_PA)
    return rig


def thumb(*halfwords: int) -> bytes:
    return b"".join(half.to_bytes(2, "little") for half in halfwords)


def test_svc_reaches_the_handler_with_the_pc_past_it(rig):
    rig.put(CODE_PA, 0xEF123456, SVC)
    pcs = []

    def handler(*_):
        pcs.append(rig.engine.registers.pc)
        if len(pcs) == 2:
            rig.engine.stop()

    rig.engine.on_svc = handler
    assert rig.run(CODE) is Stop.REQUESTED
    assert pcs == [CODE + 4, CODE + 8]
    assert rig.engine.registers.pc == CODE + 8


def test_svc_in_thumb_and_the_thumb_bit_survives_stops(rig):
    rig.ram.write(CODE_PA, thumb(0xDFAB, 0x2005, 0xDF00))  # svc #0xab; movs r0,#5; svc #0
    assert rig.run(CODE | 1) is Stop.REQUESTED
    assert (rig.engine.registers.pc, rig.engine.registers.thumb) == (CODE + 2, True)
    assert rig.engine.run() is Stop.REQUESTED
    assert (rig.engine.registers.pc, rig.engine.registers.thumb) == (CODE + 6, True)
    assert rig.engine.registers.read("r0") == 5


def test_svc_leaves_user_mode_alone(rig):
    rig.put(CODE_PA, SVC)
    rig.run(CODE)
    assert rig.engine.registers.read("cpsr") & 0x1F == 0x10


def test_the_result_is_in_r0_when_the_program_goes_on(rig):
    rig.put(CODE_PA, SVC, 0xE1A01000, SVC)  # svc; mov r1,r0; svc

    def handler(r0, *_):
        if rig.engine.registers.pc == CODE + 12:
            rig.engine.stop()
        return r0 - 10

    rig.engine.on_svc = handler
    rig.run(CODE, 3)
    assert rig.engine.registers.core()[:2] == ((1 << 32) - 17, (1 << 32) - 7)


@pytest.mark.parametrize("word", [0xE7F000F0, 0xEE000E10], ids=["udf", "mcr p14"])
def test_undefined_instruction(rig, word):
    rig.put(CODE_PA, word)
    assert rig.run(CODE) is Stop.UNDEFINED
    assert rig.engine.registers.pc == CODE


def test_undefined_thumb_instruction(rig):
    rig.ram.write(CODE_PA, thumb(0x46C0, 0xDE00))  # nop; udf
    assert rig.run(CODE | 1) is Stop.UNDEFINED
    assert rig.engine.registers.pc == CODE + 2


def test_bkpt(rig):
    rig.put(CODE_PA, 0xE1200070)
    assert rig.run(CODE) is Stop.BKPT
    assert rig.engine.registers.pc == CODE


@pytest.mark.parametrize("hint", [0xE320F001, 0xE320F002, 0xE320F004], ids=["yield", "wfe", "sev"])
def test_hints_go_on_and_what_follows_is_told_apart(rig, hint):
    rig.put(CODE_PA, hint, SVC, hint, hint, 0xE7F000F0)
    assert rig.run(CODE) is Stop.REQUESTED
    assert rig.engine.registers.pc == CODE + 8
    for _ in range(2):
        assert rig.run(CODE + 8) is Stop.UNDEFINED
        assert rig.engine.registers.pc == CODE + 16


def test_thumb_hints_go_on(rig):
    rig.ram.write(CODE_PA, thumb(0xBF10, 0xBF20, 0xF3AF, 0x8001, 0xDF00))
    assert rig.run(CODE | 1) is Stop.REQUESTED
    assert rig.engine.registers.pc == CODE + 10


def test_wfi_waits(rig):
    rig.put(CODE_PA, 0xE320F003, SVC)
    assert rig.run(CODE) is Stop.WAITING
    assert rig.engine.registers.pc == CODE + 4
    assert rig.engine.run() is Stop.REQUESTED


@pytest.mark.parametrize("word", [0xEE070F9A, 0xF57FF04F, 0xF57FF06F], ids=["mcr", "dsb", "isb"])
def test_barriers_of_user_mode(rig, word):
    """MCR p15,0,r0,c7,c10,4 is the old name of DSB."""
    rig.put(CODE_PA, word, SVC)
    assert rig.run(CODE) is Stop.REQUESTED


def test_user_mode_cannot_leave_user_mode(rig):
    rig.put(CODE_PA, 0xE321F013, SVC)  # msr cpsr_c, #0x13
    assert rig.run(CODE) is Stop.REQUESTED
    assert rig.engine.registers.read("cpsr") & 0x1F == 0x10


def test_privileged_instructions_are_undefined(rig):
    rig.put(CODE_PA, 0xEE020F10)  # mcr p15,0,r0,c2,c0,0: TTBR0
    assert rig.run(CODE) is Stop.UNDEFINED


def test_vfp_and_neon_work(rig):
    rig.put(CODE_PA, 0xEEB70B00, 0xEE300B00, 0xF2000D40, SVC)
    # vmov.f64 d0,#1.0; vadd.f64 d0,d0,d0; vadd.f32 q0,q0,q0; svc
    assert rig.run(CODE) is Stop.REQUESTED
    assert rig.state().vfp[0] == 0x4080000000000000


def test_the_end_of_memory_is_not_fetched(rig):
    """The instruction after the stopping one is on a page that does not exist."""
    rig.put(CODE_PA + PAGE - 4, SVC)
    assert rig.run(CODE + PAGE - 4) is Stop.REQUESTED
    assert rig.engine.registers.pc == CODE + PAGE


# Stopping


class Stopper(threading.Thread):
    """After a delay says stop every millisecond until told that it was heard."""

    def __init__(self, engine, delay: float) -> None:
        super().__init__()
        self.engine, self.delay, self.heard = engine, delay, threading.Event()

    def run(self) -> None:
        end = time.perf_counter() + self.delay
        while time.perf_counter() < end:
            pass
        while not self.heard.is_set():
            self.engine.control.request()
            self.heard.wait(0.001)

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *_) -> None:
        self.heard.set()
        self.join()


def test_stop_from_another_thread(rig):
    rig.put(CODE_PA, B_SELF)
    with Stopper(rig.engine, 0.05):
        assert rig.run(CODE) is Stop.REQUESTED
    assert rig.engine.registers.pc == CODE


def test_stop_from_another_thread_in_the_midst_of_it_blocks(rig):
    """Unicorn takes back a stop that comes inside an IT block of hooked code."""
    rig.engine.hooks.count_instructions()
    rig.ram.write(CODE_PA, thumb(0x4280, 0xBF04, 0x3101, 0x3201, 0xE7FA))
    # cmp r0,r0; itt eq; addeq r1,#1; addeq r2,#1; b CODE
    with Stopper(rig.engine, 0.01):
        assert rig.run(CODE | 1) is Stop.REQUESTED


def test_a_stop_between_runs_ends_the_next_run_only(rig):
    rig.put(CODE_PA, 0xE2800001, SVC)  # add r0,r0,#1
    rig.engine.start_at(CODE, 0)
    rig.engine.control.request()
    assert rig.engine.run() is Stop.REQUESTED
    assert rig.engine.registers.pc == CODE
    assert rig.engine.run() is Stop.REQUESTED
    assert rig.engine.registers.pc == CODE + 8


def test_stops_at_any_moment_are_heard(rig):
    """A stop may come before, while and after Unicorn starts."""
    rig.put(CODE_PA, B_SELF)
    for step in range(50):
        rig.engine.start_at(CODE, 0)
        with Stopper(rig.engine, step * 4e-6):
            assert rig.engine.run() is Stop.REQUESTED
        rig.engine.control.request()  # a stop too many ends the next run at once
        assert rig.engine.run() is Stop.REQUESTED


# Breakpoints


def test_breakpoint_stops_before_the_instruction_and_the_next_run_goes_past(rig):
    rig.put(CODE_PA, *[0xE2800001] * 3, SVC)
    rig.engine.hooks.set_breakpoints([CODE + 4, CODE + 8])
    assert rig.run(CODE) is Stop.BREAKPOINT
    assert (rig.engine.registers.pc, rig.engine.registers.read("r0")) == (CODE + 4, 1)
    assert rig.engine.run() is Stop.BREAKPOINT
    assert (rig.engine.registers.pc, rig.engine.registers.read("r0")) == (CODE + 8, 2)
    assert rig.engine.run() is Stop.REQUESTED
    assert rig.engine.registers.read("r0") == 3


def test_a_breakpoint_at_the_start_of_a_page_between_holes(rig):
    """Unicorn's own exits let every run end with an error there."""
    rig.put(CODE_PA, 0xE2800001, 0xE5912000, SVC)  # add r0,r0,#1; ldr r2,[r1]
    rig.engine.hooks.set_breakpoints([CODE])
    assert rig.run(CODE, 5, DATA) is Stop.REQUESTED
    assert rig.run(CODE, 5, 0x50000) is Stop.FAULT
    assert rig.backend.fault().va == 0x50000


def test_a_breakpoint_in_an_it_block_ends_the_run_after_it(rig):
    rig.ram.write(CODE_PA, thumb(0x4280, 0xBF04, 0x3101, 0x3201, 0x3301, 0xDF00))
    rig.engine.hooks.set_breakpoints([CODE + 4])
    assert rig.run(CODE | 1) is Stop.BREAKPOINT
    assert rig.engine.registers.pc == CODE + 8
    assert rig.engine.registers.core()[1:4] == (1, 1, 0)


def test_breakpoints_and_counts_together(rig):
    rig.put(CODE_PA, *[0xE2800001] * 8, SVC)
    rig.engine.hooks.set_breakpoints([CODE + 8])
    rig.engine.start_at(CODE, 0)
    assert rig.engine.run(1) is Stop.COUNT
    assert rig.engine.run(5) is Stop.BREAKPOINT
    assert rig.engine.run(1) is Stop.COUNT
    assert rig.engine.instructions == 3
    assert rig.engine.registers.pc == CODE + 12


def test_breakpoints_work_in_code_that_ran_before_and_can_be_removed(rig):
    rig.put(CODE_PA, 0xE2800001, 0xE2800001, SVC)
    assert rig.run(CODE) is Stop.REQUESTED
    rig.engine.hooks.set_breakpoints([CODE + 4])
    assert rig.run(CODE) is Stop.BREAKPOINT
    rig.engine.hooks.set_breakpoints([])
    assert rig.run(CODE) is Stop.REQUESTED
    assert rig.engine.registers.read("r0") == 2


def test_a_breakpoint_in_a_loop_stops_each_time_round(rig):
    rig.put(CODE_PA, 0xE2800001, 0xEAFFFFFD)  # add r0,r0,#1; b CODE
    rig.engine.hooks.set_breakpoints([CODE])
    rig.engine.start_at(CODE, 0)
    for round_ in range(1, 5):
        assert rig.engine.run() is Stop.BREAKPOINT
        assert rig.engine.registers.read("r0") == round_


# What callbacks raise


class OddError(Exception):
    """Something nobody catches on the way."""


def raising(error):
    def callback(*_):
        raise error

    return callback


@pytest.mark.parametrize("error", [OddError("odd"), KeyboardInterrupt()], ids=["error", "ctrl-c"])
def test_what_the_svc_handler_raises_comes_out(rig, error):
    rig.put(CODE_PA, SVC, 0xE2800001, SVC)
    rig.engine.on_svc = raising(error)
    with pytest.raises(type(error)):
        rig.run(CODE)
    assert rig.engine.registers.pc == CODE + 4
    rig.engine.on_svc = lambda *_: rig.engine.stop()
    assert rig.engine.run() is Stop.REQUESTED
    assert rig.engine.registers.read("r0") == 1


@pytest.mark.parametrize("add_hook", [add_code_hook, add_block_hook, add_memory_hook])
def test_what_a_hook_raises_comes_out(rig, add_hook):
    rig.put(CODE_PA, 0xE5901000, B_SELF)  # ldr r1,[r0]; b .
    add_hook(rig.engine, raising(OddError()))
    with pytest.raises(OddError):
        rig.run(CODE, DATA)


def test_what_a_hook_raises_inside_an_it_block_comes_out(rig):
    """Unicorn takes the stop back, but the next instruction's hook raises again, and so on."""
    rig.ram.write(CODE_PA, thumb(0x4280, 0xBF04, 0x3101, 0x3201, 0xE7FA))

    def in_it_block(address, _size):
        if address == CODE + 4:
            raise OddError

    add_code_hook(rig.engine, in_it_block)
    with pytest.raises(OddError):
        rig.run(CODE | 1)


def test_what_a_fill_raises_comes_out(backend):
    rig = Rig(backend)
    if backend == "cpu":
        pytest.skip("Unicorn fills by itself")
    rig.put(CODE_PA, SVC)
    rig.map_code(CODE, CODE_PA)
    rig.backend._grant = raising(OddError())
    with pytest.raises(OddError):
        rig.run(CODE)


def test_an_svc_without_a_handler_is_our_mistake(rig):
    from emu.cpu.engine import Engine

    rig.put(CODE_PA, SVC)
    rig.engine.on_svc = Engine().on_svc
    with pytest.raises(EngineError):
        rig.run(CODE)


def test_the_first_of_several_errors_comes_out(rig):
    rig.put(CODE_PA, SVC)
    add_code_hook(rig.engine, raising(OddError("first")))
    rig.engine.on_svc = raising(OddError("second"))
    with pytest.raises(OddError, match="first"):
        rig.run(CODE)


def test_abort_says_what_unicorn_said(rig):
    rig.put(CODE_PA, 0xE1901F9F)  # ldrex r1,[r0]
    assert rig.run(CODE, DATA + 1) is Stop.FAULT
    assert rig.engine.abort is Abort.DATA
    assert rig.run(CODE, 0) is Stop.FAULT
    assert rig.engine.abort is Abort.REFUSED


@pytest.mark.parametrize("before", ["fetch", "load", "svc", "bkpt", "nothing"])
@pytest.mark.parametrize("mmu", ["tlb", "map", "cpu"])
def test_a_hint_is_gone_past_whatever_was_before(mmu, before):
    """Unicorn calls it invalid, and what it says why is still about what was before."""
    rig = Rig(mmu)
    svc, bkpt, yield_, ldr_r1_at_r0 = 0xEF000000, 0xE1200070, 0xE320F001, 0xE5901000
    rig.map_code(CODE, CODE_PA)
    rig.put(CODE_PA, svc, bkpt, ldr_r1_at_r0, yield_, yield_, svc)
    if before == "fetch":
        assert rig.run(AWAY) is Stop.FAULT
    elif before != "nothing":
        ends = {"svc": Stop.REQUESTED, "bkpt": Stop.BKPT, "load": Stop.FAULT}
        assert rig.run(CODE + 4 * list(ends).index(before), AWAY) is ends[before]
    rig.engine.registers.write("pc", CODE + 12)
    assert rig.engine.run() is Stop.REQUESTED
    assert rig.engine.registers.pc == CODE + 24


def test_an_interrupt_that_there_is_none_of_is_our_mistake(rig):
    with pytest.raises(EngineError, match="interrupt 9"):
        rig.engine._trapped(9)
