"""Which function performs each operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from kernel_model.calls import console, faults, frames, giving, maps, messages, processes
from kernel_model.kernel import Kernel
from kernel_model.operations import Operation
from kernel_model.process import Process

if TYPE_CHECKING:
    from kernel_model.plan import PlannedCall

Handler = Callable[..., int]
"""handler(kernel, caller, *parameters) -> result.  It raises ``Refused`` before any effect."""

HANDLERS: Final[dict[Operation, Handler]] = {
    Operation.SEND: messages.send,
    Operation.RECV: messages.recv,
    Operation.PROC_NEW: processes.proc_new,
    Operation.FRAME_SPLIT: frames.frame_split,
    Operation.FRAME_MERGE: frames.frame_merge,
    Operation.FRAME_GIVE: giving.frame_give,
    Operation.FRAME_MAP: maps.frame_map,
    Operation.FRAME_UNMAP: maps.frame_unmap,
    Operation.FRAME_ALLOW: giving.frame_allow,
    Operation.FRAME_COUNT: frames.frame_count,
    Operation.FRAME_INFO: frames.frame_info,
    Operation.FRAME_CREATE: frames.frame_create,
    Operation.FRAME_LOOKUP: frames.frame_lookup,
    Operation.FRAME_TABLE: maps.frame_table,
    Operation.VSPACE_SWAP: giving.vspace_swap,
    Operation.VSPACE_ID: maps.vspace_id,
    Operation.FRAME_POOL: frames.frame_pool,
    Operation.YIELD: processes.yield_,
    Operation.EXIT: processes.exit_,
    Operation.CONSOLE_WRITE: console.console_write,
    Operation.CONSOLE_READ: console.console_read,
    Operation.FAULT_HANDLER: faults.fault_handler,
    Operation.PROC_END: processes.proc_end,
    Operation.VSPACE_LEND: giving.vspace_lend,
    Operation.CALL: messages.call,
    Operation.REPLY: messages.reply,
    Operation.POOL_GIVE: giving.pool_give,
    Operation.FRAME_UNPOOL: frames.frame_unpool,
    Operation.THREAD_POINTER: processes.thread_pointer,
}


def contract(operation: Operation) -> str:
    """The contract of an operation: its handler's docstring."""
    return HANDLERS[operation].__doc__ or ""


def carry_out(kernel: Kernel, process: Process, calls: list[PlannedCall]) -> None:
    """Make the calls of a plan as the process.  Each must succeed."""
    for call in calls:
        HANDLERS[call.operation](kernel, process, *call.arguments)
    kernel.publish(process)
