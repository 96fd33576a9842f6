"""The standard convention: its table of calls, one row per call.

The C header, the guest's stubs, the decoding in traces and the dispatch all follow these rows.
Source: docs/kernel.md, "Calls".
"""

from __future__ import annotations

from kernel_model.call import Argument, CallRow, CallTable, call_row
from kernel_model.convention import Convention
from kernel_model.kernel import Kernel
from kernel_model.operations import Operation
from kernel_model.trap import trap as enter


def _call(
    number: int,
    name: str,
    arguments: str,
    operation: Operation,
    result: str,
    summary: str,
    c_name: str = "",
    about: str = "",
) -> CallRow:
    row = tuple(_ARGUMENTS[word] for word in arguments.split())
    return call_row(number, name, operation, row, result, summary, c_name, about)


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
    _call(0, "send", "pid msg", Operation.SEND, "zero",
          "send 64 bytes, wait until received; a parent's first message starts its child",
          about="ipc"),
    _call(1, "recv", "msg*", Operation.RECV, "pid", "wait for 64 bytes; returns the sender's pid",
          about="ipc"),
    _call(2, "proc_new", "f_id", Operation.PROC_NEW, "pid",
          "make a process of a frame or of an L1 table", about="process"),
    _call(3, "frame_split", "f_id offset", Operation.FRAME_SPLIT, "f_id",
          "cut a frame in two; returns the upper part", about="frame"),
    _call(4, "frame_merge", "f1 f2", Operation.FRAME_MERGE, "f_id",
          "join f2 to the end of f1; returns f1", about="frame"),
    _call(5, "frame_give", "f_id pid", Operation.FRAME_GIVE, "f_id",
          "give a frame, and all mapped in it, to a process", about="frame"),
    _call(6, "frame_map", "t_id f_id va flags", Operation.FRAME_MAP, "zero",
          "map a frame in a table, or install an L2 table in an L1", about="frame"),
    _call(7, "frame_unmap", "f_id kind", Operation.FRAME_UNMAP, "zero",
          "remove a page view, or remove a table", about="frame"),
    _call(8, "frame_allow", "pid", Operation.FRAME_ALLOW, "zero",
          "allow one more process to give frames to the caller; -1: none", about="frame"),
    _call(9, "frame_count", "", Operation.FRAME_COUNT, "count", "how many frames the caller owns",
          about="frame"),
    _call(10, "frame_info", "index frame*", Operation.FRAME_INFO, "zero",
          "describe the caller's index-th frame", about="frame"),
    _call(11, "frame_create", "start len type", Operation.FRAME_CREATE, "f_id",
          "make a frame of a physical range (device-tree boot, proc0)",
          about="frame"),
    _call(12, "frame_lookup", "f_id frame*", Operation.FRAME_LOOKUP, "zero", "describe a frame",
          about="frame"),
    _call(13, "frame_table", "f_id table", Operation.FRAME_TABLE, "zero",
          "turn a frame into a table, or a table back into memory", about="frame"),
    _call(14, "vspace_swap", "pid f_id", Operation.VSPACE_SWAP, "zero",
          "make an L1 table the current vspace of a process", about="frame process"),
    _call(15, "vspace_id", "", Operation.VSPACE_ID, "f_id", "the caller's L1 table", about="frame"),
    _call(16, "frame_pool", "f_id", Operation.FRAME_POOL, "count",
          "turn a frame into room for kernel objects; returns how many",
          about="frame"),
    _call(17, "yield", "", Operation.YIELD, "zero", "let other processes run", "proc_yield",
          about="process"),
    _call(18, "exit", "status", Operation.EXIT, "zero", "end the caller", "proc_exit",
          about="process"),
    _call(19, "console_write", "bytes len", Operation.CONSOLE_WRITE, "count",
          "write to the console; returns how many bytes", about="console"),
    _call(20, "console_read", "bytes* len", Operation.CONSOLE_READ, "count",
          "read from the console; returns how many bytes, 0 at the end", about="console"),
    _call(21, "fault_handler", "pid", Operation.FAULT_HANDLER, "zero",
          "name the process that receives the caller's faults and answers them; -1: none",
          about="process ipc"),
    _call(23, "proc_end", "pid status", Operation.PROC_END, "zero", "end a child",
          about="process"),
    _call(24, "vspace_lend", "pid f_id", Operation.VSPACE_LEND, "zero",
          "make an L1 table, which the caller goes on owning, the vspace of a child",
          about="frame process"),
    _call(25, "call", "pid msg<>", Operation.CALL, "zero",
          "send 64 bytes and wait for that process's reply, which replaces them", about="ipc"),
    _call(26, "reply", "pid msg", Operation.REPLY, "zero",
          "answer a call with 64 bytes; never blocks", about="ipc"),
    _call(27, "pool_give", "pid count", Operation.POOL_GIVE, "zero",
          "give a process room for kernel objects", about="frame process"),
    _call(28, "frame_unpool", "f_id", Operation.FRAME_UNPOOL, "zero",
          "turn pool memory back into memory, zeroed", about="frame"),
    _call(30, "thread_pointer", "va", Operation.THREAD_POINTER, "zero",
          "set the caller's TPIDRURO, where its thread-local variables are", about="process"),
))  # fmt: skip

STANDARD = Convention(CALLS)
"""The convention of docs/kernel.md: named errors, unknown numbers refused."""


def trap(kernel: Kernel, number: int, *registers: int, core: int = 0) -> int | None:
    """Make a call, by number, as the process that runs on a core: for kernels without a machine.

    registers: r0 to r3, as 32-bit words.  Returns what ``kernel_model.trap.trap`` does.
    """
    return enter(kernel, core, kernel.calls.find(number), registers)
