"""An instruction that faulted can be run again: nothing of it happened, then all of it does.

Every instruction runs over two pages with its base at many places around their boundary.  First
with both pages there, then with one of them missing or read-only until the fault: the fault names
the first byte that could not be accessed, the base register is as it was, and the second attempt
ends as if nothing had been.
"""

from functools import cache

import pytest

from emu.cpu.stop import Stop
from kernel_model.descriptors import AP_USER_RO, READ, WRITE
from kernel_model.walk import FaultStatus
from tests.mmu.rig import FREE, PAGE, SVC, Rig

CODE, LOW, HIGH = 0x8000, 0x20000, 0x21000
CODE_PA, LOW_PA, HIGH_PA = FREE, FREE + 0x3000, FREE + 0x2000  # not in order
Z = 1 << 30

ARM = {
    "ldr r1,[r0]": 0xE5901000,
    "ldr r1,[r0,#4]!": 0xE5B01004,
    "ldr r1,[r0],#4": 0xE4901004,
    "ldr r0,[r0]": 0xE5900000,
    "ldrh r1,[r0]": 0xE1D010B0,
    "ldrsb r1,[r0]": 0xE1D010D0,
    "str r2,[r0]": 0xE5802000,
    "str r2,[r0,#4]!": 0xE5A02004,
    "str r2,[r0],#-4": 0xE4002004,
    "strh r2,[r0]": 0xE1C020B0,
    "strb r2,[r0]": 0xE5C02000,
    "ldrd r4,r5,[r0]": 0xE1C040D0,
    "ldrd r0,r1,[r0]": 0xE1C000D0,
    "ldrd r0,r1,[r0,#8]": 0xE1C000D8,
    "ldrd r0,r1,[r0,#-8]": 0xE14000D8,
    "ldrd r4,r5,[r0],#8": 0xE0C040D8,
    "ldrd r4,r5,[r0,#8]!": 0xE1E040D8,
    "strd r2,r3,[r0]": 0xE1C020F0,
    "strd r2,r3,[r0,#8]!": 0xE1E020F8,
    "ldm r0,{r4-r7}": 0xE89000F0,
    "ldm r0!,{r4-r7}": 0xE8B000F0,
    "ldm r0,{r0,r4-r6}": 0xE8900071,
    "ldmdb r0!,{r4-r7}": 0xE93000F0,
    "ldmib r0!,{r4-r7}": 0xE9B000F0,
    "stm r0,{r1-r4}": 0xE880001E,
    "stm r0!,{r1-r4}": 0xE8A0001E,
    "stmdb r0!,{r1-r4}": 0xE920001E,
    "vldr d0,[r0]": 0xED900B00,
    "vstr d1,[r0]": 0xED801B00,
    "vldmia r0!,{d4-d7}": 0xECB04B08,
    "vldmdb r0!,{d4-d7}": 0xED304B08,
    "vstmia r0!,{d0-d3}": 0xECA00B08,
    "vldmia r0!,{s4-s7}": 0xECB02A04,
    "vld1.8 {d4-d7},[r0]!": 0xF420420D,
    "vst1.8 {d0-d3},[r0]!": 0xF400020D,
    "vld4.8 {d4-d7},[r0]!": 0xF420400D,
    "vst4.32 {d0-d3},[r0]": 0xF400008F,
    "vld1.32 {d4[1]},[r0]!": 0xF4A0488D,
    "ldrex r1,[r0]": 0xE1901F9F,
    "ldrexd r4,r5,[r0]": 0xE1B04F9F,
    "swp r1,r2,[r0]": 0xE1001092,
    "swpb r1,r2,[r0]": 0xE1401092,
    "ldrt r1,[r0],#4": 0xE4B01004,
    "strt r2,[r0],#4": 0xE4A02004,
    "pld [r0]": 0xF5D0F000,
}

THUMB = {
    "ldr r1,[r0]": (0x6801,),
    "ldr.w r1,[r0],#4": (0xF850, 0x1B04),
    "ldrd r4,r5,[r0],#8": (0xE8F0, 0x4502),
    "ldrd r0,r1,[r0]": (0xE9D0, 0x0100),
    "ldrd r0,r1,[r0,#8]": (0xE9D0, 0x0102),
    "ldrd r0,r1,[r0,#-8]": (0xE950, 0x0102),
    "strd r2,r3,[r0,#8]!": (0xE9E0, 0x2302),
    "ldm.w r0!,{r4-r7}": (0xE8B0, 0x00F0),
    "ldm r0!,{r4-r7}": (0xC8F0,),
    "ldm r0,{r0,r4}": (0xC811,),
    "stmdb r0!,{r1-r4}": (0xE920, 0x001E),
    "ldrex r1,[r0,#4]": (0xE850, 0x1F01),
    "it eq; ldreq r1,[r0]": (0xBF08, 0x6801),
    "it ne; ldrne r1,[r0]": (0xBF18, 0x6801),
    "itte eq; streq r2,[r0],#4; moveq r3,#7; movne r3,#9": (
        0xBF06, 0xF840, 0x2B04, 0x2307, 0x2309,
    ),
    "ittt eq; addeq r3,#1; streq r2,[r0],#4; ldreq r1,[r0]": (
        0xBF02, 0x3301, 0xF840, 0x2B04, 0x6801,
    ),
}  # fmt: skip

