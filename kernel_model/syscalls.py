"""The standard table of calls, and the trap by which processes make calls.

One row a call: from these rows come the C header, the guest's stubs, the traces' decoding
and the dispatch.  Source: spec, "Calling convention".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kernel_model.abi import NO_ID, ProcState
from kernel_model.call import Argument, Call, CallTable, signed
from kernel_model.calls import console, faults, frames, giving, maps, messages, processes
from kernel_model.errors import Refused
from kernel_model.kernel import Kernel


def _call(
    number: int,
    name: str,
    arguments: str,
    handler: Callable[..., int],
    result: str,
    summary: str,
    c_name: str = "",
    changes: bool = False,
    about: str = "",
) -> Call:
    row = tuple(_ARGUMENTS[word] for word in arguments.split())
    are_signed = tuple(index for index, argument in enumerate(row) if argument.signed)
    groups = tuple(about.split())
    return Call(
        number, name, row, handler, result, summary, c_name or name, are_signed, changes, groups
    )


_ARGUMENTS = {
    key: Argument(name, ctype, what)
    for key, name, ctype, what in (
        ("pid", "pid", "int", "pid"),
        ("f_id", "f_id", "int", "f_id"),
        ("f1", "f1", "int", "f_id"),
        ("f2", "f2", "int", "f_id"),
        ("t_id", "t_id", "int", "f_id"),
        ("offset", "offset", "size_t", "offset"),
        ("va", "va", "void *", "va"),
        ("flags", "flags", "unsigned", "map_flags"),
        ("kind", "kind", "unsigned", "map_kind"),
        ("table", "type", "unsigned", "table_type"),
        ("index", "index", "unsigned", "index"),
        ("frame*", "frame", "struct frame *", "frame_out"),
        ("start", "start", "size_t", "pa"),
        ("len", "len", "size_t", "length"),
        ("type", "type", "unsigned", "frame_type"),
        ("status", "status", "int", "status"),
        ("msg", "msg", "const void *", "message_in"),
        ("msg*", "msg", "void *", "message_out"),
        ("bytes", "ptr", "const void *", "bytes_in"),
        ("bytes*", "ptr", "void *", "bytes_out"),
        ("msg<>", "msg", "void *", "message_inout"),
        ("count", "count", "unsigned", "count"),
    )
}

CALLS = CallTable((
    _call(0, "send", "pid msg", messages.send, "zero",
          "send 64 bytes, wait until received; a parent's first message starts its child",
          about="ipc"),
    _call(1, "recv", "msg*", messages.recv, "pid", "wait for 64 bytes; returns who sent them",
          about="ipc"),
    _call(2, "proc_new", "f_id", processes.proc_new, "pid",
          "make a process of a frame or of an L1 table", changes=True, about="process"),
    _call(3, "frame_split", "f_id offset", frames.frame_split, "f_id",
          "cut a frame in two; returns the upper part", changes=True, about="frame"),
    _call(4, "frame_merge", "f1 f2", frames.frame_merge, "f_id",
          "join f2 to the end of f1; returns f1", changes=True, about="frame"),
    _call(5, "frame_give", "f_id pid", giving.frame_give, "f_id",
          "give a frame, and all mapped in it, to a process", changes=True, about="frame"),
    _call(6, "frame_map", "t_id f_id va flags", maps.frame_map, "zero",
          "map a frame in a table, or hang an L2 table in an L1", changes=True, about="frame"),
    _call(7, "frame_unmap", "f_id kind", maps.frame_unmap, "zero",
          "remove a page view, or unhang a table", changes=True, about="frame"),
    _call(8, "frame_allow", "pid", giving.frame_allow, "zero",
          "let one more process give frames to the caller; -1: none", about="frame"),
    _call(9, "frame_count", "", frames.frame_count, "count", "how many frames the caller owns",
          about="frame"),
    _call(10, "frame_info", "index frame*", frames.frame_info, "zero",
          "describe the caller's index-th frame", about="frame"),
    _call(11, "frame_create", "start len type", frames.frame_create, "f_id",
          "make a frame of a physical range (device-tree boot, proc0)",
          changes=True, about="frame"),
    _call(12, "frame_lookup", "f_id frame*", frames.frame_lookup, "zero", "describe a frame",
          about="frame"),
    _call(13, "frame_table", "f_id table", maps.frame_table, "zero",
          "turn a frame into a table, or a table back into memory", changes=True, about="frame"),
    _call(14, "vspace_swap", "pid f_id", giving.vspace_swap, "zero",
          "make an L1 table the current vspace of a process", changes=True, about="frame process"),
    _call(15, "vspace_id", "", maps.vspace_id, "f_id", "the caller's L1 table", about="frame"),
    _call(16, "frame_pool", "f_id", frames.frame_pool, "count",
          "turn a frame into room for kernel objects; returns how many",
          changes=True, about="frame"),
    _call(17, "yield", "", processes.yield_, "zero", "let the others have a turn", "proc_yield",
          about="process"),
    _call(18, "exit", "status", processes.exit_, "zero", "end the caller", "proc_exit",
          changes=True, about="process"),
    _call(19, "console_write", "bytes len", console.console_write, "count",
          "write to the console; returns how many bytes", about="console"),
    _call(20, "console_read", "bytes* len", console.console_read, "count",
          "read from the console; returns how many bytes, 0 at the end", about="console"),
    _call(21, "fault_handler", "pid", faults.fault_handler, "zero",
          "let a process be told of the caller's faults and answer them; -1: nobody",
          about="process ipc"),
    _call(23, "proc_end", "pid status", processes.proc_end, "zero", "end a child",
          changes=True, about="process"),
    _call(24, "vspace_lend", "pid f_id", giving.vspace_lend, "zero",
          "make an L1 table that stays the caller's the vspace of a child",
          changes=True, about="frame process"),
    _call(25, "call", "pid msg<>", messages.call, "zero",
          "send 64 bytes and wait for that process's reply, which replaces them", about="ipc"),
    _call(26, "reply", "pid msg", messages.reply, "zero",
          "answer a call with 64 bytes; never blocks", about="ipc"),
    _call(27, "pool_give", "pid count", giving.pool_give, "zero",
          "give a process room for kernel objects", about="frame process"),
    _call(28, "frame_unpool", "f_id", frames.frame_unpool, "zero",
          "turn pool memory back into memory, zeroed", changes=True, about="frame"),
))  # fmt: skip


_DEAD = ProcState.DEAD
"""At hand for each call: to look a member up in its enumeration takes longer than a call."""


def trap(kernel: Kernel, number: int, *registers: int, core: int = 0) -> int | None:
    """Answer a call of the process that runs on a core: a number, and r0 to r3 as 32-bit words.

    Returns what ``perform`` does.
    """
    return perform(kernel, kernel.calls.find(number), registers, core)


def perform(kernel: Kernel, call: Call, registers: tuple[int, ...], core: int = 0) -> int | None:
    """Make a call as the process that runs on a core.  registers: r0 to r3, as 32-bit words.

    Returns what goes to r0, when the same process goes on there; None when
    ``kernel.running`` says whom to run now.  ``kernel.refusal`` then tells why a call failed.
    """
    caller = kernel.running[core]
    if caller is None:
        raise AssertionError(f"perform: nobody is running on core {core}")
    kernel.refusal = None
    words: Sequence[int] = registers[: len(call.arguments)]
    if call.signed:
        words = [*words]
        for index in call.signed:
            words[index] = signed(words[index])
    try:
        result = call.handler(kernel, caller, *words)
    except Refused as refusal:
        kernel.refusal = refusal
        return refusal.error
    if caller.state is not _DEAD:
        caller.calls += 1
        if caller.record != NO_ID:
            kernel.publish(caller)
    return result if kernel.running[core] is caller else None
