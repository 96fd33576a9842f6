"""Colours of processes in drawings: told apart by people who see colours differently, too.

Source: Okabe and Ito, "Color Universal Design".
"""

from __future__ import annotations

KERNEL = "#4d4d4d"
_PROCESSES = (
    "#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#0072b2",
)  # fmt: skip


def of_process(pid: int) -> str:
    """The colour of a process."""
    return _PROCESSES[pid % len(_PROCESSES)]
