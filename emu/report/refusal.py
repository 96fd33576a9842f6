"""The report of a refused call, for ``--explain``: the rule, the values, and a remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.decoding.calls import call_text
from emu.machine.history import KernelEntry
from emu.report.context import Context
from emu.report.hint import hint_lines
from emu.report.history import how_it_ended
from emu.report.layout import section
from emu.report.remedy import remedy
from emu.report.rules import rule_of
from emu.report.stack import levels_of
from kernel_model.abi import Error
from kernel_model.errors import Refused
from kernel_model.operations import Operation

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles
    from emu.machine.history import History
    from kernel_model.kernel import Kernel

_CALLERS = 3
"""How many functions are named."""


def refusal_text(
    kernel: Kernel,
    history: History,
    debug: DebugFiles,
    entry: KernelEntry,
    refusal: Refused,
    registers: tuple[int, ...],
) -> str:
    """What the call was, which rule refused it, and what would be accepted.

    registers: r0-r12, sp, lr, pc, cpsr of the caller.
    """
    context = Context(kernel, history, debug, kernel.processes[entry.pid], registers)
    shown = call_text(kernel, context.process, entry.call, entry.words)
    rule = rule_of(entry.call.operation, refusal.error)
    lines = [
        f"emu: process {entry.pid}, call {entry.number}: {shown} = E_{refusal.error.name}",
        f"  {_where(context)}",
        f"  because {_why(context, entry, refusal)}; {kernel.calls.text(str(rule))}",
    ]
    hint = remedy(context, entry.call, entry.words, refusal)
    lines += section("hint", hint_lines(context, hint))
    return "\n".join(lines)


def is_end_of_list(entry: KernelEntry, refusal: Refused) -> bool:
    """Whether a ``frame_info`` asked for the frame after the last: how loops end, no mistake."""
    asked = entry.call.operation is Operation.FRAME_INFO and refusal.error is Error.OUT_OF_RANGE
    return asked and refusal.values["index"] == refusal.values["count"]


def _where(context: Context) -> str:
    """The functions that made the call."""
    assert context.registers is not None
    levels, _ = levels_of(context, context.registers)
    calls = [call for level in levels for call in level]
    if len(calls) > 1 and _is_stub(context, calls[0].function):
        del calls[0]
    return "in " + ", called from ".join(map(str, calls[:_CALLERS]))


def _is_stub(context: Context, function: str) -> bool:
    """Whether a function is the stub of a call."""
    return any(function == call.c_name for call in context.kernel.calls)


def _why(context: Context, entry: KernelEntry, refusal: Refused) -> str:
    """The reason; when a process has ended, also how."""
    if refusal.error not in (Error.NO_PROCESS, Error.PEER_DIED):
        return refusal.text
    pairs = zip(entry.words, entry.call.arguments, strict=False)
    pid = next((word for word, argument in pairs if argument.what == "pid"), None)
    ended = None if pid is None else how_it_ended(context.history, pid)
    return refusal.text if ended is None else f"{refusal.text}: process {pid} {ended}"
