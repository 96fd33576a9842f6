"""What ``--explain`` says of refused calls: the rule, and a hint where there is one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import pytest

from emu.machine import Machine
from emu.machine.history import KernelEntry
from emu.report.refusal import is_end_of_list, refusal_text
from emu.report.rules import rule_of
from kernel_model.abi import (
    MAP_NOEXEC,
    MAP_READ,
    Error,
    FrameType,
    MapKind,
)
from kernel_model.call import CallRow
from kernel_model.errors import Refused
from kernel_model.handlers import contract
from kernel_model.kernel import Kernel
from kernel_model.operations import Operation
from kernel_model.syscalls import CALLS, trap
from tests.debug.rig import debug_for, machine_for
from tests.guests import guest

PAGE, MIB = 0x1000, 0x100000
FREE_VA = 0xEF100000
RO = MAP_READ | MAP_NOEXEC
L1, LOW, SYS, INFO = range(4)
HELLO = "programs/hello"


def find(kernel: Kernel, type_: FrameType = FrameType.MEM, *, largest: bool = True) -> int:
    """The process's free frame of a type."""
    free = [
        frame
        for frame in kernel.frames.values()
        if frame.type is type_ and not frame.is_viewed and not frame.is_table
    ]
    return (max if largest else min)(free, key=lambda frame: frame.len).f_id


class Bench:
    """A kernel just booted, and calls on it."""

    def __init__(self) -> None:
        self.path = guest(HELLO)
        self.machine: Machine = machine_for(self.path)
        self.kernel = self.machine.kernel
        self.free = find(self.kernel)

    def call(self, name: str, *arguments: int) -> int:
        """A call that succeeds."""
        result = self.try_(name, *arguments)
        assert result is not None
        assert result >= 0, self.kernel.refusal
        return result

    def try_(self, name: str, *arguments: int) -> int | None:
        words = [argument & 0xFFFFFFFF for argument in arguments]
        return trap(self.kernel, CALLS.named(name).number, *words, *[0] * (4 - len(words)))

    def page(self, count: int = 1) -> int:
        """A frame of so many pages."""
        frame = self.kernel.frames[self.free]
        return self.call("frame_split", self.free, frame.len - count * PAGE)


class Case(NamedTuple):
    """A call that is refused with ``error``.

    make: sets the stage and returns the arguments.
    """

    call: str
    error: Error
    make: Callable[[Bench], tuple[int, ...]]


SENTENCES = (
    Case("frame_map", Error.BAD_KIND, lambda bench: (SYS, bench.page(), 0, MapKind.TABLE_L1 | 1)),
    Case("proc_new", Error.BAD_SIZE, lambda bench: (bench.page(),)),
    Case("frame_unmap", Error.NOT_MAPPED, lambda bench: (bench.page(), MapKind.PAGE)),
    Case("frame_split", Error.OUT_OF_RANGE, lambda bench: (bench.page(), PAGE)),
    Case("frame_split", Error.UNALIGNED, lambda bench: (bench.page(), 4)),
    Case("frame_map", Error.UNALIGNED,
         lambda bench: (L1, bench.page(), 0x40000000, MapKind.SECTION | RO)),
)  # fmt: skip


@pytest.mark.parametrize("case", SENTENCES, ids=lambda case: f"{case.call}-{case.error.name}")
def test_where_no_call_would_do_there_is_a_sentence(case: Case) -> None:
    bench = Bench()
    arguments = case.make(bench)
    assert bench.try_(case.call, *arguments) == case.error
    refusal = bench.kernel.refusal
    assert refusal is not None
    entry = KernelEntry(1, 0, CALLS.named(case.call), (*arguments, 0, 0, 0, 0)[:4])
    text = explained(bench, entry, refusal)
    assert text.count("\n  hint\n") == 1
    assert len(text.splitlines()) == 5


def explained(bench: Bench, entry: KernelEntry, refusal: Refused) -> str:
    """What ``--explain`` says of a call."""
    machine = bench.machine
    registers = machine.cores[0].engine.registers.core()
    debug = debug_for(bench.path)
    return refusal_text(machine.kernel, machine.history, debug, entry, refusal, registers)


LAST_RULE = 15

CANNOT_BE_REFUSED = {"frame_count", "vspace_id", "yield", "exit", "thread_pointer"}

ANYWHERE = {
    Error.NO_FRAME: 2, Error.POOL_FULL: 3, Error.NOT_ALLOWED: 9, Error.TABLE_CURRENT: 9,
    Error.PEER_DIED: 12, Error.BAD_POINTER: 13, Error.NO_PROCESS: 0, Error.TO_SELF: 0,
    Error.NO_ID_LEFT: 0, Error.PEER_FAULTED: 15,
}  # fmt: skip
"""Errors that break one rule, whatever the call; 0: it has no number."""

