"""A machine at rest as a value, to go on from and to compare.

Machines with equal snapshots go on alike.  Not part of a snapshot are ``Options``, observers,
what a backend and Unicorn keep to be fast, and the counts of fills and flushes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from emu.cpu.hostram import Pages
from emu.cpu.registers import State
from emu.environment.outside import OutsideState
from emu.machine.fault import MachineFault
from emu.machine.history import HistoryState
from emu.semihosting.caller import SemihostingState
from kernel_model.state import KernelState


class CoreState(NamedTuple):
    """One core.

    loaded: pid of the process that runs or last ran on it, or -1 if that process has ended.
    registers: of each process that has run on it, by pid.  turn: instructions left of its turn.
    owed: by pid, the turns that processes have used in advance.
    following: the address after its last instruction in this turn; going on there is no jump.
    """

    loaded: int
    registers: dict[int, State]
    turn: int
    following: int
    fault: MachineFault | None
    is_call_pending: bool
    switches: int
    instructions: int
    owed: tuple[tuple[int, int], ...] = ()


class Snapshot(NamedTuple):
    """A machine.

    ram: the pages that are not all zeros, by pa.  devices: in order of address.
    sessions: the semihosting of each process, by pid.
    """

    kernel: KernelState
    cores: tuple[CoreState, ...]
    ram: Pages
    devices: tuple[Any, ...]
    outside: OutsideState
    sessions: dict[int, SemihostingState]
    history: HistoryState
    calls: tuple[tuple[int, ...], int, int]