BASES = [HIGH + offset for offset in (-36, -16, -12, -8, -7, -4, -2, -1, 0, 1, 4, 8, 16, 32)]


def first_byte(text: str) -> int:
    """Where the instruction's accesses begin, from its base.  They go upwards from there."""
    for mark, offset in (
        ("vldmdb", -32),
        ("mdb", -16),
        ("mib", 4),
        ("#4]!", 4),
        ("#8]!", 8),
        ("[r0,#4]", 4),
        ("[r0,#8]", 8),
        ("[r0,#-8]", -8),
    ):
        if mark in text:
            return offset
    return 0


@cache
def pattern(pa: int) -> bytes:
    """What a page holds before."""
    return bytes((at * 7 + (pa >> 12)) & 0xFF for at in range(PAGE))


def stores_to(va: int, outcome) -> bool:
    """Whether the page at ``va`` is another after the instruction."""
    _, low, high = outcome
    return low != pattern(LOW_PA) if va == LOW else high != pattern(HIGH_PA)


class Attempt:
    """One instruction with its pages, begun afresh each time."""

    def __init__(self, backend: str, text: str, code: bytes, thumb: bool) -> None:
        self.text = text
        self.rig = Rig(backend)
        self.rig.ram.write(CODE_PA, code)
        self.rig.map_code(CODE, CODE_PA)
        self.start = CODE | thumb
        self.base = 0

    def begin(self, base: int) -> None:
        """Both pages there and full of known bytes, registers set."""
        self.base = base
        engine = self.rig.engine
        for va, pa in ((LOW, LOW_PA), (HIGH, HIGH_PA)):
            self.rig.ram.write(pa, pattern(pa))
            self.rig.map_data(va, pa)
        engine.start_at(self.start, 0, (base, 0x11111111, 0x22222222, 0x33333333))
        for number in range(4):
            engine.registers.write(f"d{number}", 0x0102030405060708 * (number + 1))
        engine.registers.write("cpsr", 0x10 | Z | (self.start & 1) << 5)

    def outcome(self):
        ram = self.rig.ram
        return self.rig.state(), ram.read(LOW_PA, PAGE), ram.read(HIGH_PA, PAGE)

    def missing(self, va: int) -> None:
        self.rig.unmap(va)

    def read_only(self, va: int) -> None:
        self.rig.map(va, LOW_PA if va == LOW else HIGH_PA, AP_USER_RO, xn=1)

    def repair(self, va: int) -> None:
        self.rig.map_data(va, LOW_PA if va == LOW else HIGH_PA)

    def expected(self, base: int):
        """(outcome, None), or (None, status) if the instruction can never succeed there."""
        self.begin(base)
        stop = self.rig.engine.run()
        if stop is Stop.REQUESTED:
            return self.outcome(), None
        assert stop is Stop.FAULT
        return None, self.rig.backend.fault().status

    def check(self, base: int, spoil, va: int) -> bool:
        """Whether there was a fault on the way."""
        expected, never = self.expected(base)
        self.begin(base)
        spoil(va)
        stop = self.rig.engine.run()
        faulted = stop is Stop.FAULT
        if faulted:
            self.check_fault(va, spoil == self.read_only, never)
            self.repair(va)
            stop = self.rig.engine.run()
        if never is None:
            assert stop is Stop.REQUESTED
            assert self.outcome() == expected
            assert faulted or not stores_to(va, expected), "a store to what may not be written"
        return faulted

    def check_fault(self, va: int, read_only: bool, never: FaultStatus | None) -> None:
        fault = self.rig.backend.fault()
        before = (0, 4) if self.text.startswith("ittt") else (0,)
        assert self.rig.engine.registers.read("r0") - self.base in before
        if never is FaultStatus.ALIGNMENT:
            assert fault.status is never
            return
        first = self.base + first_byte(self.text)
        assert fault.va in [max(va, first + done) for done in before]
        assert fault.pc == self.rig.engine.registers.pc
        assert fault.status is (
            FaultStatus.PERMISSION_L2 if read_only else FaultStatus.TRANSLATION_L2
        )
        assert fault.access in ((WRITE,) if read_only else (READ, WRITE))


def check_everywhere(attempt: Attempt) -> None:
    faults = 0
    for base in BASES:
        for va in (LOW, HIGH):
            faults += attempt.check(base, attempt.missing, va)
            faults += attempt.check(base, attempt.read_only, va)
    assert faults


@pytest.mark.parametrize("text", ARM)
def test_arm_instruction_restarts(backend, text):
    code = ARM[text].to_bytes(4, "little") + SVC.to_bytes(4, "little")
    attempt = Attempt(backend, text, code, thumb=False)
    if text.startswith("pld"):
        assert not any(attempt.check(base, attempt.missing, LOW) for base in BASES)
    else:
        check_everywhere(attempt)


@pytest.mark.parametrize("text", THUMB)
def test_thumb_instruction_restarts(backend, text):
    halfwords = (*THUMB[text], 0xDF00)  # svc 0
    code = b"".join(half.to_bytes(2, "little") for half in halfwords)
    attempt = Attempt(backend, text, code, thumb=True)
    if text.startswith("it ne"):  # the condition fails
        assert not any(attempt.check(base, attempt.missing, LOW) for base in BASES)
    else:
        check_everywhere(attempt)
