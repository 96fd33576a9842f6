"""One core: a Unicorn instance through prepared calls, with nothing lost on the way.

A run ends with a reason.  Whatever a callback raises stops the run and comes out of it.  The PC is
read before each run and given back with the Thumb bit, because Unicorn forgets T when the PC is
written without it.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable, Collection, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple, ParamSpec, TypeVar

from unicorn import unicorn_const as const
from unicorn.arm_const import (
    UC_ARM_REG_CP_REG,
    UC_ARM_REG_ESR,
    UC_CPU_ARM_CORTEX_A15,
)
from unicorn.unicorn_py3.unicorn import (
    HOOK_CODE_CFUNC,
    HOOK_INSN_INVALID_CFUNC,
    HOOK_INTR_CFUNC,
    HOOK_MEM_ACCESS_CFUNC,
    MMIO_READ_CFUNC,
    MMIO_WRITE_CFUNC,
    uclib,
)

from emu.cpu import registers
from emu.cpu.counter import InstructionCounter, counting_callback
from emu.cpu.registers import Batch, Slot, coprocessor_register, register_id

PAGE_SIZE = 0x1000

P = ParamSpec("P")
R = TypeVar("R")

# Interrupt numbers of UC_HOOK_INTR on Arm.
_SVC, _PREFETCH_ABORT, _DATA_ABORT, _BKPT = 2, 3, 4, 7

_WRITE = const.UC_CTL_IO_WRITE << 30
_CTL_PAGE_SIZE = const.UC_CTL_UC_PAGE_SIZE | 1 << 26 | _WRITE
_CTL_USE_EXITS = const.UC_CTL_UC_USE_EXITS | 1 << 26 | _WRITE
_CTL_CPU_MODEL = const.UC_CTL_CPU_MODEL | 1 << 26 | _WRITE
_CTL_TLB_TYPE = const.UC_CTL_TLB_TYPE | 1 << 26 | _WRITE
_CTL_TLB_FLUSH = const.UC_CTL_TLB_FLUSH | _WRITE
_CTL_TB_FLUSH = const.UC_CTL_TB_FLUSH | _WRITE
_CTL_TB_REMOVE = const.UC_CTL_TB_REMOVE_CACHE | 2 << 26 | _WRITE

_IT_BLOCK_BYTES = (
    16  # after an instruction in one there may be three more, and one that ends the run
)
_FPEXC_EN = 1 << 30

_NOTHING_THERE = (
    const.UC_ERR_READ_UNMAPPED,
    const.UC_ERR_WRITE_UNMAPPED,
    const.UC_ERR_FETCH_UNMAPPED,
    const.UC_ERR_FETCH_PROT,  # a device
)

# Exception classes of the syndrome register that no undefined instruction has: SVC, prefetch and
# data aborts, BKPT, and one that no exception has.
_NO_SYNDROME = 0xFFFFFFFF
_NOT_UNDEFINED = (0x11, 0x20, 0x21, 0x24, 0x25, 0x38, _NO_SYNDROME >> 26)


class Stop(Enum):
    """Why a run ended."""

    REQUESTED = auto()
    """``stop`` or ``request_stop`` was called."""
    COUNT = auto()
    """As many instructions ran as the run was given."""
    FAULT = auto()
    """A memory access failed; the PC is on the instruction, which can be run again."""
    UNDEFINED = auto()
    """The PC is on an undefined instruction."""
    BREAKPOINT = auto()
    """The PC is on an address given to ``set_breakpoints`` (or past its IT block), or on a BKPT."""
    WAITING = auto()
    """The core executed WFI; the PC is past it."""


class Abort(Enum):
    """What Unicorn itself said about a fault, where it says more than that there was one."""

    NONE = auto()
    """The backend refused the access."""
    PREFETCH = auto()
    DATA = auto()
    EXTERNAL = auto()
    """The physical address has neither RAM nor a device."""


class EngineError(Exception):
    """Unicorn refused a call: a mistake of ours, or of Unicorn's."""

    def __init__(self, call: str, status: int) -> None:
        super().__init__(f"{call}: {uclib.uc_strerror(status).decode()}")
        self.status = status


class View(NamedTuple):
    """What Unicorn does for user accesses at an address: ``rights`` 0 and ``pa`` -1 if nothing.

    rights: READ, WRITE, EXEC of ``kernel_model.descriptors``, which are Unicorn's own numbers.
    """

    pa: int
    rights: int


