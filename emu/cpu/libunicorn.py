"""Unicorn's library: the functions that are used, each bound when it is first called.

This takes the place of the package's own binding, which costs more than all else that a short run
needs.  The package is still what brings the library.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from typing import Any, Final

_ENGINE = _CONTEXT = _POINTER = ctypes.c_void_p
_STATUS = _INT = ctypes.c_int
_WORD, _ADDRESS = ctypes.c_uint32, ctypes.c_uint64
_SIZE = _HOOK = ctypes.c_size_t

PROTOTYPES: Final[dict[str, tuple[Any, ...]]] = {
    "uc_close": (_STATUS, _ENGINE),
    "uc_context_alloc": (_STATUS, _ENGINE, _POINTER),
    "uc_context_free": (_STATUS, _CONTEXT),
    "uc_context_restore": (_STATUS, _ENGINE, _CONTEXT),
    "uc_context_save": (_STATUS, _ENGINE, _CONTEXT),
    "uc_context_size": (_SIZE, _ENGINE),
    "uc_ctl": (_STATUS, _ENGINE, _INT),  # and what the request takes, with its type
    "uc_emu_start": (_STATUS, _ENGINE, _ADDRESS, _ADDRESS, _ADDRESS, _SIZE),
    "uc_emu_stop": (_STATUS, _ENGINE),
    "uc_hook_add": (
        _STATUS, _ENGINE, _POINTER, _INT, _POINTER, _POINTER, _ADDRESS, _ADDRESS,
    ),  # and what the instruction is, of a hook for one
    "uc_hook_del": (_STATUS, _ENGINE, _HOOK),
    "uc_mem_map_ptr": (_STATUS, _ENGINE, _ADDRESS, _ADDRESS, _WORD, _POINTER),
    "uc_mem_unmap": (_STATUS, _ENGINE, _ADDRESS, _ADDRESS),
    "uc_mmio_map": (_STATUS, _ENGINE, _ADDRESS, _ADDRESS, _POINTER, _POINTER, _POINTER, _POINTER),
    "uc_open": (_STATUS, _WORD, _WORD, _POINTER),
    "uc_reg_read": (_STATUS, _ENGINE, _INT, _POINTER),
    "uc_reg_read_batch": (_STATUS, _ENGINE, _POINTER, _POINTER, _INT),
    "uc_reg_write": (_STATUS, _ENGINE, _INT, _POINTER),
    "uc_strerror": (ctypes.c_char_p, _STATUS),
    "uc_vmem_translate": (_STATUS, _ENGINE, _ADDRESS, _INT, _POINTER),
    "uc_version": (_WORD, _POINTER, _POINTER),
}  # fmt: skip
"""What each function returns and takes.  Source: Unicorn 2.1.4, unicorn.h."""


class Library:
    """Unicorn's functions as attributes: bound, with their types, when first asked for."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library

    def __getattr__(self, name: str) -> Any:
        if name not in PROTOTYPES:
            raise AttributeError(f"emu.cpu.libunicorn binds no {name}")
        function = getattr(self._library, name)
        function.restype, *arguments = PROTOTYPES[name]
        function.argtypes = arguments
        setattr(self, name, function)
        return function


_NAMES: Final = {"linux": "libunicorn.so.2", "darwin": "libunicorn.2.dylib"}


def _places() -> Iterator[str]:
    """Where the library may be.  The first is the user's choice, as for the package."""
    name = _NAMES.get(sys.platform)
    package = PathFinder.find_spec("unicorn")
    if name is None or package is None:
        return
    if chosen := os.environ.get("LIBUNICORN_PATH"):
        yield os.path.join(chosen, name)
    for folder in package.submodule_search_locations or ():
        yield os.path.join(folder, "lib", name)


def _load() -> ctypes.CDLL:
    for place in _places():
        try:
            return ctypes.CDLL(place)
        except OSError:
            continue
    from unicorn.unicorn_py3.unicorn import uclib as found  # it looks in more places

    return ctypes.CDLL(found._name, handle=found._handle)


_library: Final = _load()

uclib: Final = Library(_library)

# Unicorn's library a second time, for what every call and every switch needs.  It declares no
# argument types, so that prepared arguments pass unconverted, and holds the interpreter's lock
# (the GIL): another thread gains little from a fraction of a microsecond.  Together that more than
# halves what a call costs.
uclib_holding_gil: Final = ctypes.PyDLL(_library._name, handle=_library._handle)


HOOK_INTR_CFUNC: Final = ctypes.CFUNCTYPE(None, _ENGINE, _WORD, _POINTER)
HOOK_CODE_CFUNC: Final = ctypes.CFUNCTYPE(None, _ENGINE, _ADDRESS, _WORD, _POINTER)
"""Of blocks, too."""
HOOK_MEM_INVALID_CFUNC: Final = ctypes.CFUNCTYPE(
    ctypes.c_bool, _ENGINE, _INT, _ADDRESS, _INT, ctypes.c_int64, _POINTER
)
HOOK_MEM_ACCESS_CFUNC: Final = ctypes.CFUNCTYPE(
    None, _ENGINE, _INT, _ADDRESS, _INT, ctypes.c_int64, _POINTER
)
HOOK_INSN_INVALID_CFUNC: Final = ctypes.CFUNCTYPE(ctypes.c_bool, _ENGINE, _POINTER)
MMIO_READ_CFUNC: Final = ctypes.CFUNCTYPE(_ADDRESS, _ENGINE, _ADDRESS, ctypes.c_uint, _POINTER)
MMIO_WRITE_CFUNC: Final = ctypes.CFUNCTYPE(
    None, _ENGINE, _ADDRESS, ctypes.c_uint, _ADDRESS, _POINTER
)


class TlbEntry(ctypes.Structure):
    """Unicorn's ``uc_tlb_entry``: the answer of a fill."""

    _fields_ = (("paddr", ctypes.c_uint64), ("perms", ctypes.c_uint32))
