"""Plain loads and stores, which the C version gathers so that the tracer takes many at once.

An access is plain if nothing about it must be decided: it is not made by an exclusive store, and is
in one page, which the address space maps once.  Others go to the tracer one by one.  The Python
version gathers none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from emu import native
from emu.cpu.binding import address_of

if TYPE_CHECKING:
    from emu.cpu.engine import Engine
    from emu.execution.addresses import Addresses

Taken = tuple[bytes, bytes, bytes, bytes, bytes]
"""The columns of ``emu.trace.columns``."""


class Callbacks(NamedTuple):
    """Functions for Unicorn to call.  begun: before an instruction.  accessed: at an access."""

    begun: Any
    accessed: Any


class PlainAccesses(Protocol):
    """What stands between Unicorn and the tracer.

    wanted: whether the accesses of the process that runs are asked for.
    pending: whether the instruction under way is an exclusive store; the tracer says so.
    pc: of the instruction under way.
    """

    wanted: bool
    pending: bool
    pc: int

    @property
    def on_begun(self) -> Any:
        """The function of the hook before each instruction."""

    @property
    def on_access(self) -> Any:
        """The function of the hook at each access."""

    @property
    def user_data(self) -> int:
        """What the last argument of both must be."""

    def take(self) -> Taken:
        """What has been gathered since the last time."""

    def forget(self) -> None:
        """The address space is another one, or has changed."""


class PythonAccesses:
    """The twin of ``emu/native/accesses.c``, to which no access is plain."""

    def __init__(self, callbacks: Callbacks) -> None:
        self.wanted = self.pending = False
        self.pc = 0
        self.on_begun, self.on_access = callbacks
        self.user_data = 0

    def take(self) -> Taken:
        return b"", b"", b"", b"", b""

    def forget(self) -> None:
        pass


def plain_accesses(
    engine: Engine,
    callbacks: Callbacks,
    addresses: Addresses,
    full: Callable[[], None],
    gathers: bool,
) -> PlainAccesses:
    """The C version if it is built and accesses may be gathered, else the Python one.

    callbacks: get what is not plain.  full: called when there is no room for more.
    """
    if native.hooks is None or not gathers:
        return PythonAccesses(callbacks)
    begun, accessed = map(address_of, callbacks)
    accesses: PlainAccesses = native.hooks.Accesses(
        engine.counter,
        begun,
        accessed,
        addresses.view,
        full,
        engine.control.fail,
        addresses.virtual,
    )
    return accesses
