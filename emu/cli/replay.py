"""``emu replay``: run a recorded program again, without its files and its input."""

from __future__ import annotations

import time

import click

from emu.cli.command import Command
from emu.cli.errors import UserError, user_errors
from emu.cli.fingerprint import made_by
from emu.cli.inputs import stand_in
from emu.cli.instruments import InstrumentOptions, instrument_options, run_instrumented
from emu.cli.launch import Launch, Streams
from emu.cli.options import GuestOptions
from emu.cli.streams import WAITS, note, say
from emu.environment.requests import Answer
from emu.environment.world import HostWorld
from emu.machine.outcome import Outcome
from emu.mmu import BACKENDS
from emu.recording.file import Recording, RecordingError, read_recording
from emu.recording.options import asked_of
from emu.recording.replay import run_again
from emu.recording.world import LoggedWorld, ReplayError

EPILOG = """\b
Examples:
  emu run --record run.rec prog.elf
  emu replay run.rec
  emu replay --trace syscall --explain run.rec
  emu replay --coverage run.info --profile run.svg run.rec
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("recording", metavar="RECORDING", type=click.Path())
@instrument_options
@click.option(
    "--mmu",
    type=click.Choice(BACKENDS),
    default=None,
    help="How Unicorn is kept in step with the page tables.  [default: as recorded]",
)
@click.option("--check", is_flag=True, help="Check all invariants of the kernel after calls.")
@click.option(
    "--explain",
    is_flag=True,
    help="Say of each refused call, and each fault told to a handler, what broke which rule.",
)
@click.option("--stats", is_flag=True, help="Say at the end what the run took.")
def command(
    recording: str,
    instruments: InstrumentOptions,
    mmu: str | None,
    check: bool,
    explain: bool,
    stats: bool,
) -> int:
    """Run what was recorded in RECORDING again: the same instructions, output and end."""
    with user_errors(recording, RecordingError):
        recorded = read_recording(recording)
    guest = _guest(recording, recorded)
    options = guest.options._replace(mmu=mmu or guest.options.mmu, check=check, stats=stats)
    launch = replaying(recorded, guest._replace(options=options, explain=explain))
    started = time.perf_counter()
    outcome = _run(recording, recorded, launch, instruments)
    if stats:
        from emu.machine.stats import stats_text

        say(stats_text(launch.machine, time.perf_counter() - started))
    return outcome.status


def replaying(recorded: Recording, guest: GuestOptions) -> Launch:
    """A launch whose machine reads from the recording, and writes to our standard streams."""

    def make_world(_guest: GuestOptions, streams: Streams) -> LoggedWorld:
        host = HostWorld(["replay"], None, streams, WAITS)

        def show(stream: int, data: bytes) -> Answer:
            return host.answer(("write", stream, data), 0)

        return LoggedWorld(recorded.log, None, show, WAITS)

    options = guest.options
    launch = Launch(guest._replace(options=options._replace(timeout=None)), make_world=make_world)
    launch.machine.count_instructions()
    launch.timeout = options.timeout
    return launch


def _run(path: str, recorded: Recording, launch: Launch, instruments: InstrumentOptions) -> Outcome:
    world, others = launch.machine.world, recorded.header.made_by != made_by()
    assert isinstance(world, LoggedWorld)

    def run() -> Outcome:
        outcome = launch.reach(lambda: run_again(launch.machine, world, recorded.damage))
        launch.report_end(outcome)
        return outcome

    told = f"recorded by emu {_name(recorded.header.made_by)}, and this is {_name(made_by())}"
    try:
        outcome = run_instrumented(launch, instruments, run)
    except ReplayError as error:
        raise UserError(f"{path}: {error}{f' ({told})' if others else ''}") from error
    if others:
        note(f"{path}: {told}; the run was the same")
    return outcome


def _name(made: tuple[str, str]) -> str:
    return f"{made[0]} ({made[1]})" if "".join(made).isprintable() else "of no known version"


def _guest(path: str, recorded: Recording) -> GuestOptions:
    """How the program was run.  Errors: UserError."""
    header = recorded.header
    with user_errors(path, RecordingError):
        asked = asked_of(path, header)
    for name, image in zip(header.names, recorded.images, strict=True):
        stand_in(name, image)
    arguments = header.beginning.arguments[1:]
    program, *symbols = header.names
    return GuestOptions(
        program, arguments, asked.options, asked.files, tuple(symbols), False, asked.clock
    )
