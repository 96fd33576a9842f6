"""Backtraces: at any instruction they are the calls that were really made."""

from __future__ import annotations

import gc
import re
import subprocess
import weakref
from pathlib import Path

import pytest

from emu.debuginfo import open_files
from emu.debuginfo.code import disassemble_as
from emu.machine.fault import MachineFault
from emu.unwind import Step, backtrace
from emu.unwind.ehabi import unwind
from emu.unwind.exidx import Index
from emu.unwind.frame import StackFrame, UnwindError
from emu.unwind.tables import tables_of
from tests.debug.elves import opened
from tests.debug.rig import context_now, debug_for, frame_of, machine_for
from tests.guests import guest, need_tool
from tests.hooks import add_code_hook

MOST_INSTRUCTIONS = 30_000
EVERY = 13
"""One in so many instructions is looked at; prime, so that loops are seen at every place."""


CALL = re.compile(r"blx?(eq|ne|[ch]s|cc|lo|mi|pl|hi|ls|ge|lt|gt|le)?")


class ShadowStack:
    """Follows a running program and keeps the calls that it makes: return address and SP of each.

    A call is a BL or BLX that was executed; a return is coming to a return address with the SP
    that the call had.
    """

    def __init__(self, path: Path) -> None:
        self.machine = machine_for(path, max_insns=MOST_INSTRUCTIONS)
        self.debug = debug_for(path)
        self.calls: list[tuple[int, int]] = []
        self.compared = 0
        self.wrong: list[str] = []
        self._call: tuple[int, int] | None = None
        self._kinds: dict[int, bool] = {}
        self._count = 0
        add_code_hook(self.machine.cores[0].engine, self._before)

    def _before(self, va: int, size: int) -> None:
        registers = self.machine.cores[0].engine.registers.core()
        sp = registers[13]
        if self._call is not None and va != self._call[0]:
            self.calls.append(self._call)
        while self.calls and self.calls[-1] == (va, sp):
            self.calls.pop()
        self._call = (va + size, sp) if self._is_call(va, size) else None
        self._count += 1
        if self._count % EVERY == 0:
            self._compare(registers)

    def _is_call(self, va: int, size: int) -> bool:
        if va not in self._kinds:
            code = self.debug.program.read(va, size)
            name = next(disassemble_as(self.debug.program, va, code)).mnemonic
            self._kinds[va] = CALL.fullmatch(name) is not None
        return self._kinds[va]

    def _compare(self, registers: tuple[int, ...]) -> None:
        context = context_now(self.machine, self.debug)
        steps = list(backtrace(frame_of(registers), context.file_at, context.read_word))
        found = [step.frame.pc if isinstance(step, Step) else step for step in steps]
        made = [registers[15], *(va for va, _ in reversed(self.calls))]
        self.compared += 1
        if found != made:
            self.wrong.append(f"{registers[15]:#x}: {found} instead of {made}")


@pytest.mark.parametrize(
    "name",
    ["programs/hello", "programs/hello.arm", "programs/walk", "programs/walk.arm",
     "mistakes/dead_peer", "newlib/hello.arm-soft", "newlib/hello.thumb-hard"],
)  # fmt: skip
def test_at_any_instruction(name: str) -> None:
    """In prologues and epilogues too, with tables and, in newlib's assembly, without."""
    path = guest(name)
    shadow = ShadowStack(path)
    shadow.machine.run()
    assert shadow.compared > 100
    assert not shadow.wrong, "\n".join(shadow.wrong[:5])


CHAIN = [
    "fault_here", "with_floats", "with_array", "recurse", "recurse", "recurse", "by_pointer",
    "main", "start_program", "_start",
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("frames", ".debug_frame"),
        ("frames.arm", ".debug_frame"),
        ("tables", ".ARM.exidx"),
        ("tables.arm", ".ARM.exidx"),
        ("frame_pointer.arm", "its code"),
        ("nothing", "its code"),
        ("nothing.arm", "its code"),
    ],
)
def test_each_way_to_unwind(name: str, how: str) -> None:
    """A fault at the end of a chain of calls, in code that leaves only one way to unwind it."""
    path = guest(f"backtrace/{name}")
    steps = steps_at_fault(path)
    place = debug_for(path).program.place
    assert [place(step.frame.at).function for step in steps] == CHAIN
    ways = {step.how for step in steps[2:8]}
    assert ways == {how}


def test_frame_pointers_without_symbols(tmp_path: Path) -> None:
    """Of a stripped program only the frame pointers are left to go by."""
    stripped = tmp_path / "stripped.elf"
    source = guest("backtrace/frame_pointer.arm")
    strip = need_tool("arm-none-eabi-strip")
    subprocess.run([strip, "-o", str(stripped), str(source)], check=True)
    known, found = steps_at_fault(source), steps_at_fault(stripped)
    assert found[0].frame.pc == known[0].frame.pc
    assert [step.frame.pc for step in found[1:8]] == [step.frame.pc for step in known[1:8]]
    assert {step.how for step in found[2:8]} == {"frame pointer"}


def steps_at_fault(path: Path) -> list[Step]:
    """The frames of a program that faults."""
    debug = debug_for(path)
    steps: list[Step | str] = []

    def on_fault(fault: MachineFault) -> None:
        context = context_now(machine, debug)
        steps.extend(backtrace(frame_of(fault.registers), context.file_at, context.read_word))

    machine = machine_for(path, on_fault)
    machine.run()
    return [step for step in steps if isinstance(step, Step)]


