"""Every remedy is obeyed: what is advised for a refused call is done, and the call succeeds.

Each is tried by proc0, by a child on a vspace of its own, and by a process on a lent vspace, and
in each of them a second time.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from emu.report.remedies import REMEDIES
from kernel_model.abi import Error, TableType
from tests.debug.stage import SITUATIONS, Case, Stage, obey
from tests.kernel.driver import DATA, MIB, PAGE, RO, RW, RX, SECTION, TABLE_L1, TABLE_L2, set_room

HIDDEN = Error.TABLE_NOT_VISIBLE
UNSEEN = Error.NOT_VIEWED_READ_ONLY
Act = Callable[[Stage, Case, tuple[int, ...]], None]


def taken_by_table(stage: Stage, above: int = 0) -> tuple[int, ...]:
    """Another L2 is at some of the addresses that an L2 would translate."""
    va = stage.far()
    stage.installed(va + above)
    return stage.own, stage.table(), va, TABLE_L2


def taken_twice(stage: Stage) -> tuple[int, ...]:
    """Two frames are in the way of one of three pages."""
    start = stage.va(3 * PAGE)
    stage.call("frame_map", stage.sys, stage.take(), start, RO)
    stage.call("frame_map", stage.sys, stage.take(), start + 2 * PAGE, RW)
    return stage.sys, stage.take(3), start, RO


def taken_in_another_vspace(stage: Stage) -> tuple[int, ...]:
    """The table belongs to another vspace than the caller's own, which has its code there."""
    l1, l2 = stage.table(TableType.L1), stage.table()
    stage.call("frame_map", l1, l2, 0, TABLE_L2)
    stage.call("frame_map", l2, stage.take(), 0x10000, RO)
    return l2, stage.take(), 0x10000, RO


def taken_by_section(stage: Stage) -> tuple[int, ...]:
    va = stage.far()
    stage.call("frame_map", stage.own, stage.take(256, MIB), va, SECTION | RO)
    return stage.own, stage.table(), va, TABLE_L2


def a_hidden_table(stage: Stage) -> tuple[int, ...]:
    va = stage.far()
    table = stage.installed(va)
    stage.call("frame_unmap", table, 0)
    return table, stage.take(), va, RO


def full(stage: Stage, free: int = 0) -> None:
    """Leave room for ``free`` more objects in the caller's account."""
    process = stage.kernel.processes[stage.pid]
    room = process.charged + free
    if stage.pid == 0:
        set_room(stage.kernel, room)
    else:
        stage.kernel.processes[0].room += process.room - room
        process.room = room


def full_split(stage: Stage) -> tuple[int, ...]:
    frame, _ = stage.take(2), stage.take(3)
    full(stage)
    return frame, PAGE


def full_gift(stage: Stage) -> tuple[int, ...]:
    child = stage.child()
    stage.take(5)
    full(stage)
    return child, 100


def a_stranger(stage: Stage) -> int:
    """A process that owes the caller nothing: a child of a child."""
    child = stage.child()
    stage.call("pool_give", child, 4)
    record = stage.take(2)
    stage.call("frame_give", record, child)
    stage.as_process(child, "proc_new", record)
    return stage.kernel.next_pid - 1


