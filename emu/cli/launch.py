"""A run of the command line: makes its machine, and reports its end."""

from __future__ import annotations

from collections.abc import Callable
from errno import EACCES
from typing import TYPE_CHECKING, ClassVar

from emu.cli.errors import UserError, user_errors
from emu.cli.inputs import path_of
from emu.cli.options import GuestOptions
from emu.cli.streams import WAITS, exit_for_loss, note, say
from emu.environment.clock import HostClock, InstructionClock
from emu.environment.cmdline import with_program
from emu.environment.outside import StreamLostError
from emu.environment.world import HostWorld, World
from emu.loader import LoadError, check_fits, load_elf
from emu.machine.core import Core
from emu.machine.fault import MachineFault
from emu.machine.history import KernelEntry
from emu.machine.machine import Machine
from emu.machine.observers import Observer
from emu.machine.outcome import How, Outcome
from kernel_model.abi import NO_ID
from kernel_model.boot import BootError
from kernel_model.errors import Refused
from kernel_model.events import ProcessEnded
from kernel_model.image import Image
from kernel_model.kernel import PROC0
from kernel_model.process import Exited, Faulted, Process

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles

Streams = tuple[int, int, int]
"""The file descriptors of standard input, output and error."""

SYS_OPEN = 0x01
"""Source: "Semihosting for AArch32 and AArch64", 6.18."""


def load(program: str) -> Image:
    """The program in the file of this name.  Errors: UserError."""
    with user_errors(program, LoadError), open(path_of(program), "rb") as stream:
        return load_elf(stream, program)


def host_world(guest: GuestOptions, streams: Streams) -> HostWorld:
    """The real outside of a program.  Errors: OSError, for its directory of files."""
    argv = with_program(guest.program, guest.arguments)
    clock = HostClock() if guest.clock == "host" else InstructionClock()
    return HostWorld(argv, guest.files, streams, WAITS, clock)


class Launch:
    """A guest about to run for the command line: its machine and the observers that report.

    streams: the file descriptors of the guest's standard streams.
    """

    def __init__(
        self,
        guest: GuestOptions,
        streams: Streams = (0, 1, 2),
        make_world: Callable[[GuestOptions, Streams], World] | None = None,
    ) -> None:
        """make_world: makes the machine's world, if that is not the real outside alone."""
        self.guest = guest
        self.timeout = guest.options.timeout
        """What is told where a run ended by its timeout: seconds."""
        self.is_end_reported = False
        self._debug: DebugFiles | None = None
        for path in guest.symbols:
            load(path)
        self.image = load(guest.program)
        self.machine = self._make_machine(self.image, streams, make_world or host_world)
        self.goal: Callable[[], Outcome] = self.machine.run
        """Runs the machine to its end."""
        self.reporters: list[Observer] = [_FaultReporter(self), _EndReporter(self)]
        if guest.files is None:
            self.reporters.append(_FilesReporter(self))
        if guest.explain:
            self.reporters.append(_RefusalReporter(self))
        for one in self.reporters:
            self.machine.observers.add(one)

    def _make_machine(
        self,
        image: Image,
        streams: Streams,
        make_world: Callable[[GuestOptions, Streams], World],
    ) -> Machine:
        guest = self.guest
        with user_errors(guest.files, LoadError, ValueError):
            check_fits(image, guest.program, guest.options.ram)
            world = make_world(guest, streams)
            try:
                return Machine(image, world, guest.options, note)
            except BootError as error:
                raise UserError(f"{guest.program}: {error}") from error

    @property
    def debug(self) -> DebugFiles:
        """The names of addresses, read at the first use."""
        if self._debug is None:
            from emu.debuginfo import open_files

            self._debug = open_files(self.guest.program, self.guest.symbols, path_of, note)
            if self._debug.program.is_oversized:
                note(f"{self.guest.program}: its debug information is too large to inflate")
        return self._debug

    def run(self) -> Outcome:
        """Run to the end, and report an end other than by exit."""
        outcome = self.reach(self.goal)
        self.report_end(outcome)
        return outcome

    def reach(self, goal: Callable[[], Outcome]) -> Outcome:
        """Run by ``goal``, a method of the machine."""
        try:
            return goal()
        except StreamLostError as lost:
            raise exit_for_loss(lost.errno, str(lost)) from lost

    def report_end(self, outcome: Outcome) -> None:
        """Report an end of the run other than by exit."""
        machine = self.machine
        if outcome.how is How.DEADLOCK:
            from emu.report import deadlock_text

            state_of = machine.state_of
            say(
                deadlock_text(
                    machine.kernel, machine.history, self.debug, lambda one: state_of(one).core
                )
            )
        elif outcome.how is How.FAULTED and not self.is_end_reported:
            assert isinstance(machine.kernel.halted, Faulted)
            note(f"ended by its fault handler: {machine.kernel.halted.why}")
        elif outcome.how is How.MAX_INSNS:
            note(f"stopped after {machine.instructions} instructions (--max-insns)")
        elif outcome.how is How.MAX_OUTPUT:
            note(f"stopped after {machine.options.max_output} bytes of output (--max-output)")
        elif outcome.how is How.TIMEOUT:
            note(f"stopped after {self.timeout:g} seconds (--timeout)")
        elif outcome.how is How.CTRL_C:
            note("interrupted")
        elif outcome.how is How.TERMINATED:
            note("terminated")
        if outcome.how is not How.DEADLOCK and not outcome.is_final:
            from emu.report import state_text

            say(state_text(machine.kernel, machine.history, machine.core, self.debug))
        if outcome.how is not How.EXITED:
            self._tell_stranger()

    def _tell_stranger(self) -> None:
        """Report a program that cannot have been made for this kernel."""
        from emu.report import stranger_text

        calls = self.machine.history.made + self.machine.calls.semihosting
        text = stranger_text(self.image, self.guest.program, calls)
        if text is not None:
            note(text)


