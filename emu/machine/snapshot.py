"""A machine at rest as a value: what it takes to go on from there, and to compare.

Equal snapshots are equal machines: from there on both do the same.  What is no part of one:
``Options``, who observes, what a backend and Unicorn keep to be fast, and how many fills and
flushes that took.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from emu.cpu.registers import State
from emu.environment.outside import OutsideState
from emu.machine.fault import Fault
from emu.machine.history import HistoryState
from emu.semihosting.caller import SemihostingState
from kernel_model.state import KernelState


class CoreState(NamedTuple):
    """One core.

    loaded: pid of the process that it runs or ran last, or -1 if that has ended.
    registers: of each process that has run on it, by pid.  turn: instructions left of its turn.
    following: where its last instruction in this turn ends: to go on there is no jump.
    """

    loaded: int
    registers: dict[int, State]
    turn: int
    following: int
    fault: Fault | None
    is_call_pending: bool
    switches: int
    instructions: int


class Snapshot(NamedTuple):
    """A machine.

    ram: the pages that are not all zeros, by pa.  devices: in order of address.
    sessions: what each process has of semihosting, by pid.
    """

    kernel: KernelState
    cores: tuple[CoreState, ...]
    ram: dict[int, bytes]
    devices: tuple[Any, ...]
    outside: OutsideState
    sessions: dict[int, SemihostingState]
    history: HistoryState
    calls: tuple[tuple[int, ...], int, int]
