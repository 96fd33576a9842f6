"""What Unicorn calls most often, in C, without any rule of the kernel.

Each part has a twin in Python that does the same: for hosts without a compiler, and to say what the
part is to do.  With ``EMU_NATIVE=0`` in the environment the twins are used.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


def _load() -> ModuleType | None:
    if os.environ.get("EMU_NATIVE") == "0":
        return None
    try:
        from emu.native import _hooks
    except ImportError:
        return None
    return _hooks


hooks = _load()
"""The module in C; None where it is not built or not wanted, and the twins are used."""

USED = "C" if hooks is not None else "Python"
"""The language of the hooks in use."""
