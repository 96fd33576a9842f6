"""One core: runs that end with a reason, with nothing lost on the way.

An exception in a callback stops the run, which raises it.  The PC is read before each run and
given back with the Thumb bit, because Unicorn forgets T when the PC is written without it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

from emu.cpu import registers
from emu.cpu import unicorn_abi as const
from emu.cpu.alignment_checks import make_alignment
from emu.cpu.binding import Context, EngineError, Unicorn, check
from emu.cpu.counter import NO_TURN, make_counter
from emu.cpu.exact_stop import ExactStop
from emu.cpu.hooks import Hooks
from emu.cpu.libunicorn import HOOK_INSN_INVALID_CFUNC
from emu.cpu.registers import THUMB_BIT, Registers, State, in_it_block
from emu.cpu.run_control import RunControl
from emu.cpu.stop import Abort, Stop
from emu.cpu.svc import OnSvc, make_svc
from emu.cpu.unicorn_internals import Noted, monitor_of, set_monitor
from emu.environment.waits import Interrupted
from kernel_model.descriptors import EXEC, READ, WRITE

# Interrupt numbers of UC_HOOK_INTR on Arm.
_PREFETCH_ABORT, _DATA_ABORT, _BKPT = 3, 4, 7

_FPEXC_EN = 1 << 30

_NOTHING_THERE = {
    const.UC_ERR_READ_UNMAPPED: READ,
    const.UC_ERR_WRITE_UNMAPPED: WRITE,
    const.UC_ERR_FETCH_UNMAPPED: EXEC,
    const.UC_ERR_FETCH_PROT: EXEC,  # a device
}

_NO_SYNDROME = 0xFFFFFFFF
_UNCATEGORIZED = 0x02000000
# Exception classes of the syndrome register that no undefined instruction has: SVC, prefetch and
# data aborts, BKPT, and one that no exception has.
_NOT_UNDEFINED = (0x11, 0x20, 0x21, 0x24, 0x25, 0x38, _NO_SYNDROME >> 26)


def _is_undefined(syndrome: int) -> bool:
    """Whether this is the syndrome of an undefined instruction.

    A TLB fill leaves the syndrome of the load or store that it was for.  That has exception class
    0, as for most undefined instructions, but never their other bits.
    """
    if syndrome >> 26 == 0:
        return syndrome == _UNCATEGORIZED
    return syndrome >> 26 not in _NOT_UNDEFINED


# Kept at hand, because looking a member up in its enumeration takes longer than a call.
_REFUSED, _MISALIGNED_PC = Abort.REFUSED, Abort.MISALIGNED_PC
_REQUESTED = Stop.REQUESTED


class _Block(ctypes.Structure):
    """The start of Unicorn's ``uc_tb``: a block of translated code."""

    _fields_ = (("pc", ctypes.c_uint64),)


_EDGE_CFUNC = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
)
_block_at = lru_cache(64)(_Block.from_address)


