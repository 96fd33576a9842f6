"""A core: one processor with its translation, and the processes whose registers it keeps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container
from typing import TYPE_CHECKING

from emu.cpu.binding import Context
from emu.cpu.counter import NOWHERE
from emu.cpu.engine import Engine
from emu.cpu.hostram import HostRam
from emu.cpu.registers import IT_STATE, THUMB_BIT, State
from emu.cpu.stop import Stop
from emu.devices.bus import Device
from emu.machine.fault import Fault
from emu.mmu import make_backend
from kernel_model.process import Process, Redirect, Registers, Result, Resume, Start

if TYPE_CHECKING:
    from emu.machine.snapshot import CoreState

SLICE = 500_000
"""Instructions a process may run before the next one's turn, where there are several.

The turn then goes on to the next jump, or the next page: see ``emu.cpu.counter``.
"""


def redirected(core: tuple[int, ...], to: Redirect) -> tuple[int, ...]:
    """Core registers of a process that goes on elsewhere after a fault, in no IT block."""
    cpsr = core[16] & ~(THUMB_BIT | IT_STATE) | (THUMB_BIT if to.pc & 1 else 0)
    return (*to.registers, *core[8:13], to.sp, core[14], to.pc & ~1, cpsr)


def _nothing_is_held() -> None:
    raise AssertionError("Core.make_held: nobody answers its calls")


class Core:
    """One core of a machine.

    number: which, as the kernel counts them.
    loaded: the process whose registers the engine has.
    is_sliced: whether the run under way ends with the turn, because others may need theirs.
    turn: instructions left of the turn of the process that runs; below 0 it ends at the next jump.
    fault: what the process that runs did, while the kernel has not heard of it yet.
    is_held: whether it is behind an SVC whose call has not been made yet; make_held makes it.
    switches: how often another process got the core.
    """

    def __init__(self, number: int, mmu: str, ram: HostRam, devices: tuple[Device, ...]) -> None:
        self.number = number
        self.engine = Engine()
        self.backend = make_backend(mmu, self.engine, ram, devices)
        self.loaded: Process | None = None
        self.is_sliced = False
        self.turn = SLICE
        self.fault: Fault | None = None
        self.is_held = False
        self.make_held: Callable[[], None] = _nothing_is_held
        self.switches = 0
        self._contexts: dict[int, Context] = {}

    # Running

    def load(self, process: Process, resume: Resume | None, l1_pa: int) -> bool:
        """Let a process go on as the kernel says; whether another had the core before."""
        switched = process is not self.loaded
        if switched:
            self._put_away()
            self.loaded = process
            self.switches += 1
        if isinstance(resume, Start):
            self.engine.start_at(resume.pc, resume.sp, resume[2:])
        elif switched and process.pid in self._contexts:
            self.engine.restore(self._contexts[process.pid])
        elif switched:
            self.engine.start_at(0, 0)  # it has not run yet, and will get all its registers
        if switched:
            self.backend.switch(l1_pa)
            self.turn = SLICE
        if resume is not None:
            self._resume(resume)
        return switched

    def _resume(self, resume: Resume) -> None:
        """What the kernel has for the registers of a process that it lets go on."""
        self.turn = SLICE
        if isinstance(resume, Result):
            self.engine.registers.write_r0(resume.r0)
        elif isinstance(resume, Registers):
            self.engine.registers.set_core(resume.words)
        elif isinstance(resume, Redirect):
            registers = self.engine.registers
            registers.set_core(redirected(registers.core(), resume))

    def run(self, bound: int, passes: bool) -> Stop:
        """Run the loaded process for the rest of its turn and at most ``bound`` instructions.

        bound: 0 for any number.  passes: whether a breakpoint at the PC is passed.
        """
        if not (self.backend.is_in_step or self.backend.sync()):
            self.engine.ending.take_request()
            return Stop.REQUESTED
        if not self.is_sliced:
            self.turn = SLICE
            return self.engine.run(bound, passes)
        counter = self.engine.counter
        before = counter.count
        reason = self.engine.run(bound, passes, self.turn)
        self.turn -= counter.count - before
        return reason

    @property
    def is_turn_over(self) -> bool:
        """Whether the last run ended because others are to have their turn."""
        return self.engine.counter.turn_over

    @property
    def is_in_turn(self) -> bool:
        """Whether the loaded process goes on with a turn that was begun while there were others."""
        return self.turn < SLICE

    def end_turn(self) -> None:
        """The turn is over: the next one is a whole one, whoever has it."""
        self.turn = SLICE

    def _put_away(self) -> None:
        """Keep the registers of the process that ran last."""
        process = self.loaded
        if process is None:
            return
        context = self._contexts.get(process.pid)
        if context is None:
            self._contexts[process.pid] = self.engine.new_context()
        else:
            self.engine.unicorn.save(context)

    def ended(self, living: Container[int]) -> list[int]:
        """The pids whose registers are kept for nothing."""
        return [pid for pid in self._contexts if pid not in living]

    def forget(self, pid: int) -> None:
        """A process has ended: drop its registers."""
        self._contexts.pop(pid, None)

    @property
    def kept(self) -> int:
        """Of how many processes registers are kept."""
        return len(self._contexts)

    # Registers of any process; not while the core runs

    def holds(self, pid: int) -> bool:
        """Whether the registers of a process are here: it has run."""
        return pid in self._contexts or self.has_loaded(pid)

    def has_loaded(self, pid: int) -> bool:
        """Whether the registers of a process are in the engine."""
        return self.loaded is not None and self.loaded.pid == pid

    def state_of(self, pid: int) -> State:
        """All registers of a process that ``holds`` is true of."""
        if self.has_loaded(pid):
            return self.engine.state_of(self.engine.new_context())
        return self.engine.state_of(self._contexts[pid])

    def set_core_registers(self, pid: int, values: tuple[int, ...]) -> None:
        """Set r0-r12, sp, lr, pc and cpsr of a process that ``holds`` is true of."""
        if self.has_loaded(pid):
            self.engine.registers.set_core(values)
        else:
            with self.engine.at_hand(self._contexts[pid]) as registers:
                registers.set_core(values)

    def set_state(self, pid: int, state: State) -> None:
        """Set all registers of a process that ``holds`` is true of."""
        if self.has_loaded(pid):
            self.engine.registers.set_state(state)
        else:
            with self.engine.at_hand(self._contexts[pid]) as registers:
                registers.set_state(state)

    def snapshot(self, living: Collection[int]) -> CoreState:
        """This core as a value.  living: the pids of the processes there are."""
        from emu.machine.snapshot import CoreState

        registers = {pid: self.state_of(pid) for pid in sorted(living) if self.holds(pid)}
        loaded = next((pid for pid in registers if self.has_loaded(pid)), -1)
        counter = self.engine.counter
        following = counter.next if self.turn < SLICE else NOWHERE
        return CoreState(
            loaded, registers, self.turn, following, self.fault, self.is_held, self.switches,
            counter.count,
        )  # fmt: skip

    def restore(self, state: CoreState, loaded: Process | None, l1_pa: int) -> None:
        """Become what a core was, over a RAM that holds what its RAM held.

        loaded: the process that was loaded; l1_pa: where its L1 is.
        """
        engine = self.engine
        self._contexts = {pid: engine.context_of(one) for pid, one in state.registers.items()}
        self.loaded, self.turn, self.fault = loaded, state.turn, state.fault
        self.is_held, self.switches = state.is_held, state.switches
        if state.instructions:
            engine.hooks.count_instructions()
        engine.counter.count, engine.counter.next = state.instructions, state.following
        if loaded is not None:
            engine.restore(self._contexts[loaded.pid])
            self.backend.switch(l1_pa)
        self.backend.reset()
