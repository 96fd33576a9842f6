"""Accesses that Armv7-A wants aligned whatever SCTLR.A says (Arm ARM DDI 0406C, A3.2.1)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from io import BytesIO
from itertools import product
from typing import Final, NamedTuple

import pytest

from emu import native
from emu.arm.alignment import NOTHING, Wanted, place_of, unit_of, wanted_by
from emu.arm.statuswrites import status_write
from emu.cpu import alignment_checks
from emu.cpu.engine import Engine
from emu.debuginfo import DebugFile, DebugFiles
from emu.gdb.stops import Signal, signal_of
from emu.machine import How
from emu.machine.fault import MachineFault
from emu.mmu import BACKENDS
from emu.report import fault_text
from emu.watchpoints.watch import Watch
from emu.watchpoints.watchpoints import Watchpoints
from kernel_model.abi import MapKind
from kernel_model.descriptors import READ, WRITE
from kernel_model.walk import FaultStatus
from tests.fuzz.accesses import patterns
from tests.fuzz.variants import NO_SYMBOLS
from tests.hooks import add_memory_hook, use_python_hooks
from tests.kernel.driver import CODE_VA, DATA_VA, LOW, PAGE, RW
from tests.machine.rig import STACK_TOP, Guest
from tests.observing import OnFault

BASE: Final = DATA_VA + 0x140
BOTH: Final = (False, True)
MARK: Final = b"\xee"


class Form(NamedTuple):
    """An access by r0.  by: what its first address must be a multiple of.

    access: READ or WRITE.  start: from r0.
    """

    text: str
    access: int
    by: int = 4
    start: int = 0
    states: tuple[bool, ...] = BOTH


FORMS: Final = (
    Form("ldm r0, {r1, r2}", READ),
    Form("ldm r0!, {r1, r2}", READ),
    Form("ldmdb r0!, {r1, r2}", READ, start=-8),
    Form("ldmib r0!, {r1, r2}", READ, start=4, states=(False,)),
    Form("ldmda r0, {r1, r2, r3}", READ, start=-8, states=(False,)),
    Form("stm r0, {r1, r2}", WRITE),
    Form("stm r0!, {r1, r2, r3, r4}", WRITE),
    Form("stmdb r0!, {r1, r2, r3}", WRITE, start=-12),
    Form("ldrd r2, r3, [r0]", READ),
    Form("ldrd r2, r3, [r0, #8]!", READ, start=8),
    Form("ldrd r2, r3, [r0], #8", READ),
    Form("ldrd r2, r3, [r0, -r12]", READ, start=-16, states=(False,)),
    Form("strd r2, r3, [r0, #-16]", WRITE, start=-16),
    Form("strd r2, r3, [r0], r12", WRITE, states=(False,)),
    Form("vldr s0, [r0]", READ),
    Form("vldr d17, [r0, #-20]", READ, start=-20),
    Form("vstr s1, [r0, #8]", WRITE, start=8),
    Form("vstr d0, [r0]", WRITE),
    Form("vldm r0!, {d0-d3}", READ),
    Form("vldmdb r0!, {s0-s3}", READ, start=-16),
    Form("vstm r0, {d8-d9}", WRITE),
    Form("vstmdb r0!, {d0-d1}", WRITE, start=-16),
    Form("ldrex r1, [r0]", READ),
    Form("ldrexh r1, [r0]", READ, by=2),
    Form("ldrexd r2, r3, [r0]", READ, by=8),
    Form("strex r1, r2, [r0]", WRITE),
    Form("strexh r1, r2, [r0]", WRITE, by=2),
    Form("strexd r1, r2, r3, [r0]", WRITE, by=8),
    Form("swp r1, r2, [r0]", READ, states=(False,)),
    Form("vld1.8 {d0}, [r0:64]", READ, by=8),
    Form("vld1.8 {d0-d3}, [r0:256]!", READ, by=32),
    Form("vld2.16 {d0, d1}, [r0:128], r12", READ, by=16),
    Form("vst1.64 {d0, d1}, [r0:128]!", WRITE, by=16),
    Form("vst4.8 {d0, d1, d2, d3}, [r0:64]", WRITE, by=8),
    Form("vld1.16 {d0[1]}, [r0:16]", READ, by=2),
    Form("vld1.32 {d0[]}, [r0:32]", READ, by=4),
    Form("vld4.32 {d0[1], d1[1], d2[1], d3[1]}, [r0:128]", READ, by=16),
    Form("vst2.8 {d0[1], d1[1]}, [r0:16]!", WRITE, by=2),
)
ON_STACK: Final = (
    Form("push {r4, r5}", WRITE, start=-8),
    Form("pop {r4, r5}", READ),
    Form("vpush {d0, d1}", WRITE, start=-16),
    Form("vpop {d0}", READ),
)
FREE: Final = (
    "ldr r1, [r0]", "ldr r1, [r0, #1]!", "ldrh r1, [r0]", "str r1, [r0]", "strh r1, [r0], #1",
    "vld1.8 {d0}, [r0]", "vld1.64 {d0-d3}, [r0]!", "vst1.32 {d0[1]}, [r0]", "ldrexb r1, [r0]",
    "vld4.16 {d0, d1, d2, d3}, [r0]", "ldrt r1, [r0]",
)  # fmt: skip
"""Accesses that may go anywhere."""

PREPARED: Final = """
        set     r0, %d
        mov     r12, #16
        cmp     r0, r0
        b       1f
