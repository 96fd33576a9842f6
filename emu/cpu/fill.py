"""The TLB fill hook: Unicorn's question for a translation, and the answer."""

from __future__ import annotations

import ctypes
from functools import lru_cache

from emu.cpu import unicorn_abi as const
from emu.cpu.libunicorn import TlbEntry
from kernel_model.descriptors import EXEC, READ, WRITE

FILL_CFUNC = ctypes.CFUNCTYPE(
    ctypes.c_bool,
    ctypes.c_void_p,
    ctypes.c_uint64,
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_void_p,
)
"""hook(uc, va of the page, kind of access, address of the answer, user data) -> answered."""

ACCESS = {const.UC_MEM_READ: READ, const.UC_MEM_WRITE: WRITE, const.UC_MEM_FETCH: EXEC}

# Unicorn wants its answers at the same few addresses, on its stack.
_answer_at = lru_cache(64)(TlbEntry.from_address)


def answer(place: int, pa: int, rights: int) -> bool:
    """Answer with this page and these rights."""
    entry = _answer_at(place)
    entry.paddr = pa
    entry.perms = rights
    return True
