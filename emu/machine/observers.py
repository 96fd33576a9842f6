"""What can be watched of a run: one observer a purpose, and nothing paid where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final

from emu.cpu.stop import Stop
from emu.machine.fault import Fault
from emu.machine.history import KernelEntry
from kernel_model.call import Call
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
    TranslationChanged,
    VspaceChanged,
)
from kernel_model.process import Process, Resume

if TYPE_CHECKING:
    from emu.machine.core import Core

Words = tuple[int, int, int, int]
"""r0 to r3, as 32-bit words."""
Gate = Callable[[Process, int], bool]
"""gate(process, number): whether the run is to end before the call is made; number: r12."""


class Observer:
    """Told what happens, in order; it changes nothing.  ``Observers.add`` attaches it.

    During ``calling`` and ``called`` the PC of the core is past the SVC.
    rank: of several observers those with the lower one are told first.
    """

    rank: ClassVar[int] = 0

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        """A process is about to run; switched: another had the core before."""

    def stopped(self, core: Core, process: Process, reason: Stop) -> None:
        """The run that ``loading`` began has ended; registers are as the program left them."""

    def calling(self, core: Core, process: Process, call: Call, words: Words) -> None:
        """A call of the kernel's begins."""

    def called(self, core: Core, process: Process, call: Call, result: int | None) -> None:
        """It is decided.  None: somebody else runs now; ``process`` may have ended."""

    def refused(self, process: Process, entry: KernelEntry, refusal: Refused) -> None:
        """A call has failed, at once or after it had blocked; ``called`` or ``loading`` follows."""

    def semihosting(self, core: Core, process: Process, operation: int, argument: int) -> None:
        """A semihosting call begins."""

    def semihosted(self, core: Core, process: Process, operation: int, result: int) -> None:
        """It is done, unless ``process`` has ended."""

    def faulted(self, core: Core, fault: Fault) -> None:
        """A process did something; the kernel hears of it after this."""

    # What an entry into the kernel brings about, as ``kernel_model.events`` has it.  Each is told
    # as it happens, between ``calling`` and ``called`` where a call is the cause.

    def message_delivered(self, event: MessageDelivered) -> None: ...

    def death_told(self, event: DeathTold) -> None: ...

    def process_made(self, event: ProcessMade) -> None: ...

    def process_ended(self, event: ProcessEnded) -> None: ...

    def vspace_changed(self, event: VspaceChanged) -> None: ...

    def frame_made(self, event: FrameMade) -> None: ...

    def frame_split(self, event: FrameSplit) -> None: ...

    def frame_merged(self, event: FrameMerged) -> None: ...

    def frame_moved(self, event: FrameMoved) -> None: ...

    def descriptors_written(self, event: DescriptorsWritten) -> None: ...

    def translation_changed(self, event: TranslationChanged) -> None: ...

    def memory_written(self, event: MemoryWritten) -> None: ...

    def restored(self) -> None:
        """The machine has become what it, or another, was at some other time."""

    def finish(self) -> None:
        """The run is over, for this observer at least."""


_EVENTS: Final = tuple(name for name in vars(Observer) if name[0] != "_" and name != "rank")

Told = tuple[Callable[..., None], ...]

OF_KERNEL: Final[dict[type[Event], str]] = {
    MessageDelivered: "message_delivered",
    DeathTold: "death_told",
    ProcessMade: "process_made",
    ProcessEnded: "process_ended",
    VspaceChanged: "vspace_changed",
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
    """Carries each event to the observers that want it.

    For each event there is a tuple of what to call: ``for tell in observers.called: tell(...)``.
    It is empty where no observer has a method of its own for that, which costs whoever carries
    the event next to nothing.  Hence an attribute for each event.
    watch_calls: whether there are any for ``calling`` or ``called``, or a gate.
    gate: asked before each call of the kernel's, or None.
    of_kernel: by type of event, what to call with events of the kernel that somebody wants.
    """

    loading: Told
    stopped: Told
    calling: Told
    called: Told
    refused: Told
    semihosting: Told
    semihosted: Told
    faulted: Told
    restored: Told
    finish: Told

    def __init__(self) -> None:
        self._all: tuple[Observer, ...] = ()
        self.gate: Gate | None = None
        self._arrange()

    def add(self, observer: Observer) -> None:
        """Let one more watch, behind those of its rank that already do."""
        self._all = tuple(sorted((*self._all, observer), key=lambda one: one.rank))
        self._arrange()

    def remove(self, observer: Observer) -> None:
        """Let it watch no longer; it is not told so."""
        self._all = tuple(one for one in self._all if one is not observer)
        self._arrange()

    def set_gate(self, gate: Gate | None) -> None:
        """Let this decide where runs end before a call; there is one at most."""
        self.gate = gate
        self._arrange()

    def _arrange(self) -> None:
        """Say for each event who wants it."""
        for event in _EVENTS:
            own = [one for one in self._all if _has_own(one, event)]
            setattr(self, event, tuple(getattr(one, event) for one in own))
        self.watch_calls = bool(self.calling or self.called or self.gate)
        self.of_kernel: dict[type[Event], Told] = {
            kind: told for kind, name in OF_KERNEL.items() if (told := getattr(self, name))
        }


def _has_own(observer: Any, event: str) -> bool:
    return getattr(type(observer), event) is not getattr(Observer, event)
