"""Which events and which calls a trace has: the list behind ``--trace``, as strace has it.

A word is a kind of event, the name of a call, or a class of calls (``%frame``); ``!`` before it
leaves that out.  Words that name calls select the calls of the trace, and these calls only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from emu.semihosting.operations import OPERATIONS
from kernel_model.call import CallTable

KINDS: Final = ("syscall", "map", "fault", "sched", "ipc", "insn", "block", "mem")
NOT_IN_CHROME: Final = ("insn", "block", "mem")
"""Events too many and too short to be drawn, which only the other formats have."""
SEMIHOSTING: Final = "semihosting"


class TraceError(Exception):
    """What was asked for cannot be traced; the text is one line for the user."""


class CallChoice(NamedTuple):
    """Which calls a trace has.  only: their names, None for all.  but: names of calls left out."""

    only: frozenset[str] | None = None
    but: frozenset[str] = frozenset()
    only_failed: bool = False

    def wants(self, name: str) -> bool:
        return (self.only is None or name in self.only) and name not in self.but


class Selection(NamedTuple):
    """kinds: in the order of ``KINDS``."""

    kinds: tuple[str, ...]
    calls: CallChoice


def parse_selection(
    text: str, format_: str, calls: CallTable, only_failed: bool = False
) -> Selection:
    """What a list like ``syscall,ipc`` or ``%frame,!frame_info`` asks for.  Errors: TraceError."""
    possible = tuple(kind for kind in KINDS if format_ != "chrome" or kind not in NOT_IN_CHROME)
    words = [word.strip() for word in text.split(",") if word.strip()]
    plus, minus = _sorted(words, calls)
    for kind in plus.kinds:
        if kind not in possible:
            raise TraceError(f"a chrome trace has no {kind}: use --trace-format text or jsonl")
    if not words:
        raise TraceError(f"nothing to trace: choose from {', '.join(KINDS)}, all")
    kinds = set(plus.kinds)
    if "all" in words or (minus.kinds and not plus.kinds and not plus.names):
        kinds = set(possible)
    elif minus.names and not kinds:
        kinds = {"syscall"}
    every = not plus.names or "all" in words or "syscall" in plus.kinds
    only = None if every else frozenset(plus.names)
    if plus.names:
        kinds.add("syscall")
    chosen = tuple(kind for kind in possible if kind in kinds - set(minus.kinds))
    if not chosen:
        raise TraceError("nothing to trace is left")
    return Selection(chosen, CallChoice(only, frozenset(minus.names), only_failed))


class _Words(NamedTuple):
    """Kinds of events, and names of calls."""

    kinds: list[str]
    names: list[str]


def _sorted(words: Sequence[str], calls: CallTable) -> tuple[_Words, _Words]:
    """The words that ask for something, and those that leave something out.  Errors: TraceError."""
    plus, minus = _Words([], []), _Words([], [])
    classes = call_classes(calls)
    for word in words:
        into, name = (minus, word[1:]) if word.startswith("!") else (plus, word)
        if name in KINDS:
            into.kinds.append(name)
        elif name.startswith("%") and name[1:] in classes:
            into.names.extend(classes[name[1:]])
        elif any(name in known for known in classes.values()):
            into.names.append(name)
        elif word != "all":
            raise TraceError(
                f"there is no trace of {name!r}: choose from {', '.join(KINDS)}, all, names of "
                f"calls, {', '.join(f'%{known}' for known in classes)}"
            )
    return plus, minus


def call_classes(calls: CallTable) -> dict[str, list[str]]:
    """The names of the calls in each class."""
    classes: dict[str, list[str]] = {}
    for call in calls:
        for group in call.groups:
            classes.setdefault(group, []).append(call.name)
    return {**dict(sorted(classes.items())), SEMIHOSTING: [row.name for row in OPERATIONS.values()]}
