"""What would make a refused call succeed, tried before it is told."""

from __future__ import annotations

from emu.report.context import Context
from emu.report.hint import Hint
from emu.report.remedies import REMEDIES, Failed
from kernel_model.call import CallRow
from kernel_model.errors import Refused
from kernel_model.trial import Trial

_MOST_MISTAKES = 4
"""How many errors of one call are mended, one after another."""


def remedy(
    context: Context, call: CallRow, words: tuple[int, ...], refusal: Refused
) -> Hint | None:
    """Calls that would be accepted instead, or advice; None if the call itself gives no clue.

    The calls are made on trial: each of them succeeds.  A call that has several mistakes gets what
    mends all of them, or is told which one remains.
    """
    return _remedy(context, call, words, refusal, _MOST_MISTAKES)


def _remedy(
    context: Context, call: CallRow, words: tuple[int, ...], refusal: Refused, left: int
) -> Hint | None:
    """left: how many errors are still to be mended."""
    find = REMEDIES.get(refusal.error)
    if find is None or not left:
        return None
    hint = find(Failed(context, call.operation, call.parameters(words), refusal))
    return None if hint is None else _tried(context, hint, left)


def _tried(context: Context, hint: Hint, left: int) -> Hint:
    """The hint, if its calls succeed; else what mends the first that does not, or its error."""
    trial = Trial(context.kernel)
    for number, (pid, planned) in enumerate(hint.calls):
        refusal = trial.refusal(pid, planned)
        if refusal is None:
            continue
        kernel = trial.kernel
        row = kernel.calls.of(planned.operation)
        assert row is not None
        words = tuple(word & 0xFFFFFFFF for word in row.registers(planned.arguments))
        registers = context.registers if pid == context.process.pid else None
        then = Context(kernel, context.history, context.debug, kernel.processes[pid], registers)
        further = _remedy(then, row, words, refusal, left - 1)
        if further is not None and further.calls:
            before, behind = hint.calls[:number] + further.calls, hint.calls[number + 1 :]
            mended = Hint(hint.text, before + behind)
            return _tried(context, mended, left - 1) if behind else mended
        advice = "" if further is None else f"; {further.text}"
        return Hint(f"E_{refusal.error.name} would be next: {refusal.text}{advice}")
    return hint
