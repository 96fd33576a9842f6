"""The ways in which one program can be run, what is seen of each run, and where two differ.

Every run is bounded by ``Program.max_insns``, the same in all that are compared, so that a program
without an end ends at the same instruction everywhere.
"""

from __future__ import annotations

import gc
import hashlib
import os
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple

from emu import native
from emu.coverage.start import begin_coverage
from emu.debuginfo import DebugFile, DebugFiles
from emu.environment.clock import CLOCK_START
from emu.environment.requests import Beginning
from emu.environment.world import ScriptedWorld, World
from emu.gdb.running import Runner
from emu.gdb.target import Target
from emu.loader import load_elf
from emu.machine import How, Machine, Options, Outcome
from emu.machine.core import Core
from emu.machine.fault import MachineFault
from emu.machine.history import KernelEntry
from emu.machine.observers import Observer
from emu.machine.outcome import outcome_of
from emu.profile.start import begin_profile
from emu.recording.log import Log
from emu.recording.world import LoggedWorld
from emu.report import fault_text, refusal_text
from emu.trace.selection import KINDS
from emu.trace.start import TraceOptions, begin_trace
from emu.watchpoints.watch import Watch
from kernel_model.descriptors import READ, WRITE
from kernel_model.errors import Refused
from kernel_model.image import Image
from kernel_model.process import Process
from kernel_model.syscalls import CALLS
from kernel_model.walk import mapped

MMUS: Final = ("tlb", "map", "cpu")
MIB: Final = 1 << 20
HANGS: Final = 60.0
"""Seconds after which a run is one that hangs, however slow the host is."""
LOST: Final = b"registers lost"
"""What a program prints that has seen something no program may see, on whatever variant."""

NO_SYMBOLS: Final = struct.pack(
    "<16s2H5I6H", b"\x7fELF\1\1\1", 2, 40, 1, 0, 52, 0, 0x05000000, 52, 32, 0, 40, 0, 0
)
"""An ELF file with nothing in it: names for a program that has none."""


COLLECTED: Final = 8
"""Runs after which garbage is collected: a machine has more memory than Python knows of."""
_RUNS: Final = count(1)


class Program(NamedTuple):
    """What runs.  elf: of its names, if it has any.  max_insns: never 0.  ram: bytes.

    events: whether a trace of what its processes do is kept, in every way that it is run.
    """

    image: Image
    stdin: bytes = b""
    elf: bytes = NO_SYMBOLS
    max_insns: int = 200_000
    ram: int = 4 * MIB
    files: tuple[tuple[bytes, bytes], ...] = ()
    events: bool = False


EVENTS: Final = ("syscall", "map", "fault", "sched", "ipc")
"""The kinds of a trace that tell what processes do, and not how."""


def elf_program(path: Path, stdin: bytes = b"", max_insns: int = 200_000) -> Program:
    with path.open("rb") as stream:
        image = load_elf(stream, path.name)
    return Program(image, stdin, path.read_bytes(), max_insns)


class Variant(NamedTuple):
    """A way to run.

    watch: "", "trace" (of every kind), "mem" (of accesses alone), "coverage", "profile", "report"
    (of faults and refusals) or "debugger" (who stops at a lot, and then goes on).  hooks: "C", or
    "Python" for their twins.  pieces: run by so many instructions at a time; 0 for all at once.
    counted: whether instructions are, and bounded.  replayed: from the log of a plain run, with
    no outside.
    """

    mmu: str = "tlb"
    watch: str = ""
    check: bool = False
    hooks: str = "C"
    pieces: int = 0
    counted: bool = True
    replayed: bool = False

    def __str__(self) -> str:
        pieces = f"pieces of {self.pieces}" if self.pieces else ""
        counted = "" if self.counted else "uncounted"
        check = "check" if self.check else ""
        replayed = "replayed" if self.replayed else ""
        words = (self.mmu, self.watch, check, self.hooks, pieces, counted, replayed)
        return "+".join(word for word in words if word not in ("", "C"))