class _FaultReporter(Observer):
    """Prints the report of each fault, after its lines in traces."""

    rank: ClassVar[int] = 1

    def __init__(self, launch: Launch) -> None:
        self._launch = launch

    def faulted(self, core: Core, fault: MachineFault) -> None:  # noqa: ARG002
        from emu.report import fault_text, killing_text

        machine = self._launch.machine
        is_handled = machine.kernel.processes[fault.pid].handler != NO_ID
        # A fault that a handler is told of may be no mistake.
        is_shown = not is_handled or self._launch.guest.explain
        self._launch.is_end_reported = is_shown and fault.pid == PROC0
        killing = killing_text(machine.kernel, machine.history, fault) if is_shown else None
        if killing is not None:
            note(killing)
        elif is_shown:
            say(fault_text(machine.kernel, machine.history, self._launch.debug, fault))


class _EndReporter(Observer):
    """Says why a process's library ended it: abort, an assertion, an exception nothing caught.

    An end with status 0 is a success, of which nothing is said.
    """

    rank: ClassVar[int] = 1

    def __init__(self, launch: Launch) -> None:
        self._launch = launch

    def process_ended(self, event: ProcessEnded) -> None:
        if not isinstance(event.ending, Exited) or not event.ending.status:
            return
        machine = self._launch.machine
        process = machine.kernel.running[machine.kernel.core]
        if process is None or process.pid != event.pid:
            return
        from emu.report import ending_text

        registers = machine.core.engine.registers.core()
        debug = self._launch.debug
        text = ending_text(machine.kernel, machine.history, debug, process, registers)
        if text is not None:
            say(text)


class _FilesReporter(Observer):
    """Says once that a program may open no files, when it has been refused one."""

    rank: ClassVar[int] = 1
    hears_short_calls: ClassVar[bool] = False

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._asked = ""

    def semihosting(self, core: Core, process: Process, operation: int, argument: int) -> None:  # noqa: ARG002
        if operation == SYS_OPEN:
            from emu.decoding.arguments import Decoder
            from emu.decoding.semihosting import operands

            values = operands(Decoder(self._launch.machine.kernel, process), operation, argument)
            self._asked = values[0].text

    def semihosted(self, core: Core, process: Process, operation: int, result: int) -> None:  # noqa: ARG002
        if operation != SYS_OPEN or result != -1:
            return
        machine = self._launch.machine
        if machine.sessions.of(process).errno == EACCES:
            name = self._asked.partition(" ")[2] or self._asked
            note(f"the program may open no file, as {name}: --files DIR lets it, beneath DIR")
            self._launch.reporters.remove(self)
            machine.observers.remove(self)


class _RefusalReporter(Observer):
    """Prints why a call was refused, except for refusals that tell the end of a list."""

    rank: ClassVar[int] = 1

    def __init__(self, launch: Launch) -> None:
        self._launch = launch

    def refused(self, process: Process, entry: KernelEntry, refusal: Refused) -> None:  # noqa: ARG002
        from emu.report import is_end_of_list, refusal_text

        if is_end_of_list(entry, refusal):
            return
        machine, debug = self._launch.machine, self._launch.debug
        registers = machine.core.engine.registers.core()
        say(refusal_text(machine.kernel, machine.history, debug, entry, refusal, registers))