NOTHING = View(-1, 0)


class State(NamedTuple):
    """The architectural state of user mode as plain data."""

    core: tuple[int, ...]
    """r0-r12, sp, lr, pc, cpsr."""
    vfp: tuple[int, ...]
    """d0-d31."""
    fpscr: int
    thread: tuple[int, ...]
    """TPIDRURW, TPIDRURO, TPIDRPRW."""


class Context:
    """A saved processor state, for this engine only.  The memory is Unicorn's and reused."""

    def __init__(self, uc: ctypes.c_void_p) -> None:
        self.handle = ctypes.c_void_p()
        self._size = uclib.uc_context_size(uc)
        check("uc_context_alloc", uclib.uc_context_alloc(uc, ctypes.byref(self.handle)))
        weakref.finalize(self, uclib.uc_context_free, self.handle).atexit = False

    def copy(self) -> bytes:
        """The saved state as Unicorn lays it out."""
        return ctypes.string_at(self.handle, self._size)


def check(call: str, status: int) -> None:
    """Raise unless Unicorn says that the call went well."""
    if status:
        raise EngineError(call, status)


class Engine:
    """One core.

    ``on_svc(engine)`` is called at each SVC, the PC already past it.  It may read and write
    registers, call ``stop``, flush, save and restore contexts.
    ``syscall`` reads what a call consists of (``registers.SYSCALL``); ``write_r0`` sets its result.
    """

    def __init__(self) -> None:
        self.uc = ctypes.c_void_p()
        check("uc_open", uclib.uc_open(const.UC_ARCH_ARM, const.UC_MODE_ARM, ctypes.byref(self.uc)))
        # At the end of everything the host frees it all the quicker without.
        weakref.finalize(self, uclib.uc_close, self.uc).atexit = False
        self.on_svc: Callable[[Engine], None] = _no_handler
        self.after_restore: Callable[[], None] = _nothing
        """Puts right what of the translation a context carries along: TTBR0."""
        self.counter = InstructionCounter()
        self.abort = Abort.NONE
        self._keep: dict[int, Any] = {}  # hook handle -> what Unicorn calls
        self._devices: dict[Any, tuple[Any, Any]] = {}  # accessors -> what Unicorn calls
        self._error: BaseException | None = None
        self._reason: Stop | None = None
        self._stop_wanted = False
        self._running = False
        self._counting: int | None = None
        self._tracers: dict[int, Callable[[int, int], None]] = {}
        self._breakpoints: frozenset[int] = frozenset()
        self._breakpoint_hooks: list[int] = []
        self._passing = -1
        self._muted = False
        self._configure()
        self._prepare_registers()
        self._reset()
        self._add_own_hooks()

    # Setting up

    def _configure(self) -> None:
        self._ctl(_CTL_CPU_MODEL, ctypes.c_int(UC_CPU_ARM_CORTEX_A15))
        self._ctl(_CTL_PAGE_SIZE, ctypes.c_uint32(PAGE_SIZE))
        self._ctl(_CTL_USE_EXITS, ctypes.c_int(1))  # with no exits: `until` would be fetched

    def _prepare_registers(self) -> None:
        self.syscall = Batch(self.uc, registers.SYSCALL)
        self._core = Batch(self.uc, registers.CORE)
        self._vfp = Batch(self.uc, registers.VFP, bits=64)
        self._position = Batch(self.uc, ("pc", "cpsr"))
        self.write_r0 = Slot(self.uc, "r0").write
        self._coprocessor = {n: coprocessor_register(n) for n in registers.COPROCESSOR}

    def _reset(self) -> None:
        """User mode, VFP on: to Unicorn the CPACR grants it from the start, FPEXC does not.

        The CPSR comes last: writing it recomputes what follows from all.
        """
        self.write("fpexc", _FPEXC_EN)
        self.write("cpsr", registers.USER_MODE)
        self._forget_syndrome()
        self._pristine = self.new_context()
        self._spare = self.new_context()

    def _add_own_hooks(self) -> None:
        # Bare callbacks: the reason is read after the run, so they only note it and stop.
        self._hook(const.UC_HOOK_INTR, HOOK_INTR_CFUNC(self._interrupt))
        self._hook(const.UC_HOOK_INSN_INVALID, HOOK_INSN_INVALID_CFUNC(self._invalid))

    # Callbacks

    def guard(self, function: Callable[P, R], refused: R) -> Callable[P, R]:
        """The function as a callback: what it raises stops the run and comes out of ``run``.

        refused: what the callback then returns to Unicorn.
        """

        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except BaseException as error:
                self.fail(error)
                return refused

        return guarded

    def _listener(self, callback: Callable[P, None]) -> Callable[P, None]:
        """A callback for hooks that only watch: guarded, and silent in a rehearsal."""

        def listener(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                if not self._muted:
                    callback(*args, **kwargs)
            except BaseException as error:
                self.fail(error)

        return listener

    def fail(self, error: BaseException) -> None:
        """Stop the run, which will raise this error (the first, if there are several)."""
        if self._error is None:
            self._error = error
        self._leave()

    def _interrupt(self, _uc: int, number: int, _data: object) -> None:
        try:
            if number == _SVC:
                self.on_svc(self)
            else:
                self._trapped(number)
        except BaseException as error:
            self.fail(error)

    def _invalid(self, _uc: int, _data: object) -> bool:
        """Whether to go on: Unicorn calls YIELD and WFE invalid too, with the PC past them.

        They raise nothing, so the syndrome is still another's.
        """
        syndrome = ctypes.c_uint32()
        uclib.uc_reg_read(self.uc, UC_ARM_REG_ESR, ctypes.byref(syndrome))
        self._forget_syndrome()
        return syndrome.value >> 26 in _NOT_UNDEFINED

    def _forget_syndrome(self) -> None:
        none = ctypes.c_uint32(_NO_SYNDROME)
        uclib.uc_reg_write(self.uc, UC_ARM_REG_ESR, ctypes.byref(none))

    def _trapped(self, number: int) -> None:
        if number == _BKPT:
            self._end(Stop.BREAKPOINT)
        elif number in (_PREFETCH_ABORT, _DATA_ABORT):
            self.abort = Abort.PREFETCH if number == _PREFETCH_ABORT else Abort.DATA
            self._end(Stop.FAULT)
        else:
            raise EngineError(f"interrupt {number}", const.UC_ERR_EXCEPTION)

    def _end(self, reason: Stop) -> None:
        self._reason = reason
        self._leave()

    def _leave(self) -> None:
        """Stop.  Inside an IT block of hooked code Unicorn takes that back: the counter insists."""
        self.counter.exhaust()
        uclib.uc_emu_stop(self.uc)

    # Running

    def run(self, count: int = 0) -> Stop:
        """Run from the PC until something ends the run, or ``count`` instructions completed.

        An IT block that has begun is finished even beyond the count or a breakpoint in it.  A
        breakpoint at the PC is passed.
        """
        if count and self._counting is None:
            self.count_instructions()
        if self._stop_wanted:
            self._stop_wanted = False
            return Stop.REQUESTED
        pc, cpsr = self._position.read()
        self._passing = pc
        return self._run(pc | cpsr >> 5 & 1, count)

    def _run(self, start: int, count: int) -> Stop:
        self._error, self._reason, self.abort = None, None, Abort.NONE
        self.counter.begin(count)
        self._running = True
        status = uclib.uc_emu_start(self.uc, start, 0, 0, 0)
        self._running = False
        pc = self.pc
        over = self.counter.end(pc)
        self._raise_failure()
        return self._ended(status, over)

    def _raise_failure(self) -> None:
        """Raise what a callback raised during the run."""
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def _ended(self, status: int, over: bool) -> Stop:
        """Why the run ended.  A reason that a callback gave counts before all others."""
        if self._reason is not None:
            return self._reason
        if status == const.UC_ERR_INSN_INVALID:
            return Stop.UNDEFINED
        if status:
            if status in _NOTHING_THERE:
                self.abort = Abort.EXTERNAL
            elif status != const.UC_ERR_EXCEPTION:
                raise EngineError("uc_emu_start", status)
            return Stop.FAULT
        if self._stop_wanted:
            self._stop_wanted = False
            return Stop.REQUESTED
        if over:
            return Stop.COUNT
        return Stop.WAITING

    def stop(self) -> None:
        """End the run from inside a callback; the instruction that called it completes."""
        self._end(Stop.REQUESTED)

    def request_stop(self) -> None:
        """End the run from any thread, or the next run if none is under way.

        Unicorn can lose a stop that comes while a run begins: another thread says it again until it
        is heard.
        """
        self._stop_wanted = True
        self._leave()

    def rehearse(self) -> None:
        """Run from the PC until a fault or an SVC, then put state and counts back as they were.

        For an instruction that just faulted and will again, while hooks watch how.
        """
        self.save(self._spare)
        kept = self.counter.record.count, self.abort, self.on_svc
        self._muted, self.on_svc = True, Engine.stop
        uclib.uc_emu_start(self.uc, self.pc | self.thumb, 0, 0, 0)
        self._muted = False
        self.counter.record.count, self.abort, self.on_svc = kept
        self.restore(self._spare)
        self._raise_failure()

    # Registers

    def core_registers(self) -> tuple[int, ...]:
        """r0-r12, sp, lr, pc, cpsr."""
        return tuple(self._core.read())

    def read(self, name: str) -> int:
        """One register by name: r0-r12, sp, lr, pc, cpsr, d0-d31, fpscr, tpidruro, ttbr0 ..."""
        if name in self._coprocessor:
            place = self._coprocessor[name]
            call = uclib.uc_reg_read(self.uc, UC_ARM_REG_CP_REG, ctypes.addressof(place))
            check(f"read {name}", call)
            return int(place.value)
        value = ctypes.c_uint64()
        check(f"read {name}", uclib.uc_reg_read(self.uc, register_id(name), ctypes.byref(value)))
        return value.value

    def write(self, name: str, value: int) -> None:
        """Set one register by name.  For the PC, bit 0 is the Thumb bit."""
        if name in self._coprocessor:
            place = self._coprocessor[name]
            place.value = value
            call = uclib.uc_reg_write(self.uc, UC_ARM_REG_CP_REG, ctypes.addressof(place))
        else:
            word = ctypes.byref(ctypes.c_uint64(value))
            call = uclib.uc_reg_write(self.uc, register_id(name), word)
        check(f"write {name}", call)

    @property
    def pc(self) -> int:
        """The PC without the Thumb bit."""
        return int(self._position.read()[0])

    @property
    def thumb(self) -> bool:
        return bool(self._position.read()[1] & registers.THUMB_BIT)

    def state(self) -> State:
        """The whole state that a program can see, as plain data."""
        return State(
            self.core_registers(),
            tuple(self._vfp.read()),
            self.read("fpscr"),
            tuple(self.read(name) for name in registers.THREAD),
        )

    # Contexts

    def new_context(self) -> Context:
        """A context that holds the state as it is now."""
        context = Context(self.uc)
        self.save(context)
        return context

    def save(self, context: Context) -> None:
        """Copy the processor's state into a context made earlier."""
        uclib.uc_context_save(self.uc, context.handle)

    def restore(self, context: Context) -> None:
        """Make a saved state the processor's.  The address space stays as it is."""
        uclib.uc_context_restore(self.uc, context.handle)
        self.after_restore()

    def keep_as_fresh(self) -> None:
        """Let ``start_at`` begin from the state as it is now."""
        self.save(self._pristine)

    def start_at(self, pc: int, sp: int, arguments: Sequence[int] = ()) -> None:
        """A fresh state: all registers zero but the PC (bit 0: Thumb), SP and r0-r3."""
        self.restore(self._pristine)
        for number, value in enumerate(arguments):
            self.write(f"r{number}", value & 0xFFFFFFFF)
        self.write("sp", sp)
        self.write("pc", pc)

    # Memory

    def map_ram(self, pa: int, size: int, host_address: int) -> None:
        """Let Unicorn see ``size`` bytes of host memory at ``pa``."""
        status = uclib.uc_mem_map_ptr(self.uc, pa, size, const.UC_PROT_ALL, host_address)
        check(f"map {size:#x} bytes at {pa:#x}", status)

    def unmap(self, pa: int, size: int) -> None:
        """Take back what ``map_ram`` or ``map_device`` gave."""
        check(f"unmap {size:#x} bytes at {pa:#x}", uclib.uc_mem_unmap(self.uc, pa, size))

    def map_device(
        self,
        pa: int,
        size: int,
        read: Callable[[int, int], int],
        write: Callable[[int, int, int], None],
    ) -> None:
        """Call ``read(offset, size)`` and ``write(offset, size, value)`` for accesses here."""
        callbacks = self._devices.get((read, write))
        if callbacks is None:
            callbacks = self._devices[read, write] = self._device_callbacks(read, write)
        on_read, on_write = callbacks
        status = uclib.uc_mmio_map(self.uc, pa, size, on_read, 0, on_write, 0)
        check(f"map device at {pa:#x}", status)

    def view(self, va: int) -> View:
        """What user accesses at ``va`` would meet now, from the TLB or by asking for a fill."""
        pa, rights = -1, 0
        place = ctypes.c_uint64()
        for access in (const.UC_PROT_READ, const.UC_PROT_WRITE, const.UC_PROT_EXEC):
            if (
                uclib.uc_vmem_translate(self.uc, ctypes.c_uint64(va), access, ctypes.byref(place))
                == const.UC_ERR_OK
            ):
                pa, rights = place.value & 0xFFFFFFFF, rights | access
        return View(pa, rights)

    def _device_callbacks(
        self, read: Callable[[int, int], int], write: Callable[[int, int, int], None]
    ) -> tuple[Any, Any]:
        guarded_read, guarded_write = self.guard(read, 0), self.guard(write, None)
        return (
            MMIO_READ_CFUNC(lambda _uc, offset, width, _data: guarded_read(offset, width)),
            MMIO_WRITE_CFUNC(
                lambda _uc, offset, width, value, _data: guarded_write(offset, width, value)
            ),
        )

    def use_virtual_tlb(self, virtual: bool) -> None:
        """Whether fill hooks translate addresses, or the Arm MMU."""
        mode = const.UC_TLB_VIRTUAL if virtual else const.UC_TLB_CPU
        self._ctl(_CTL_TLB_TYPE, ctypes.c_int(mode))

    def flush_tlb(self) -> None:
        """Forget all translations of addresses."""
        uclib.uc_ctl(self.uc, _CTL_TLB_FLUSH)

    def flush_page(self, va: int) -> None:
        """Forget the translation of the page at ``va``: the architecture's own TLBIMVA."""
        self.write("tlbimva", va)

    def flush_blocks(self) -> None:
        """Forget all translated code.  Not from inside a memory or fill hook."""
        uclib.uc_ctl(self.uc, _CTL_TB_FLUSH)

    def remove_blocks(self, va: int, length: int) -> None:
        """Forget code translated from the physical memory at ``va``.

        ``va`` must be executable now, and the range physically contiguous.
        """
        self._ctl(_CTL_TB_REMOVE, ctypes.c_uint64(va), ctypes.c_uint64(va + length))

    # Hooks and counting

    def count_instructions(self) -> None:
        """Count from now on in ``instructions``.  Costs less if called before the first run."""
        if self._counting is None:
            self._counting = self._add_code_hook()

    @property
    def instructions(self) -> int:
        """Instructions completed since ``count_instructions``."""
        return int(self.counter.record.count)

    def add_code_hook(self, callback: Callable[[int, int], None]) -> int:
        """Call ``callback(va, size)`` before each instruction.  Returns a handle."""
        self.count_instructions()
        handle = max(self._tracers, default=0) + 1
        self._tracers[handle] = self._listener(callback)
        self._replace_code_hook()
        return handle

    def remove_code_hook(self, handle: int) -> None:
        """Undo ``add_code_hook``."""
        del self._tracers[handle]
        self._replace_code_hook()

    def add_block_hook(self, callback: Callable[[int, int], None]) -> int:
        """Call ``callback(va, size)`` at the start of each basic block.  Returns a handle."""
        listener = self._listener(callback)
        function = HOOK_CODE_CFUNC(lambda _uc, address, size, _data: listener(address, size))
        self.flush_blocks()
        return self._hook(const.UC_HOOK_BLOCK, function)

    def leave_it_block(self) -> None:
        """In a callback for a load or store that will succeed: undo what befell the IT state.

        For the callback Unicorn restores the state that the instruction began in.  The translated
        code that goes on knows its own and never looks, so the next block would begin as if it were
        inside the IT block, and skip or keep its first instruction by a stale condition (2309).
        """
        cpsr = self._position.read()[1]
        if cpsr & registers.IT_STATE and self._running:
            self.write("cpsr", cpsr & ~registers.IT_STATE)

    def add_memory_hook(self, callback: Callable[[bool, int, int, int], None]) -> int:
        """Call ``callback(is_write, address, size, value)`` for each load and store.

        The address is physical, but virtual in the ``map`` backend.  A load's value is 0: it is
        called before.
        """
        listener = self._listener(callback)
        write = const.UC_MEM_WRITE

        def function(_uc: int, kind: int, address: int, size: int, value: int, _: object) -> None:
            self.leave_it_block()
            listener(kind == write, address, size, value & (1 << size * 8) - 1)

        self.flush_blocks()
        kinds = const.UC_HOOK_MEM_READ | const.UC_HOOK_MEM_WRITE
        return self._hook(kinds, HOOK_MEM_ACCESS_CFUNC(function))

    def remove_hook(self, handle: int) -> None:
        """Undo ``add_block_hook`` or ``add_memory_hook``."""
        check("uc_hook_del", uclib.uc_hook_del(self.uc, ctypes.c_size_t(handle)))
        self.flush_blocks()
        # Unicorn frees the hook only when a run ends, so what it calls is kept.

    def add_raw_hook(self, kind: int, function: Any, begin: int = 1, end: int = 0) -> int:
        """Add a ctypes callback as it is.  Its author guards it."""
        return self._hook(kind, function, 0, begin, end)

    def set_breakpoints(self, addresses: Collection[int]) -> None:
        """End runs before the instructions at these addresses, at no cost elsewhere.

        Hooks, not Unicorn's exits: for an exit at the start of a page whose neighbour before it
        cannot be executed, Unicorn lets every run end with an error.
        """
        for handle in self._breakpoint_hooks:
            self.remove_hook(handle)
        self._breakpoints = frozenset(addresses)
        function = HOOK_CODE_CFUNC(self._break)
        self._breakpoint_hooks = [
            self._hook(const.UC_HOOK_CODE, function, 0, first, last)
            for first, last in _neighbourhoods(self._breakpoints)
        ]
        self.flush_blocks()

    def _break(self, _uc: int, va: int, _size: int, _data: object) -> None:
        """At a breakpoint, or soon after one: the rest of an IT block must not lose the stop."""
        if va in self._breakpoints and va != self._passing and not self._muted:
            self._end(Stop.BREAKPOINT)
        elif self._reason is not None:
            self._leave()
        self._passing = -1

    def _add_code_hook(self) -> int:
        self.flush_blocks()
        if not self._tracers:
            return self._hook(const.UC_HOOK_CODE, self.counter.callback, self.counter.user_data)
        callback = counting_callback(self.counter.record, self._trace)
        return self._hook(const.UC_HOOK_CODE, HOOK_CODE_CFUNC(callback))

    def _replace_code_hook(self) -> None:
        assert self._counting is not None
        self.remove_hook(self._counting)
        self._counting = self._add_code_hook()

    def _trace(self, address: int, size: int) -> None:
        for tracer in self._tracers.values():
            tracer(address, size)

    def _hook(self, kind: int, function: Any, data: int = 0, begin: int = 1, end: int = 0) -> int:
        handle = ctypes.c_size_t()
        address = ctypes.cast(function, ctypes.c_void_p)
        status = uclib.uc_hook_add(self.uc, ctypes.byref(handle), kind, address, data, begin, end)
        check("uc_hook_add", status)
        self._keep[handle.value] = function
        return handle.value

    def _ctl(self, request: int, *arguments: Any) -> None:
        check(f"uc_ctl {request & 0xFFFF}", uclib.uc_ctl(self.uc, request, *arguments))


def _neighbourhoods(addresses: Collection[int]) -> list[tuple[int, int]]:
    """The addresses and the rest of an IT block after each, as ranges that do not overlap."""
    ranges: list[tuple[int, int]] = []
    for va in sorted(addresses):
        first = ranges.pop()[0] if ranges and va <= ranges[-1][1] else va
        ranges.append((first, va + _IT_BLOCK_BYTES))
    return ranges


def _nothing() -> None:
    pass


def _no_handler(_engine: Engine) -> None:
    raise EngineError("an SVC without Engine.on_svc", const.UC_ERR_EXCEPTION)
