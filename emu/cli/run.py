"""``emu run``: run a program to its end."""

from __future__ import annotations

import errno
import sys
import time

import click

from emu import status
from emu.cli.errors import UserError
from emu.cli.types import Size
from emu.loader import LoadError, check_fits, load_elf
from emu.machine import DEFAULT_RAM, Ended, Machine, Options, Outcome
from emu.mmu import BACKENDS
from emu.world import HostWorld, StreamLostError
from kernel_model.boot import BootError
from kernel_model.image import Image

EPILOG = """\b
Examples:
  emu run hello.elf
  emu run --files . prog.elf -- input.txt
  echo "text on standard input" | emu run --max-insns 1000000 prog.elf
"""


@click.command(epilog=EPILOG)
@click.argument("program", metavar="PROG", type=click.Path())
@click.argument("arguments", metavar="[-- ARGS...]", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--ram",
    type=Size(2 << 20, 1 << 30, 1 << 12),
    default=DEFAULT_RAM,
    show_default="128M",
    help="How much RAM the machine has.",
)
@click.option(
    "--mmu",
    type=click.Choice(BACKENDS),
    default=BACKENDS[0],
    show_default=True,
    help="How Unicorn is kept in step with the page tables.",
)
@click.option(
    "--max-insns",
    type=click.IntRange(min=1),
    metavar="N",
    default=None,
    help="Stop after N instructions.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    default=None,
    help="Stop after this much time.",
)
@click.option("--check", is_flag=True, help="Check every invariant of the kernel after each call.")
@click.option(
    "--files",
    type=click.Path(),
    metavar="DIR",
    default=None,
    help="Let the program open files beneath DIR (semihosting).",
)
@click.option("--stats", is_flag=True, help="Say at the end what the run took.")
def command(
    program: str,
    arguments: tuple[str, ...],
    ram: int,
    mmu: str,
    max_insns: int | None,
    timeout: float | None,
    check: bool,
    files: str | None,
    stats: bool,
) -> int:
    """Run PROG, a static 32-bit Arm ELF executable, with ARGS."""
    image = load(program)
    options = Options(ram, mmu, max_insns or 0, timeout, check, stats)
    try:
        check_fits(image, program, ram)
        world = HostWorld((program, *arguments), files)
        machine = Machine(image, world, options, _report_fault, _note)
    except OSError as error:
        raise UserError(f"{files}: {error.strerror}") from error
    except (LoadError, ValueError) as error:
        raise UserError(str(error)) from error
    except BootError as error:
        raise UserError(f"{program}: {error}") from error
    return run(machine)


def load(program: str) -> Image:
    """The program in the file of this name.  Errors: UserError."""
    try:
        with open(program, "rb") as stream:
            return load_elf(stream, program)
    except OSError as error:
        raise UserError(f"{program}: {error.strerror}") from error
    except LoadError as error:
        raise UserError(str(error)) from error


def run(machine: Machine) -> int:
    """Run a machine to its end, say how it ended if that was not by exit, and give the status."""
    started = time.perf_counter()
    try:
        outcome = machine.run()
    except StreamLostError as lost:
        if lost.errno == errno.EPIPE:
            return status.PIPE
        _note(str(lost))
        return status.OUTPUT_LOST
    _explain(machine, outcome)
    if machine.options.stats:
        from emu.stats import stats_text

        _print(stats_text(machine, time.perf_counter() - started))
    return outcome.status


def _explain(machine: Machine, outcome: Outcome) -> None:
    from emu.report import state_text

    if outcome.how is Ended.DEADLOCK:
        _note("deadlock: every process waits and nobody can wake another")
        for line in machine.kernel.waiting():
            _note(f"  {line}")
    elif outcome.how is Ended.MAX_INSNS:
        _note(f"stopped after {machine.engine.instructions} instructions (--max-insns)")
    elif outcome.how is Ended.TIMEOUT:
        _note(f"stopped after {machine.options.timeout:g} seconds (--timeout)")
    elif outcome.how is Ended.CTRL_C:
        _note("interrupted")
    if outcome.how in (Ended.MAX_INSNS, Ended.TIMEOUT, Ended.CTRL_C):
        _print(state_text(machine))


def _report_fault(fault: object) -> None:
    from emu.faults import Fault
    from emu.report import fault_text

    assert isinstance(fault, Fault)
    _print(fault_text(fault))


def _note(text: str) -> None:
    _print(f"emu: {text}")


def _print(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
