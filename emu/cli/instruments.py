"""Traces, coverage and profiles of a run: their options; their code is loaded when asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any, NamedTuple

import click

from emu.cli import complete
from emu.cli.errors import UserError, user_errors
from emu.cli.launch import Launch
from emu.cli.progress import progress
from emu.cli.streams import WAITS, note, say
from emu.machine.outcome import How, Outcome


class TraceArguments(NamedTuple):
    """What to trace and where to, as it stands on the command line."""

    trace: str | None
    pids: tuple[int, ...]
    functions: tuple[str, ...]
    ranges: tuple[str, ...]
    trace_out: str | None
    trace_format: str
    trace_only_failed: bool
    trace_from: str | None


class InstrumentOptions(NamedTuple):
    """What to record of a run, as it stands on the command line."""

    tracing: TraceArguments
    summary: bool
    coverage: str | None
    coverage_format: str | None
    coverage_sources: tuple[str, ...]
    profile: str | None


_PARAMETERS = (
    click.option(
        "--trace",
        metavar="KINDS",
        shell_complete=complete.kinds,
        default=None,
        help="Trace syscall, map, fault, sched, ipc, insn, block, mem (a comma list), or all; or "
        "calls by name or class: frame_map, %frame, %process, %ipc, %console, %semihosting. "
        "With ! before it a word leaves out.",
    ),
    click.option(
        "--pid",
        "pids",
        type=click.IntRange(min=0),
        metavar="N",
        multiple=True,
        help="Trace only what this process does.",
    ),
    click.option(
        "--function",
        "functions",
        metavar="NAME",
        shell_complete=complete.functions,
        multiple=True,
        help="Trace only what happens in this function.",
    ),
    click.option(
        "--range",
        "ranges",
        metavar="START-END",
        multiple=True,
        help="Trace only what concerns these addresses.",
    ),
    click.option(
        "--trace-out",
        type=click.Path(),
        metavar="FILE",
        default=None,
        help="Where the trace goes.  [default: standard error]",
    ),
    click.option(
        "--trace-format",
        type=click.Choice(["text", "jsonl", "chrome"]),
        default="text",
        show_default=True,
        help="Text, JSON lines, or what Perfetto opens.",
    ),
    click.option(
        "--trace-only-failed", is_flag=True, help="Of calls, trace only those that failed."
    ),
    click.option(
        "--trace-from",
        metavar="NAME",
        shell_complete=complete.functions,
        default=None,
        help="Begin the trace when this function of PROG begins: main leaves out the start-up.",
    ),
    click.option(
        "--summary",
        is_flag=True,
        help="Say at the end how often each call was made and failed, and what it took.",
    ),
    click.option(
        "--coverage",
        type=click.Path(),
        metavar="FILE",
        default=None,
        help="Write there which code was executed, for lcov, or for drcov's readers if *.drcov.",
    ),
    click.option(
        "--coverage-format",
        type=click.Choice(["lcov", "drcov"]),
        default=None,
        help="The format, whatever FILE is called.",
    ),
    click.option(
        "--coverage-source",
        "coverage_sources",
        type=click.Path(exists=True, file_okay=False),
        metavar="DIR",
        multiple=True,
        help="Where the program's sources are, if not where they were compiled; may be repeated.",
    ),
    click.option(
        "--profile",
        type=click.Path(),
        metavar="FILE",
        default=None,
        help="Write there which functions executed how much: a flame graph if *.svg or *.html, "
        "else stacks as flame graph tools read them.",
    ),
)


def instrument_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options; it gets them as ``instruments``, an InstrumentOptions."""

    @functools.wraps(command)
    def with_instruments(*args: Any, **parameters: Any) -> Any:
        tracing = TraceArguments(*(parameters.pop(name) for name in TraceArguments._fields))
        asked = {name: parameters.pop(name) for name in InstrumentOptions._fields[1:]}
        return command(*args, instruments=InstrumentOptions(tracing, **asked), **parameters)

    for parameter in reversed(_PARAMETERS):
        with_instruments = parameter(with_instruments)
    return with_instruments


