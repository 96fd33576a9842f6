"""Faults at awkward moments: the same on every backend, and nothing happens after one."""

from __future__ import annotations

import pytest

from emu.cpu import layout as unicorn_layout
from emu.machine import How
from emu.mmu import BACKENDS
from kernel_model.abi import KERNEL_VA
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.walk import FaultStatus
from tests.machine.programs import (
    CODE,
    DATA,
    RAM,
    SVC,
    UDF,
    arm,
    call,
    load,
    machine_of,
    movw,
    run,
    thumb,
)

TOP = KERNEL_VA
"""Where the stack, the highest view of proc0's, ends."""

END = DATA + 0x2000
"""Where the data ends, and nothing follows."""

mmus = pytest.mark.parametrize("mmu", BACKENDS)


@mmus
@pytest.mark.parametrize("kind", ["load", "store"])
def test_a_faulted_process_does_not_run_on(kind: str, mmu: str) -> None:
    """The program has overwritten the faulting instruction, whose old block still runs."""
    access = 0xE5923000 if kind == "load" else 0xE5823000  # ldr or str r3, [r2]
    head = (*load(0, CODE + 4 * 9), *load(1, 0xE1A00000), *load(2, 0x123), *load(4, 0), 0xE5801000)
    say = call("console_write", CODE, 4)
    code = arm(*head, access, *say, *call("exit", 0))
    assert head.index(0xE5801000) == 8
    done = run(code, writable=True, mmu=mmu)
    assert done.outcome.how is How.FAULTED
    assert (done.fault.va, done.fault.pc) == (0x123, CODE + 36)
    assert done.fault.access == (READ if kind == "load" else WRITE)
    assert done.machine.world.stdout == b""
    assert done.machine.calls.total == 0


@mmus
def test_a_faulted_thumb_process_does_not_run_on(mmu: str) -> None:
    code = thumb(
        0xF240, 0x000A, 0xF2C0, 0x0001,  # movw r0, #10; movt r0, #1: of the ldr below
        0x8001,  #                         strh r1, [r0]: now it is movs r0, r0
        0x6812,  #                         ldr r2, [r2]
        0xF04F, 0x0C13, 0x2104, 0xDF00,  # mov r12, #19; movs r1, #4; svc 0
    )  # fmt: skip
    done = run(code, CODE | 1, writable=True, mmu=mmu)
    assert done.outcome.how is How.FAULTED
    assert (done.fault.va, done.fault.pc) == (0, CODE + 10)
    assert done.machine.calls.total == 0


CROSSING = {
    "str": (arm(0xE5801000), 2), "strh": (arm(0xE1C010B0), 1), "str r, minus": (arm(0xE5001002), 0),
    "vstr d": (arm(0xED800B00), 4), "vstr s": (arm(0xED800A00), 2), "stm": (arm(0xE8800002), 2),
    "strd": (arm(0xE1C020F0), 2), "vst1": (arm(0xF400070F), 4),
}  # fmt: skip


@mmus
@pytest.mark.parametrize("name", CROSSING)
def test_a_store_across_the_end_of_memory_leaves_no_byte(name: str, mmu: str) -> None:
    """Not of the access that crosses; the heir of the page could read it."""
    code, below = CROSSING[name]
    ones = (0xE3E01000, 0xE3E02000, 0xE3E03000, 0xF3870E1F)  # mvn r1, r2, r3; vmov.i8 d0, #0xff
    done = run(arm(*load(0, END - below), *ones) + code + arm(UDF), mmu=mmu)
    assert done.fault.access == WRITE
    assert done.fault.va == END
    kernel = done.machine.kernel
    data = next(frame for frame in kernel.frames.values() if frame.v_flags and frame.len == 0x2000)
    assert kernel.memory.read(data.end - 8, 8) == bytes(8)


MISALIGNED = {
    "ldrex": (arm(0xE1902F9F), 2), "ldrexh": (arm(0xE1F02F9F), 1), "ldrexd": (arm(0xE1B02F9F), 4),
    "swp": (arm(0xE1001091), 2), "thumb ldrex": (thumb(0xE850, 0x2F00), 2),
    "thumb ldrexh": (thumb(0xE8D0, 0x2F5F), 1), "thumb ldrexd": (thumb(0xE8D0, 0x237F), 4),
}  # fmt: skip


@mmus
@pytest.mark.parametrize("name", MISALIGNED)
def test_a_misaligned_exclusive_access_is_a_read_at_its_address(name: str, mmu: str) -> None:
    code, off = MISALIGNED[name]
    if name.startswith("thumb"):
        head = thumb(0xF240, off, 0xF2C0, 0x0002)  # movw r0, #off; movt r0, #2
        done = run(head + code, CODE | 1, mmu=mmu)
        pc = CODE + 8
    else:
        done, pc = run(arm(*load(0, DATA + off)) + code, mmu=mmu), CODE + 8
    assert done.fault.status is FaultStatus.ALIGNMENT
    assert (done.fault.va, done.fault.access, done.fault.pc) == (DATA + off, READ, pc)