WATCHES: Final = ("", "trace", "mem", "coverage", "profile", "report", "debugger")
UNCOUNTED: Final = False
PIECES: Final = (1, 2, 3, 7, 50)
PLAIN: Final = tuple(Variant(mmu) for mmu in MMUS)
EVERY: Final = tuple(
    Variant(mmu, watch, check) for watch in WATCHES for check in (False, True) for mmu in MMUS
)


def twins(variants: Iterable[Variant]) -> list[Variant]:
    """The same ways with the hooks in Python."""
    return [variant._replace(hooks="Python") for variant in variants]


@contextmanager
def hooks_of(variant: Variant) -> Iterator[None]:
    """What is made here has the hooks that the variant asks for, if there are any in C at all."""
    before = native.hooks
    if variant.hooks == "Python":
        native.hooks = None
    try:
        yield
    finally:
        native.hooks = before


class Seen(NamedTuple):
    """What there was to see of a run.

    registers: those in the engine at the end, of every kind.
    events: the trace of ``EVENTS``, if the program asks for it.
    watched: what only a watcher has: the trace, the coverage, the profile, the reports, the
    stops; "" without one.  broken: an exception that is no outcome, which is a finding of itself.
    """

    outcome: Outcome | None
    console: bytes
    errors: bytes
    instructions: int
    calls: tuple[tuple[str, int], ...]
    refusals: tuple[tuple[str, str, int], ...]
    faults: tuple[str, ...]
    ram: str
    registers: str
    kernel: str
    notes: tuple[str, ...]
    events: str
    watched: str
    broken: str = ""


class _Heard(Observer):
    """Faults and refusals, in order and by number."""

    def __init__(self, machine: Machine, debug: DebugFiles, reports: list[str] | None) -> None:
        self._machine, self._debug, self._reports = machine, debug, reports
        self.faults: list[str] = []
        self.refusals: dict[tuple[str, str], int] = {}

    def faulted(self, core: Core, fault: MachineFault) -> None:
        self.faults.append(repr(fault))
        if self._reports is not None:
            machine = self._machine
            self._reports.append(fault_text(machine.kernel, machine.history, self._debug, fault))

    def refused(self, process: Process, entry: KernelEntry, refusal: Refused) -> None:
        key = entry.call.name, refusal.error.name
        self.refusals[key] = self.refusals.get(key, 0) + 1
        if self._reports is not None:
            machine = self._machine
            words = machine.cores[0].engine.registers.core()
            self._reports.append(
                refusal_text(machine.kernel, machine.history, self._debug, entry, refusal, words)
            )


def run(program: Program, variant: Variant = Variant()) -> Seen:  # noqa: B008 - immutable
    """Run a program to its end, or to the last instruction that it may execute."""
    try:
        with hooks_of(variant):
            return _run_as(program, variant)
    finally:
        if next(_RUNS) % COLLECTED == 0:
            gc.collect()


def _run_as(program: Program, variant: Variant) -> Seen:
    given = ScriptedWorld(program.stdin, ("fuzz",), dict(program.files))
    world: World = _replaying(program, given) if variant.replayed else given
    notes: list[str] = []
    reports: list[str] | None = [] if variant.watch == "report" else None
    bound = program.max_insns if variant.counted else 0
    options = Options(program.ram, variant.mmu, bound, HANGS, check=variant.check)
    machine = Machine(program.image, world, options, notes.append)
    debug = DebugFiles(DebugFile(BytesIO(program.elf), "fuzz"))
    heard = _Heard(machine, debug, reports)
    machine.observers.add(heard)
    ended, broken = None, ""
    with tempfile.TemporaryDirectory() as directory:
        out, told = Path(directory, "out"), Path(directory, "events")
        with ExitStack() as ending:
            if program.events:
                asked = TraceOptions(EVENTS, out=str(told))
                ending.callback(begin_trace(machine, asked, debug, notes.append))
            if end := _watch(machine, variant, str(out), debug, notes.append):
                ending.callback(end)
            try:
                if variant.watch == "debugger":
                    reports = list(_debug(machine, debug))
                ended = _run(machine, variant.pieces)
            except Exception as error:  # whatever it is, it is what we look for
                broken = _place(error)
        watched = _text(out) or "\n".join(reports or ())
        return _seen(machine, given, heard, ended, tuple(notes), (_text(told), watched), broken)


