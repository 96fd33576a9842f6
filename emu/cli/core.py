"""``emu core``: a core file of a process at any moment of a run or a recording."""

from __future__ import annotations

import click

from emu.cli.at import Moment, at_option, check_moment, reach_moment
from emu.cli.command import Command
from emu.cli.corefiles import core_file, write_core_file
from emu.cli.errors import UserError, user_errors
from emu.cli.launch import Launch
from emu.cli.options import GuestOptions, guest_options
from emu.cli.streams import note
from emu.recording.world import ReplayError
from kernel_model.kernel import PROC0

STREAMS = (0, 2, 2)

EPILOG = """\b
Examples:
  emu core -o prog.core prog.elf                   of the first fault
  emu core --at call:100 -o prog.core prog.elf
  emu core --at insn:1M --process 3 -o prog.core run.rec
"""


@click.command(cls=Command, epilog=EPILOG)
@guest_options
@at_option("When", "fault")
@click.option(
    "--process",
    "pid",
    type=click.IntRange(min=0),
    metavar="PID",
    default=None,
    help="Of which process, if not of the one that faults, or runs.",
)
@click.option(
    "-o",
    "path",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    required=True,
    help="Where the core file goes.",
)
def command(guest: GuestOptions, at: Moment, pid: int | None, path: str) -> None:
    """Run PROG, a program or a recording, up to a moment and write a core file for gdb.

    What the guest prints goes to standard error.
    """
    check_moment(guest, at)
    launch = _launch(guest)
    with core_file(launch, path) as stream:
        try:
            reach_moment(launch, at)
        except ReplayError as error:
            raise UserError(f"{guest.program}: {error}") from error
        machine = launch.machine
        fault, running = machine.core.fault, machine.running
        if pid is None:
            pid = fault.pid if fault is not None else PROC0 if running is None else running.pid
        process = machine.kernel.processes.get(pid)
        if process is None:
            living = ", ".join(map(str, sorted(machine.kernel.processes)))
            raise UserError(f"--process {pid}: there are {living} at {at}")
        with user_errors(path):
            at_it = fault if fault is not None and fault.pid == pid else None
            write_core_file(launch, stream, process, at_it)
    note(f"the core file of process {pid} is {path}")


def _launch(guest: GuestOptions) -> Launch:
    from emu.cli.logged import is_recording, replaying_program

    if is_recording(guest.program):
        return replaying_program(guest, STREAMS)
    return Launch(guest, STREAMS)
