"""A batch run by a core of ours, and by qemu-arm."""

from __future__ import annotations

import functools
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

from emu import native
from emu.cpu.lengths import thumb_length
from emu.cpu.registers import State, advanced
from emu.cpu.stop import Stop
from kernel_model.walk import FaultStatus
from tests.fuzz.accesses.batch import CODE, CODE_SIZE, DATA, DATA_SIZE, Batch
from tests.guests import BUILT, need_tool
from tests.mmu.rig import FREE, PAGE, Rig

ILL, BUS, SEGV = 4, 7, 11
_FLAGS: Final = 0xF80F0200
_UDF: Final = {False: b"\xf0\x00\xf0\xe7", True: b"\x00\xde\x00\xde"}
SECONDS: Final = 60


class Noted(NamedTuple):
    """An instruction that faulted.  signal: as Linux names it.  address: of the access, or 0."""

    pc: int
    signal: int
    address: int


class Result(NamedTuple):
    """What a batch came to.  registers: r0 to lr.  flags: of the CPSR, with the E bit."""

    faults: tuple[Noted, ...]
    registers: tuple[int, ...]
    flags: int
    fpscr: int
    doubles: tuple[int, ...]
    data: bytes


def run_here(batch: Batch, mmu: str, hooks: str = "C") -> Result:
    """What we make of it.  hooks: "C" or "Python"."""
    before = native.hooks
    if hooks == "Python":
        native.hooks = None
    try:
        return _run(batch, Rig(mmu))
    finally:
        native.hooks = before


def _run(batch: Batch, rig: Rig) -> Result:
    code, data_pa = batch.code + _UDF[batch.thumb], FREE + CODE_SIZE
    rig.ram.write(FREE, code)
    rig.ram.write(data_pa, batch.data)
    for at in range(0, CODE_SIZE, PAGE):
        rig.map_code(CODE + at, FREE + at)
    for at in range(0, DATA_SIZE, PAGE):
        rig.map_data(DATA + at, data_pa + at)
    words, flags, doubles = batch.registers
    engine = rig.engine
    engine.start_at(CODE, 0)
    engine.registers.set_state(
        State((*words, CODE, 0x10 | flags), doubles, 0, engine.registers.state().thread)
    )
    faults = []
    while (fault := _next_fault(rig)).pc < CODE + len(batch.code):
        faults.append(fault)
        _pass(rig, fault.pc)
    state = engine.registers.state()
    return Result(
        tuple(faults), state.core[:15], state.core[16] & _FLAGS, state.fpscr, state.vfp,
        rig.ram.read(data_pa, DATA_SIZE),
    )  # fmt: skip


def _next_fault(rig: Rig) -> Noted:
    stop = rig.engine.run()
    pc = rig.engine.registers.pc
    if stop is Stop.UNDEFINED:
        return Noted(pc, ILL, 0)
    assert stop is Stop.FAULT, stop
    fault = rig.backend.fault()
    return Noted(pc, BUS if fault.status is FaultStatus.ALIGNMENT else SEGV, fault.va)


def _pass(rig: Rig, pc: int) -> None:
    """Go on behind the instruction at ``pc``, perhaps within an IT block (A2.5.2)."""
    registers = rig.engine.registers
    cpsr = registers.read("cpsr")
    thumb = cpsr >> 5 & 1
    half = int.from_bytes(rig.ram.read(FREE + pc - CODE, 2), "little")
    registers.write("pc", pc + (thumb_length(half) if thumb else 4) | thumb)
    registers.write("cpsr", advanced(cpsr))


@functools.cache
def runner() -> Path:
    """The program that runs batches under qemu-arm."""
    compiler, built = need_tool("arm-none-eabi-gcc"), BUILT.parent / "accesses.elf"
    source = Path(__file__).with_name("runner.c")
    flags = ("-O1", "-marm", "-march=armv7-a", "-mfpu=neon-vfpv4", "-mfloat-abi=softfp", "-static",
             "-nostdlib", "-ffreestanding", "-Wl,-Ttext=0x200000")  # fmt: skip
    subprocess.run([compiler, *flags, "-o", built, source], check=True)
    return built


def run_beside(batch: Batch) -> Result | None:
    """What qemu-arm makes of it; None if there is none."""
    qemu = shutil.which("qemu-arm")
    if qemu is None:
        return None
    words, flags, doubles = batch.registers
    head = struct.pack("<2I15I3I32Q", len(batch.code), batch.thumb, *words, flags, 0, 0, *doubles)
    code = (batch.code + _UDF[batch.thumb]).ljust(CODE_SIZE, b"\0")
    done = subprocess.run(
        [qemu, "-cpu", "cortex-a15", runner()], input=head + code + batch.data,
        capture_output=True, timeout=SECONDS, check=True,
    )  # fmt: skip
    return _result(done.stdout)


def _result(told: bytes) -> Result:
    (count,) = struct.unpack_from("<I", told)
    faults = tuple(Noted(*struct.unpack_from("<3I", told, 4 + 12 * at)) for at in range(count))
    rest = told[4 + 12 * count :]
    out = struct.unpack_from("<18I32Q", rest)
    return Result(faults, out[:15], out[15], out[16], out[18:], rest[-DATA_SIZE:])


def difference(batch: Batch, one: Result, other: Result) -> str:
    """The first thing in which two results differ, or ""."""
    for mine, theirs in zip(one.faults, other.faults, strict=False):
        if mine != theirs:
            return f"{_case(batch, min(mine.pc, theirs.pc))}: {mine}, and {theirs}"
    for field in Result._fields:
        if getattr(one, field) != getattr(other, field):
            return f"{field}: {_places(getattr(one, field), getattr(other, field))}"
    return ""


def _places(one: object, other: object) -> str:
    if not isinstance(one, tuple | bytes) or not isinstance(other, tuple | bytes):
        return f"{one}, and {other}"
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), -1)
    return (
        f"{len(one)} and {len(other)}, from [{at}] on: {one[at : at + 1]!r}, {other[at : at + 1]!r}"
    )


def _case(batch: Batch, pc: int) -> str:
    at = CODE + 8
    for case in batch.cases:
        if pc < at + len(case):
            return f"case {case.hex(' ', 2)} at {at:#x}, seed {batch.seed}"
        at += len(case)
    return f"at {pc:#x}, seed {batch.seed}"
