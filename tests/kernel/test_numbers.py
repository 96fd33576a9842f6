"""Numbers, names and layouts against the specification's tables, typed here once more."""

from __future__ import annotations

import struct

import pytest

from kernel_model import abi
from kernel_model.abi import Error, FrameType, MapKind, ProcState, TableType
from kernel_model.errors import Refused
from kernel_model.handlers import contract
from kernel_model.memory import Ram
from kernel_model.syscalls import CALLS

SPECIFIED = """
0 send(pid, msg)
1 recv(msg)
2 proc_new(f_id)
3 frame_split(f_id, offset)
4 frame_merge(f1, f2)
5 frame_give(f_id, pid)
6 frame_map(t_id, f_id, va, flags)
7 frame_unmap(f_id, kind)
8 frame_allow(pid)
9 frame_count()
10 frame_info(index, frame)
11 frame_create(start, len, type)
12 frame_lookup(f_id, frame)
13 frame_table(f_id, type)
14 vspace_swap(pid, f_id)
15 vspace_id()
16 frame_pool(f_id)
17 yield()
18 exit(status)
19 console_write(ptr, len)
20 console_read(ptr, len)
21 fault_handler(pid)
23 proc_end(pid, status)
24 vspace_lend(pid, f_id)
25 call(pid, msg)
26 reply(pid, msg)
27 pool_give(pid, count)
28 frame_unpool(f_id)
30 thread_pointer(va)
"""


def test_the_calls_are_those_of_the_specification():
    listed = [
        f"{call.number} {call.name}({', '.join(argument.name for argument in call.arguments)})"
        for call in CALLS
    ]
    assert listed == SPECIFIED.split("\n")[1:-1]
    assert [call.number for call in CALLS] == [*range(22), *range(23, 29), 30]
    assert len(CALLS) == 29
    assert [CALLS.find(call.number) for call in CALLS] == list(CALLS)
    assert [CALLS.named(call.name) for call in CALLS] == list(CALLS)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_each_call_is_described(call):
    assert call.summary
    assert "Source:" in contract(call.operation)
    assert call.result in ("zero", "count", "f_id", "pid")


def test_the_calls_that_change_something_are_those_that_do():
    """Messages are no part of it: what they change is which process runs."""
    assert [call.name for call in CALLS if call.changes] == [
        "proc_new", "frame_split", "frame_merge", "frame_give", "frame_map", "frame_unmap",
        "frame_create", "frame_table", "vspace_swap", "frame_pool", "exit",
        "proc_end", "vspace_lend", "frame_unpool",
    ]  # fmt: skip


def test_ids_are_signed_and_nothing_else_is():
    signed = {
        argument.name
        for call in CALLS
        for argument in call.arguments
        if argument.from_register(0xFFFFFFFF) == -1
    }
    assert signed == {"pid", "f_id", "f1", "f2", "t_id", "status"}
    offset = CALLS.named("frame_split").arguments[1]
    assert offset.from_register(0xFFFFFFFF) == 0xFFFFFFFF
    assert CALLS.named("exit").arguments[0].from_register(0x7FFFFFFF) == 0x7FFFFFFF
    assert CALLS.named("exit").arguments[0].from_register(0x80000000) == -(1 << 31)


def test_structures_and_sizes():
    assert abi.MESSAGE_SIZE == 64
    assert struct.calcsize(abi.FRAME_STRUCT) == 40
    assert " ".join(abi.FRAME_FIELDS) == "f_id type pa len t_id t_va t_flags v_id v_va v_flags"
    assert struct.calcsize(abi.BOOT_INFO_STRUCT) == 5 * 4 + 256
    assert struct.calcsize(abi.PROC_INFO_STRUCT) == 4 * len(abi.PROC_INFO_FIELDS)


def test_types_and_flags():
    assert [(t.name, int(t)) for t in FrameType] == [
        ("IO", 1),
        ("MEM", 2),
        ("PROC", 3),
        ("POOL", 4),
    ]
    assert (abi.MAP_READ, abi.MAP_WRITE, abi.MAP_NOEXEC) == (1, 2, 64)
    assert [kind >> 2 for kind in MapKind] == [0, 1, 2, 3]
    assert [kind.name for kind in MapKind] == ["PAGE", "SECTION", "TABLE_L1", "TABLE_L2"]
    assert [(t.name, int(t)) for t in TableType] == [("NO", 0), ("L1", 2), ("L2", 4)]
    assert abi.TABLE_MAPPED == 1
    assert abi.NO_ID == -1