def _replaying(program: Program, output: ScriptedWorld) -> LoggedWorld:
    """A world that has the log of a plain run of the program, and shows what is written.

    The log has been bytes.
    """
    given = ScriptedWorld(program.stdin, ("fuzz",), dict(program.files))
    beginning = Beginning(("fuzz",), (False, False, False), CLOCK_START, True)
    entries: list[bytes] = []
    log = Log(beginning, entries.append)
    options = Options(program.ram, max_insns=program.max_insns, timeout=HANGS)
    machine = Machine(program.image, LoggedWorld(log, given), options)
    if not machine.has_ended:
        machine.run()
    log.hand_on()
    read = Log(beginning)
    for some in entries:
        read.take(some)
    assert (read.answers, read.stops) == (log.answers, log.stops)
    read.requests = log.requests
    return LoggedWorld(read, None, lambda stream, data: output.write(("write", stream, data), 0))


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def _run(machine: Machine, pieces: int) -> Outcome:
    if machine.has_ended:
        return outcome_of(machine.kernel.halted)
    if not pieces:
        return machine.run()
    ended = machine.run_for(pieces)
    while ended.how is How.COUNT:
        ended = machine.run_for(pieces)
    return ended


STOPS: Final = 160
"""A quarter of them with all calls caught and some breakpoints, and then watchpoints alone."""


def _debug(machine: Machine, debug: DebugFiles) -> Iterator[str]:
    """The stops of a debugger that catches calls, watches memory, and steps now and then.

    After some of them it goes away.
    """
    runner = Runner(Target(machine, lambda: debug, ""))
    target, kernel = runner.target, machine.kernel
    target.tells_starts = True
    runner.catcher.catch(None)
    runs = mapped(kernel.memory, kernel.l1_pa(kernel.processes[0]), 0, 0xE0000000)
    for run, access in zip([one for one in runs if one.user & WRITE], (WRITE, READ), strict=False):
        runner.watch(Watch(access, run.pa, 256), True)
        runner.watch(Watch(READ | WRITE, run.va + 64, 3, 0), True)
    runner.watch(Watch(WRITE, runs[-1].pa + runs[-1].size - 256, 256), True)
    for number in range(STOPS):
        if number == STOPS // 4:
            runner.catcher.catch(frozenset())
            runner.breakpoints.clear()
        stopped = runner.step(target.current) if number % 7 == 3 else runner.go()
        yield f"{stopped} {machine.instructions if machine.options.max_insns else ''}"
        if machine.has_ended or stopped.exit is not None:
            break
        if number < STOPS // 4 and number % 5 == 4:
            pc = target.state(target.current).core[15]
            runner.breakpoints.set(target.current, pc + 8)
    runner.close()


def _watch(
    machine: Machine, variant: Variant, out: str, debug: DebugFiles, note: Callable[[str], None]
) -> Callable[[], None] | None:
    if variant.watch == "trace":
        return begin_trace(machine, TraceOptions(KINDS, out=out), debug, note)
    if variant.watch == "mem":
        return begin_trace(machine, TraceOptions(("mem",), out=out), debug, note)
    if variant.watch == "coverage":
        return begin_coverage(machine, out, "drcov", debug, note)
    if variant.watch == "profile":
        return begin_profile(machine, out, debug, note)
    return None