def larger(stage: Stage, offset: int) -> tuple[int, ...]:
    """A frame of 64 KiB that begins so far behind a multiple of 16 KiB, to become an L1."""
    frame = stage.take(16 + offset // PAGE, 0x10000)
    if offset:
        frame = stage.call("frame_split", frame, offset)
    return stage.seen(frame), TableType.L1


def hidden(stage: Stage, f_id: int) -> int:
    """The frame, no longer viewed."""
    stage.call("frame_unmap", f_id, 0)
    return f_id


def sections(stage: Stage) -> int:
    """A frame of two MiB, viewed as sections."""
    frame = stage.take(512, MIB)
    stage.call("frame_map", stage.own, frame, stage.far(), SECTION | RO)
    return frame


def taken_by_its_view(stage: Stage) -> tuple[int, ...]:
    """A frame moves by a page, to where another one follows it."""
    start = stage.va(3 * PAGE)
    moved = stage.take(2)
    stage.call("frame_map", stage.sys, moved, start, RO)
    stage.call("frame_map", stage.sys, stage.take(), start + 2 * PAGE, RW)
    return stage.sys, moved, start + PAGE, RO


def taken_by_a_table_view(stage: Stage) -> tuple[int, ...]:
    """A table is there, which has to stay visible: the frame goes elsewhere."""
    table = stage.installed()
    frame = stage.kernel.frames[table]
    return stage.sys, stage.take(), stage.kernel.view_va(frame), RO


def hidden_and_taken(stage: Stage) -> tuple[int, ...]:
    va = stage.far()
    table = stage.installed(va)
    stage.call("frame_map", table, stage.take(), va, RO)
    return hidden(stage, table), stage.take(), va, RO


def full_unpool(stage: Stage) -> tuple[int, ...]:
    full(stage, free=8)
    frame = stage.take(3)
    stage.call("frame_pool", frame)
    full(stage)
    return (frame,)


def one_object_too_many(stage: Stage) -> tuple[int, ...]:
    """Pool memory whose room would be free, if two adjacent pages were one frame."""
    frame, part = stage.take(3), stage.take(2)
    stage.call("frame_pool", frame)
    stage.call("frame_split", part, PAGE)
    full(stage, free=3 * 64 - 1)
    return (frame,)


def full_split_of_all(stage: Stage) -> tuple[int, ...]:
    """The caller's only free memory is what it would split."""
    full(stage)
    return stage.free, PAGE


def taken_by_itself(stage: Stage) -> tuple[int, ...]:
    """A table of a MiB that is viewed as a section, at an address that it would translate."""
    frame, va = stage.take(256, MIB), stage.far()
    stage.call("frame_map", stage.own, frame, va, SECTION | RO)
    stage.call("frame_table", frame, TableType.L2)
    return stage.own, frame, va, TABLE_L2


def misaligned(stage: Stage) -> tuple[int, ...]:
    frame = stage.call("frame_split", stage.take(5, 0x10000), PAGE)
    return stage.seen(frame), TableType.L1


def just_large_enough(stage: Stage) -> tuple[int, ...]:
    """The last 16 KiB of the frame can become an L1."""
    frame = stage.call("frame_split", stage.take(8, 0x10000), 3 * PAGE)
    return stage.seen(frame), TableType.L1


EVERYWHERE = (
    Case("frame_split", Error.UNALIGNED, lambda stage: (stage.take(9), 0x1234)),
    Case("frame_split", Error.UNALIGNED, lambda stage: (stage.take(9), 0x12)),
    Case("frame_split", Error.UNALIGNED, lambda stage: (stage.take(2), 2 * PAGE + 4)),
    Case("frame_split", Error.UNALIGNED, lambda stage: (stage.take(3), 0xFFFFFFFF)),
    Case("frame_split", Error.UNALIGNED, lambda stage: (sections(stage), MIB + PAGE)),
    Case("frame_split", Error.UNALIGNED, lambda stage: (sections(stage), PAGE)),
    Case("frame_split", Error.OUT_OF_RANGE, lambda stage: (stage.take(2), 2 * PAGE)),
    Case("frame_split", Error.OUT_OF_RANGE, lambda stage: (stage.take(2), 0)),
    Case("frame_split", Error.OUT_OF_RANGE, lambda stage: (sections(stage), 2 * MIB)),
    Case("frame_split", Error.POOL_FULL, full_split),
    Case("pool_give", Error.POOL_FULL, full_gift),
    Case("frame_table", Error.TABLE_HUNG, lambda stage: (stage.installed(), TableType.NO)),
    Case("frame_unmap", Error.NOT_MAPPED, lambda stage: (stage.seen(stage.take()), SECTION)),
    Case("frame_unmap", Error.NOT_MAPPED, lambda stage: (hidden(stage, stage.installed()), 0)),
    Case("frame_pool", Error.MAPPED, lambda stage: (stage.seen(stage.take()),)),
    Case("frame_pool", Error.MAPPED, lambda stage: (sections(stage),)),
    Case("proc_new", Error.MAPPED, lambda stage: (stage.seen(stage.take(2)),)),
    Case("frame_give", Error.NOT_ALLOWED, lambda stage: (stage.take(), a_stranger(stage))),
    Case("pool_give", Error.NOT_ALLOWED, lambda stage: (a_stranger(stage), 1)),
    Case("fault_handler", Error.NOT_ALLOWED, lambda stage: (a_stranger(stage),)),
    Case("proc_end", Error.NOT_ALLOWED, lambda stage: (a_stranger(stage), 3)),
)  # fmt: skip
"""What calls mend on every vspace."""

ON_ITS_OWN = (
    Case("frame_map", Error.UNALIGNED,
         lambda stage: (stage.sys, stage.take(), stage.va() + 4, RO), HIDDEN),
    Case("frame_map", Error.UNALIGNED,
         lambda stage: (stage.own, stage.table(), stage.far() + 0x12000, TABLE_L2), HIDDEN),
    Case("frame_map", Error.UNALIGNED,
         lambda stage: (stage.own, stage.take(256, MIB), stage.far() + PAGE, SECTION | RO), HIDDEN),
    Case("frame_map", Error.TABLE_NOT_VISIBLE, a_hidden_table),
    Case("frame_map", Error.TABLE_NOT_HUNG,
         lambda stage: (stage.table(), stage.take(), stage.far(), RO), HIDDEN),
    Case("frame_map", Error.TABLE_HUNG,
         lambda stage: (stage.own, stage.installed(), stage.far(), TABLE_L2), HIDDEN),
    Case("frame_map", Error.ENTRY_IN_USE, taken_twice, HIDDEN),
    Case("frame_map", Error.ENTRY_IN_USE, taken_by_its_view, HIDDEN),
    Case("frame_map", Error.ENTRY_IN_USE, taken_in_another_vspace, HIDDEN),
    Case("frame_map", Error.ENTRY_IN_USE, taken_by_section, HIDDEN),
    Case("frame_map", Error.ENTRY_IN_USE, taken_by_a_table_view, HIDDEN),
    Case("frame_map", Error.TABLE_WRITABLE,
         lambda stage: (stage.sys, stage.table(), stage.va(), RW), HIDDEN),
    Case("frame_map", Error.OUT_OF_RANGE,
         lambda stage: (stage.sys, stage.take(), stage.far(), RO), HIDDEN),
    Case("frame_map", Error.OUT_OF_RANGE,
         lambda stage: (stage.installed(), stage.take(2), stage.va(2 * PAGE), RW), HIDDEN),
    Case("frame_map", Error.BAD_FLAGS,
         lambda stage: (stage.sys, stage.take(), stage.va(), RW & ~1)),
    Case("frame_map", Error.BAD_FLAGS, lambda stage: (stage.sys, stage.take(), stage.va(), 0)),
    Case("frame_map", Error.BAD_FLAGS,
         lambda stage: (stage.sys, stage.table(), stage.va(), RW | 1 << 9)),
    Case("frame_map", Error.BAD_FLAGS,
         lambda stage: (stage.own, stage.table(), stage.far(), TABLE_L2 | RO)),
    Case("frame_map", Error.NOT_TABLE, lambda stage: (stage.own, stage.take(), stage.va(), RO)),
    Case("frame_map", Error.NOT_TABLE, lambda stage: (stage.own, stage.take(), stage.far(), RO)),
    Case("frame_map", Error.NOT_TABLE, lambda stage: (stage.take(), stage.take(), stage.va(), RO)),
    Case("frame_map", Error.NOT_TABLE,
         lambda stage: (stage.sys, stage.table(), stage.far(), TABLE_L2)),
    Case("frame_map", Error.NOT_TABLE,
         lambda stage: (stage.own, stage.take(), stage.far(), TABLE_L2), HIDDEN),
    Case("frame_map", Error.NOT_TABLE,
         lambda stage: (stage.own, stage.seen(stage.take(), RW), stage.far(), TABLE_L2), HIDDEN),
    Case("frame_table", Error.NOT_VIEWED_READ_ONLY, lambda stage: (stage.take(), TableType.L2)),
    Case("frame_table", Error.NOT_VIEWED_READ_ONLY,
         lambda stage: (stage.seen(stage.take(), RW), TableType.L2)),
    Case("frame_table", Error.BAD_SIZE, lambda stage: larger(stage, 0), UNSEEN),
    Case("frame_table", Error.BAD_SIZE, lambda stage: larger(stage, 3 * PAGE), UNSEEN),
    Case("frame_table", Error.BAD_SIZE, just_large_enough, UNSEEN),
)  # fmt: skip
"""What calls mend for a process that changes its own vspace; on a lent one its owner does that."""

SEVERAL = (
    Case("frame_map", Error.BAD_FLAGS,
         lambda stage: (stage.own, stage.table(), stage.va() + 4, RW & ~1 | 1 << 9)),
    Case("frame_map", Error.UNALIGNED,
         lambda stage: (taken_twice(stage)[0], stage.take(), stage.va() - PAGE + 4, RO), HIDDEN),
    Case("frame_table", Error.NOT_VIEWED_READ_ONLY,
         lambda stage: (stage.take(16, 0x10000), TableType.L1)),
    Case("frame_table", Error.NOT_VIEWED_READ_ONLY,
         lambda stage: (stage.seen(stage.take(16, 0x10000), RW), TableType.L1)),
    Case("frame_map", Error.TABLE_NOT_VISIBLE, hidden_and_taken),
)  # fmt: skip
"""Calls with more mistakes than one, and how a process that changes its own vspace mends them."""

SENTENCES = (
    ("the frame is too small to be split",
     Case("frame_split", Error.UNALIGNED, lambda stage: (stage.take(), 4))),
    ("the frame is too small to be split",
     Case("frame_split", Error.OUT_OF_RANGE, lambda stage: (stage.take(), PAGE))),
    ("a section needs a frame of whole MiBs at whole MiBs; map this one as pages",
     Case("frame_map", Error.UNALIGNED,
          lambda stage: (stage.own, stage.take(), stage.far(), SECTION | RO), HIDDEN)),
    ("frame N is there, and in use: choose another address",
     Case("frame_map", Error.ENTRY_IN_USE, taken_by_table, HIDDEN)),
    ("frame N is there, and in use: choose another address",
     Case("frame_map", Error.ENTRY_IN_USE, taken_by_itself, HIDDEN)),
    ("frame N is there, and in use: choose another address",
     Case("frame_map", Error.ENTRY_IN_USE, lambda stage: taken_by_table(stage, 2 * MIB), HIDDEN)),
    ("E_NO_FRAME would be next: process N owns no frame -N; -N is what a call returned that failed:"
     " see there",
     Case("frame_map", Error.BAD_FLAGS, lambda stage: (stage.sys, -3, stage.va(), 0))),
    ("E_NO_FRAME would be next: process N owns no frame N",
     Case("frame_map", Error.BAD_FLAGS, lambda stage: (98, 99, stage.va(), 0))),
    ("an LN becomes current by vspace_swap(pid, f_id), it is not mapped",
     Case("frame_map", Error.BAD_KIND,
          lambda stage: (stage.own, stage.table(TableType.L1), stage.va(), TABLE_L1))),
    ("frame N is no LN and cannot become one: take memory",
     Case("frame_map", Error.NOT_TABLE,
          lambda stage: (stage.own, stage.table(TableType.L1), stage.far(), TABLE_L2), HIDDEN)),
    ("take the LN from a larger frame, split where the address is N KiB aligned",
     Case("frame_table", Error.UNALIGNED, misaligned, UNSEEN)),
    ("take a frame with N bytes at a multiple of N in it",
     Case("frame_table", Error.BAD_SIZE,
          lambda stage: (stage.seen(stage.take()), TableType.L1), UNSEEN)),
    ("take a frame with N bytes at a multiple of N in it",
     Case("frame_table", Error.BAD_SIZE, lambda stage: (sections(stage), TableType.L1), UNSEEN)),
    ("take a frame of at least N bytes",
     Case("proc_new", Error.BAD_SIZE, lambda stage: (stage.take(),))),
    ("it is mapped nowhere",
     Case("frame_unmap", Error.NOT_MAPPED, lambda stage: (stage.take(), 0))),
    ("it takes room that is in use; room is free again when frames are merged",
     Case("frame_unpool", Error.POOL_FULL, full_unpool)),
    ("its parent, process N, sets its vspace, to an LN of its own",
     Case("vspace_swap", Error.NOT_ALLOWED,
          lambda stage: (a_stranger(stage), stage.table(TableType.L1)))),
    ("its parent, process N, sets its vspace, to an LN of its own",
     Case("vspace_lend", Error.NOT_ALLOWED,
          lambda stage: (a_stranger(stage), stage.table(TableType.L1)))),
)  # fmt: skip
"""Where no call mends it, a sentence says why, or what to do: N stands for each number."""


def label(case: Case) -> str:
    return f"{case.call}-{case.error.name}"


def is_mended_by_calls(case: Case, situation: str) -> bool:
    """Provoke it twice, and each time obey; whether the hints were calls."""
    stage = Stage(situation)
    hints = []
    for _ in range(2):
        arguments = case.make(stage)
        stage.lend()
        hint = stage.advice(case.refused_with(stage), case.call, *arguments)
        assert hint is not None
        assert hint.text
        obey(stage.kernel, hint.calls)
        if hint.calls:  # they end with the call that was refused
            assert hint.calls[-1][1].operation == stage.kernel.calls.named(case.call).operation
        hints.append(hint)
        stage.take_back()
    assert bool(hints[0].calls) is bool(hints[1].calls), hints
    return bool(hints[0].calls)


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("case", EVERYWHERE, ids=label)
def test_what_is_advised_succeeds(case: Case, situation: str) -> None:
    assert is_mended_by_calls(case, situation)


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("case", ON_ITS_OWN + SEVERAL, ids=label)
def test_what_is_advised_succeeds_on_the_own_vspace(case: Case, situation: str) -> None:
    assert is_mended_by_calls(case, situation) is (situation != "thread")


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize(("text", "case"), SENTENCES)
def test_where_no_call_helps_there_is_a_sentence(text: str, case: Case, situation: str) -> None:
    stage = Stage(situation)
    for _ in range(2):
        arguments = case.make(stage)
        stage.lend()
        error = case.refused_with(stage)
        hint = stage.advice(error, case.call, *arguments)
        assert hint is not None
        assert not hint.calls
        said = re.sub(r"\b0x[0-9a-f]+|\d+", "N", hint.text)
        assert said == text if error == case.error else "vspace" in said
        stage.take_back()


def test_every_remedy_is_tried() -> None:
    mended = {case.error for case in EVERYWHERE + ON_ITS_OWN}
    assert mended | {Error.BAD_KIND, Error.NO_FRAME} == REMEDIES.keys()


# -- sentences, obeyed as a reader would ---------------------------------------------------


def use_an_aligned_part(stage: Stage, case: Case, arguments: tuple[int, ...]) -> None:
    """take the L1 from a larger frame, split where the address is 16 KiB aligned"""
    frame = stage.take(5, 0x10000)
    stage.call("frame_split", frame, 4 * PAGE)
    stage.call(case.call, stage.seen(frame), arguments[1])


def use_pages(stage: Stage, case: Case, arguments: tuple[int, ...]) -> None:
    """a section needs a frame of whole MiBs at whole MiBs; map this one as pages"""
    stage.call(case.call, stage.sys, arguments[1], stage.va(), arguments[3] & ~SECTION)


def use_another_address(stage: Stage, case: Case, arguments: tuple[int, ...]) -> None:
    """frame 1 is there, and in use: choose another address"""
    stage.call(case.call, *arguments[:2], stage.far(), arguments[3])


def swap(stage: Stage, _case: Case, arguments: tuple[int, ...]) -> None:
    """an L1 becomes current by vspace_swap(pid, f_id), it is not mapped"""
    child = stage.child()
    stage.call("vspace_swap", child, arguments[1])
    assert stage.kernel.processes[child].l1 == arguments[1]


def use_four_pages(stage: Stage, case: Case, arguments: tuple[int, ...]) -> None:
    """take a frame with 0x4000 bytes at a multiple of 0x4000 in it"""
    hint = stage.advice(Error.BAD_SIZE, case.call, stage.seen(stage.take(8)), arguments[1])
    assert hint is not None
    assert hint.calls
    obey(stage.kernel, hint.calls)


def use_two_pages(stage: Stage, case: Case, _arguments: tuple[int, ...]) -> None:
    """take a frame of at least 0x2000 bytes"""
    stage.call(case.call, stage.take(2))


def merge(stage: Stage, case: Case, arguments: tuple[int, ...]) -> None:
    """it takes room that is in use; room is free again when frames are merged"""
    upper = stage.machine.owned()[-1]
    pa = stage.kernel.frames[upper].pa
    lower = next(frame.f_id for frame in stage.kernel.frames.values() if frame.end == pa)
    stage.call("frame_merge", lower, upper)
    stage.call(case.call, *arguments)


def pool_another(stage: Stage, case: Case, arguments: tuple[int, ...]) -> None:
    """free memory for kernel objects first: unmap another frame and give it to frame_pool"""
    stage.call("frame_unmap", DATA, 0)
    stage.call("frame_pool", DATA)
    stage.call(case.call, *arguments)


OBEYED: tuple[tuple[Act, Case], ...] = (
    (use_an_aligned_part, Case("frame_table", Error.UNALIGNED, misaligned)),
    (use_pages, Case("frame_map", Error.UNALIGNED,
     lambda stage: (stage.own, stage.take(), stage.far(), SECTION | RO))),
    (use_another_address, Case("frame_map", Error.ENTRY_IN_USE, taken_by_table)),
    (swap, Case("frame_map", Error.BAD_KIND,
     lambda stage: (stage.own, stage.table(TableType.L1), stage.va(), TABLE_L1))),
    (use_four_pages, Case("frame_table", Error.BAD_SIZE,
     lambda stage: (stage.seen(stage.take()), TableType.L1))),
    (use_two_pages, Case("proc_new", Error.BAD_SIZE, lambda stage: (stage.take(),))),
    (merge, Case("frame_unpool", Error.POOL_FULL, one_object_too_many)),
    (pool_another, Case("frame_split", Error.POOL_FULL, full_split_of_all)),
)  # fmt: skip


@pytest.mark.parametrize(("act", "case"), OBEYED, ids=lambda one: getattr(one, "__name__", ""))
def test_a_sentence_is_obeyed(act: Act, case: Case) -> None:
    """What the hint says in words, each the docstring of what does it, leads to success."""
    stage = Stage("proc0")
    arguments = case.make(stage)
    hint = stage.advice(case.error, case.call, *arguments)
    assert hint is not None
    assert re.sub(r"frame \d+", "frame 1", hint.text) == act.__doc__
    assert not hint.calls
    act(stage, case, arguments)


@pytest.mark.parametrize("call", ["vspace_swap", "vspace_lend"])
def test_a_parent_sets_the_vspace_of_its_child(call: str) -> None:
    stage = Stage("child")
    parent, grandchild = stage.pid, stage.child()
    stage.pid = 0
    stage.machine.turn(0)
    hint = stage.advice(Error.NOT_ALLOWED, call, grandchild, stage.machine.l1())
    assert hint is not None
    assert hint.text == f"its parent, process {parent}, sets its vspace, to an L1 of its own"
    stage.machine.turn(parent)
    stage.call(call, grandchild, stage.table(TableType.L1))


def test_a_frame_of_the_lender() -> None:
    """A thread asks for what only the owner of the vspace can do."""
    stage = Stage("proc0")
    thread, mapped = stage.child(), stage.seen(stage.take())
    stage.call("vspace_lend", thread, stage.own)
    own = stage.take()
    stage.call("frame_give", own, thread)
    va, stage.pid = stage.va(), thread
    hint = stage.advice(Error.NO_FRAME, "frame_unmap", mapped, 0)
    assert hint is not None
    assert [pid for pid, _ in hint.calls] == [0]
    obey(stage.kernel, hint.calls)
    hint = stage.advice(Error.NO_FRAME, "frame_map", stage.sys, own, va, RW)
    assert hint == (
        f"E_NO_FRAME would be next: process 0 owns no frame {own}; "
        f"frame {own} is process {thread}'s, which can give it by frame_give"
        f" after frame_allow({thread})",
        (),
    )


def test_a_frame_of_a_child() -> None:
    stage = Stage("proc0")
    child, frame = stage.child(), stage.take()
    stage.call("frame_give", frame, child)
    hint = stage.advice(Error.NO_FRAME, "frame_pool", frame)
    assert hint is not None
    assert hint.text == (
        f"frame {frame} is process {child}'s, which can give it by frame_give"
        f" after frame_allow({child})"
    )
    stage.call("frame_allow", child)
    stage.as_process(child, "frame_give", frame, 0)
    stage.call("frame_pool", frame)


def test_room_from_the_parent() -> None:
    """A child whose only free memory is what it would split asks its parent for room."""
    stage = Stage("child")
    hint = stage.advice(Error.POOL_FULL, "frame_split", *full_split_of_all(stage))
    assert hint is not None
    assert [pid for pid, _ in hint.calls] == [0, stage.pid]
    obey(stage.kernel, hint.calls)


def test_what_belongs_to_no_one_else() -> None:
    stage = Stage("child")
    hint = stage.advice(Error.NOT_ALLOWED, "proc_end", 0, 1)
    assert hint == ("process 0 has no parent: no other process has power over it", ())


def test_page_0_is_not_advised() -> None:
    """Nor is a page when an L2 for the first MiB is asked for, which may be there."""
    stage = Stage("child")
    frame = stage.take()
    hint = stage.advice(Error.UNALIGNED, "frame_map", stage.sys, frame, 4, RO)
    assert hint is not None
    assert [call.arguments[2] for _, call in hint.calls] == [PAGE]


def test_only_what_is_in_the_way_is_unmapped() -> None:
    """Not what the frame itself had there, nor its neighbours."""
    stage = Stage("proc0")
    start = stage.va(6 * PAGE)
    below, moved, there, above = stage.take(), stage.take(2), stage.take(), stage.take()
    for frame, page in ((below, 0), (moved, 1), (there, 3), (above, 4)):
        stage.call("frame_map", stage.sys, frame, start + page * PAGE, RO)
    for frame, page in ((moved, 2), (stage.take(), 3)):
        va = start + page * PAGE
        hint = stage.advice(Error.ENTRY_IN_USE, "frame_map", stage.sys, frame, va, RO)
        assert hint is not None
        (_, unmap), (_, again) = hint.calls
        assert unmap.arguments == (there, 0)
        assert again.arguments == (stage.sys, frame, va, RO)


def test_the_smallest_frame_that_makes_enough_room() -> None:
    stage = Stage("proc0")
    child, _, enough = stage.child(), stage.take(), stage.take(2)
    full(stage, free=20)
    hint = stage.advice(Error.POOL_FULL, "pool_give", child, 100)
    assert hint is not None
    assert hint.text == "make room first"
    (_, pool), (_, again) = hint.calls
    assert pool.arguments == (enough,)
    assert again.arguments == (child, 100)


# -- what the program cannot go on without -------------------------------------------------


def registers_at(stage: Stage, pc: int, sp: int) -> tuple[int, ...]:
    """Registers of a process that runs there."""
    return (*[0] * 13, sp, 0, pc, 0x10)


@pytest.mark.parametrize("what", ["code", "stack"])
def test_code_and_stack_stay_where_they_are(what: str) -> None:
    """No hint unmaps what the process is running on: it can do without the call."""
    for case in ("frame_pool", "proc_new", "frame_map", "uninstall"):
        stage = Stage("proc0")
        frame, va = stage.take(2), stage.va(2 * PAGE)
        table = stage.installed(va=0x40000000) if case == "uninstall" else stage.sys
        va = 0x40000000 if case == "uninstall" else va
        stage.call("frame_map", table, frame, va, RX if what == "code" else RW)
        end = va + 2 * PAGE
        stage.registers = (
            registers_at(stage, va, 0x1000) if what == "code" else registers_at(stage, 4, end)
        )
        if case == "frame_map":
            hint = stage.advice(Error.ENTRY_IN_USE, case, table, stage.take(), va, RO)
            assert hint is not None
            obey(stage.kernel, hint.calls)
            assert hint.calls
            assert stage.kernel.view_va(stage.kernel.frames[frame]) == va
            continue
        if case == "uninstall":
            hint = stage.advice(Error.TABLE_HUNG, "frame_table", table, TableType.NO)
        else:
            hint = stage.advice(Error.MAPPED, case, frame)
        assert hint is not None
        assert not hint.calls
        assert hint.text.startswith(f"the process's {what} is ")
