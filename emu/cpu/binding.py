"""Unicorn's C functions as methods: nothing here decides anything.

The calls are prepared by ctypes, because the package's own wrappers cost several times as much.
"""

from __future__ import annotations

import ctypes
import mmap
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from emu import native
from emu.cpu import unicorn_abi as const
from emu.cpu.libunicorn import MMIO_READ_CFUNC, MMIO_WRITE_CFUNC, uclib, uclib_holding_gil
from emu.cpu.registers import coprocessor_register
from kernel_model.memory import PAGE_BASE, PAGE_SIZE

CODE_BUFFER = 64 << 20
"""Bytes of host memory for translated code.

Without a limit Unicorn takes up to 1 GiB, which a program that keeps writing and running code
fills.  A full buffer is emptied and filled anew.
"""

_BESIDES = 16 << 20
"""Bytes for everything else that Unicorn allocates when it starts."""

_WRITE = const.UC_CTL_IO_WRITE << 30
_CTL_PAGE_SIZE = const.UC_CTL_UC_PAGE_SIZE | 1 << 26 | _WRITE
_CTL_USE_EXITS = const.UC_CTL_UC_USE_EXITS | 1 << 26 | _WRITE
_CTL_CPU_MODEL = const.UC_CTL_CPU_MODEL | 1 << 26 | _WRITE
_CTL_CODE_BUFFER = const.UC_CTL_TCG_BUFFER_SIZE | 1 << 26 | _WRITE
_CTL_TLB_TYPE = const.UC_CTL_TLB_TYPE | 1 << 26 | _WRITE
_CTL_TLB_FLUSH = const.UC_CTL_TLB_FLUSH | _WRITE
_CTL_TB_FLUSH = const.UC_CTL_TB_FLUSH | _WRITE
_CTL_TB_REMOVE = const.UC_CTL_TB_REMOVE_CACHE | 2 << 26 | _WRITE

Read = Callable[[int, int], int]
Write = Callable[[int, int, int], None]
"""A device's functions: read(offset, size) -> value, write(offset, size, value)."""

OnRead = Callable[[object, int, int, object], int]
OnWrite = Callable[[object, int, int, int, object], None]
"""The callbacks that Unicorn calls for them: its handle comes first, user data last."""


def address_of(function: Any) -> int:
    """The host's address of a C function or of a callback, which the caller must keep alive."""
    return ctypes.cast(function, ctypes.c_void_p).value or 0


class PythonHook:
    """A hook in Python with the interface of those in C: a function and its last argument."""

    def __init__(self, callback: Any) -> None:
        self._callback = callback

    @property
    def callback(self) -> int:
        return address_of(self._callback)

    @property
    def user_data(self) -> int:
        return 0


if native.hooks is not None:
    native.hooks.connect(
        start=address_of(uclib.uc_emu_start),
        stop=address_of(uclib.uc_emu_stop),
        read=address_of(uclib.uc_reg_read),
        read_batch=address_of(uclib.uc_reg_read_batch),
        translate=address_of(uclib.uc_vmem_translate),
        write=address_of(uclib.uc_reg_write),
    )


class EngineError(Exception):
    """Unicorn refused a call: a mistake of ours, or of Unicorn's."""

    def __init__(self, call: str, status: int) -> None:
        super().__init__(f"{call}: {uclib.uc_strerror(status).decode()}")


def check(call: str, status: int) -> None:
    """Raise unless Unicorn says that the call went well.  Errors: MemoryError, EngineError."""
    if status == const.UC_ERR_NOMEM:
        raise MemoryError(call)
    if status:
        raise EngineError(call, status)


def need_room(size: int) -> None:
    """Check that the host can give ``size`` bytes.  Errors: MemoryError.

    Unicorn makes its buffer for code when it first runs, and ends the process if it cannot.
    """
    try:
        mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except OSError as error:
        raise MemoryError(f"{size} bytes: {error.strerror}") from error


_NOWHERE = ctypes.byref(ctypes.c_uint64())
"""For what Unicorn tells and nothing wants to know."""


class View(NamedTuple):
    """What Unicorn does for user accesses at an address: ``rights`` 0 and ``pa`` -1 if nothing.

    rights: READ, WRITE, EXEC of ``kernel_model.descriptors``, which are Unicorn's own numbers.
    """

    pa: int
    rights: int


