"""``emu run``: run a program to its end."""

from __future__ import annotations

import time
from collections.abc import Callable

import click

from emu.cli.command import Command
from emu.cli.corefiles import check_core, core_option, cores
from emu.cli.debugger import DebuggerOptions, check_debugger, debugged, debugger_options
from emu.cli.errors import UserError
from emu.cli.instruments import InstrumentOptions, instrument_options, run_instrumented
from emu.cli.launch import Launch, Streams
from emu.cli.options import GuestOptions, guest_options
from emu.cli.streams import say
from emu.environment.world import World
from emu.machine.outcome import Outcome

EPILOG = """\b
Examples:
  emu run hello.elf
  emu run --files . prog.elf -- input.txt
  emu run --explain prog.elf
  emu run --trace syscall,ipc prog.elf
  emu run --core prog.core prog.elf
  emu run --record run.rec prog.elf
  echo "text on standard input" | emu run --max-insns 1000000 prog.elf
"""


@click.command(cls=Command, epilog=EPILOG)
@guest_options
@instrument_options
@debugger_options
@click.option("--stats", is_flag=True, help="Say at the end what the run took.")
@core_option
@click.option(
    "--record",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    default=None,
    help="Write there what the run takes from outside, for emu replay FILE.",
)
def command(
    guest: GuestOptions,
    instruments: InstrumentOptions,
    debugger: DebuggerOptions,
    stats: bool,
    core: str | None,
    record: str | None,
) -> int:
    """Run PROG, a static 32-bit Arm ELF executable, with ARGS."""
    check_debugger(debugger)
    check_core(core, debugger)
    if record is not None and debugger.gdb is not None:
        raise UserError("--record and --gdb cannot be used together: emu replay --gdb looks later")
    guest = guest._replace(options=guest.options._replace(stats=stats))
    started = time.perf_counter()
    if record is None:
        launch = Launch(guest, make_world=_world_for(debugger))
        with cores(launch, core):
            outcome = run_instrumented(launch, instruments, debugged(launch, debugger))
    else:
        launch, outcome = _recorded(guest, instruments, record, core)
    if stats:
        from emu.machine.stats import stats_text

        say(stats_text(launch.machine, time.perf_counter() - started))
    return outcome.status


def _world_for(
    debugger: DebuggerOptions,
) -> Callable[[GuestOptions, Streams], World] | None:
    """A logged one where a debugger may go back."""
    if debugger.gdb is None or not debugger.snapshots:
        return None
    from emu.cli.logged import logged_world

    return logged_world


def _recorded(
    guest: GuestOptions, instruments: InstrumentOptions, path: str, core: str | None
) -> tuple[Launch, Outcome]:
    from emu.cli.recorder import Recorder

    recorder = Recorder(path, guest)
    launch = Launch(guest, make_world=recorder.world)
    with cores(launch, core):
        return launch, run_instrumented(launch, instruments, lambda: recorder.run(launch))
