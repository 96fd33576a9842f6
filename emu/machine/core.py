"""A core: a processor with its translation, and the processes whose registers it keeps."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final

from emu.cpu.binding import Context
from emu.cpu.counter import NOWHERE
from emu.cpu.engine import Engine
from emu.cpu.hostram import HostRam
from emu.cpu.registers import State
from emu.cpu.stop import Stop
from emu.devices.bus import Device
from emu.machine.fault import MachineFault
from emu.machine.registers import redirected
from emu.machine.semihosting_traps import SemihostingTraps
from emu.mmu import make_backend
from kernel_model.abi import ProcState
from kernel_model.process import Process, Redirect, Registers, Result, Resume, Start

if TYPE_CHECKING:
    from emu.machine.snapshot import CoreState

SLICE = 500_000
"""Instructions of a turn, where there are several processes.

The turn then goes on to the next jump, or the next page: see ``emu.cpu.counter``.
"""


def _no_call_pending() -> None:
    raise AssertionError("Core.resume_call: no call is pending")


_DEAD: Final = ProcState.DEAD
_IN_NO_BLOCK: Final = 0xFFFFFFFF
"""An address of the kernel's."""


class Core:
    """One core of a machine.

    number: which, as the kernel counts them.
    loaded: the process whose registers the engine has.
    owed: by pid, the whole turns that a process has used beyond its own, by calls.
    is_sliced: whether the run under way ends with the turn, because there are other processes.
    turn: instructions left of the turn of the loaded process; below 0 it ends at the next jump.
    fault: the fault of the loaded process, until it is delivered to the kernel.
    is_call_pending: whether the PC is past an SVC whose call has not been made yet; resume_call
    makes it.
    semihosting: what asks for semihosting besides SVCs.  semihost makes such a call.
    switches: how often another process got the core.
    """

    def __init__(self, number: int, mmu: str, ram: HostRam, devices: tuple[Device, ...]) -> None:
        self.number = number
        self.engine = Engine()
        self.backend = make_backend(mmu, self.engine, ram, devices)
        self.loaded: Process | None = None
        self.is_sliced = False
        self.turn = SLICE
        self.owed: dict[int, int] = {}
        self.fault: MachineFault | None = None
        self.is_call_pending = False
        self.resume_call: Callable[[], None] = _no_call_pending
        self.semihosting = SemihostingTraps(self.engine, self.backend.memory)
        self.semihost: Callable[[], None] = _no_call_pending
        self.switches = 0
        self._run_began = 0
        self._contexts: dict[int, Context] = {}

    # Running

    def load(self, process: Process, resume: Resume | None, l1_pa: int) -> bool:
        """Load a process and let it go on as ``resume`` says.

        l1_pa: the L1 of its vspace.  Returns whether another process had the core before.
        """
        switched = process is not self.loaded
        if switched:
            self.end_turn()
            self._put_away()
            self.loaded = process
            self.switches += 1
            context = self._contexts.get(process.pid)
            if context is not None:
                self.engine.restore(context)
            elif type(resume) is not Start:
                self.engine.start_at(0, 0)  # it has not run yet; its registers come from ``resume``
        if type(resume) is Result:
            self.engine.registers.write_r0(resume.r0)
        elif resume is not None:
            self._resume(resume)
        if switched:
            self.backend.switch(l1_pa)
        elif resume is None:
            return False
        self.turn = SLICE
        return switched

    def _resume(self, resume: Resume) -> None:
        """Give the loaded process the registers that ``resume`` has for it."""
        registers = self.engine.registers
        if isinstance(resume, Start):
            self.engine.start_at(resume.pc, resume.sp, resume[2:])
            if self.loaded is not None and self.loaded.thread_pointer:
                registers.write("tpidruro", self.loaded.thread_pointer)
        elif isinstance(resume, Registers):
            registers.set_core(resume.words)
        elif isinstance(resume, Redirect):
            registers.set_core(redirected(registers.core(), resume))
        else:
            registers.write_r0(resume.r0)

    def run(self, bound: int, passes: bool) -> Stop:
        """Run the loaded process for the rest of its turn and at most ``bound`` instructions.

        bound: 0 for any number.  passes: whether a breakpoint at the PC is passed.
        """
        if not (self.backend.is_in_step or self.backend.sync()):
            self.engine.control.take_request()
            return Stop.REQUESTED
        if not self.is_sliced:
            self.turn = SLICE
            return self.engine.run(bound, passes)
        self._run_began = self.engine.counter.count
        try:
            return self.engine.run(bound, passes, self.turn)
        finally:  # a wait may have been interrupted
            self.turn = self._turn_left

    @property
    def _turn_left(self) -> int:
        """Instructions left of the turn, in a run that ends with it."""
        return self.turn - (self.engine.counter.count - self._run_began)

    @property
    def is_turn_over(self) -> bool:
        """Whether the last run ended because the turn was used up."""
        return self.engine.counter.turn_over

    @property
    def is_in_turn(self) -> bool:
        """Whether the loaded process goes on with a turn that was begun while there were others."""
        return self.turn < SLICE

    def end_turn(self) -> None:
        """End the turn: the next turn on this core is a whole one.

        What the loaded process has spent beyond it costs that process its next turns.
        """
        turns = -self.turn // SLICE
        if turns > 0 and self.loaded is not None and self.loaded.state is not _DEAD:
            self.owed[self.loaded.pid] = turns
        self.turn = SLICE

    def spend(self, instructions: int) -> None:
        """Shorten the turn of the loaded process, whose call is charged with ``instructions``."""
        if self.is_sliced:
            self.turn -= instructions
            if self.engine.control.running:
                self.engine.counter.spend(instructions)

    def _put_away(self) -> None:
        """Keep the registers of the loaded process."""
        process = self.loaded
        if process is None or process.state is _DEAD:
            return
        context = self._contexts.get(process.pid)
        if context is not None:
            self.engine.unicorn.save(context)
        else:
            self._contexts[process.pid] = self.engine.new_context()

    def forget(self, pid: int) -> None:
        """Drop the registers of a process that has ended, or that goes on on another core."""
        self._contexts.pop(pid, None)
        self.owed.pop(pid, None)
        if self.has_loaded(pid):
            self.loaded = None

    def keep(self, pid: int, state: State) -> None:
        """Keep the registers of a process that has run elsewhere."""
        self._contexts[pid] = self.engine.context_of(state)

    @property
    def kept(self) -> int:
        """The number of processes whose registers are kept."""
        return len(self._contexts)

    # Registers of any process; not while the core runs, except where a call has been decided

    def holds(self, pid: int) -> bool:
        """Whether this core has the registers of a process, which has run on it."""
        return pid in self._contexts or self.has_loaded(pid)

    def has_loaded(self, pid: int) -> bool:
        """Whether the registers of a process are in the engine."""
        return self.loaded is not None and self.loaded.pid == pid

    def fresh_state(self) -> State:
        """The registers of a process that has not begun."""
        return self.engine.fresh_state()

    def state_of(self, pid: int) -> State:
        """All registers of a process that ``holds`` is true of."""
        if self.has_loaded(pid):
            return self.engine.state_of(self.engine.new_context())
        return self.engine.state_of(self._contexts[pid])

    def set_core_registers(self, pid: int, values: tuple[int, ...]) -> None:
        """Set r0-r12, sp, lr, pc and cpsr of a process that ``holds`` is true of."""
        if self.has_loaded(pid):
            self._rewrite()
            self.engine.registers.set_core(values)
        else:
            with self.engine.at_hand(self._contexts[pid]) as registers:
                registers.set_core(values)

    def set_state(self, pid: int, state: State) -> None:
        """Set all registers of a process that ``holds`` is true of."""
        if self.has_loaded(pid):
            self._rewrite()
            self.engine.registers.set_state(state)
        else:
            with self.engine.at_hand(self._contexts[pid]) as registers:
                registers.set_state(state)

    def _rewrite(self) -> None:
        """The registers of the loaded process are about to be set, perhaps at the end of its call.

        The block that ended with the call is complete, wherever the PC is afterwards.
        """
        if self.engine.control.running:
            self.engine.counter.end(_IN_NO_BLOCK)
            self.engine.stop()

    def snapshot(self, living: Collection[int]) -> CoreState:
        """This core as a value.  living: the pids of the living processes."""
        from emu.machine.snapshot import CoreState

        registers = {pid: self.state_of(pid) for pid in sorted(living) if self.holds(pid)}
        loaded = next((pid for pid in registers if self.has_loaded(pid)), -1)
        counter = self.engine.counter
        is_under_way = self.engine.control.running and self.is_sliced
        turn = self._turn_left if is_under_way else self.turn
        following = counter.next if turn < SLICE else NOWHERE
        return CoreState(
            loaded, registers, turn, following, self.fault, self.is_call_pending,
            self.switches, counter.count, tuple(sorted(self.owed.items())),
        )  # fmt: skip

    def restore(self, state: CoreState, loaded: Process | None, l1_pa: int) -> None:
        """Become what a core was; RAM must hold what it held then.

        loaded: the process that was loaded; l1_pa: where its L1 is.
        """
        engine = self.engine
        self._contexts = {pid: engine.context_of(one) for pid, one in state.registers.items()}
        self.loaded, self.turn, self.fault = loaded, state.turn, state.fault
        self.owed = dict(state.owed)
        self.is_call_pending, self.switches = state.is_call_pending, state.switches
        if state.instructions:
            engine.hooks.count_instructions()
        engine.counter.count, engine.counter.next = state.instructions, state.following
        if loaded is not None:
            engine.restore(self._contexts[loaded.pid])
            self.backend.switch(l1_pa)
        self.backend.reset()
