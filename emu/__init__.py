"""A full-system Arm emulator for a kernel that gives memory to programs as frames.

The public names are here; ``docs/api.md`` shows their use.  Other modules may change at any time.

    machine = emu.load("prog.elf", args=["one"], stdin=b"text")
    stop = machine.run_until(call="frame_map")
    print(stop, machine.frames, machine.console.text)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emu.api import (
        AddressError,
        Call,
        Console,
        Fault,
        Frame,
        GuestError,
        LoadError,
        Machine,
        MachineEndedError,
        MachineRunningError,
        Mapping,
        Memory,
        PastError,
        Process,
        RecordingError,
        Registers,
        ReplayError,
        RewindableMachine,
        SdkError,
        Snapshot,
        Stop,
        Switch,
        Symbols,
        build,
        load,
        replay,
    )

__version__ = "1.0.0"
"""Semantic versioning: the names in ``__all__`` keep working until the first number rises."""

__all__ = [
    "AddressError",
    "Call",
    "Console",
    "Fault",
    "Frame",
    "GuestError",
    "LoadError",
    "Machine",
    "MachineEndedError",
    "MachineRunningError",
    "Mapping",
    "Memory",
    "PastError",
    "Process",
    "RecordingError",
    "Registers",
    "ReplayError",
    "RewindableMachine",
    "SdkError",
    "Snapshot",
    "Stop",
    "Switch",
    "Symbols",
    "__version__",
    "build",
    "load",
    "replay",
]


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used: ``import emu`` itself costs nothing."""
    if name.startswith("_") or name not in __all__:
        raise AttributeError(f"module 'emu' has no attribute {name!r}")
    return getattr(import_module("emu.api"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
