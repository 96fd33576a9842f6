"""The machine: one core, RAM, devices and the kernel, joined by the run loop.

What happens when: nothing per instruction, nothing per block; per SVC one callback, which lets the
kernel answer while Unicorn stays where it is; per process switch one stop and one start.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

from emu import status
from emu.cpu.engine import Context, Engine, Stop
from emu.devices.bus import Bus
from emu.devices.uart import Uart
from emu.environment.world import World
from emu.machine.fault import Fault, fault_of
from emu.machine.host import KernelHost
from emu.machine.interrupt import Cause, Interrupted, Watch
from emu.machine.observers import Observer
from emu.machine.svc import SvcHandler
from emu.mmu import make_backend, make_ram
from emu.semihosting.cmdline import command_line
from kernel_model.boot import boot
from kernel_model.calls.processes import end_process
from kernel_model.image import Image
from kernel_model.kernel import Device as KernelDevice
from kernel_model.process import Faulted, Process, Result, Start

RAM_BASE = 0x80000000
DEFAULT_RAM = 128 << 20

SLICE = 100_000
"""Instructions a process may run before the next one's turn, where there are several."""


class Options(NamedTuple):
    """How to run.  ram: bytes.  max_insns: 0 for no bound.  timeout: host seconds or None."""

    ram: int = DEFAULT_RAM
    mmu: str = "tlb"
    max_insns: int = 0
    timeout: float | None = None
    check: bool = False
    stats: bool = False


class Ended(Enum):
    """How a run came to its end."""

    EXITED = auto()
    FAULTED = auto()
    DEADLOCK = auto()
    MAX_INSNS = auto()
    TIMEOUT = auto()
    CTRL_C = auto()


class Outcome(NamedTuple):
    """A run's end: how, and the exit status that the command gives for it."""

    how: Ended
    status: int


class Machine:
    """One program's machine.  ``run`` may be called once; the state can be looked at after.

    observers: who watches the run; see ``emu.machine.observers``.
    on_fault: told of each fault before it ends its process.  note: told of oddities, one line each.
    loaded: the process whose registers the engine has.
    bounded: whether the run under way ends after a number of instructions.
    switches: how often another process got the processor.
    Errors: BootError, when the program does not fit; ValueError, for arguments it cannot be given.
    """

    def __init__(
        self,
        image: Image,
        world: World,
        options: Options = Options(),  # noqa: B008 - immutable
        on_fault: Callable[[Fault], None] = lambda _: None,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.options = options
        self.world = world
        self.engine = Engine()
        self.ram = make_ram(options.mmu, RAM_BASE, options.ram)
        self.bus = Bus()
        self.bus.add(Uart(world))
        devices = tuple(self.bus)
        self.backend = make_backend(options.mmu, self.engine, self.ram, devices)
        self.host = KernelHost(world, self.backend)
        self.kernel = boot(
            self.ram.ram,
            image,
            command_line(world.arguments),
            tuple(KernelDevice(device.name, device.pa, device.size) for device in devices),
            self.host,
        )
        self.host.kernel = self.kernel
        self.observers: tuple[Observer, ...] = ()
        self.on_fault = on_fault
        self.svc = SvcHandler(self, note)
        self.engine.on_svc = self.svc.handle
        self._contexts: dict[int, Context] = {}
        self.loaded: Process | None = None
        self.bounded = False
        self.switches = 0
        if options.stats or options.max_insns:
            self.engine.count_instructions()
        if options.check:
            from emu.machine.checker import Checker

            self.svc.checker = Checker(self)

    @property
    def sliced(self) -> bool:
        """Whether there is anybody who may need a turn while another runs."""
        return len(self.kernel.processes) > 1

    def run(self) -> Outcome:
        """Run until the program ends, or something else ends the run."""
        world, stop = self.world, self.engine.request_stop
        with Watch(stop, lambda: world.waiting, self.options.timeout) as watch:
            try:
                outcome = self._run(watch)
            except Interrupted:
                outcome = _stopped(watch.cause)
        return outcome

    def _run(self, watch: Watch) -> Outcome:
        while (process := self.kernel.current) is not None:
            self._load(process)
            limit = self._limit()
            if limit < 0:
                return Outcome(Ended.MAX_INSNS, status.LIMIT)
            self.bounded = limit != 0
            reason = self.engine.run(limit)
            for observer in self.observers:
                observer.stopped(process, reason)
            if reason is Stop.REQUESTED and watch.cause is not None:
                return _stopped(watch.cause)
            self._after(reason, process)
        return self._outcome()

    def _limit(self) -> int:
        """Instructions the next run may take: 0 for any number, -1 when all are used up."""
        limit = SLICE if self.sliced else 0
        if self.options.max_insns:
            left = self.options.max_insns - self.engine.instructions
            if left <= 0:
                return -1
            limit = min(limit, left) if limit else left
        return limit

    def _load(self, process: Process) -> None:
        """Make the processor that of ``process``, and let it go on as the kernel says."""
        resume, process.resume = process.resume, None
        switched = process is not self.loaded
        if switched:
            self._put_away()
            self.loaded = process
            self.switches += 1
        if isinstance(resume, Start):
            self.engine.start_at(resume.pc, resume.sp, resume[2:])
        elif switched:
            self.engine.restore(self._contexts[process.pid])
        if switched:
            self.backend.switch(self.kernel.l1_pa(process))
        if isinstance(resume, Result):
            self.engine.write_r0(resume.r0)
            if resume.r0 < 0:
                self.svc.failed_waiting(process, resume.r0)
        for observer in self.observers:
            observer.loading(process, resume, switched)

    def _put_away(self) -> None:
        """Keep the registers of the process that ran last; if it has ended, drop all it had."""
        process = self.loaded
        if process is None:
            return
        if process.pid not in self.kernel.processes:
            self.svc.forget(process)
            self._contexts.pop(process.pid, None)
        elif process.pid in self._contexts:
            self.engine.save(self._contexts[process.pid])
        else:
            self._contexts[process.pid] = self.engine.new_context()

    def _after(self, reason: Stop, process: Process) -> None:
        """What a run's end asks for.  The kernel has already dealt with calls."""
        if reason is Stop.COUNT or reason is Stop.WAITING:
            self.kernel.slice_ended()
        elif reason is not Stop.REQUESTED:
            fault = fault_of(self, reason)
            for observer in self.observers:
                observer.faulted(fault)
            self.on_fault(fault)
            self.host.journal.fault(process.pid, fault.headline)
            end_process(self.kernel, process, Faulted(fault.headline))

    def _outcome(self) -> Outcome:
        halted = self.kernel.halted
        if halted is None:
            return Outcome(Ended.DEADLOCK, status.DEADLOCK)
        if isinstance(halted, Faulted):
            return Outcome(Ended.FAULTED, status.FAULT)
        return Outcome(Ended.EXITED, halted.status & 0xFF)


def _stopped(cause: Cause | None) -> Outcome:
    if cause is Cause.TIMEOUT:
        return Outcome(Ended.TIMEOUT, status.LIMIT)
    return Outcome(Ended.CTRL_C, status.INTERRUPTED)
