"""The machine: its cores, RAM, devices and the kernel, joined by the run loop.

What happens when: nothing per instruction, nothing per block; per SVC one callback, which lets the
kernel answer while Unicorn stays where it is; per process switch one stop and one start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, NamedTuple

from emu.conventions import DEFAULT
from emu.cpu.registers import State
from emu.devices.bus import Device
from emu.environment.cmdline import command_line
from emu.environment.outside import Outside
from emu.environment.waits import Interrupted
from emu.environment.world import World
from emu.machine.board import kernel_devices, make_bus, standard_board
from emu.machine.core import Core
from emu.machine.history import History
from emu.machine.host import KernelHost
from emu.machine.observers import Observer, Observers
from emu.machine.outcome import Outcome, outcome_of
from emu.machine.registers import ProcessRegisters
from emu.machine.semihosting_calls import SemihostingCalls
from emu.machine.sessions import SemihostingSessions
from emu.machine.svc import Calls, SvcHandler
from emu.machine.turns import Turns, stopped_by
from emu.machine.watchdog import Watchdog
from emu.mmu import make_ram
from kernel_model.boot import boot
from kernel_model.call import CallTable
from kernel_model.convention import Convention
from kernel_model.image import Image
from kernel_model.process import Process

if TYPE_CHECKING:
    from emu.machine.snapshot import Snapshot

DEFAULT_RAM = 128 << 20
CORES = 1


class Options(NamedTuple):
    """How to run.

    ram: bytes.  max_insns: 0 for no bound.  timeout: host seconds or None.  max_output: bytes on
    standard output and standard error together, or None.
    """

    ram: int = DEFAULT_RAM
    mmu: str = "tlb"
    max_insns: int = 0
    timeout: float | None = None
    check: bool = False
    stats: bool = False
    max_output: int | None = None


class MachineEndedError(RuntimeError):
    """A machine that has ended was told to run."""


def _no_note(_line: str) -> None:
    """Drop a note."""


class Machine:
    """One program's machine.

    Run it to its end or part of the way; look at it whenever it does not run.
    history: kept to explain faults.  calls: how often each was made.
    Errors: BootError, when the program does not fit; ValueError, for arguments that it cannot get.
    """

    def __init__(
        self,
        image: Image,
        world: World,
        options: Options = Options(),  # noqa: B008 - immutable
        note: Callable[[str], None] = _no_note,
        calls: Convention | CallTable = DEFAULT,
    ) -> None:
        """note: called with a line about each oddity.  calls: the kernel's convention."""
        self.options = options
        self.board = standard_board(options.ram)
        self.ram = make_ram(options.mmu, self.board.ram_base, self.board.ram_size)
        self.outside = Outside(world, options.max_output, self._stop_cores, self.count_instructions)
        self.bus = make_bus(self.board, self.outside)
        devices = tuple(self.bus)
        self.observers, self.history = Observers(), History()
        self.cores = [Core(number, options.mmu, self.ram, devices) for number in range(CORES)]
        self.outside.moment = self.cores[0].engine.counter
        host = KernelHost(self.outside, self.cores, self.history, self.observers)
        self.kernel = boot(
            self.ram.ram,
            image,
            command_line(self.outside.beginning.arguments),
            kernel_devices(self.bus),
            host,
            calls,
            CORES,
            self.board.kernel_base,
        )
        self.turns = Turns(
            self.kernel, self.cores, self.outside, self.history, self.observers,
            ProcessRegisters(self.cores), host.ended, self._forget,
        )  # fmt: skip
        self.sessions = SemihostingSessions(self.kernel, self.outside, self._sp, self.cores, note)
        self.calls = Calls(self.kernel)
        for core in self.cores:
            known = self.history, self.observers
            SvcHandler(core, self.kernel, *known, self.calls)
            SemihostingCalls(core, self.kernel, *known, self.sessions, self.calls)
        self._heed(options, image, devices)

    def _heed(self, options: Options, image: Image, devices: tuple[Device, ...]) -> None:
        """Apply what the options and the program say of the time before the first run."""
        for core in self.cores:
            core.semihosting.has_bkpt = image.profile == "M"
        if options.stats or options.max_insns:
            self.count_instructions()
        if options.check:
            from emu.machine.checker import Checker

            self.observers.add(Checker(self.kernel, devices))

    def _sp(self) -> int:
        return self.core.engine.registers.read("sp")

    def _forget(self, pid: int) -> None:
        """Drop what is kept for a process that has ended."""
        self.history.forget(pid)
        self.sessions.forget(pid)

    @property
    def registers(self) -> ProcessRegisters:
        """The registers of every process, while the machine does not run."""
        return self.turns.registers

    @property
    def world(self) -> World:
        """The world that answers the machine's requests."""
        return self.outside.world

    @property
    def core(self) -> Core:
        """The core whose turn it is, or was last."""
        return self.turns.core

    @property
    def running(self) -> Process | None:
        """The process that runs on that core."""
        return self.turns.running

    @property
    def next_pc(self) -> int | None:
        """Where that process goes on (va); None where its registers are not on the core, or change
        first."""
        running, core = self.running, self.core
        if running is None or running.resume is not None or not core.has_loaded(running.pid):
            return None
        return core.engine.registers.pc

    @property
    def has_ended(self) -> bool:
        """Whether no process runs or waits for input, so that the machine cannot run on."""
        return self.turns.has_ended

    # Running

    def run(self) -> Outcome:
        """Run until the program ends, or something else ends the run."""
        return self._heard(0)

    def run_for(self, count: int) -> Outcome:
        """Run until ``count`` instructions more have completed; at least one."""
        if count < 1:
            raise ValueError(f"Machine.run_for: {count} instructions")
        return self._heard(count)

    def run_to(self, *addresses: int) -> Outcome:
        """Run until the PC is at one of these addresses (va), in whatever process.

        An instruction that is there now is passed.
        """
        return self.run_until(addresses)

    def run_until(
        self,
        addresses: Sequence[int] = (),
        count: int = 0,
        observers: Sequence[Observer] = (),
        wanted: Callable[[int], bool] | None = None,
    ) -> Outcome:
        """Run as ``run_to`` and ``run_for`` do, with further observers, to whatever comes first.

        wanted: asked at each of the addresses whether to stop there this time.
        """
        for core in self.cores:
            core.engine.hooks.set_breakpoints(addresses, wanted)
        for observer in observers:
            self.observers.add(observer)
        try:
            return self._heard(count)
        finally:
            for observer in observers:
                self.observers.remove(observer)
            for core in self.cores:
                core.engine.hooks.set_breakpoints(())

    def run_to_call(self, count: int = 1) -> Outcome:
        """Run until ``count`` more calls of the kernel have been answered, or begun to wait."""
        from emu.machine.pauses import AfterCalls

        return self.run_until(observers=[AfterCalls(self.pause, count)])

    def run_to_fault(self) -> Outcome:
        """Run until a process faults; the kernel is told when the machine runs on."""
        from emu.machine.pauses import AtFault

        return self.run_until(observers=[AtFault(self.pause)])

    def step(self) -> Outcome:
        """Run one instruction of the process whose turn it is; in an IT block, the block's rest."""
        return self._go(1)

    def interrupt(self) -> None:
        """End the run under way, or the wait for the outside that it is in; else do nothing.

        From any thread, and from a signal's handler.  ``step`` is too short to be interrupted.
        """
        watchdog = self.turns.watchdog
        if watchdog is not None:
            watchdog.interrupt()

    def pause(self) -> None:
        """For an observer: end the run when the event that it was told of is over."""
        self.turns.is_paused = True
        self._stop_cores()

    def _stop_cores(self) -> None:
        """End the run after the call or the store under way."""
        for core in self.cores:
            if core.engine.control.running:
                core.engine.stop()

    @contextmanager
    def heeding(self) -> Iterator[None]:
        """Runs within are one for signals, the timeout and ``interrupt``."""
        control = self.core.engine.control
        try:
            with Watchdog(control, self.world, self.options.timeout) as self.turns.watchdog:
                yield
        finally:
            self.turns.watchdog = None
            control.take_request()  # a late request does not concern the next run

    def _heard(self, count: int) -> Outcome:
        """Run, while signals, the timeout and ``interrupt`` are heeded."""
        heeds = self.turns.watchdog is not None
        try:
            with nullcontext() if heeds else self.heeding():
                return self._go(count)
        except Interrupted as interrupted:
            return stopped_by(interrupted.cause)

    def _go(self, count: int) -> Outcome:
        """Run turn by turn.  count: instructions, 0 for any number."""
        self._check_not_ended()
        if count:
            self.count_instructions()
        end = self.core.engine.instructions + count if count else 0
        try:
            return self.turns.go(end, self.options.max_insns)
        finally:
            self.turns.forget_ended()

    def retry_fault(self) -> None:
        """Do not tell the kernel of the fault at which the machine stands, if it stands at one.

        The process goes on at its PC instead: with the instruction that faulted, or elsewhere.
        """
        self.core.fault = None

    def _check_not_ended(self) -> None:
        """Errors: MachineEndedError."""
        if not self.has_ended:
            return
        ended = outcome_of(self.kernel.halted)
        raise MachineEndedError(f"the machine has ended ({ended.how.name}, status {ended.status})")

    def forget_code(self) -> None:
        """Have code that has run translated again, so that observers of code see all of it."""
        for core in self.cores:
            core.engine.unicorn.flush_blocks()

    def count_instructions(self) -> None:
        """Count instructions from now on; it costs less before the first run."""
        for core in self.cores:
            core.engine.hooks.count_instructions()

    @property
    def instructions(self) -> int:
        """Instructions completed since they are counted."""
        return sum(core.engine.instructions for core in self.cores)

    # The machine as a value, while it does not run

    def snapshot(self) -> Snapshot:
        """The machine as it is now; ``restore`` brings it back, into this machine or another."""
        from emu.machine.snapshot import Snapshot

        self.turns.forget_ended()
        return Snapshot(
            kernel=self.kernel.snapshot(),
            cores=tuple(core.snapshot(self.kernel.processes) for core in self.cores),
            ram=self.ram.pages(),
            devices=tuple(device.snapshot() for device in self.bus),
            outside=self.outside.snapshot(),
            sessions=self.sessions.snapshot(),
            history=self.history.snapshot(),
            calls=self.calls.snapshot(),
        )

    def restore(self, state: Snapshot) -> None:
        """Become what a machine with as much RAM was.

        Files that the program has open are opened again where it was in them; what it has written
        stays written.  Errors: OSError, when such a file is gone.
        """
        self.kernel.restore(state.kernel)
        self.ram.become(state.ram)
        for core, one in zip(self.cores, state.cores, strict=True):
            loaded = self.kernel.processes.get(one.loaded)
            core.restore(one, loaded, -1 if loaded is None else self.kernel.l1_pa(loaded))
        for device, held in zip(self.bus, state.devices, strict=True):
            device.restore(held)
        self.outside.restore(state.outside)
        self.sessions.restore(state.sessions)
        self.history.restore(state.history)
        self.calls.restore(state.calls)
        for tell in self.observers.restored:
            tell()

    # Registers of any process, while the machine does not run, or an observer is told of a call

    def state_of(self, process: Process) -> State:
        """The registers with which a process will go on, whether it runs, waits or is new."""
        return self.registers.of(process)

    def set_registers(self, process: Process, values: tuple[int, ...]) -> None:
        """Let a process go on with these: r0-r12, sp, lr, pc, cpsr.

        A process that waits in a call still gets the call's result in r0 when that comes.
        """
        self.registers.set_core(process, values)

    def set_state(self, process: Process, state: State) -> None:
        """Let a process go on with these registers, all of them."""
        self.registers.set_all(process, state)
