"""The interface of the backends, which keep Unicorn in step with the guest's tables."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from emu.cpu.binding import View
from emu.cpu.engine import Engine
from emu.cpu.hostram import HostRam
from emu.cpu.memory import Memory
from emu.devices.bus import Device
from kernel_model.walk import FaultStatus, Walk

FEW_PAGES = 16
"""Up to this many pages are flushed, or their code is removed, one by one."""


Refused = tuple[int, int]
"""Page (va) and access of a TLB fill that was refused."""


class MemoryFault(NamedTuple):
    """A memory access that failed.

    access: READ, WRITE or EXEC.  walk: the software walk for ``va``; it may well have succeeded,
    if the access failed by its alignment or because nothing is at the physical address.
    exact: whether ``va`` is the address accessed.  If not, it is the start of the page accessed, or
    -1 where not even that is known, and then there is no walk.
    """

    va: int
    access: int
    pc: int
    walk: Walk | None
    status: FaultStatus
    exact: bool = True


class Backend(Protocol):
    """Keeps Unicorn's view of memory equal to the tables of the current address space."""

    name: str
    memory: Memory
    """RAM as user mode sees it now: quicker than ``physical``, and without devices."""
    flushes: int
    """How often translations were thrown away."""

    is_in_step: bool
    """Whether ``sync`` has nothing to do."""

    @property
    def fills(self) -> int:
        """How often Unicorn asked for a translation (``cpu``: not known, 0)."""

    def __init__(self, engine: Engine, ram: HostRam, devices: tuple[Device, ...]) -> None:
        """Give the engine its memory."""

    def switch(self, l1_pa: int) -> None:
        """The address space whose L1 table is at ``l1_pa`` is current now."""

    def changed(self, l1_pa: int, va: int, length: int, was_mapped: bool) -> None:
        """Descriptors for [va, va+length) of that address space were written.

        was_mapped: something there may have been valid before; False means that only empty
        entries were filled.
        """

    def written(self, pa: int, length: int) -> None:
        """The host stored into guest RAM, from outside the guest's own stores."""

    def sync(self) -> bool:
        """Bring Unicorn in step after any of these.  To be called before a run begins or goes on.

        False: it was asked to stop before that was done, and must be called again.
        """

    def reset(self) -> None:
        """All of RAM may have been replaced, tables and code included."""

    def fault(self) -> MemoryFault:
        """What failed, after a run that ended with ``Stop.FAULT``."""

    def translate(self, va: int) -> Walk:
        """The software walk for ``va`` in the current address space."""

    def physical(self, va: int) -> int:
        """The physical address that user mode reads at ``va``, or -1.  Fast."""

    def view(self, va: int) -> View:
        """What Unicorn would do for user accesses at ``va`` right now, stale or not.

        It changes nothing that a program could notice, even while one runs.
        """