def run_instrumented(
    launch: Launch, instruments: InstrumentOptions, run: Callable[[], Outcome]
) -> Outcome:
    """Run a machine that has not run yet to its end, recorded.  Errors: UserError.

    run: what does that.
    Where anything cannot begin there is no run, and nothing is written.
    """
    _check_complete(instruments)
    tracing, later = instruments.tracing, instruments.tracing.trace_from is not None
    begin_trace = partial(_begin_trace, launch, tracing, tracing.trace or "")
    begins = (
        (begin_trace, tracing.trace is not None and not later),
        (partial(_begin_coverage, launch, instruments), instruments.coverage is not None),
        (partial(_begin_profile, launch, instruments), instruments.profile is not None),
        (partial(_begin_summary, launch), instruments.summary),
    )
    ends = [begin() for begin, is_wanted in begins if is_wanted]
    start = None if tracing.trace_from is None else _function(launch, tracing.trace_from)
    with ExitStack() as ending:
        for end in ends:
            ending.callback(end)
        if start is not None:
            outcome = launch.reach(partial(launch.machine.run_to, start))
            if outcome.how is not How.ADDRESS:
                launch.report_end(outcome)
                return outcome
            launch.machine.forget_code()
            ending.callback(begin_trace())
        if not ends:
            return run()
        history = launch.machine.history
        with progress(lambda: history.made, note):
            return run()


def _function(launch: Launch, name: str) -> int:
    """Where a function of the program begins (va).  Errors: UserError."""
    symbol = launch.debug.program.symbols.named(name)
    if symbol is None:
        raise UserError(f"{launch.guest.program}: has no function {name}")
    return symbol.va


def _check_complete(instruments: InstrumentOptions) -> None:
    """Errors: UserError, when something is said of a trace or coverage that is not asked for."""
    tracing = instruments.tracing
    details = {
        "--pid": tracing.pids,
        "--function": tracing.functions,
        "--range": tracing.ranges,
        "--trace-out": tracing.trace_out,
        "--trace-format": tracing.trace_format != "text",
        "--trace-only-failed": tracing.trace_only_failed,
        "--trace-from": tracing.trace_from,
    }
    for name, given in details.items():
        if given and tracing.trace is None:
            raise UserError(f"{name} needs --trace KINDS")
    if instruments.coverage is None:
        for name, given in (
            ("--coverage-format", instruments.coverage_format),
            ("--coverage-source", instruments.coverage_sources),
        ):
            if given:
                raise UserError(f"{name} needs --coverage FILE")


def _begin_trace(launch: Launch, tracing: TraceArguments, kinds: str) -> Callable[[], None]:
    from emu.trace.selection import TraceError, parse_selection
    from emu.trace.start import TraceOptions, begin_trace, parse_range

    calls, format_ = launch.machine.kernel.calls, tracing.trace_format
    with user_errors(tracing.trace_out, TraceError):
        selection = parse_selection(kinds, format_, calls, tracing.trace_only_failed)
        ranges = tuple(parse_range(text) for text in tracing.ranges)
        asked = TraceOptions(
            selection.kinds, tracing.pids, tracing.functions, ranges, tracing.trace_out or "",
            format_, selection.calls,
        )  # fmt: skip
        return begin_trace(launch.machine, asked, launch.debug, note, WAITS)


def _begin_coverage(launch: Launch, instruments: InstrumentOptions) -> Callable[[], None]:
    from emu.coverage.start import CoverageError, begin_coverage, format_for

    path = instruments.coverage or ""
    form, directories = instruments.coverage_format, instruments.coverage_sources
    with user_errors(path, CoverageError):
        return begin_coverage(
            launch.machine, path, form or format_for(path), launch.debug, note, directories
        )


def _begin_profile(launch: Launch, instruments: InstrumentOptions) -> Callable[[], None]:
    from emu.profile.start import begin_profile

    path = instruments.profile or ""
    with user_errors(path):
        return begin_profile(launch.machine, path, launch.debug, note)


def _begin_summary(launch: Launch) -> Callable[[], None]:
    from emu.trace.summary import Summary, summary_text

    summary, observers = Summary(), launch.machine.observers
    observers.add(summary)

    def end() -> None:
        observers.remove(summary)
        say(summary_text(summary))

    return end
