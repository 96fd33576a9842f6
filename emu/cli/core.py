"""``emu core``: a core file of a process at any moment of a run or a recording."""

from __future__ import annotations

import click

from emu.cli.at import Moment, MomentType, reach_moment
from emu.cli.command import Command
from emu.cli.complete import moments
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
@click.option(
    "--at",
    type=MomentType(),
    default=Moment("fault"),
    show_default="fault",
    metavar="WHEN",
    shell_complete=moments,
    help="When: at the first fault, at the end (exit), after the N-th call of the kernel (call:N) "
    "or after N instructions (insn:N).",
)
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
    if at.kind == "insn" and guest.options.max_insns:
        raise UserError(f"--at {at} and --max-insns cannot be used together")
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
    from emu.cli.logged import is_recording

    if not is_recording(guest.program):
        return Launch(guest, STREAMS)
    from emu.cli.logged import recorded_guest, replaying
    from emu.recording.file import RecordingError, read_recording

    with user_errors(guest.program, RecordingError):
        recorded = read_recording(guest.program)
        asked = recorded_guest(guest.program, recorded)
    options = asked.options._replace(mmu=guest.options.mmu, check=guest.options.check)
    return replaying(recorded, asked._replace(options=options), STREAMS)
