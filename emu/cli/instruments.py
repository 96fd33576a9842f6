"""Traces, coverage and profiles of a run: their options; their code is loaded when asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import click

from emu.cli.errors import UserError, user_errors
from emu.cli.launch import Launch
from emu.cli.streams import note


class InstrumentOptions(NamedTuple):
    """What to record of a run, as it stands on the command line."""

    trace: str | None
    pids: tuple[int, ...]
    functions: tuple[str, ...]
    ranges: tuple[str, ...]
    trace_out: str | None
    trace_format: str
    coverage: str | None
    coverage_format: str | None
    profile: str | None


_PARAMETERS = (
    click.option(
        "--trace",
        metavar="KINDS",
        default=None,
        help="Trace syscall, map, fault, sched, ipc, insn, block, mem (a comma list), or all.",
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
        asked = {name: parameters.pop(name) for name in InstrumentOptions._fields}
        return command(*args, instruments=InstrumentOptions(**asked), **parameters)

    for parameter in reversed(_PARAMETERS):
        with_instruments = parameter(with_instruments)
    return with_instruments


@contextmanager
def instrumented(launch: Launch, instruments: InstrumentOptions) -> Iterator[None]:
    """While entered, a machine that has not run yet is recorded.  Errors: UserError.

    What has begun before that is not ended: of a run that there was not, nothing is written.
    """
    _check_complete(instruments)
    ends = []
    if instruments.trace is not None:
        ends.append(_begin_trace(launch, instruments, instruments.trace))
    if instruments.coverage is not None:
        ends.append(_begin_coverage(launch, instruments.coverage, instruments.coverage_format))
    if instruments.profile is not None:
        ends.append(_begin_profile(launch, instruments.profile))
    with ExitStack() as ending:
        for end in ends:
            ending.callback(end)
        yield


def _check_complete(instruments: InstrumentOptions) -> None:
    """Errors: UserError, when something is said of a trace or coverage that is not asked for."""
    details = {
        "--pid": instruments.pids,
        "--function": instruments.functions,
        "--range": instruments.ranges,
        "--trace-out": instruments.trace_out,
        "--trace-format": instruments.trace_format != "text",
    }
    for name, given in details.items():
        if given and instruments.trace is None:
            raise UserError(f"{name} needs --trace KINDS")
    if instruments.coverage_format is not None and instruments.coverage is None:
        raise UserError("--coverage-format needs --coverage FILE")


def _begin_trace(launch: Launch, instruments: InstrumentOptions, kinds: str) -> Callable[[], None]:
    from emu.trace.start import TraceError, TraceOptions, begin_trace, parse_kinds, parse_range

    with user_errors(instruments.trace_out, TraceError):
        asked = TraceOptions(
            parse_kinds(kinds, instruments.trace_format),
            instruments.pids,
            instruments.functions,
            tuple(parse_range(text) for text in instruments.ranges),
            instruments.trace_out or "",
            instruments.trace_format,
        )
        return begin_trace(launch.machine, asked, launch.debug, note)


def _begin_coverage(launch: Launch, path: str, format_: str | None) -> Callable[[], None]:
    from emu.coverage.start import CoverageError, begin_coverage, format_for

    with user_errors(path, CoverageError):
        return begin_coverage(launch.machine, path, format_ or format_for(path), launch.debug, note)


def _begin_profile(launch: Launch, path: str) -> Callable[[], None]:
    from emu.profile.start import begin_profile

    with user_errors(path):
        return begin_profile(launch.machine, path, launch.debug, note)
