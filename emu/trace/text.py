"""A trace as text: calls like strace's, instructions like objdump's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emu.arm.disassembly import Instruction
from emu.decoding.arguments import message_text
from emu.trace import events
from emu.trace.events import Event, Phase, Turn
from kernel_model.descriptors import SECTION_SIZE, SMALL_PAGE_SIZE, describe
from kernel_model.walk import Step

if TYPE_CHECKING:
    from emu.trace.columns import Columns


class TextFormat:
    """A line for each event, which begins with the pid in brackets."""

    ending = ""

    def begin(self) -> str:
        return ""

    def event(self, event: Event) -> str:
        return f"{_head(event)} {_LINES[event.kind](event)}\n"

    def accesses(self, pid: int, gathered: Columns) -> str:
        return gathered.text(pid)

    def instruction(
        self, pid: int, instruction: Instruction, thumb: bool, symbol: str, target: str
    ) -> str:
        """target: the name of the place that a branch goes to, or ""."""
        code = _code(instruction.data, thumb)
        line = f"[{pid}] {instruction.va:08x} {place(symbol)}{code:<10} {instruction.text}"
        return f"{line} <{target}>\n" if target else f"{line}\n"

    def block(self, pid: int, va: int, size: int, count: int, symbol: str) -> str:
        instructions = "1 instruction" if count == 1 else f"{count} instructions"
        return f"[{pid}] block {va:08x} {place(symbol)}{size} bytes, {instructions}\n"


def _head(event: Event) -> str:
    """The pid, the call's number, and the instructions so far where they are counted."""
    if isinstance(event, events.AccessEvent):
        return f"[{event.pid}]"
    number = f" #{event.call}" if event.call else ""
    return f"[{event.pid}]{number} @{event.time}" if event.time else f"[{event.pid}]{number}"


def place(symbol: str) -> str:
    return f"<{symbol}> " if symbol else ""


def _code(data: bytes, thumb: bool) -> str:
    """An instruction's bits as halfwords in Thumb, as a word in Arm."""
    if thumb:
        return " ".join(f"{data[at + 1]:02x}{data[at]:02x}" for at in range(0, len(data), 2))
    return f"{int.from_bytes(data, 'little'):08x}"


def _call(call: events.CallEvent) -> str:
    arguments = ", ".join(
        value.text if value.is_plain else f"{value.name}={value.text}" for value in call.arguments
    )
    if call.phase is Phase.BEGUN:
        return f"{call.name}({arguments} <unfinished ...>"
    begin = f"<... {call.name} resumed> " if call.phase is Phase.RESUMED else f"{call.name}("
    return f"{begin}{arguments}) = {_result(call)}"


def _result(call: events.CallEvent) -> str:
    if call.result is None:
        return "?"
    reason = f" ({call.reason})" if call.reason else ""
    if not call.error:
        return f"{call.result}{reason}"
    return f"{call.result} {call.error}{reason}" if call.semihosting else f"{call.error}{reason}"


def descriptors_text(event: events.DescriptorsEvent) -> str:
    """The entries that changed, and their old and new values."""
    unit = SECTION_SIZE if event.level == 1 else SMALL_PAGE_SIZE
    last = event.index + event.count - 1
    entries = f"[{event.index:#05x}]" if event.count == 1 else f"[{event.index:#05x}-{last:#05x}]"
    where = "installed nowhere"
    if event.va >= 0:
        where = f"va {event.va:#010x}-{event.va + event.count * unit - 1:#010x}"
    old = entry_text(event.level, event.old, event.count, event.old_frame)
    new = entry_text(event.level, event.new, event.count, event.new_frame)
    return f"map L{event.level} table {event.table} {entries} {where}: {old} -> {new}"


def entry_text(level: int, word: int, count: int, frame: int) -> str:
    """A run of descriptors in words, from the first of them."""
    text = describe(Step(level, 0, 0, word).entry)
    many = f"{count} x " if count > 1 and word else ""
    return f"{many}{text}" + (f" (frame {frame})" if frame >= 0 else "")


def _faulted(event: events.FaultEvent) -> str:
    reached = f"{event.access} of {event.va:#010x} " if event.access else ""
    symbol = f" <{event.symbol}>" if event.symbol else ""
    return f"--- {reached}at {event.pc:#010x}{symbol}: {event.what} ---"


def _scheduled(event: events.TurnEvent) -> str:
    if event.turn is Turn.ENDS:
        return f"+++ {event.why} +++"
    why = f": {event.why}" if event.why else ""
    return f"+++ {event.turn.value} at {event.pc:#010x}{why} +++"


def _message(event: events.MessageEvent) -> str:
    return f"{event.sort.value} to {event.to}: {message_text(event.data)}"


def _access(event: events.AccessEvent) -> str:
    what = "write" if event.is_write else "read"
    return (
        f"{event.pc:08x} {what} {event.size} va {event.va:#010x} pa {event.pa:#010x} "
        f"= {event.value:#0{2 + 2 * event.size}x}"
    )


_LINES: dict[str, Callable[[Any], str]] = {
    events.CallEvent.kind: _call,
    events.DescriptorsEvent.kind: descriptors_text,
    events.FaultEvent.kind: _faulted,
    events.TurnEvent.kind: _scheduled,
    events.MessageEvent.kind: _message,
    events.AccessEvent.kind: _access,
}
