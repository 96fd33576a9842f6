"""``emu replay``: run a recorded program again, without its files and its input."""

from __future__ import annotations

import time

import click

from emu.cli.command import Command
from emu.cli.corefiles import check_core, core_option, cores
from emu.cli.debugger import DebuggerOptions, check_debugger, debugged, debugger_options
from emu.cli.errors import UserError
from emu.cli.fingerprint import made_by
from emu.cli.instruments import InstrumentOptions, instrument_options, run_instrumented
from emu.cli.launch import Launch
from emu.cli.logged import open_recording, replaying
from emu.cli.streams import note, say
from emu.machine.outcome import Outcome
from emu.mmu import BACKENDS
from emu.recording.file import Recording
from emu.recording.world import ReplayError

EPILOG = """\b
Examples:
  emu run --record run.rec prog.elf
  emu replay run.rec
  emu replay --trace syscall --explain run.rec
  emu replay --gdb ./here run.rec
  emu replay --coverage run.info --profile run.svg run.rec
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("recording", metavar="RECORDING", type=click.Path())
@instrument_options
@debugger_options
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
@core_option
def command(
    recording: str,
    instruments: InstrumentOptions,
    debugger: DebuggerOptions,
    mmu: str | None,
    check: bool,
    explain: bool,
    stats: bool,
    core: str | None,
) -> int:
    """Run what was recorded in RECORDING again: the same instructions, output and end."""
    check_debugger(debugger)
    check_core(core, debugger)
    recorded, guest = open_recording(recording)
    options = guest.options._replace(mmu=mmu or guest.options.mmu, check=check, stats=stats)
    launch = replaying(recorded, guest._replace(options=options, explain=explain))
    started = time.perf_counter()
    with cores(launch, core):
        outcome = _run(recording, recorded, launch, instruments, debugger)
    if stats:
        from emu.machine.stats import stats_text

        say(stats_text(launch.machine, time.perf_counter() - started))
    return outcome.status


def _run(
    path: str,
    recorded: Recording,
    launch: Launch,
    instruments: InstrumentOptions,
    debugger: DebuggerOptions,
) -> Outcome:
    others = recorded.header.made_by != made_by()
    told = f"recorded by emu {_name(recorded.header.made_by)}, and this is {_name(made_by())}"
    try:
        outcome = run_instrumented(launch, instruments, debugged(launch, debugger))
    except ReplayError as error:
        raise UserError(f"{path}: {error}{f' ({told})' if others else ''}") from error
    if others:
        note(f"{path}: {told}; the run was the same")
    return outcome


def _name(made: tuple[str, str]) -> str:
    return f"{made[0]} ({made[1]})" if "".join(made).isprintable() else "of no known version"
