"""The machine: its cores, RAM, devices and the kernel, joined by the run loop.

What happens when: nothing per instruction, nothing per block; per SVC one callback, which lets the
kernel answer while Unicorn stays where it is; per process switch one stop and one start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from emu.cpu.registers import THUMB_BIT, USER_MODE, State
from emu.cpu.stop import Stop
from emu.devices.bus import Bus
from emu.devices.uart import Uart
from emu.environment.cmdline import command_line
from emu.environment.waits import Interrupted
from emu.environment.world import World
from emu.machine.core import Core, redirected
from emu.machine.fault import fault_of, record_of
from emu.machine.history import History
from emu.machine.host import KernelHost
from emu.machine.interrupt import Cause, Watch
from emu.machine.observers import Observer, Observers
from emu.machine.outcome import How, Outcome, outcome, outcome_of
from emu.machine.services import Services
from emu.machine.svc import Calls, SvcHandler, is_news
from emu.mmu import make_ram
from kernel_model.abi import NO_ID, Error
from kernel_model.boot import boot
from kernel_model.call import CallTable
from kernel_model.calls.console import feed_reader
from kernel_model.calls.faults import fault as kernel_fault
from kernel_model.errors import Refused
from kernel_model.image import Image
from kernel_model.kernel import Device as KernelDevice
from kernel_model.process import Process, Redirect, Registers, Result, Start
from kernel_model.syscalls import CALLS

if TYPE_CHECKING:
    from emu.machine.snapshot import Snapshot

_REQUESTED, _BREAKPOINT = Stop.REQUESTED, Stop.BREAKPOINT
"""At hand for each turn: to look a member up in its enumeration takes longer than a call."""

RAM_BASE = 0x80000000
DEFAULT_RAM = 128 << 20


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
    """Nobody wants to know."""


class Machine:
    """One program's machine.

    Run it to its end or part of the way, look at it whenever it does not run.
    history: what is kept to explain faults.  calls: how often each was made.
    Errors: BootError, when the program does not fit; ValueError, for arguments it cannot be given.
    """

    def __init__(
        self,
        image: Image,
        world: World,
        options: Options = Options(),  # noqa: B008 - immutable
        note: Callable[[str], None] = _no_note,
        calls: CallTable = CALLS,
    ) -> None:
        """note: told of oddities, one line each.  calls: those that the kernel answers."""
        self.options, self.world = options, world
        self.ram = make_ram(options.mmu, RAM_BASE, options.ram)
        self.bus = Bus()
        self.bus.add(Uart(world))
        devices = tuple(self.bus)
        self.observers, self.history = Observers(), History()
        self.cores = [Core(0, options.mmu, self.ram, devices)]
        self.kernel = boot(
            self.ram.ram,
            image,
            command_line(world.arguments),
            tuple(KernelDevice(device.name, device.pa, device.size) for device in devices),
            KernelHost(world, self.cores, self.history, self.observers),
            calls,
        )
        self.services = Services(
            self.kernel, world, self._sp, self.cores[0].backend.memory.physical, note
        )
        self.calls = Calls(self.kernel)
        for core in self.cores:
            SvcHandler(core, self.kernel, self.history, self.observers, self.services, self.calls)
        self._is_paused = self._is_full = False
        world.follow_time(self._executed)
        if options.max_output is not None:
            world.limit_output(options.max_output, self._output_full)
        if options.stats or options.max_insns:
            self.count_instructions()
        if options.check:
            from emu.machine.checker import Checker

            self.observers.add(Checker(self.kernel, devices))

    def _sp(self) -> int:
        return self.cores[0].engine.registers.read("sp")

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
        """Run as ``run_to`` and ``run_for`` do, and watched by more: to whatever comes first.

        wanted: asked at each address whether to stop there this time.
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
        """Run until that many calls of the kernel's more have been answered, or begun to wait."""
        from emu.machine.pauses import AfterCalls

        return self.run_until(observers=[AfterCalls(self.pause, count)])

    def run_to_fault(self) -> Outcome:
        """Run until a process faults; the kernel hears of it when the machine runs on."""
        from emu.machine.pauses import AtFault

        return self.run_until(observers=[AtFault(self.pause)])

    def step(self) -> Outcome:
        """Run one instruction of the process whose turn it is; in an IT block, the block's rest."""
        return self._go(1, None)

    def pause(self) -> None:
        """For an observer: end the run as soon as what it was told of is done."""
        self._is_paused = True
        self._stop_cores()

    def _output_full(self) -> None:
        """More is to be written than may be: the run ends when the call or the store is done."""
        self._is_full = True
        self._stop_cores()

    def _stop_cores(self) -> None:
        for core in self.cores:
            if core.engine.ending.running:
                core.engine.stop()

    def _heard(self, count: int) -> Outcome:
        """Run; signals and the timeout are heard."""
        ending = self.cores[0].engine.ending
        try:
            with Watch(ending, self.world, self.options.timeout) as watch:
                return self._go(count, watch)
        except Interrupted:
            return _stopped(watch.cause)
        finally:
            ending.take_request()  # one that came too late is not the next run's

    def _go(self, count: int, watch: Watch | None) -> Outcome:
        """Run turn by turn.  count: instructions, 0 for any number."""
        core, self._is_paused, self._is_full = self.cores[0], False, False
        self._check_not_ended()
        if count:
            self.count_instructions()
        end = core.engine.instructions + count if count else 0
        self._deliver_fault(core)
        if core.is_held:
            core.make_held()
        first = True
        while (process := self._next(core)) is not None:
            self._load(core, process)
            bound = 0
            if end or self.options.max_insns:
                how, bound = self._bound(core, end)
                if bound < 0:
                    return outcome(how)
            reason = _REQUESTED
            if not self._is_paused:
                reason = self._run(core, process, bound, first)
            first = False
            if reason is _BREAKPOINT:
                return outcome(How.ADDRESS)
            if reason is _REQUESTED or self._is_paused:
                if self.has_ended:
                    break  # the end is told first: there is nothing left to go on with
                if self._is_full:
                    return outcome(How.MAX_OUTPUT)
                if watch is not None and watch.cause is not None:
                    return _stopped(watch.cause)
                if self._is_paused or core.is_held:
                    return outcome(How.PAUSED)
            if core.fault is not None:
                self._deliver_fault(core)
        return outcome_of(self.kernel.halted)

    def _next(self, core: Core) -> Process | None:
        """Who runs now.  First who waits for input has it, if it is there or nobody is ready."""
        kernel = self.kernel
        while kernel.readers and (
            kernel.running[core.number] is None or self.world.is_input_ready()
        ):
            feed_reader(kernel)
        return kernel.running[core.number]

    @property
    def has_ended(self) -> bool:
        """Whether nobody runs or waits for input, so that the machine cannot run on."""
        return not any(self.kernel.running) and not self.kernel.readers

    def _check_not_ended(self) -> None:
        """Errors: MachineEndedError."""
        if not self.has_ended:
            return
        ended = outcome_of(self.kernel.halted)
        raise MachineEndedError(f"the machine has ended ({ended.how.name}, status {ended.status})")

    def _bound(self, core: Core, end: int) -> tuple[How, int]:
        """Instructions the next run may take, besides its turn, or -1 if there are none left.

        And what it is if they are used up.
        """
        done = core.engine.instructions
        bounds = [(How.COUNT, end)] if end else []
        if self.options.max_insns:
            bounds.append((How.MAX_INSNS, self.options.max_insns))
        how, last = min(bounds, key=lambda bound: bound[1])
        return how, last - done or -1

    def _load(self, core: Core, process: Process) -> None:
        """Make the core that of ``process``, and let it go on as the kernel says."""
        resume, process.resume = process.resume, None
        before = core.loaded
        switched = core.load(process, resume, self.kernel.l1_pa(process))
        core.is_sliced = len(self.kernel.processes) > 1 or core.is_in_turn
        if isinstance(resume, Result) and self.history.waiting:
            self._answered(process, resume.r0)
        living = self.kernel.processes
        if before is not None and (before.pid not in living or core.kept > len(living)):
            self._forget_the_dead(core, before)
        for tell in self.observers.loading:
            tell(core, process, resume, switched)

    def _answered(self, process: Process, r0: int) -> None:
        """A call that had blocked is answered; it may have failed after all."""
        act = self.history.waiting.pop(process.pid, None)
        if act is not None and r0 < 0 and not is_news(act.call, r0):
            refusal = Refused(Error(r0))
            self.history.refused(act, refusal)
            for tell in self.observers.refused:
                tell(process, act, refusal)

    def _forget_the_dead(self, core: Core, before: Process) -> None:
        """Drop what is kept for processes that have ended.  before: who had the core last."""
        living = self.kernel.processes
        ended = {before.pid} if before.pid not in living else set()
        if core.kept > len(living):
            ended.update(core.ended(living))
        for pid in sorted(ended):
            core.forget(pid)
            self.history.forget(pid)
            self.services.forget(pid)

    def _run(self, core: Core, process: Process, bound: int, first: bool) -> Stop:
        """Run the loaded process, and note what the end of that asks for.

        first: a breakpoint where it is now has been met before, and is passed.
        """
        reason = core.run(bound, first)
        for tell in self.observers.stopped:
            tell(core, process, reason)
        if reason is _REQUESTED:
            return reason
        if reason is Stop.WAITING or (reason is Stop.COUNT and core.is_turn_over):
            core.end_turn()
            self.kernel.slice_ended(core.number)
        elif reason in (Stop.FAULT, Stop.UNDEFINED, Stop.BKPT):
            core.fault = fault_of(core.engine, core.backend, process.pid, reason)
            for tell in self.observers.faulted:
                tell(core, core.fault)
        return reason

    def _deliver_fault(self, core: Core) -> None:
        """Let the kernel hear what the process on this core did."""
        fault, core.fault = core.fault, None
        if fault is not None:
            if self.kernel.processes[fault.pid].handler == NO_ID:
                self.history.fault(fault.pid, fault.headline)
            kernel_fault(self.kernel, record_of(fault), core.number)

    def forget_code(self) -> None:
        """Let what observes code see all of it: what has run is translated again."""
        for core in self.cores:
            core.engine.unicorn.flush_blocks()

    def count_instructions(self) -> None:
        """Count instructions from now on; it costs less before the first run."""
        for core in self.cores:
            core.engine.hooks.count_instructions()

    def _executed(self) -> int:
        """For the clock, which counts from the first look on."""
        self.count_instructions()
        return self.instructions

    @property
    def instructions(self) -> int:
        """Instructions completed since they are counted."""
        return sum(core.engine.instructions for core in self.cores)

    # The whole of it as a value, while the machine does not run

    def snapshot(self) -> Snapshot:
        """The machine as it is now; ``restore`` brings it back, into this machine or another."""
        from emu.machine.snapshot import Snapshot

        return Snapshot(
            kernel=self.kernel.snapshot(),
            cores=tuple(core.snapshot(self.kernel.processes) for core in self.cores),
            ram=dict(self.ram.used()),
            devices=tuple(device.snapshot() for device in self.bus),
            world=self.world.snapshot(),
            services=self.services.snapshot(),
            history=self.history.snapshot(),
            calls=self.calls.snapshot(),
        )

    def restore(self, state: Snapshot) -> None:
        """Become what a machine with as much RAM was.

        Files that the program has open are opened again where it was in them; what it has written
        stays written.  Errors: OSError, when such a file is gone.
        """
        self.kernel.restore(state.kernel)
        self.ram.ram.zero(self.ram.ram.base, self.ram.ram.size)
        for pa, page in state.ram.items():
            self.ram.ram.write(pa, page)
        for core, one in zip(self.cores, state.cores, strict=True):
            loaded = self.kernel.processes.get(one.loaded)
            core.restore(one, loaded, -1 if loaded is None else self.kernel.l1_pa(loaded))
        for device, held in zip(self.bus, state.devices, strict=True):
            device.restore(held)
        self.world.restore(state.world)
        self.services.restore(state.services)
        self.history.restore(state.history)
        self.calls.restore(state.calls)
        for tell in self.observers.restored:
            tell()

    # Registers of any process, while the machine does not run

    def state_of(self, process: Process) -> State:
        """The registers with which a process will go on, whether it runs, waits or is new."""
        core = self._holder(process)
        if core is None:
            core = self.cores[0]
            state = core.engine.fresh_state()
        else:
            state = core.state_of(process.pid)
        return state._replace(core=_resumed(state.core, process))

    def _holder(self, process: Process) -> Core | None:
        """The core that has the registers of a process, if it has run."""
        return next((core for core in self.cores if core.holds(process.pid)), None)

    def set_registers(self, process: Process, values: tuple[int, ...]) -> None:
        """Let a process go on with these: r0-r12, sp, lr, pc, cpsr.

        One that waits in a call still gets the call's result in r0 when that comes.
        """
        core = self._holder(process)
        if core is not None and not isinstance(process.resume, Start):
            process.resume = None
            core.set_core_registers(process.pid, values)
        else:
            process.resume = Registers(values)

    def set_state(self, process: Process, state: State) -> None:
        """Give a process that has run these registers, all of them.  Errors: ValueError."""
        core = self._holder(process)
        if core is None:
            raise ValueError(f"process {process.pid} has not run")
        core.set_state(process.pid, state)


def _resumed(core: tuple[int, ...], process: Process) -> tuple[int, ...]:
    """Core registers after what the kernel will do to them when the process next runs."""
    resume = process.resume
    if isinstance(resume, Registers):
        return resume.words
    if isinstance(resume, Redirect):
        return redirected(core, resume)
    if isinstance(resume, Result):
        return (resume.r0 & 0xFFFFFFFF, *core[1:])
    if isinstance(resume, Start):
        fresh = [0] * 17
        fresh[:4], fresh[13], fresh[15] = resume[2:], resume.sp, resume.pc & ~1
        fresh[16] = USER_MODE | (THUMB_BIT if resume.pc & 1 else 0)
        return tuple(fresh)
    return core


_STOPPED = {
    Cause.TIMEOUT: How.TIMEOUT,
    Cause.CTRL_C: How.CTRL_C,
    Cause.TERMINATED: How.TERMINATED,
}


def _stopped(cause: Cause | None) -> Outcome:
    assert cause is not None
    return outcome(_STOPPED[cause])
