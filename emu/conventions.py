"""The conventions that a machine can be booted with.

This module chooses: no other part of ``emu`` knows a call by its number or its name.
"""

from __future__ import annotations

from typing import Final

from kernel_model.convention import Convention
from kernel_model.syscalls import STANDARD

DEFAULT: Final[Convention] = STANDARD
"""What programs speak where nothing else is asked for: the calls of docs/kernel.md."""