def test_errors_are_small_negative_numbers_with_a_meaning():
    assert Error.ERR == -1
    assert sorted(Error, reverse=True) == [Error(-n) for n in range(1, len(Error) + 1)]
    assert set(abi.ERROR_MEANING) == set(Error)


def test_process_states():
    assert [state.name for state in ProcState] == [
        "NEW", "READY", "SENDING", "RECEIVING", "DEAD", "CALLING", "AWAITING", "FAULTED", "STOPPED",
        "READING",
    ]  # fmt: skip
    assert [int(state) for state in ProcState] == list(range(10))


def test_what_is_told_of_deaths_and_faults():
    assert [(how.name, int(how)) for how in abi.DeathHow] == [("EXITED", 1), ("FAULTED", 2)]
    assert [(kind.name, int(kind)) for kind in abi.FaultKind] == [
        ("MEMORY_ACCESS", 1), ("UNDEFINED_INSTRUCTION", 2), ("BREAKPOINT_INSTRUCTION", 3),
    ]  # fmt: skip
    assert [(one.name, int(one)) for one in abi.FaultAnswer] == [
        ("RETRY", 0), ("END", 1), ("REDIRECT", 2),
    ]  # fmt: skip
    assert abi.FAULT_BIT == 1 << 30
    assert abi.DEATH_FIELDS == ("pid", "how", "status")
    assert abi.FAULT_FIELDS[:8] == ("kind", "va", "pc", "cpsr", "rights", "status", "sp", "lr")
    assert abi.FAULT_FIELDS[8:] == tuple(f"r{n}" for n in range(8))
    assert ("answer", "pc", "sp", *(f"r{n}" for n in range(8))) == abi.ANSWER_FIELDS
    assert struct.calcsize(abi.FAULT_STRUCT) == abi.MESSAGE_SIZE
    assert struct.calcsize(abi.ANSWER_STRUCT) == 4 * len(abi.ANSWER_FIELDS)
    assert struct.calcsize(abi.DEATH_STRUCT) == 4 * len(abi.DEATH_FIELDS)


# -- refusals --------------------------------------------------------------------------------


def test_a_refusal_tells_the_rule_and_the_values():
    refusal = Refused(Error.UNALIGNED, "{name} is {value:#x}", name="va", value=0x123)
    assert str(refusal) == "E_UNALIGNED (va is 0x123)"
    assert refusal.values == {"name": "va", "value": 0x123}


def test_a_refusal_without_values_tells_the_errors_meaning():
    assert Refused(Error.PAGE_ZERO).text == "page 0 is never mapped"


# -- physical memory -------------------------------------------------------------------------


@pytest.fixture
def ram() -> Ram:
    return Ram(0x80000000, 0x2000)


def test_ram_is_words_and_bytes_of_one_memory(ram):
    ram.write_word(0x80000004, 0x11223344)
    assert ram.read(0x80000004, 4) == b"\x44\x33\x22\x11"
    view = ram.read_words(0x80000000, 3)
    ram.write(0x80000008, b"\x01\0\0\0")
    assert view.tolist() == [0, 0x11223344, 1]
    ram.zero(0x80000005, 2)
    assert ram.read_word(0x80000004) == 0x11000044


@pytest.mark.parametrize("pa", [0x7FFFFFFC, 0x80002000, 0, 0xFFFFFFFC])
def test_an_address_outside_ram_is_our_mistake(ram, pa):
    for touch in (
        lambda: ram.read_word(pa),
        lambda: ram.write_word(pa, 0),
        lambda: ram.read(pa, 4),
        lambda: ram.write(pa, b"1234"),
        lambda: ram.zero(pa, 4),
        lambda: ram.read_words(pa, 1),
    ):
        with pytest.raises(IndexError, match=f"{pa:#x} are not RAM"):
            touch()


def test_a_run_must_be_ram_to_its_end(ram):
    assert ram.read(0x80001FFF, 1) == b"\0"
    with pytest.raises(IndexError):
        ram.read(0x80001FFF, 2)
    assert ram.contains(0x80000000, 0x2000)
    assert not ram.contains(0x80000000, 0x2001)
    assert not ram.contains(0x7FFFFFFF)
    assert ram.contains(0x80001FFF)


@pytest.mark.parametrize(
    ("base", "size", "buffer"), [(1, 0x1000, 0x1000), (0, 0x800, 0x800), (0, 0x1000, 0x2000)]
)
def test_ram_is_whole_pages_over_a_buffer_of_its_size(base, size, buffer):
    with pytest.raises(ValueError, match="Ram"):
        Ram(base, size, memoryview(bytearray(buffer)))
