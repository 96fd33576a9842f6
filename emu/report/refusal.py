"""The report of a refused call, for ``--explain``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.journal import Act
from kernel_model.errors import Refused

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles
    from emu.machine import Machine


def refusal_text(machine: Machine, debug: DebugFiles, act: Act, refusal: Refused) -> str:
    """The call, its error and why."""
    return f"emu: process {act[1]}: call {act[0]}: {refusal}"