@pytest.mark.parametrize("name", ["backtrace/tables", "backtrace/tables.arm"])
def test_same_instructions_as_readelf(name: str) -> None:
    """Where each function's unwinding instructions are and what they are."""
    path = guest(name)
    listing = subprocess.run(
        [need_tool("arm-none-eabi-readelf"), "-u", str(path)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    file = opened(path)
    index = tables_of(file).index
    assert index is not None
    entries = re.split(r"^0x", listing, flags=re.MULTILINE)[1:]
    assert len(entries) > 20
    for entry in entries:
        va = int(entry.split()[0].rstrip(":"), 16)
        if "cantunwind" in entry:
            with pytest.raises(UnwindError, match="cannot be unwound"):
                index.instructions(va)
            continue
        shown = re.findall(r"^  ((?:0x[0-9a-f]{2} )+)", entry, re.MULTILINE)
        expected = bytes(int(byte, 16) for line in shown for byte in line.split())
        assert index.instructions(va) == expected


SP = 0x1000
STACK = {SP + 4 * n: 0x100 + n for n in range(0x400)}


def unwound(code: str, **registers: int) -> StackFrame:
    """A frame at SP, unwound; ``lr`` is 0x8000, r0 to r12 are their numbers."""
    values = [*range(13), SP, 0x8000, 0x9000]
    for name, value in registers.items():
        values[int(name[1:])] = value
    return unwind(StackFrame(tuple(values), False, True), bytes.fromhex(code), STACK.get)


@pytest.mark.parametrize(
    ("code", "sp", "changed"),
    [
        ("b0", SP, {15: 0x8000}),
        ("00", SP + 4, {}),
        ("3f", SP + 0x100, {}),
        ("40", SP - 4, {}),
        ("7f", SP - 0x100, {}),
        ("80 01", SP + 4, {4: 0x100}),
        ("84 00", SP + 4, {14: 0x100, 15: 0x100}),
        ("88 00", SP + 4, {15: 0x100}),
        ("8c 01", SP + 12, {4: 0x100, 14: 0x101, 15: 0x102}),
        ("82 01", 0x101, {4: 0x100}),  # an SP among those popped
        ("97", 7, {}),
        ("a0", SP + 4, {4: 0x100}),
        ("a7", SP + 32, {n: 0x100 + n - 4 for n in range(4, 12)}),
        ("a8", SP + 8, {4: 0x100, 14: 0x101, 15: 0x101}),
        ("b1 09", SP + 8, {0: 0x100, 3: 0x101}),
        ("b2 00", SP + 0x204, {}),
        ("b2 81 01", SP + 0x204 + 0x81 * 4, {}),
        ("b3 01", SP + 20, {}),
        ("b8", SP + 12, {}),
        ("bf", SP + 68, {}),
        ("c8 03", SP + 32, {}),
        ("c9 80", SP + 8, {}),
        ("d0", SP + 8, {}),
        ("d7", SP + 64, {}),
        ("00 b0 00", SP + 4, {}),  # nothing after the end counts
    ],
)
def test_each_instruction(code: str, sp: int, changed: dict[int, int]) -> None:
    """Table 4 of IHI 0038, row by row."""
    frame = unwound(code)
    assert frame.sp == sp
    expected = [*range(13), sp, 0x8000, 0x8000]
    for number, value in changed.items():
        expected[number] = value
    assert frame.registers[4:12] == tuple(expected[4:12])
    assert frame.pc == expected[15] & ~1
    for number, value in changed.items():
        assert frame.registers[number] == value & (~1 if number == 15 else -1)


@pytest.mark.parametrize(
    "code",
    ["80 00", "9d", "9f", "b1 00", "b1 10", "b4", "c0", "ca", "d8", "ff", "80", "b2 80", "b1"],
)
def test_instructions_that_refuse(code: str) -> None:
    with pytest.raises(UnwindError):
        unwound(code)


def test_a_stack_that_cannot_be_read() -> None:
    with pytest.raises(UnwindError, match="nothing can be read at 0x00002000"):
        unwound("97 a0", r7=0x2000)


def test_tables_that_lie_outside_the_file() -> None:
    index = Index(bytes.fromhex("00000000 00100000"), 0x8000, lambda _va, _length: b"")
    with pytest.raises(UnwindError, match="is not in the file"):
        index.instructions(0x8000)
    assert index.instructions(0x7000) is None


def test_an_entry_with_a_personality_routine() -> None:
    """That of C++ has the compact form's instructions behind the number of words that follow."""
    extab = bytes.fromhex("00100000 a8b08401 b0b0b000")
    read = {0x8008 + at: extab[at : at + 4] for at in (0, 4, 8)}
    index = Index(bytes.fromhex("00000000 04000000"), 0x8000, lambda va, _length: read.get(va, b""))
    assert index.instructions(0x8000) == bytes.fromhex("84b0a8 00b0b0b0")


@pytest.mark.parametrize("distance", [0x4000000, -0x7000000, 0x3FFFFFFC, -0x40000000])
def test_a_function_far_from_its_entry(distance: int) -> None:
    """Bit 30 is the sign of an offset."""
    exidx = (distance & 0x7FFFFFFF).to_bytes(4, "little") + bytes.fromhex("b0b0b080")
    index = Index(exidx, 0x60000000, lambda _va, _length: b"")
    assert index.instructions(0x60000000 + distance) == b"\xb0\xb0\xb0"
    assert index.instructions(0x60000000 + distance - 1) is None


def test_the_tables_of_a_file_are_let_go_with_it() -> None:
    """They refer to their file; what kept both once kept every file that a process had read."""
    file = open_files(str(guest("backtrace/tables"))).program
    assert tables_of(file) is tables_of(file)
    assert tables_of(file).index is not None
    assert tables_of(file).call_frames.rules(file.entry) is not None
    kept = weakref.ref(file)
    del file
    gc.collect()
    assert kept() is None
