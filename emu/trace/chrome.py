"""A trace as Chrome's trace events, which Perfetto and chrome://tracing open.

Each process has three tracks: its calls, its turns on the processor and its messages, with arrows
to their receivers.  Faults and changed mappings are instants; the number of frames that each
process owns is a counter.

The time axis counts instructions, a nanosecond for each; a call or message, which takes none, is
drawn CALL nanoseconds long.  So the same run draws the same picture everywhere.
Source: "Trace Event Format" of the Chromium project.
"""

# ruff: noqa: ARG002 - one interface for all formats

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from emu.decoding.arguments import message_text
from emu.trace import events
from emu.trace.events import Event, Phase, Turn
from emu.trace.text import descriptors_text
from kernel_model.events import Delivery

if TYPE_CHECKING:
    from emu.arm.disassembly import Instruction
    from emu.trace.columns import Columns
    from kernel_model.kernel import Kernel

CALL = 100
"""The length of a call or a message on the axis, in nanoseconds."""

TRACKS = {"calls": 1, "turns": 2, "messages": 3}
"""The threads of each process, by name."""

Object = dict[str, Any]


class ChromeFormat:
    """One JSON object with all events in a list; ``ending`` closes it at any time."""

    ending = '\n],"displayTimeUnit":"ns"}\n'

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self._now = 0
        self._calls = 0
        self._flows = 0
        self._frames: dict[int, int] = {}
        self._writers: dict[str, Callable[[Any], Iterator[Object]]] = {
            events.CallEvent.kind: self._call,
            events.DescriptorsEvent.kind: self._descriptors,
            events.FaultEvent.kind: self._faulted,
            events.TurnEvent.kind: self._scheduled,
            events.MessageEvent.kind: self._message,
        }

    def begin(self) -> str:
        first = self._at("M", "trace_config", 0, "calls", {"clock": "instructions", "call": CALL})
        return '{"traceEvents":[\n' + _json(first)

    def event(self, event: Event) -> str:
        self._now = event.time + self._calls * CALL
        objects = [*self._counters(), *self._writers[event.kind](event)]
        return "".join(",\n" + _json(item) for item in objects)

    def accesses(self, pid: int, gathered: Columns) -> str:
        return "".join(map(self.event, gathered.events(pid)))

    def instruction(
        self, pid: int, instruction: Instruction, thumb: bool, symbol: str, target: str
    ) -> str:
        raise AssertionError("a Chrome trace has no instructions")

    def block(self, pid: int, va: int, size: int, count: int, symbol: str) -> str:
        raise AssertionError("a Chrome trace has no blocks")

    def _at(
        self, phase: str, name: str, pid: int, track: str, args: Object, after: int = 0, **more: Any
    ) -> Object:
        """An event ``after`` nanoseconds from now.

        Pids count from 1 here, because viewers take 0 for Linux's idle process.
        """
        ts = (self._now + after) / 1000
        place = {"pid": pid + 1, "tid": TRACKS[track], "ts": ts}
        return {"ph": phase, "name": name, "cat": track, **place, **more, "args": args}

    def _counters(self) -> Iterator[Object]:
        """The frames of each process where their number has changed; of a new process, its name."""
        for process in self.kernel.processes.values():
            count = len(process.frames)
            if process.pid not in self._frames:
                yield from self._introduction(process.pid)
            if self._frames.get(process.pid) != count:
                self._frames[process.pid] = count
                yield self._at("C", "frames owned", process.pid, "calls", {"frames": count})

    def _introduction(self, pid: int) -> Iterator[Object]:
        yield self._at("M", "process_name", pid, "calls", {"name": f"process {pid}"})
        for track in TRACKS:
            yield self._at("M", "thread_name", pid, track, {"name": track})

    def _call(self, call: events.CallEvent) -> Iterator[Object]:
        args: Object = {value.name: value.text for value in call.arguments}
        if call.result is not None:
            args["result"] = f"{call.error} {call.reason}".strip() or call.result
        if call.phase is Phase.RESUMED:
            yield self._at("E", call.name, call.pid, "calls", args)
            return
        if call.phase is Phase.BEGUN:
            yield self._at("B", call.name, call.pid, "calls", args)
        else:
            yield self._at("X", call.name, call.pid, "calls", args, dur=CALL / 1000)
        self._calls += 1

    def _scheduled(self, event: events.TurnEvent) -> Iterator[Object]:
        if event.turn is Turn.ENDS:
            yield self._at("E", "runs", event.pid, "turns", {})
            yield self._at("i", event.why, event.pid, "turns", {}, s="t")
            return
        if event.before >= 0 and event.before in self.kernel.processes:
            yield self._at("E", "runs", event.before, "turns", {"why": event.why})
        yield self._at("B", "runs", event.pid, "turns", {"pc": f"{event.pc:#010x}"})

    def _message(self, event: events.MessageEvent) -> Iterator[Object]:
        """A mark at the sender, one at the receiver, and the arrow between them."""
        half = CALL // 2
        flow: Object = {"id": self._flows}
        args: Object = {"data": message_text(event.data)}
        to = f"{_TO[event.sort]} {event.to}"
        mark: Object = {"dur": half / 1000}
        yield self._at("X", to, event.pid, "messages", args, **mark)
        yield self._at("X", f"from {event.pid}", event.to, "messages", args, half, **mark)
        yield self._at("s", "message", event.pid, "messages", {}, **flow)
        yield self._at("f", "message", event.to, "messages", {}, half, bp="e", **flow)
        self._flows += 1
        self._calls += 1

    def _faulted(self, event: events.FaultEvent) -> Iterator[Object]:
        args: Object = {"pc": f"{event.pc:#010x}", "symbol": event.symbol}
        if event.access:
            args |= {"va": f"{event.va:#010x}", "access": event.access}
        yield self._at("i", f"fault: {event.what}", event.pid, "calls", args, s="p")

    def _descriptors(self, event: events.DescriptorsEvent) -> Iterator[Object]:
        args: Object = {"entries": descriptors_text(event)}
        yield self._at("i", "map", max(event.pid, 0), "calls", args, s="t")


_TO = {
    Delivery.MESSAGE: "to",
    Delivery.START: "starts",
    Delivery.CALL: "calls",
    Delivery.REPLY: "replies to",
    Delivery.FAULT: "tells of its fault",
    Delivery.ANSWER: "answers",
}


def _json(item: Object) -> str:
    return json.dumps(item, separators=(",", ":"))