1:      %s
        exit    0
"""


class Ended(NamedTuple):
    """How a program ended: its faults, registers, memory, and the instructions counted."""

    how: How
    faults: tuple[MachineFault, ...]
    registers: tuple[int, ...]
    data: bytes
    instructions: int


def ways() -> Iterator[tuple[str, bool]]:
    """Each backend with the hooks in C, if there are any, and with those in Python."""
    yield from product(BACKENDS, (True, False) if native.hooks is not None else (False,))


def run(
    text: str, base: int, thumb: bool, mmu: str, in_c: bool, monkeypatch: pytest.MonkeyPatch,
    watched: bool = False,
) -> Ended:  # fmt: skip
    with monkeypatch.context() as patch:
        if not in_c:
            patch.setattr(native, "hooks", None)
        guest = Guest(PREPARED % (base, text), mmu, thumb)
    data_pa = guest.pa(DATA_VA)
    guest.ram.write(data_pa, MARK * PAGE)
    if watched:
        add_memory_hook(guest.machine.core.engine, lambda *_: None)
        guest.machine.core.engine.hooks.set_breakpoints([CODE_VA + 4], lambda _: False)
    outcome = guest.run()
    data = guest.ram.read(data_pa, PAGE)
    return Ended(
        outcome.how, tuple(guest.faults), guest.registers, data, guest.machine.instructions
    )


def run_everywhere(
    text: str, base: int, thumb: bool, monkeypatch: pytest.MonkeyPatch, watched: bool = False
) -> Ended:
    """The end, which is the same in every way."""
    first, *others = (run(text, base, thumb, *way, monkeypatch, watched) for way in ways())
    for other in others:
        assert other == first
    return first


def cases(forms: tuple[Form, ...]) -> list[object]:
    return [
        pytest.param(form, thumb, id=f"{form.text} {'thumb' if thumb else 'arm'}")
        for form in forms for thumb in form.states
    ]  # fmt: skip


@pytest.mark.parametrize(("form", "thumb"), cases(FORMS))
def test_a_misaligned_access_faults_and_nothing_is_done(
    form: Form, thumb: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At addresses that are a multiple of all but what they must be."""
    end = run_everywhere(form.text, BASE + form.by // 2, thumb, monkeypatch)
    (fault,) = end.faults
    assert (fault.status, fault.kind) == (FaultStatus.ALIGNMENT, "alignment fault")
    assert (fault.va, fault.access) == (BASE + form.by // 2 + form.start, form.access)
    assert fault.registers[0] == BASE + form.by // 2
    assert fault.registers[1:12] == (0,) * 11
    assert end.data == MARK * PAGE
    assert signal_of(fault) is Signal.BUS


@pytest.mark.parametrize(("form", "thumb"), cases(FORMS))
def test_an_aligned_access_is_made(
    form: Form, thumb: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = next(iter(ways()))
    for base in (BASE, BASE + form.by):
        end = run(form.text, base - form.start % form.by, thumb, *way, monkeypatch)
        assert (end.how, end.faults) == (How.EXITED, ())


@pytest.mark.parametrize(("form", "thumb"), cases(ON_STACK))
def test_the_stack_too(form: Form, thumb: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    end = run_everywhere(f"mov sp, r0\n {form.text}", BASE + 1, thumb, monkeypatch)
    (fault,) = end.faults
    assert (fault.va, fault.access) == (BASE + 1 + form.start, form.access)
    assert fault.registers[13] == BASE + 1
    assert end.data == MARK * PAGE


@pytest.mark.parametrize("thumb", BOTH)
def test_one_register_is_pushed_anywhere_in_arm_code(
    thumb: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Encoding A2 is an STR, of which UnalignedAllowed is true (A8.8.133); T1 is not."""
    end = run_everywhere("mov sp, r0\n push {r4}", BASE + 1, thumb, monkeypatch)
    assert end.how is (How.FAULTED if thumb else How.EXITED)


@pytest.mark.parametrize("thumb", BOTH)
@pytest.mark.parametrize("text", FREE)
def test_others_need_no_alignment(text: str, thumb: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if thumb and text.startswith("ldr r1, [r0, #1]!"):
        text = "ldr.w r1, [r0, #1]!"
    assert run_everywhere(text, BASE + 1, thumb, monkeypatch).how is How.EXITED


CONDITIONAL: Final = {
    "it ne\n ldmne r0, {r1, r2}": -1,
    "it eq\n ldmeq r0, {r1, r2}": 0,
    "itt eq\n moveq r3, #3\n ldrdeq r4, r5, [r0]": 3,
    "itte eq\n moveq r3, #3\n stmeq r0!, {r4, r5}\n movne r3, #4": 3,
    "ite ne\n vldrne d0, [r0]\n moveq r3, #3": -1,
    "itt eq\n moveq r3, #3\n strexeq r4, r5, [r0]": 3,
}
"""Code by conditions, of which Z is set; and what r3 is at the fault, or -1 if there is none."""


@pytest.mark.parametrize("thumb", BOTH)
@pytest.mark.parametrize("text", CONDITIONAL)
def test_conditions_decide_first(text: str, thumb: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    end = run_everywhere(text, BASE + 2, thumb, monkeypatch)
    faults = [(fault.va, fault.registers[0], fault.registers[3]) for fault in end.faults]
    expected = CONDITIONAL[text]
    assert faults == ([] if expected < 0 else [(BASE + 2, BASE + 2, expected)])


@pytest.mark.parametrize("thumb", BOTH)
def test_a_fault_in_an_it_block_can_be_repaired(mmu: str, thumb: bool) -> None:
    """The rest of the block is executed by its conditions."""
    text = "itte eq\n moveq r3, #3\n ldmeq r0, {r4, r5}\n movne r3, #4"
    guest = Guest(PREPARED % (BASE + 2, text), mmu, thumb)
    machine = guest.machine
    assert machine.run_to_fault().how is How.PAUSED
    core = machine.cores[0]
    core.fault = None
    values = list(machine.state_of(guest.proc0).core)
    machine.set_registers(guest.proc0, (BASE, *values[1:]))
    assert machine.run().how is How.EXITED
    assert guest.registers[3] == 3


@pytest.mark.parametrize("thumb", BOTH)
def test_alignment_comes_before_translation(thumb: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """B3.12.3: whether something is mapped there is not even looked at."""
    for base in (STACK_TOP + 1, STACK_TOP - 2, 0x1001, 0xFFFFFFFE):
        (fault,) = run_everywhere("ldm r0, {r1, r2}", base, thumb, monkeypatch).faults
        assert (fault.va, fault.status) == (base, FaultStatus.ALIGNMENT)


def test_watched_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for thumb, text in product(BOTH, ("stm r0!, {r1, r2}", "it eq\n vldmeq r0!, {d0-d1}")):
        plain = run_everywhere(text, BASE + 2, thumb, monkeypatch)
        watched = run_everywhere(text, BASE + 2, thumb, monkeypatch, watched=True)
        assert watched == plain


def test_a_watchpoint_is_not_hit(mmu: str) -> None:
    """Nothing is accessed."""
    guest = Guest(PREPARED % (BASE + 2, "stm r0, {r1, r2}"), mmu)
    watchpoints = Watchpoints(guest.machine)
    watchpoints.set([Watch(READ | WRITE, BASE, 16, guest.proc0.pid)])
    assert guest.run().how is How.FAULTED
    assert watchpoints.take() is None


def test_a_breakpoint_comes_before_the_fault(mmu: str, request: pytest.FixtureRequest) -> None:
    """Its condition sees the registers as the program has them."""
    for in_python in BOTH:
        if in_python:
            use_python_hooks(request)
        guest = Guest(PREPARED % (BASE + 2, "ldm r0, {r1, r2}"), mmu)
        seen = []
        at = CODE_VA + 20

        def wanted(_va: int, guest: Guest = guest, seen: list[int] = seen) -> bool:
            seen.append(guest.registers[0])
            return True

        assert guest.machine.run_until((at,), wanted=wanted).how is How.ADDRESS
        assert seen == [BASE + 2]
        assert guest.run().how is How.FAULTED


# Device memory

DEVICE: Final = (
    ("ldr r1, [r0, #2]", READ, 2),
    ("ldrh r1, [r0, #1]", READ, 1),
    ("ldrsh r1, [r0, #1]", READ, 1),
    ("str r1, [r0, #1]", WRITE, 1),
    ("strh r1, [r0, #3]", WRITE, 3),
    ("str r1, [r0, r2]", WRITE, 2),
    ("vld1.32 {d0}, [r3]", READ, 2),
    ("cmp r0, r0\n itt eq\n ldreq r1, [r0, #2]\n moveq r4, #1", READ, 2),
    ("cmp r0, r0\n itt eq\n streq r1, [r0, #2]\n moveq r4, #1", WRITE, 2),
    ("cmp r0, r0\n ittt eq\n moveq r5, #1\n strheq r1, [r3, #1]!\n moveq r4, #1", WRITE, 3),
)
"""Accesses that normal memory allows; r2 is 2, and r3 is r0 + 2."""

UART: Final = """
        set     r0, %d
        add     r3, r0, #2
        mov     r2, #2
        %s
        exit    0
"""


@pytest.mark.parametrize("thumb", BOTH)
@pytest.mark.parametrize(("text", "access", "offset"), DEVICE)
def test_device_memory_wants_all_accesses_aligned(
    text: str, access: int, offset: int, thumb: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for mmu, in_c in ways():
        with monkeypatch.context() as patch:
            if not in_c:
                patch.setattr(native, "hooks", None)
            guest = Guest(UART % (STACK_TOP, text), mmu, thumb)
        map_uart(guest)
        assert guest.run().how is How.FAULTED
        fault = guest.only_fault()
        assert fault.status is FaultStatus.ALIGNMENT
        assert (fault.va, fault.access) == (STACK_TOP + offset, access)
        assert not guest.world.stdout
        assert (fault.registers[1], fault.registers[4]) == (0, 0)


@pytest.mark.parametrize("thumb", BOTH)
def test_aligned_accesses_to_a_device_are_made(thumb: bool, mmu: str) -> None:
    text = "ldr r1, [r0, #20]\n ldrb r1, [r0, #21]\n ldrh r1, [r0, #22]\n vld1.8 {d0}, [r3]"
    guest = Guest(UART % (STACK_TOP, text), mmu, thumb)
    map_uart(guest)
    assert guest.run().how is How.EXITED


def map_uart(guest: Guest) -> None:
    """The UART's registers at ``STACK_TOP``."""
    uart = next(f for f in guest.kernel.frames.values() if f.type.name == "IO")
    guest.ok("frame_map", LOW, uart.f_id, STACK_TOP, MapKind.PAGE | RW)


# What is said

SAID: Final = {
    "ldm r0, {r1, r2}": "because ldm wants a multiple of 4",
    "vld1.8 {d0}, [r0:64]": "because vld1.8 wants a multiple of 8",
    "mov sp, r0\n push {r4, r5}": "because push wants a multiple of 4, and sp is 0x20142",
    "ldrex r1, [r0]": "because it must be aligned to its size",
}


@pytest.mark.parametrize("text", SAID)
def test_a_report_says_misaligned_and_what_a_board_does(text: str) -> None:
    guest = Guest(PREPARED % (BASE + 2, text))
    debug = DebugFiles(DebugFile(BytesIO(NO_SYMBOLS), "test"))
    machine, reports = guest.machine, []
    machine.observers.add(
        OnFault(
            lambda fault: reports.append(fault_text(machine.kernel, machine.history, debug, fault))
        )
    )
    assert guest.run().how is How.FAULTED
    head = "\n".join(reports[0].split("\n")[:3])
    assert "misaligned access" in head
    assert "a board faults here, too, whatever SCTLR.A says (alignment fault)" in head
    assert SAID[text] in head


# The E bit

ENDIAN: Final = {
    "msr CPSR_x, #0x200": BOTH[:1],
    "mov r2, #0x200\n msr CPSR_x, r2": BOTH,
    "mov r2, #0x200\n msr CPSR_fsxc, r2": BOTH,
    "mov r2, #0x200\n it eq\n msreq CPSR_x, r2": BOTH,
    "setend be": BOTH,
}
"""Ways to big-endian data in user mode: B1.3.3."""


@pytest.mark.parametrize("thumb", BOTH)
@pytest.mark.parametrize("text", ENDIAN)
def test_user_mode_may_write_the_e_bit(
    text: str, thumb: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data is big-endian from the next instruction on; nothing else is written by byte x."""
    if thumb not in ENDIAN[text]:
        pytest.skip("no such instruction")
    behind = "movw r3, #0x1234\n str r3, [r0]\n setend le\n ldr r4, [r0]\n mrs r5, cpsr"
    end = run_everywhere(f"{text}\n mrs r1, cpsr\n {behind}", BASE, thumb, monkeypatch)
    assert end.how is How.EXITED
    at = BASE - DATA_VA
    assert end.data[at : at + 4] == bytes.fromhex("00001234")
    assert (end.registers[4], end.registers[1] >> 9 & 1, end.registers[5] >> 9 & 1) == (
        0x34120000, 1, 0,
    )  # fmt: skip


@pytest.mark.parametrize("thumb", BOTH)
def test_a_condition_decides_about_the_e_bit_too(
    thumb: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "mov r2, #0x200\n it ne\n msrne CPSR_x, r2\n mrs r1, cpsr"
    assert not run_everywhere(text, BASE, thumb, monkeypatch).registers[1] & 1 << 9


def test_user_mode_writes_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the mode, the T bit, the masks, or the IT state."""
    text = "mvn r2, #0x200\n msr CPSR_fsxc, r2\n mrs r1, cpsr"
    assert run_everywhere(text, BASE, False, monkeypatch).registers[1] == 0xF80F0010


# The decoders

in_c = pytest.mark.skipif(
    native.hooks is None, reason="the hooks in C are not built, or not wanted"
)


def words(count: int) -> Iterator[tuple[int, bool]]:
    """Random instructions, half of them accesses."""
    chance = random.Random(1)
    for _ in range(count):
        thumb = chance.random() < 0.5
        word = chance.getrandbits(32)
        if chance.random() < 0.5:
            word = patterns.fill(chance.choice(patterns.THUMB if thumb else patterns.ARM), chance)
        if thumb and word >> 16 < 0xE800:
            word = word & 0xFFFF if word & 0xFFFF < 0xE800 else 0
        yield word, thumb


@in_c
def test_both_decoders_want_the_same() -> None:
    seen = 0
    for word, thumb in words(50_000):
        wanted = wanted_by(word, thumb)
        assert native.hooks is not None
        assert wanted == Wanted(*native.hooks.Alignment.wanted(word, thumb)), hex(word)
        seen += wanted != NOTHING
        assert unit_of(word, thumb) in (1, 2, 4, 8)
        if wanted != NOTHING:
            place_of(word, thumb)
    assert seen > 10_000


def test_only_msr_of_byte_x_is_a_status_write() -> None:
    assert status_write(0xE122F002, False) is not None  # msr CPSR_x, r2
    assert status_write(0xE129F002, False) is None  # msr CPSR_fc, r2
    assert status_write(0xE162F002, False) is None  # msr SPSR_x, r2
    assert status_write(0xF3828200, True) is not None
    assert status_write(0xF3828900, True) is None
    assert status_write(0xF3828220, True) is None  # of a banked register
    assert status_write(0xF122F002, False) is None


@in_c
def test_what_does_not_work_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then a hook looks at each instruction."""
    monkeypatch.setattr(alignment_checks, "_does_work", None)
    monkeypatch.setattr(alignment_checks, "_TRIALS", ((0xE5901000, 0, 0x102, True),))
    assert type(Engine().alignment).__name__ == "PythonAlignment"
    monkeypatch.setattr(alignment_checks, "_does_work", None)
    monkeypatch.undo()
    assert type(Engine().alignment).__name__ == "NativeAlignment"
