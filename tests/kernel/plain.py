"""A convention that differs in more than names: plain errors, unknown numbers, other orders."""

from __future__ import annotations

from typing import Final

from kernel_model.call import CallRow, CallTable
from kernel_model.convention import Convention, ErrorResults, UnknownNumbers
from kernel_model.operations import Operation
from kernel_model.syscalls import CALLS

ORDERS: Final = {Operation.FRAME_MAP: (3, 2, 0, 1), Operation.FRAME_SPLIT: (1, 0)}
"""Of these calls the register of each parameter: frame_map(va, flags, f_id, t_id)."""


def reordered(call: CallRow) -> CallRow:
    """The call with its arguments in the order of its registers here."""
    order = ORDERS.get(call.operation)
    if order is None:
        return call
    arguments = tuple(call.arguments[order.index(register)] for register in range(len(order)))
    signed = tuple(index for index, argument in enumerate(arguments) if argument.signed)
    return call._replace(arguments=arguments, signed=signed, order=order)


PLAIN: Final = Convention(
    CallTable(map(reordered, CALLS)), ErrorResults.PLAIN, UnknownNumbers.IGNORED
)