class Engine:
    """One core.  Each part of it has a class of its own, and the parts meet here.

    ``on_svc`` is called at each SVC, with the PC past it, and returns the value for r0.  It may
    read and write registers, call ``stop``, flush, save and restore contexts.  svc: knows
    which SVCs are those of semihosting, which go elsewhere.
    after_restore: called after a context was restored, to set TTBR0, which contexts carry along.
    abort: what is known of the fault of a run that ended with ``Stop.FAULT``.  access: READ, WRITE
    or EXEC, if that run ended because nothing is at the physical address.
    """

    def __init__(self) -> None:
        self.unicorn = Unicorn()
        self.registers = Registers(self.unicorn.uc)
        self.counter = make_counter(self.unicorn)
        self.control = RunControl(self.unicorn, self.counter)
        self.alignment = make_alignment(self.unicorn, self.registers, self.control)
        self.hooks = Hooks(self.unicorn, self.registers, self.counter, self.control, self.alignment)
        self._exact_stop = ExactStop(self.unicorn, self.counter, self.control)
        self.noted = Noted(self.unicorn)
        self.svc = make_svc(self.registers, _no_handler, self._trapped, self._svc_failed)
        self.after_restore: Callable[[], None] | None = None
        self.abort = Abort.REFUSED
        self.access = 0
        self._reset()
        self._add_traps()

    def _reset(self) -> None:
        """User mode with VFP enabled: Unicorn's CPACR grants it from the start, FPEXC does not.

        The CPSR is written last: that recomputes what Unicorn derives from all registers.
        """
        self.registers.write("fpexc", _FPEXC_EN)
        self.registers.write("cpsr", registers.USER_MODE)
        self.registers.write("esr", _NO_SYNDROME)
        self._pristine = self.new_context()

    def _add_traps(self) -> None:
        # Bare callbacks: the reason is read after the run, so they only note it and stop.
        svc = self.svc
        self.unicorn.add_hook(const.UC_HOOK_INTR, svc.callback, user_data=svc.user_data)
        self.unicorn.add_hook(const.UC_HOOK_INSN_INVALID, HOOK_INSN_INVALID_CFUNC(self._invalid))
        self.unicorn.add_hook(const.UC_HOOK_EDGE_GENERATED, _EDGE_CFUNC(self._translated))

    # Traps

    @property
    def on_svc(self) -> OnSvc:
        return self.svc.handler

    @on_svc.setter
    def on_svc(self, handler: OnSvc) -> None:
        self.svc.handler = handler

    def _trapped(self, number: int) -> None:
        if number == _BKPT:
            self.control.end(Stop.BKPT)
        elif number in (_PREFETCH_ABORT, _DATA_ABORT):
            self.abort = Abort.PREFETCH if number == _PREFETCH_ABORT else Abort.DATA
            self.control.end(Stop.FAULT)
        else:
            raise EngineError(f"interrupt {number}", const.UC_ERR_EXCEPTION)

    def _svc_failed(self, error: BaseException) -> None:
        """What answers an SVC has raised; where it only waited in vain, the SVC is made again."""
        if isinstance(error, Interrupted):
            error.in_svc = True
        self.control.fail(error)

    def _after_error(self, error: BaseException, pc: int, cpsr: int) -> int:
        """Where to go on: at the SVC before the PC, if it is to be made again; the PC.

        Not in an IT block that goes on after it: how it began is no longer known.
        """
        if not isinstance(error, Interrupted) or not error.in_svc or in_it_block(cpsr):
            return pc
        thumb = cpsr >> 5 & 1
        pc -= 2 if thumb else 4
        self.registers.write("pc", pc | thumb)
        return pc

    def _invalid(self, _uc: int, _data: object) -> bool:
        """Whether to go on: Unicorn calls YIELD and WFE invalid too, with the PC past them.

        They raise no exception, so the syndrome register does not show an undefined instruction.
        """
        undefined = _is_undefined(self.registers.read("esr"))
        self.registers.write("esr", _NO_SYNDROME)
        return not undefined or self.alignment.passes_undefined()

    def _translated(self, _uc: int, block: int, _before: int, _data: object) -> None:
        """A block of code has been translated and is about to run for the first time.

        Arm code that is not aligned to a word must not run.  It is forgotten after the run, so that
        the next jump there is noticed, too.
        """
        if _block_at(block).pc & 2 and not self.registers.thumb:
            self.abort = Abort.MISALIGNED_PC
            self.control.end(Stop.FAULT)

    # Running

    @property
    def instructions(self) -> int:
        """Instructions completed since counting began."""
        return self.counter.count

    def run(self, count: int = 0, passes: bool = True, turn: int = NO_TURN) -> Stop:
        """Run from the PC until something ends the run, or ``count`` instructions completed.

        An IT block that has begun is finished even beyond the count or a breakpoint in it.  A
        counted run that begins in one ends after it: the counter cannot stop before that.
        passes: whether a breakpoint at the PC is passed.  turn: how many instructions are left of
        the process's turn; ``counter.turn_over`` says whether its end ended the run.
        """
        control, hooks, counter = self.control, self.hooks, self.counter
        read_pc_and_cpsr = self.registers.pc_and_cpsr.read
        if not hooks.counting and (count or turn != NO_TURN):
            hooks.count_instructions()
        if control.requested and control.take_request():
            return _REQUESTED
        pc, cpsr = read_pc_and_cpsr()
        thumb = cpsr >> 5 & 1
        if pc & 2 and not thumb:
            self.abort = _MISALIGNED_PC
            return Stop.FAULT
        it_left = count and in_it_block(cpsr)
        hooks.passing = pc if passes else -1
        accesses = hooks.device_accesses
        if accesses.made is not None:
            accesses.begin(pc)
        self.abort = _REFUSED
        counter.begin(it_left or count, turn)
        control.begin()
        status = self._exact_stop.run(pc, True) if it_left else self.unicorn.start(pc | thumb)
        pc, cpsr = read_pc_and_cpsr()
        if control.error is not None:
            pc = self._after_error(control.error, pc, cpsr)
        over = counter.end(pc) or (it_left > 0 and control.leaving)
        if over and counter.left and self._is_undisturbed(status):
            status = self._exact_stop.run(pc, cpsr & THUMB_BIT != 0)
            pc, _ = read_pc_and_cpsr()
            counter.end(pc)
        control.over()
        if accesses.made is not None:
            accesses.end(pc)
        if control.error is not None:
            control.raise_error()
        if self.abort is _MISALIGNED_PC:
            self.unicorn.flush_blocks()
        return control.reason or self._reason(status, over)

    def watch_blocks(self, begins: int, rests: Callable[[], None], data: int = 0) -> None:
        """Call ``begins(uc, va, size, data)``, the address of a C function, at each block.

        Instructions are counted from now on.  rests: called when a run that stopped before a block
        goes on inside it; ``begins`` is called a second time for that block.
        """
        self.hooks.count_instructions()
        self.counter.tell(begins, data)
        self._exact_stop.rests.append(rests)

    def _is_undisturbed(self, status: int) -> bool:
        """Whether nothing but the counter ended the run."""
        control = self.control
        return not (
            status or control.reason or control.error or control.requested or self.counter.turn_over
        )

    def _reason(self, status: int, over: bool) -> Stop:
        """Why the run ended, if no callback gave a reason, which would take precedence."""
        if status == const.UC_ERR_INSN_INVALID:
            return Stop.UNDEFINED
        if status in _NOTHING_THERE:
            self.abort, self.access = Abort.EXTERNAL, _NOTHING_THERE[status]
            return Stop.FAULT
        if status == const.UC_ERR_EXCEPTION:
            return Stop.FAULT
        if status:
            check("uc_emu_start", status)
        if self.control.take_request():
            return Stop.REQUESTED
        return Stop.COUNT if over else Stop.WAITING

    def stop(self) -> None:
        """End the run from inside a callback; the instruction that called it completes.

        What ``RunControl.end`` does, in one step: every switch to another process comes here.
        """
        control = self.control
        if control.reason is None:
            control.reason = _REQUESTED
        control.leaving = True
        self.counter.exhaust()
        self.unicorn.stop()

    # Contexts

    def new_context(self) -> Context:
        """A context that holds the state as it is now."""
        context = Context(self.unicorn.uc)
        self.unicorn.save(context)
        return context

    def restore(self, context: Context) -> None:
        """Make a saved state the processor's.  The address space stays as it is."""
        self.unicorn.restore(context)
        self.hooks.device_accesses.forget()
        if self.after_restore is not None:
            self.after_restore()

    def keep_as_fresh(self) -> None:
        """Let ``start_at`` begin from the state as it is now."""
        self.unicorn.save(self._pristine)

    def start_at(self, pc: int, sp: int, arguments: Sequence[int] = ()) -> None:
        """A fresh state: all registers zero but the PC (bit 0: Thumb), SP and r0-r3."""
        self.restore(self._pristine)
        for number, value in enumerate(arguments):
            self.registers.write(f"r{number}", value & 0xFFFFFFFF)
        self.registers.write("sp", sp)
        self.registers.write("pc", pc)

    @contextmanager
    def at_hand(self, context: Context) -> Iterator[Registers]:
        """The registers of a saved state, to read and to write.  Not while the core runs."""
        now = self.new_context()
        self.unicorn.restore(context)
        try:
            yield self.registers
        finally:
            self.unicorn.save(context)
            self.unicorn.restore(now)
            if self.after_restore is not None:
                self.after_restore()

    def fresh_state(self) -> State:
        """What ``start_at`` begins with.  Not while the core runs."""
        return self.state_of(self._pristine)

    def state_of(self, context: Context) -> State:
        """All that a program can see of a saved state, as plain data.  Not while the core runs."""
        with self.at_hand(context) as state:
            return state.state()._replace(exclusive=monitor_of(context))

    def context_of(self, state: State) -> Context:
        """A saved state that holds this.  Not while the core runs."""
        context = self.new_context()
        with self.at_hand(context) as held:
            self.unicorn.restore(self._pristine)
            held.set_state(state)
        set_monitor(context, state.exclusive)
        return context


def _no_handler(*_: int) -> int | None:
    raise EngineError("an SVC without Engine.on_svc", const.UC_ERR_EXCEPTION)