@mmus
@pytest.mark.parametrize("word", [0xE0C000D8, 0xE1E000D8, 0xE04000D8, 0xE1C000D0], ids=hex)
def test_ldrd_over_its_own_base_whose_second_word_is_not_there(word: int, mmu: str) -> None:
    """With writeback UNPREDICTABLE: a fault like any other."""
    base = END - 4 - (8 if word == 0xE1E000D8 else 0)  # the one that adds before it loads
    done = run(arm(*load(0, base), word), mmu=mmu)
    assert (done.fault.va, done.fault.access, done.fault.pc) == (END, READ, CODE + 8)


INTO_THE_MIDDLE = {
    "bx": (0xE12FFF10,), "mov pc": (0xE1A0F000,), "pop": (0xE52D0004, 0xE49DF004),
    "blx": (0xE12FFF30,),
}  # fmt: skip


@mmus
@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("name", INTO_THE_MIDDLE)
def test_arm_code_at_half_a_word_is_an_alignment_fault(name: str, counted: bool, mmu: str) -> None:
    target = CODE + 0x22
    code = arm(*load(0, target), *INTO_THE_MIDDLE[name])
    code += bytes(0x22 - len(code)) + arm(*call("exit", 0))
    done = run(code, mmu=mmu, stats=counted)
    if name == "mov pc":  # writes bits 31 to 2 alone: UNPREDICTABLE, and whole words go on
        assert done.outcome.how is How.FAULTED
        return
    assert done.fault.status is FaultStatus.ALIGNMENT
    assert (done.fault.va, done.fault.access, done.fault.pc) == (target, EXEC, target)
    assert done.machine.calls.total == 0


@mmus
def test_an_svc_across_the_end_of_ram(mmu: str) -> None:
    """In the last frame of RAM, entered at half a word so that the SVC's end is outside."""
    machine = machine_of(arm(*load(0, 0), 0xE12FFF10), mmu=mmu)
    rest = [frame for frame in machine.kernel.frames.values() if frame.is_free][-1]
    size = rest.len
    code = (
        *call("frame_split", rest.f_id, size - 0x1000),
        *call("frame_map", 2, machine.kernel.next_f_id, 0xEF100000, 0b11),
        *load(0, 0xEF100FFE), movw(1, SVC & 0xFFFF), 0xE1C010B0,  # strh r1, [r0]
        0xE12FFF10,
    )  # fmt: skip
    done = run(arm(*code), mmu=mmu)
    assert done.machine.ram.ram.size == RAM
    assert done.fault.status is FaultStatus.ALIGNMENT
    assert done.fault.pc == 0xEF100FFE


@mmus
def test_a_process_may_not_begin_at_half_a_word(mmu: str) -> None:
    done = run(arm(0, UDF), CODE + 2, mmu=mmu)
    assert (done.fault.pc, done.fault.status) == (CODE + 2, FaultStatus.ALIGNMENT)


HINTS = {"yield": 0xE320F001, "wfe": 0xE320F002, "sev": 0xE320F004}


@mmus
@pytest.mark.parametrize("touch", [0xE5902000, 0xE5802000, 0xE8900006], ids=["ldr", "str", "ldm"])
@pytest.mark.parametrize("name", HINTS)
def test_hints_go_on_behind_the_first_touch_of_a_page(name: str, touch: int, mmu: str) -> None:
    code = arm(*load(0, DATA), touch, HINTS[name], HINTS[name], *call("exit", 7))
    assert run(code, mmu=mmu).outcome == (How.EXITED, 7)


@mmus
def test_thumb_hints_go_on_behind_the_first_touch_of_a_page(mmu: str) -> None:
    code = thumb(
        0xF240, 0x0000, 0xF2C0, 0x0002,  # r0 = DATA
        0x6802, 0xBF10, 0x6842, 0xBF20, 0xF3AF, 0x8001,  # ldr; yield; ldr; wfe; yield.w
        0x2007, 0xF04F, 0x0C12, 0xDF00,  # movs r0, #7; mov r12, #18; svc
    )  # fmt: skip
    assert run(code, CODE | 1, mmu=mmu).outcome == (How.EXITED, 7)


@mmus
@pytest.mark.parametrize(
    "word", [UDF, 0xEE110F10, 0xEE190F1D, 0xF3B80F00], ids=["udf", "sctlr", "pmccntr", "neon"]
)
def test_what_is_undefined_is_so_behind_a_touch_and_a_hint(word: int, mmu: str) -> None:
    code = arm(*load(0, DATA), 0xE5902000, HINTS["yield"], word)
    done = run(code, mmu=mmu)
    assert (done.fault.kind, done.fault.pc) == ("undefined instruction", CODE + 16)


@pytest.mark.parametrize("mmu", ["tlb", "map"])
def test_where_the_address_is_not_known_the_page_is_named(
    mmu: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a Unicorn whose memory cannot be read."""
    nothing = unicorn_layout.Layout(None, None, None)
    monkeypatch.setattr(unicorn_layout, "layout", lambda: nothing)
    done = run(arm(*load(0, END + 0x123), 0xE5901000), mmu=mmu)
    assert (done.fault.va, done.fault.exact) == (END, False)
    assert f"read of the page at {END:#010x}" in done.fault.headline
