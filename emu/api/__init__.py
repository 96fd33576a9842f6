"""The Python API, whose names ``emu`` imports from here when they are used."""

from emu.api.building import build
from emu.api.console import Console
from emu.api.events import Call, Fault, Switch
from emu.api.loading import load
from emu.api.machine import GuestError, Machine, Stop
from emu.api.memory import AddressError, Memory
from emu.api.process import Process, Registers
from emu.api.running import MachineRunningError
from emu.api.symbols import Symbols
from emu.api.values import Frame, Mapping
from emu.loader import LoadError
from emu.machine.machine import MachineEndedError
from emu.machine.snapshot import Snapshot
from emu.sdk.sources import SdkError

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
    "Process",
    "Registers",
    "SdkError",
    "Snapshot",
    "Stop",
    "Switch",
    "Symbols",
    "build",
    "load",
]
