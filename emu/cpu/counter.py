"""Exact instruction counting that costs about a nanosecond an instruction.

Unicorn calls a code hook before each instruction.  The hook here is a few bytes of the host's own
machine code: it counts the instruction in a record that Python reads after the run, and stops the
run when a limit is passed.  A host that is neither x86-64 nor AArch64 with the usual calling
convention, or that refuses executable memory, gets the same in Python.
"""

from __future__ import annotations

import ctypes
import mmap
import platform
import sys
from collections.abc import Callable

from unicorn.unicorn_py3.unicorn import HOOK_CODE_CFUNC, uclib

NO_LIMIT = (1 << 64) - 1
NOWHERE = 1
"""An address no instruction has."""


class Record(ctypes.Structure):
    """What the hook and Python share.

    count: instructions begun.  last: address of the one begun last.  limit: beyond this count the
    hook stops the run.  stop: address of ``uc_emu_stop``.
    """

    _fields_ = (
        ("count", ctypes.c_uint64),
        ("last", ctypes.c_uint64),
        ("limit", ctypes.c_uint64),
        ("stop", ctypes.c_void_p),
    )


# hook(uc, address, size, record), System V: rdi, rsi, edx, rcx.
X86_64 = bytes.fromhex(
    "48ff01"  #     inc qword [rcx]            ; ++count
    "48897108"  #   mov [rcx+8], rsi           ; last = address
    "488b4110"  #   mov rax, [rcx+16]
    "483901"  #     cmp [rcx], rax
    "7701"  #       ja over                    ; count > limit
    "c3"  #         ret
    "ff6118"  # over: jmp qword [rcx+24]       ; uc_emu_stop(uc)
)

# hook(uc, address, size, record), AAPCS64: x0, x1, w2, x3.
AARCH64 = b"".join(
    word.to_bytes(4, "little")
    for word in (
        0xF9400064,  #       ldr x4, [x3]
        0x91000484,  #       add x4, x4, #1
        0xF9000064,  #       str x4, [x3]       ; ++count
        0xF9000461,  #       str x1, [x3, #8]   ; last = address
        0xF9400865,  #       ldr x5, [x3, #16]
        0xEB05009F,  #       cmp x4, x5
        0x54000048,  #       b.hi over          ; count > limit
        0xD65F03C0,  #       ret
        0xF9400C66,  # over: ldr x6, [x3, #24]
        0xD61F00C0,  #       br x6              ; uc_emu_stop(uc)
    )
)


class InstructionCounter:
    """Counts the instructions that completed, and bounds how many may."""

    def __init__(self) -> None:
        stop = ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value
        self.record = Record(0, NOWHERE, NO_LIMIT, stop)
        self._code = _executable(_host_code())
        self._python = HOOK_CODE_CFUNC(counting_callback(self.record, _nothing))

    @property
    def native(self) -> bool:
        """Whether the host's own machine code counts."""
        return self._code is not None

    @property
    def callback(self) -> int:
        """Address of the hook's function."""
        if self._code is not None:
            return ctypes.addressof(ctypes.c_char.from_buffer(self._code))
        return ctypes.cast(self._python, ctypes.c_void_p).value or 0

    @property
    def user_data(self) -> int:
        """What the hook's last argument must be."""
        return ctypes.addressof(self.record)

    def begin(self, limit: int) -> None:
        """A run begins that may complete ``limit`` instructions, or any number if 0."""
        self.record.last = NOWHERE
        self.record.limit = self.record.count + limit if limit else NO_LIMIT

    def exhaust(self) -> None:
        """Let the hook stop the run at the next instruction, and at each that still begins."""
        self.record.limit = 0

    def end(self, pc: int) -> bool:
        """The run ended at ``pc``; whether the limit ended it.

        The instruction begun last did not complete if the PC is still on it: it faulted, or the
        run was stopped before it.  It will be begun again, and must not count twice.
        """
        over: bool = self.record.count > self.record.limit
        if self.record.last == pc:
            self.record.count -= 1
        return over


def counting_callback(
    record: Record, then: Callable[[int, int], None]
) -> Callable[[int, int, int, object], None]:
    """What the machine code does, in Python, and after it ``then(address, size)``."""

    def callback(uc: int, address: int, size: int, _data: object) -> None:
        record.count += 1
        record.last = address
        if record.count > record.limit:
            uclib.uc_emu_stop(uc)
        else:
            then(address, size)

    return callback


def _nothing(_address: int, _size: int) -> None:
    pass


def _host_code() -> bytes:
    if sys.platform == "win32":
        return b""
    machine = platform.machine().lower()
    return {"x86_64": X86_64, "amd64": X86_64, "aarch64": AARCH64, "arm64": AARCH64}.get(
        machine, b""
    )


def _executable(code: bytes) -> mmap.mmap | None:
    """The code in executable memory, or None where there is no code or no such memory."""
    if not code:
        return None
    try:
        memory = mmap.mmap(
            -1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
        )
    except OSError:
        return None
    memory.write(code)
    return memory
