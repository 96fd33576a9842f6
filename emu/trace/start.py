"""Begins a trace: from what was asked for to observers of a machine."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from emu.environment.waits import Waits
from emu.environment.world import STDERR, STDOUT
from emu.execution.attach import attach, create
from emu.execution.code import Code
from emu.machine.observers import Observer
from emu.trace.calls import CallTracer
from emu.trace.execution import ExecutionTracer
from emu.trace.faulting import FaultTracer
from emu.trace.filters import Filter, Range
from emu.trace.mappings import MapTracer
from emu.trace.messages import MessageTracer
from emu.trace.output import Output
from emu.trace.recorder import Format, Recorder
from emu.trace.scheduling import TurnTracer
from emu.trace.selection import CallChoice, TraceError

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles
    from emu.machine.machine import Machine
    from kernel_model.kernel import Kernel


class TraceOptions(NamedTuple):
    """What was asked for.  out: a file's name, "-" for standard output, "" for standard error."""

    kinds: tuple[str, ...]
    pids: tuple[int, ...] = ()
    functions: tuple[str, ...] = ()
    ranges: tuple[Range, ...] = ()
    out: str = ""
    format: str = "text"
    calls: CallChoice = CallChoice()


def parse_range(text: str) -> Range:
    """The addresses that ``START-END`` names, END included.  Errors: TraceError."""
    match = re.fullmatch(r"(0x[0-9a-f]+|\d+)-(0x[0-9a-f]+|\d+)", text, re.IGNORECASE)
    start, end = (int(match[1], 0), int(match[2], 0)) if match else (1, 0)
    if start > end or end >= 1 << 32:
        raise TraceError(f"{text!r} is no range of addresses: write it like 0x10000-0x10fff")
    return start, end + 1


def function_range(files: DebugFiles, name: str) -> Range:
    """The addresses of a function of the program.  Errors: TraceError."""
    symbol = files.program.symbols.named(name)
    if symbol is None:
        raise TraceError(f"{files.program.name} has no function {name!r}")
    return symbol.va, symbol.va + max(symbol.size, 1)


def begin_trace(
    machine: Machine,
    asked: TraceOptions,
    files: DebugFiles,
    note: Callable[[str], None],
    waits: Waits | None = None,
) -> Callable[[], None]:
    """Trace a machine that has not run yet; the result ends the trace.

    note: told in one line of what goes wrong later.  waits: the machine's.
    Errors: TraceError, OSError.
    """
    wanted = _filter(asked, files)
    output = _output(asked, _format(asked.format, machine.kernel).ending, waits)
    if asked.out:
        output.on_lost = note
    return _begin(machine, asked, files, wanted, output)


def begin_trace_into(
    machine: Machine, asked: TraceOptions, files: DebugFiles, output: Output
) -> Callable[[], None]:
    """The same, wherever it goes.  Where no code or access is asked for, the machine may have run.

    Errors: TraceError.
    """
    return _begin(machine, asked, files, _filter(asked, files), output)


def _filter(asked: TraceOptions, files: DebugFiles) -> Filter:
    functions = [function_range(files, name) for name in asked.functions]
    return Filter(asked.pids, functions, asked.ranges)


def _begin(
    machine: Machine, asked: TraceOptions, files: DebugFiles, wanted: Filter, output: Output
) -> Callable[[], None]:
    code = Code.of(machine, files)
    format_ = _format(asked.format, machine.kernel)
    recorder = Recorder(machine.sessions, wanted, format_, output, code, machine.history)
    if asked.format != "text":
        machine.count_instructions()
    return attach(machine, _tracers(recorder, asked), output.close)


def _format(name: str, kernel: Kernel) -> Format:
    if name == "chrome":
        from emu.trace.chrome import ChromeFormat

        return ChromeFormat(kernel)
    if name == "jsonl":
        from emu.trace.jsonl import JsonLinesFormat

        return JsonLinesFormat()
    from emu.trace.text import TextFormat

    return TextFormat()


def _output(asked: TraceOptions, ending: str, waits: Waits | None) -> Output:
    if not asked.out:
        return Output(STDERR, "standard error", ending, shared=True, waits=waits)
    if asked.out == "-":
        return Output(STDOUT, "standard output", ending, shared=True, waits=waits)
    return Output(create(asked.out), asked.out, ending, waits=waits)


def _tracers(recorder: Recorder, asked: TraceOptions) -> list[Observer]:
    """In this order, which is that of the lines where one moment has several."""
    tracers: list[Observer] = []
    kinds = asked.kinds
    execution = None
    if "insn" in kinds or "block" in kinds:
        execution = ExecutionTracer(recorder, "block" in kinds, "insn" in kinds)
        tracers.append(execution.blocks)
    if "mem" in kinds:
        from emu.trace.accesses import AccessTracer

        tracers.append(AccessTracer(recorder, execution, gathers=execution is None))
    tracers += [tracer(recorder) for kind, tracer in _TRACERS if kind in kinds]
    if "syscall" in kinds:
        tracers.append(CallTracer(recorder, asked.calls))
    return tracers


_TRACERS: tuple[tuple[str, Callable[[Recorder], Observer]], ...] = (
    ("fault", FaultTracer),
    ("sched", TurnTracer),
    ("map", MapTracer),
    ("ipc", MessageTracer),
)
