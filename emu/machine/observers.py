"""Observers of a run: one for each purpose, at no cost where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final

from emu.cpu.stop import Stop
from emu.machine.fault import MachineFault
from emu.machine.history import KernelEntry
from kernel_model.call import CallRow
from kernel_model.errors import Refused
from kernel_model.events import (
    DeathTold,
    DescriptorsWritten,
    Event,
    FrameMade,
    FrameMerged,
    FrameMoved,
    FrameSplit,
    MemoryWritten,
    MessageDelivered,
    ProcessEnded,
    ProcessMade,
    ThreadPointerSet,
    TranslationChanged,
    VspaceChanged,
)
from kernel_model.process import Process, Resume

if TYPE_CHECKING:
    from emu.machine.core import Core

Words = tuple[int, int, int, int]
"""r0 to r3, as 32-bit words."""
CallFilter = Callable[[Process, int], bool]
"""call_filter(process, number): whether the run is to end before the call is made; number: r12."""


class Observer:
    """Is told events in order, changes nothing and raises nothing.

    ``Observers.add`` attaches it.

    During ``calling`` and ``called`` the PC of the core is past the SVC.
    rank: observers of a lower rank are told first.
    """

    rank: ClassVar[int] = 0

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        """A process is about to run.  switched: another process had the core before."""

    def stopped(self, core: Core, process: Process, reason: Stop) -> None:
        """The run that ``loading`` began has ended; registers are as the program left them."""

    def calling(self, core: Core, process: Process, call: CallRow, words: Words) -> None:
        """A call of the kernel's begins."""

    def called(self, core: Core, process: Process, call: CallRow, result: int | None) -> None:
        """The call is decided.  result: None: another process runs now; this one may have ended."""

    def refused(self, process: Process, entry: KernelEntry, refusal: Refused) -> None:
        """A call has failed, at once or after it had blocked; ``called`` or ``loading`` follows."""

    def semihosting(self, core: Core, process: Process, operation: int, argument: int) -> None:
        """A semihosting call begins."""

    def semihosted(self, core: Core, process: Process, operation: int, result: int) -> None:
        """The semihosting call is answered, or ``process`` has ended in it."""

    def faulted(self, core: Core, fault: MachineFault) -> None:
        """A process has faulted; the kernel is told after the observers."""

    # Events of the kernel, from ``kernel_model.events``: told as they happen, between ``calling``
    # and ``called`` where a call is the cause.

    def message_delivered(self, event: MessageDelivered) -> None: ...

    def death_told(self, event: DeathTold) -> None: ...

    def process_made(self, event: ProcessMade) -> None: ...

    def process_ended(self, event: ProcessEnded) -> None: ...

    def vspace_changed(self, event: VspaceChanged) -> None: ...

    def thread_pointer_set(self, event: ThreadPointerSet) -> None: ...

    def frame_made(self, event: FrameMade) -> None: ...

    def frame_split(self, event: FrameSplit) -> None: ...

    def frame_merged(self, event: FrameMerged) -> None: ...

    def frame_moved(self, event: FrameMoved) -> None: ...

    def descriptors_written(self, event: DescriptorsWritten) -> None: ...

    def translation_changed(self, event: TranslationChanged) -> None: ...

    def memory_written(self, event: MemoryWritten) -> None: ...

    def restored(self) -> None:
        """The machine has been restored from a snapshot."""

    def finish(self) -> None:
        """The run is over, or this observer's part of it."""


_EVENTS: Final = tuple(name for name in vars(Observer) if name[0] != "_" and name != "rank")

Told = tuple[Callable[..., None], ...]

OF_KERNEL: Final[dict[type[Event], str]] = {
    MessageDelivered: "message_delivered",
    DeathTold: "death_told",
    ProcessMade: "process_made",
    ProcessEnded: "process_ended",
    VspaceChanged: "vspace_changed",
    ThreadPointerSet: "thread_pointer_set",
    FrameMade: "frame_made",
    FrameSplit: "frame_split",
    FrameMerged: "frame_merged",
    FrameMoved: "frame_moved",
    DescriptorsWritten: "descriptors_written",
    TranslationChanged: "translation_changed",
    MemoryWritten: "memory_written",
}
"""The method of ``Observer`` that each event of the kernel goes to."""


class Observers:
    """Carries each event to the observers that have a method of their own for it.

    For each event there is an attribute, a tuple of functions: ``for tell in observers.called:
    tell(...)``.  An empty tuple costs next to nothing.
    watch_calls: whether there is a function for ``calling`` or ``called``, or a call_filter.
    call_filter: asked before each call of the kernel's, or None.
    of_kernel: by type of event, the functions for events of the kernel, where there are any.
    when_changed: functions called when observers come or go.
    """

    loading: Told
    stopped: Told
    calling: Told
    called: Told
    refused: Told
    semihosting: Told
    semihosted: Told
    faulted: Told
    memory_written: Told
    restored: Told
    finish: Told

    def __init__(self) -> None:
        self._all: tuple[Observer, ...] = ()
        self.call_filter: CallFilter | None = None
        self.when_changed: list[Callable[[], None]] = []
        self._arrange()

    def add(self, observer: Observer) -> None:
        """Attach an observer, after those of its rank that are attached already."""
        self._all = tuple(sorted((*self._all, observer), key=lambda one: one.rank))
        self._arrange()

    def remove(self, observer: Observer) -> None:
        """Detach an observer; ``finish`` is not called."""
        self._all = tuple(one for one in self._all if one is not observer)
        self._arrange()

    def set_call_filter(self, call_filter: CallFilter | None) -> None:
        """Let this function end runs before calls; None: no function."""
        self.call_filter = call_filter
        self._arrange()

    def _arrange(self) -> None:
        """Collect the functions for each event."""
        for tell in self.when_changed:
            tell()
        for event in _EVENTS:
            own = [one for one in self._all if _has_own(one, event)]
            setattr(self, event, tuple(getattr(one, event) for one in own))
        self.watch_calls = bool(self.calling or self.called or self.call_filter)
        self.of_kernel: dict[type[Event], Told] = {
            kind: told for kind, name in OF_KERNEL.items() if (told := getattr(self, name))
        }


def _has_own(observer: Any, event: str) -> bool:
    return getattr(type(observer), event) is not getattr(Observer, event)