NOTHING = View(-1, 0)


class Context:
    """A saved processor state, for this instance only.  The memory is Unicorn's and reused."""

    def __init__(self, uc: ctypes.c_void_p) -> None:
        self.handle = ctypes.c_void_p()
        self.size = int(uclib.uc_context_size(uc))
        check("uc_context_alloc", uclib.uc_context_alloc(uc, ctypes.byref(self.handle)))
        weakref.finalize(self, uclib.uc_context_free, self.handle).atexit = False

    def bytes(self) -> bytes:
        """The saved state as Unicorn lays it out."""
        return ctypes.string_at(self.handle, self.size)


class Unicorn:
    """One instance of Unicorn: a Cortex-A15, its memory map, its TLB and its translated code.

    most_flushed_alone: after so many flushes of single pages the whole TLB is flushed; 0: never.
    Errors: MemoryError.
    """

    def __init__(self) -> None:
        need_room(CODE_BUFFER + _BESIDES)
        self.uc = ctypes.c_void_p()
        check("uc_open", uclib.uc_open(const.UC_ARCH_ARM, const.UC_MODE_ARM, ctypes.byref(self.uc)))
        # When the process ends, the host frees everything faster by itself.
        weakref.finalize(self, uclib.uc_close, self.uc).atexit = False
        self._bind()
        self._kept: dict[int, Any] = {}  # hook handle -> what Unicorn calls
        self._callees: list[object] = []
        self._devices: dict[tuple[OnRead, OnWrite], tuple[Any, Any]] = {}
        self.most_flushed_alone = self._flushed_alone = 0
        self._tlbimva = coprocessor_register("tlbimva")
        self._ctl(_CTL_CPU_MODEL, ctypes.c_int(const.UC_CPU_ARM_CORTEX_A15))
        self._ctl(_CTL_PAGE_SIZE, ctypes.c_uint32(PAGE_SIZE))
        self._ctl(_CTL_CODE_BUFFER, ctypes.c_uint32(CODE_BUFFER))
        self._ctl(_CTL_USE_EXITS, ctypes.c_int(1))  # with no exits: `until` would be fetched

    def _bind(self) -> None:
        """The functions that every switch to another process calls, without Python code between."""
        held = uclib_holding_gil
        self._save = partial(held.uc_context_save, self.uc)
        self._restore = partial(held.uc_context_restore, self.uc)
        self._flush_tlb = partial(held.uc_ctl, self.uc, _CTL_TLB_FLUSH)
        self.stop: Callable[[], int] = partial(held.uc_emu_stop, self.uc)
        """End the run, from inside a hook or from another thread.

        The interpreter's lock is held meanwhile: no Python code runs between this call and
        Unicorn's knowing of it.
        """
        self.start: Callable[[int], int] = self._start
        """Run from an address (bit 0: Thumb) until something stops it; Unicorn's status."""
        if native.hooks is not None:
            self.start = partial(native.hooks.start, self.uc.value)

    def _ctl(self, request: int, *arguments: Any) -> None:
        check(f"uc_ctl {request & 0xFFFF}", uclib.uc_ctl(self.uc, request, *arguments))

    # Memory

    def map_ram(self, pa: int, size: int, host_address: int) -> None:
        """Let Unicorn see ``size`` bytes of host memory at ``pa``."""
        status = uclib.uc_mem_map_ptr(self.uc, pa, size, const.UC_PROT_ALL, host_address)
        check(f"map {size:#x} bytes at {pa:#x}", status)

    def unmap(self, pa: int, size: int) -> None:
        """Take back what ``map_ram`` or ``map_device`` gave."""
        check(f"unmap {size:#x} bytes at {pa:#x}", uclib.uc_mem_unmap(self.uc, pa, size))

    def map_device(self, pa: int, size: int, read: OnRead, write: OnWrite) -> None:
        """Call ``read`` and ``write`` for accesses here.  Neither may raise."""
        callbacks = self._devices.get((read, write))
        if callbacks is None:
            callbacks = MMIO_READ_CFUNC(read), MMIO_WRITE_CFUNC(write)
            self._devices[read, write] = callbacks
        on_read, on_write = callbacks
        status = uclib.uc_mmio_map(self.uc, pa, size, on_read, 0, on_write, 0)
        check(f"map device at {pa:#x}", status)

    # Translation

    def use_virtual_tlb(self, virtual: bool) -> None:
        """Let fill hooks translate addresses if ``virtual``, else the Arm MMU."""
        mode = const.UC_TLB_VIRTUAL if virtual else const.UC_TLB_CPU
        self._ctl(_CTL_TLB_TYPE, ctypes.c_int(mode))

    def flush_tlb(self) -> None:
        """Forget all translations of addresses."""
        self._flushed_alone = 0
        self._flush_tlb()

    def flush_page(self, va: int) -> None:
        """Forget the translation of the page at ``va``: the architecture's own TLBIMVA."""
        self._flushed_alone += 1
        if self._flushed_alone == self.most_flushed_alone:
            self.flush_tlb()
        else:
            self._tlbimva.write(self.uc, va)

    def view(self, va: int) -> View:
        """What user accesses at ``va`` would reach now, by the TLB or by a fill."""
        pa, rights = -1, 0
        place = ctypes.c_uint64()
        for access in (const.UC_PROT_READ, const.UC_PROT_WRITE, const.UC_PROT_EXEC):
            if (
                uclib.uc_vmem_translate(self.uc, ctypes.c_uint64(va), access, ctypes.byref(place))
                == const.UC_ERR_OK
            ):
                pa, rights = place.value & 0xFFFFFFFF, rights | access
        return View(pa, rights)

    def fill(self, va: int) -> None:
        """Put a translation for fetches at ``va`` into the TLB, by a fill if it is not there."""
        uclib_holding_gil.uc_vmem_translate(self.uc, va, const.UC_PROT_EXEC, _NOWHERE)

    # Translated code

    def flush_blocks(self) -> None:
        """Forget all translated code.  Not from inside a memory or fill hook."""
        uclib.uc_ctl(self.uc, _CTL_TB_FLUSH)

    def remove_blocks(self, va: int, length: int) -> None:
        """Forget code translated from the physical memory at ``va``.

        ``va`` must be executable now, and the range physically contiguous.
        """
        self._ctl(_CTL_TB_REMOVE, ctypes.c_uint64(va), ctypes.c_uint64(va + length))

    def remove_blocks_within(self, va: int, end: int) -> None:
        """Forget code translated from [va, end), where that is executable now."""
        while va < end:
            page_end = (va & PAGE_BASE) + PAGE_SIZE
            with suppress(EngineError):
                self.remove_blocks(va, min(end, page_end) - va)
            va = page_end

    # Running and state

    def _start(self, pc: int) -> int:
        return int(uclib.uc_emu_start(self.uc, pc, 0, 0, 0))

    def save(self, context: Context) -> None:
        """Copy the processor's state into a context made earlier."""
        self._save(context.handle)

    def restore(self, context: Context) -> None:
        """Make a saved state the processor's."""
        self._restore(context.handle)

    # Hooks

    def add_hook(
        self, kind: int, function: Any, begin: int = 1, end: int = 0, user_data: int = 0
    ) -> int:
        """Add a ctypes callback, or the address of a C function, as it is; returns a handle.

        begin, end: the first and the last address it is for; all addresses if ``begin > end``.
        """
        handle = ctypes.c_size_t()
        address = ctypes.cast(function, ctypes.c_void_p)
        status = uclib.uc_hook_add(
            self.uc, ctypes.byref(handle), kind, address, user_data, begin, end
        )
        check("uc_hook_add", status)
        self._kept[handle.value] = function
        return handle.value

    def keep(self, *callbacks: object) -> None:
        """Keep these callbacks of hooks alive as long as this instance."""
        self._callees += callbacks

    def remove_own_hook(self, handle: int, va: int, end: int) -> None:
        """Remove a code hook for [va, end).  The caller keeps its callback alive."""
        check("uc_hook_del", uclib.uc_hook_del(self.uc, ctypes.c_size_t(handle)))
        del self._kept[handle]
        self.remove_blocks_within(va, end)

    def remove_hook(self, handle: int) -> None:
        """Remove a hook.  Unicorn frees it only when a run ends, so its callback stays alive."""
        check("uc_hook_del", uclib.uc_hook_del(self.uc, ctypes.c_size_t(handle)))
        self.flush_blocks()