WORDS = {
    Error.UNALIGNED: {
        "frame_split": "offset", "frame_map": "sections and L2 tables", "frame_table": "an L1",
        "frame_create": "frames are whole",
    },
    Error.OUT_OF_RANGE: {
        "frame_split": "inside the frame", "frame_map": "the table's range",
        "frame_info": "indexes", "frame_create": "are RAM",
    },
    Error.WRONG_TYPE: {
        "frame_split": "split", "frame_merge": "joined", "frame_table": "tables are made of",
        "frame_map": "never viewed", "frame_give": "stay", "vspace_swap": "stay",
        "frame_pool": "pool memory", "proc_new": "a process is made of",
        "frame_create": "created", "frame_unpool": "only pool memory",
    },
    Error.IS_TABLE: {
        "frame_split": "split", "frame_merge": "joined", "frame_table": "made a table",
        "frame_pool": "pool memory", "proc_new": "a process is made of",
    },
    Error.NOT_TABLE: {
        "frame_map": "into an L1", "frame_table": "frame_table", "vspace_swap": "a vspace",
        "vspace_lend": "a vspace",
    },
    Error.BAD_SIZE: {"frame_table": "16 KiB", "proc_new": "two pages"},
    Error.BAD_KIND: {
        "frame_map": "installed nowhere", "frame_unmap": "the kind is",
        "frame_table": "table types", "send": "ANSWER_RETRY",
    },
    Error.NOT_ALLOWED: {
        "frame_give": "gives to", "pool_give": "gives to", "vspace_swap": "no other",
        "vspace_lend": "own children", "proc_end": "its parent", "fault_handler": "handler is",
    },
    Error.POOL_FULL: {
        "frame_split": "maker", "frame_create": "maker", "proc_new": "maker",
        "frame_unpool": "that much room", "pool_give": "only free room",
    },
    Error.MAPPED: {"frame_pool": "pool memory", "proc_new": "mapped nowhere"},
    Error.TABLE_HUNG: {"frame_map": "one place", "frame_table": "becomes memory"},
    Error.TABLE_CURRENT: {
        "frame_table": "becomes memory", "frame_give": "running", "vspace_swap": "running",
        "proc_new": "running",
    },
}  # fmt: skip
"""Of errors that mean something else in another call: what the rule's sentence must say."""


def errors_of(call: CallRow) -> set[Error]:
    """Those that the call's own documentation lists."""
    listed = re.search(r"Errors:(.*?)(Source:|$)", contract(call.operation), re.DOTALL)
    names = re.findall(r"\b[A-Z][A-Z_]{2,}\b", listed[1]) if listed else []
    return {Error[name] for name in names}


def rules_of(call: CallRow) -> set[int]:
    """The numbers of the rules that the call's own documentation says it follows."""
    listed = re.findall(r"\brules? (\d+(?:(?:, | and )\d+)*)", contract(call.operation))
    return {int(number) for numbers in listed for number in re.findall(r"\d+", numbers)}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_every_error_of_every_call_has_a_rule(call: CallRow) -> None:
    """It is one that the call follows, or one that holds for all."""
    errors = errors_of(call)
    assert (not errors) is (call.name in CANNOT_BE_REFUSED)
    for error in errors:
        rule = rule_of(call.operation, error)
        assert rule.sentence
        assert 0 <= rule.number <= LAST_RULE
        assert rule.number in rules_of(call) or rule.number == ANYWHERE[error], error.name


def test_what_an_error_means_in_this_call_is_said() -> None:
    users: dict[Error, set[str]] = {}
    for call in CALLS:
        for error in errors_of(call):
            users.setdefault(error, set()).add(call.name)
    several = {error for error, calls in users.items() if len(calls) > 1}
    for error in several - (ANYWHERE.keys() - WORDS.keys()):
        assert WORDS[error].keys() == users[error], error.name
        for name, words in WORDS[error].items():
            assert words in rule_of(CALLS.named(name).operation, error).sentence


def test_every_error_has_a_rule_even_of_a_call_that_does_not_exist() -> None:
    assert all(rule_of(Operation.NONE, error).sentence for error in Error)


def test_the_end_of_the_list_of_frames() -> None:
    """Asking for the frame behind the last is no mistake; asking for one beyond is."""
    bench = Bench()
    count = len(bench.kernel.frames)
    for index, is_end in ((count, True), (count + 1, False)):
        assert bench.try_("frame_info", index, 0x12000) == Error.OUT_OF_RANGE
        refusal = bench.kernel.refusal
        assert isinstance(refusal, Refused)
        entry = KernelEntry(1, 0, CALLS.named("frame_info"), (index, 0x12000, 0, 0))
        assert is_end_of_list(entry, refusal) is is_end


def test_an_unknown_call() -> None:
    bench = Bench()
    trap(bench.kernel, 99, 0, 0, 0, 0)
    assert bench.kernel.refusal is not None
    entry = KernelEntry(7, 0, CALLS.find(99), (0, 0, 0, 0))
    text = explained(bench, entry, bench.kernel.refusal)
    assert text.startswith("emu: process 0, call 7: call number 99 = E_NO_CALL\n")
