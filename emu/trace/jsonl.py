"""A trace as JSON lines: an object on each line, as docs/traces.schema.json describes them."""

from __future__ import annotations

import json
from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING, Any

from emu.arm.disassembly import Instruction
from emu.decoding.arguments import Value
from emu.trace.events import Event

VERSION = 2
"""Incremented when an object changes its meaning or loses a member."""

if TYPE_CHECKING:
    from emu.trace.columns import Columns


class JsonLinesFormat:
    """Every object has ``kind``; addresses are numbers, bytes are hexadecimal strings."""

    ending = ""

    def begin(self) -> str:
        return _line({"kind": "trace", "version": VERSION, "clock": "instructions"})

    def event(self, event: Event) -> str:
        members = {field.name: _plain(getattr(event, field.name)) for field in fields(event)}
        return _line({"kind": event.kind, **members})

    def accesses(self, pid: int, gathered: Columns) -> str:
        return gathered.json(pid)

    def instruction(
        self, pid: int, instruction: Instruction, thumb: bool, symbol: str, target: str
    ) -> str:
        return _line({
            "kind": "insn", "pid": pid, "va": instruction.va, "thumb": thumb,
            "code": instruction.data.hex(), "text": instruction.text,
            "symbol": symbol, "target": target,
        })  # fmt: skip

    def block(self, pid: int, va: int, size: int, count: int, symbol: str) -> str:
        return _line({
            "kind": "block", "pid": pid, "va": va, "size": size, "instructions": count,
            "symbol": symbol,
        })  # fmt: skip


def _line(members: dict[str, Any]) -> str:
    return json.dumps(members, separators=(",", ":")) + "\n"


def _plain(value: Any) -> Any:
    """The value as JSON has it."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_argument(item) for item in value]
    return value


def _argument(value: Value) -> dict[str, Any]:
    members: dict[str, Any] = {"name": value.name, "value": value.value, "text": value.text}
    if value.data is not None:
        members["data"] = value.data.hex()
    return members