def _place(error: Exception) -> str:
    """What was raised, and by which functions: enough to know it again, nothing that varies."""
    names = []
    at = error.__traceback__
    while at is not None:
        code = at.tb_frame.f_code
        names.append(f"{os.path.basename(code.co_filename)}:{code.co_name}")
        at = at.tb_next
    return f"{type(error).__name__}: {error} in {' > '.join(names[-6:])}"


def _seen(
    machine: Machine,
    world: ScriptedWorld,
    heard: _Heard,
    ended: Outcome | None,
    notes: tuple[str, ...],
    texts: tuple[str, str],
    broken: str,
) -> Seen:
    """texts: the events, and what was watched."""
    ram = hashlib.sha256()
    for pa, page in sorted(machine.ram.pages().items()):
        if any(page):
            ram.update(struct.pack("<I", pa) + page)
    counts = machine.calls
    calls = [(call.name, counts.by_number[call.number]) for call in CALLS]
    calls += [("unknown", counts.unknown), ("semihosting", counts.semihosting)]
    return Seen(
        outcome=ended,
        console=bytes(world.stdout),
        errors=bytes(world.stderr),
        instructions=machine.instructions,
        calls=tuple(calls),
        refusals=tuple((*key, count) for key, count in sorted(heard.refusals.items())),
        faults=tuple(heard.faults),
        ram=ram.hexdigest(),
        registers=repr(machine.cores[0].engine.registers.state()),
        kernel=repr(machine.kernel.snapshot()),
        notes=notes,
        events=texts[0],
        watched=texts[1],
        broken=broken,
    )


class Difference(NamedTuple):
    """Where two runs of one program part.  field: of ``Seen``."""

    first: Variant
    second: Variant
    field: str
    text: str

    def __str__(self) -> str:
        return f"{self.first} and {self.second} differ in {self.field}:\n{self.text}"


def difference(first: tuple[Variant, Seen], second: tuple[Variant, Seen]) -> Difference | None:
    """The first thing that two runs do not have in common, or None.

    What is watched is compared where both watch alike.
    """
    (one, a), (other, b) = first, second
    for field in Seen._fields:
        if field == "watched" and (one.watch, one.pieces) != (other.watch, other.pieces):
            continue
        if field == "instructions" and not (one.counted and other.counted):
            continue
        before, after = getattr(a, field), getattr(b, field)
        if before != after:
            return Difference(one, other, field, _contrast(before, after))
    return None


def _contrast(before: object, after: object) -> str:
    """Around the first place where two values part."""
    one, other = (value if isinstance(value, str) else repr(value) for value in (before, after))
    at = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    start = max(at - 400, 0)
    return f"  {one[start : at + 200]}\n  {other[start : at + 200]}"


class Finding(NamedTuple):
    """What a program showed to be wrong.  kind: what stays the same while it is made smaller."""

    kind: str
    text: str


def judge(program: Program, variants: Iterable[Variant]) -> tuple[Finding | None, Seen]:
    """Run a program in all of these ways; the first finding, and what the first way gave."""
    seen: list[tuple[Variant, Seen]] = []
    for variant in variants:
        if not variant.counted and seen and not _ends_by_itself(seen[0][1]):
            continue
        one = run(program, variant)
        if one.outcome is not None and one.outcome.how is How.TIMEOUT:
            return Finding("hangs", f"{variant}: {HANGS:g} seconds were not enough"), one
        if one.broken:
            return Finding(one.broken.partition(":")[0], f"{variant}: {one.broken}"), one
        if LOST in one.console:
            return Finding("registers lost", f"{variant}: {one.console!r}"), one
        seen.append((variant, one))
        same = next((old for old in seen[1:-1] if old[0].watch == variant.watch), seen[0])
        for earlier in (seen[0], same):
            if found := difference(earlier, seen[-1]):
                return Finding(f"differs in {found.field}", str(found)), seen[0][1]
    return None, seen[0][1]


def _ends_by_itself(seen: Seen) -> bool:
    return seen.outcome is not None and seen.outcome.is_final
