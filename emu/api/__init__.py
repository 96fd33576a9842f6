"""The Python API, whose names ``emu`` imports from here when they are used."""

from emu.api.building import build
from emu.api.console import Console
from emu.api.events import Call, Fault, Switch
from emu.api.loading import load, replay
from emu.api.machine import GuestError, Machine, Stop
from emu.api.memory import AddressError, Memory
from emu.api.past import RewindableMachine
from emu.api.process import Process, Registers
from emu.api.running import MachineRunningError
from emu.api.symbols import Symbols
from emu.api.values import Frame, Mapping
from emu.loader import LoadError
from emu.machine.machine import MachineEndedError
from emu.machine.snapshot import Snapshot
from emu.recording.file import RecordingError
from emu.recording.timeline import PastError
from emu.recording.world import ReplayError
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
    "build",
    "load",
    "replay",
]
