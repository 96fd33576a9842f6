"""What became of a frame, of a process and of what is mapped at an address, from the events of the
kernel that a run brings about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from emu.inquiry.answers import Answer, entry_now, entry_words
from emu.machine.observers import Observer
from kernel_model.events import (
    DeathTold,
    FrameMade,
    FrameMerged,
    FrameMoved,
    FrameSplit,
    MessageDelivered,
    ProcessEnded,
    ProcessMade,
    TranslationChanged,
    VspaceChanged,
)
from kernel_model.memory import PAGE_SIZE
from kernel_model.walk import walk

if TYPE_CHECKING:
    from emu.machine.machine import Machine


class Life(Observer):
    """Gathers answers while the machine runs.  answers: first first."""

    rank: ClassVar[int] = 3

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.answers: list[Answer] = []

    def tell(self, what: str, **details: int | str) -> None:
        """Note what has happened in the entry into the kernel that is under way."""
        machine = self._machine
        entry = entry_now(machine)
        words = f"{what}, by {entry_words(machine, entry)}"
        self.answers.append(
            Answer(machine.instructions, machine.history.made, entry.pid, words, "", details)
        )

    def from_boot(self, what: str) -> None:
        """Note what there was before the first instruction."""
        self.answers.append(Answer(0, 0, 0, f"{what}, from the boot on"))


class FrameLife(Life):
    """The life of one frame: how it was made, cut, joined, passed on and mapped."""

    def __init__(self, machine: Machine, f_id: int) -> None:
        super().__init__(machine)
        self._id = f_id
        frame = machine.kernel.frames.get(f_id)
        if frame is not None:
            self.from_boot(f"{frame}, owned by process {frame.owner}")

    def frame_made(self, event: FrameMade) -> None:
        if event.f_id == self._id:
            self.tell(f"made of {event.length:#x} bytes at {event.pa:#010x}", owner=event.owner)

    def frame_split(self, event: FrameSplit) -> None:
        if event.lower == self._id:
            self.tell(f"cut; its upper part is frame {event.upper}")
        elif event.upper == self._id:
            self.tell(f"made of the upper part of frame {event.lower}")

    def frame_merged(self, event: FrameMerged) -> None:
        if event.f_id == self._id:
            self.tell(f"joined with frame {event.gone} behind it")
        elif event.gone == self._id:
            self.tell(f"joined to frame {event.f_id}; its id is gone")

    def frame_moved(self, event: FrameMoved) -> None:
        if event.f_id == self._id:
            self.tell(f"passed from process {event.giver} to process {event.receiver}")

    def translation_changed(self, event: TranslationChanged) -> None:
        kernel = self._machine.kernel
        frame = kernel.frames.get(self._id)
        if frame is not None and frame.is_viewed and event.va == kernel.view_va(frame):
            is_mapped = walk(kernel.memory, event.l1_pa, event.va).fault is None
            self.tell(f"{'mapped at' if is_mapped else 'unmapped from'} {event.va:#010x}")


class ProcessLife(Life):
    """The life of one process: how it was made, started and ended, and its messages."""

    def __init__(self, machine: Machine, pid: int) -> None:
        super().__init__(machine)
        self._pid = pid
        if pid in machine.kernel.processes:
            self.from_boot("there")

    def process_made(self, event: ProcessMade) -> None:
        if event.pid == self._pid:
            self.tell(f"made by process {event.parent}")

    def process_ended(self, event: ProcessEnded) -> None:
        if event.pid == self._pid:
            self.tell(f"ended: {event.ending}")

    def vspace_changed(self, event: VspaceChanged) -> None:
        if event.pid == self._pid:
            self.tell(f"its vspace became that of frame {event.l1}")

    def message_delivered(self, event: MessageDelivered) -> None:
        if event.receiver == self._pid:
            self.tell(f"got a {event.kind.value} from process {event.sender}")
        elif event.sender == self._pid:
            self.tell(f"gave process {event.receiver} a {event.kind.value}")

    def death_told(self, event: DeathTold) -> None:
        if event.pid == self._pid:
            self.tell(f"was told of a child's end: {event.death}")


class AddressLife(Life):
    """What was mapped at an address of a process (va), and when that changed."""

    def __init__(self, machine: Machine, pid: int, va: int) -> None:
        super().__init__(machine)
        self._pid, self._va = pid, va
        self._before = ""
        if pid in machine.kernel.processes:
            self._before = self._now()
            self.from_boot(self._before)

    def translation_changed(self, event: TranslationChanged) -> None:
        kernel = self._machine.kernel
        process = kernel.processes.get(self._pid)
        if process is None or event.l1_pa != kernel.l1_pa(process):
            return
        if event.va <= self._va < event.va + event.length:
            self._note()

    def vspace_changed(self, event: VspaceChanged) -> None:
        if event.pid == self._pid:
            self._note()

    def _note(self) -> None:
        now = self._now()
        if now != self._before:
            self._before = now
            self.tell(now)

    def _now(self) -> str:
        """What is mapped there."""
        kernel = self._machine.kernel
        found = walk(kernel.memory, kernel.l1_pa(kernel.processes[self._pid]), self._va)
        if found.fault is not None:
            return "nothing is mapped"
        frame = kernel.frame_at(found.pa & ~(PAGE_SIZE - 1))
        return f"{frame or 'a device'} is mapped, pa {found.pa:#010x}"
