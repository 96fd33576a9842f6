"""What Unicorn calls most often, in C: it holds no rule of the kernel.

Each part has a twin in Python that does the same, for hosts without a compiler and as the
description of what it is to do.  ``EMU_NATIVE=0`` in the environment has the twins used.
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
"""The module in C, or None: then the twins are used."""

USED = "C" if hooks is not None else "Python"
"""The language of the hooks in use."""
