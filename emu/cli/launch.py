"""From options to a machine, and from a run's end to what is said of it and the exit status."""

from __future__ import annotations

import errno
import sys
from typing import TYPE_CHECKING

import click

from emu import status
from emu.cli.errors import UserError
from emu.cli.options import GuestOptions
from emu.environment.world import HostWorld, StreamLostError
from emu.loader import LoadError, check_fits, load_elf
from emu.machine.fault import Fault
from emu.machine.history import Act
from emu.machine.machine import Ended, Machine, Outcome
from emu.semihosting.cmdline import with_program
from kernel_model.boot import BootError
from kernel_model.errors import Refused
from kernel_model.image import Image

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles


def load(program: str) -> Image:
    """The program in the file of this name.  Errors: UserError."""
    try:
        with open(program, "rb") as stream:
            return load_elf(stream, program)
    except OSError as error:
        raise UserError(f"{program}: {error.strerror}") from error
    except LoadError as error:
        raise UserError(str(error)) from error


class Launch:
    """One guest about to run for the command line: its machine, and who reports on it.

    streams: what the guest's standard streams are, as file descriptors.
    """

    def __init__(self, guest: GuestOptions, streams: tuple[int, int, int] = (0, 1, 2)) -> None:
        self.guest = guest
        self._debug: DebugFiles | None = None
        for path in guest.symbols:
            load(path)
        self.machine = self._make_machine(load(guest.program), streams)
        if guest.explain:
            self.machine.svc.on_refused = self._explain

    def _make_machine(self, image: Image, streams: tuple[int, int, int]) -> Machine:
        guest = self.guest
        try:
            check_fits(image, guest.program, guest.options.ram)
            argv = with_program(guest.program, guest.arguments)
            world = HostWorld(argv, guest.files, streams)
            return Machine(image, world, guest.options, self.report_fault, note)
        except OSError as error:
            raise UserError(f"{guest.files}: {error.strerror}") from error
        except (LoadError, ValueError) as error:
            raise UserError(str(error)) from error
        except BootError as error:
            raise UserError(f"{guest.program}: {error}") from error

    @property
    def debug(self) -> DebugFiles:
        """The names of addresses, read when first asked for."""
        if self._debug is None:
            from emu.debuginfo import open_files

            self._debug = open_files(self.guest.program, self.guest.symbols)
        return self._debug

    def report_fault(self, fault: Fault) -> None:
        """Print the report of a fault, which has not ended its process yet."""
        from emu.report import fault_text

        say(fault_text(self.machine, self.debug, fault))

    def _explain(self, act: Act, refusal: Refused) -> None:
        from emu.report import is_end_of_list, refusal_text

        if not is_end_of_list(act, refusal):
            say(refusal_text(self.machine, self.debug, act, refusal))

    def run(self) -> Outcome:
        """Run to the end, and say how it ended if that was not by exit."""
        outcome = self.finish()
        self.report_end(outcome)
        return outcome

    def finish(self) -> Outcome:
        """Run to the end."""
        try:
            return self.machine.run()
        except StreamLostError as lost:
            if lost.errno == errno.EPIPE:
                raise click.exceptions.Exit(status.PIPE) from lost
            note(str(lost))
            raise click.exceptions.Exit(status.OUTPUT_LOST) from lost

    def report_end(self, outcome: Outcome) -> None:
        """Say how the run ended, if that was not by exit."""
        machine = self.machine
        if outcome.how is Ended.DEADLOCK:
            note("deadlock: every process waits and nobody can wake another")
            for line in machine.kernel.waiting():
                note(f"  {line}")
        elif outcome.how is Ended.MAX_INSNS:
            note(f"stopped after {machine.engine.instructions} instructions (--max-insns)")
        elif outcome.how is Ended.TIMEOUT:
            note(f"stopped after {machine.options.timeout:g} seconds (--timeout)")
        elif outcome.how is Ended.CTRL_C:
            note("interrupted")
        if outcome.how in (Ended.MAX_INSNS, Ended.TIMEOUT, Ended.CTRL_C):
            from emu.report import state_text

            say(state_text(machine, self.debug))


def note(text: str) -> None:
    """A line of ours among what the guest prints."""
    say(f"emu: {text}")


def say(text: str) -> None:
    """Print to standard error, now."""
    print(text, file=sys.stderr, flush=True)
