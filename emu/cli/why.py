"""``emu why``: who stored there, and what became of a frame, a process, an address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import click

from emu.cli.command import Command, print_text
from emu.cli.errors import UserError, user_errors
from emu.cli.launch import Launch
from emu.cli.streams import standard_output, write_json

if TYPE_CHECKING:
    from emu.inquiry.answers import Answer
    from emu.recording.timeline import Timeline

EPILOG = """\b
Examples:
  emu run --record run.rec prog.elf
  emu why run.rec --write total
  emu why run.rec --write table+12@1 --count 3
  emu why run.rec --va 0xef00a000
  emu why run.rec --frame 17
  emu why run.rec --pid 1 --json
"""
_PLACE = re.compile(r"(?P<base>[^@+]+)(?:\+(?P<offset>\w+))?(?:@(?P<pid>\d+))?")


class Asked(NamedTuple):
    """A place of a process.  text: as it was given."""

    text: str
    base: str
    offset: int
    pid: int


class PlaceType(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """``ADDRESS``, ``NAME`` or ``NAME+OFFSET``, and perhaps ``@PID``."""

    name = "place"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Asked:
        match = _PLACE.fullmatch(str(value))
        try:
            if match is None:
                raise ValueError(value)
            offset = int(match["offset"] or "0", 0)
        except ValueError:
            self.fail(f"{value!r} is no place: 0x12000, total and table+8@1 are some", param, ctx)
        return Asked(str(value), match["base"], offset, int(match["pid"] or 0))


@click.command(cls=Command, epilog=EPILOG)
@click.argument("recording", metavar="RECORDING", type=click.Path())
@click.option("--write", type=PlaceType(), metavar="PLACE", help="Who stored there, last first.")
@click.option(
    "--va", type=PlaceType(), metavar="PLACE", help="What was mapped there when, by which call."
)
@click.option("--frame", type=click.IntRange(min=0), metavar="ID", help="The life of a frame.")
@click.option("--pid", type=click.IntRange(min=0), metavar="N", help="The life of a process.")
@click.option(
    "--size",
    type=click.IntRange(1, 4096),
    default=4,
    show_default=True,
    help="Bytes, for --write.",
)
@click.option(
    "--before",
    type=click.IntRange(min=1),
    metavar="INSN",
    help="Ask about the time before so many instructions.",
)
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="The most answers to give.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(
    recording: str,
    write: Asked | None,
    va: Asked | None,
    frame: int | None,
    pid: int | None,
    size: int,
    before: int | None,
    count: int,
    as_json: bool,
) -> int:
    """Answer a question about the run in RECORDING, the last answer first.

    PLACE is an address or a variable of the program, perhaps with an offset, and with @PID for
    another process than the first.  emu gdb --replay RECORDING goes to what an answer names, by
    goto insn:N.
    """
    asked = [one for one in (write, va, frame, pid) if one is not None]
    if len(asked) != 1:
        raise UserError("one of --write, --va, --frame and --pid is what to ask")
    launch, timeline = _opened(recording)
    if write is not None:
        answers = _stores(launch, timeline, write, size, before)
    else:
        answers = _life(launch, timeline, va, frame, pid, before)
    return _tell(answers, count, as_json)


def _opened(path: str) -> tuple[Launch, Timeline]:
    """The machine of a recording.  Errors: UserError."""
    import os

    from emu.cli.debugger import SNAPSHOTS, timeline_of
    from emu.cli.logged import recorded_guest, replaying
    from emu.recording.file import RecordingError, read_recording

    with user_errors(path, RecordingError):
        recorded = read_recording(path)
        guest = recorded_guest(path, recorded)
    nowhere = os.open(os.devnull, os.O_RDWR)
    launch = replaying(recorded, guest, (nowhere, nowhere, nowhere))
    for one in launch.reporters:
        launch.machine.observers.remove(one)
    launch.reporters.clear()
    timeline = timeline_of(launch, SNAPSHOTS)
    assert timeline is not None
    return launch, timeline


def _go(launch: Launch, timeline: Timeline, before: int | None) -> None:
    """Run to the place that is asked about.  Errors: UserError."""
    from emu.recording.timeline import PastError
    from emu.recording.world import ReplayError

    try:
        if before is None:
            timeline.run(launch.machine.run_for)
        else:
            timeline.go_to(before)
    except (PastError, ReplayError) as error:
        if isinstance(error, ReplayError):
            raise UserError(str(error)) from error


def _stores(
    launch: Launch, timeline: Timeline, asked: Asked, size: int, before: int | None
) -> Iterator[Answer]:
    from emu.inquiry.stores import stores
    from kernel_model.walk import walk

    machine, va = launch.machine, _va(launch, asked)
    _go(launch, timeline, before)
    end = timeline.now
    if machine.has_ended:
        timeline.go_to(max(timeline.now - 1, 0))
    kernel = machine.kernel
    process = kernel.processes.get(asked.pid)
    if process is None:
        raise UserError(f"{asked.text}: no process {asked.pid} lives there; --before asks earlier")
    found = walk(kernel.memory, kernel.l1_pa(process), va)
    if found.fault is not None:
        raise UserError(f"{asked.text}: {found.fault.text}; --before asks earlier")
    size = min(size, 0x1000 - va % 0x1000)
    return stores(machine, launch.debug, timeline, found.pa, size, end)


def _va(launch: Launch, asked: Asked) -> int:
    """Errors: UserError, for a name that the program does not have."""
    if asked.base[0].isdecimal():
        try:
            va = int(asked.base, 0) + asked.offset
        except ValueError as error:
            raise UserError(f"{asked.base!r} is no address") from error
        if va >= 1 << 32:
            raise UserError(f"{asked.text}: addresses have 32 bits")
        return va
    symbol = launch.debug.program.symbols.named(asked.base)
    if symbol is None:
        raise UserError(f"the program has nothing of the name {asked.base}")
    return symbol.va + asked.offset & 0xFFFFFFFF


def _life(
    launch: Launch,
    timeline: Timeline,
    va: Asked | None,
    frame: int | None,
    pid: int | None,
    before: int | None,
) -> Iterator[Answer]:
    from emu.inquiry.lives import AddressLife, FrameLife, Life, ProcessLife

    machine = launch.machine
    life: Life
    if va is not None:
        life = AddressLife(machine, va.pid, _va(launch, va))
    elif frame is not None:
        life = FrameLife(machine, frame)
    else:
        assert pid is not None
        life = ProcessLife(machine, pid)
    machine.observers.add(life)
    _go(launch, timeline, before)
    return iter(life.answers[::-1])


def _tell(answers: Iterator[Answer], count: int, as_json: bool) -> int:
    """Print answers as they come; the status is 1 if there is none."""
    told = []
    for answer in answers:
        told.append(answer)
        if not as_json:
            print_text("\n".join(answer.lines()))
        if len(told) == count:
            break
    if as_json:
        with standard_output() as stream:
            write_json({"answers": [answer._asdict() for answer in told]}, stream)
    elif not told:
        print_text("nothing")
    return 0 if told else 1
