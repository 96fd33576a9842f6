"""``emu tables``: an address space as the hardware sees it."""

from __future__ import annotations

from itertools import chain

import click

from emu.cli.at import Moment, at_option, run_until
from emu.cli.command import Command
from emu.cli.errors import UserError
from emu.cli.options import GuestOptions, guest_options
from emu.cli.streams import standard_output, write_json

EPILOG = """\b
Examples:
  emu tables hello.elf                    when it has ended
  emu tables --at fault prog.elf          as it was at the fault
  emu tables --at call:40 --pid 1 prog.elf
  emu tables --json prog.elf | jq '.processes[0].runs[] | select(.user == "rwx")'
"""


@click.command(cls=Command, epilog=EPILOG)
@guest_options
@at_option("When to look", "exit")
@click.option(
    "--pid", type=click.IntRange(min=0), default=None, metavar="PID", help="Only this process."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(guest: GuestOptions, at: Moment, pid: int | None, as_json: bool) -> None:
    """Run PROG up to a moment and show what each process's tables map.

    What the guest prints goes to standard error.
    """
    kernel = run_until(guest, at).machine.kernel
    processes = [one for one in kernel.processes.values() if pid in (None, one.pid)]
    if not processes:
        raise UserError(f"--pid {pid}: there is no such process then")
    from emu.views.grid import write_grids
    from emu.views.tables import table_data, table_grids

    with standard_output() as stream:
        if as_json:
            write_json({"processes": [table_data(kernel, one) for one in processes]}, stream)
        else:
            grids = (table_grids(kernel, one) for one in processes)
            write_grids(list(chain.from_iterable(grids)), stream)
