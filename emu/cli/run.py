"""``emu run``: run a program to its end."""

from __future__ import annotations

import time

import click

from emu.cli.command import Command
from emu.cli.debugger import DebuggerOptions, check_debugger, debugged, debugger_options
from emu.cli.instruments import InstrumentOptions, instrument_options, run_instrumented
from emu.cli.launch import Launch
from emu.cli.options import GuestOptions, guest_options
from emu.cli.streams import say

EPILOG = """\b
Examples:
  emu run hello.elf
  emu run --files . prog.elf -- input.txt
  emu run --explain prog.elf
  emu run --trace syscall,ipc prog.elf
  echo "text on standard input" | emu run --max-insns 1000000 prog.elf
"""


@click.command(cls=Command, epilog=EPILOG)
@guest_options
@instrument_options
@debugger_options
@click.option("--stats", is_flag=True, help="Say at the end what the run took.")
def command(
    guest: GuestOptions, instruments: InstrumentOptions, debugger: DebuggerOptions, stats: bool
) -> int:
    """Run PROG, a static 32-bit Arm ELF executable, with ARGS."""
    check_debugger(debugger)
    launch = Launch(guest._replace(options=guest.options._replace(stats=stats)))
    started = time.perf_counter()
    outcome = run_instrumented(launch, instruments, debugged(launch, debugger))
    if stats:
        from emu.machine.stats import stats_text

        say(stats_text(launch.machine, time.perf_counter() - started))
    return outcome.status
