"""Alignment faults: accesses that Armv7-A wants aligned whatever SCTLR.A says.

Unicorn checks exclusive loads and SWP only.  Its translated code can check any access, at no cost;
the version in C lets its translator ask for that (``emu/native/translation.c``).  Where that does
not work, a hook looks at each instruction before it executes, which is slow.  Either way the fault
is precise: nothing of the instruction has been done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from emu.cpu.counter import Counter
from emu.cpu.memory import Memory
from kernel_model.memory import PhysicalMemory

if TYPE_CHECKING:
    from kernel_model.walk import Walk


class Misaligned(NamedTuple):
    """An access that was not aligned as it must be.  access: READ or WRITE."""

    va: int
    access: int


class Pages(Protocol):
    """The pages of the current address space: ``emu.mmu.pages.PageCache``."""

    ram: PhysicalMemory
    memory: Memory

    def walk(self, va: int) -> Walk:
        """The walk for this address."""


class Alignment(Protocol):
    """Checks the alignment of one core's accesses.

    found: the access that ended the last run, where Unicorn has not noted it itself.
    refuses: called with READ or WRITE during an access to a device: whether it is misaligned, which
    ends the run.  None: such accesses do not come so far.
    """

    found: Misaligned | None

    @property
    def refuses(self) -> Callable[[int], bool] | None: ...

    def see(self, pages: Pages) -> None:
        """Find code and types of memory here."""

    def start(self, pc: int) -> int:
        """Run from an address (bit 0: Thumb) until something stops the run; Unicorn's status."""

    def passes_undefined(self) -> bool:
        """Whether the undefined instruction at the PC has been done in Unicorn's place."""

    def renew(self) -> None:
        """Other hooks for instructions have been added: look after them."""

    def count(self, counter: Counter) -> None:
        """This counter's hook for blocks is added: let translated code do its work, if it can."""
