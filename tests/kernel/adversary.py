"""Programs that try everything: a Hypothesis state machine whose every call is judged.

Its rules make calls as whoever runs, with arguments from sensible to absurd; some rules make
several calls to get somewhere, such as a furnished vspace or a running child.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kernel_model.abi import Error
from tests.kernel.driver import CODE_VA, DATA_VA, PAGE, RAM_BASE, RAM_SIZE
from tests.kernel.judge import Trial
from tests.kernel.oracle import HANDLERS, KERNEL_VA, L2_KIND, MIB, PAGES, SECTIONS, Oracle, Pages

RO = 1 | 1 << 6

# -- arguments -------------------------------------------------------------------------------

PICK = st.integers(0, 255)
"""Chooses among whatever there is."""

ODD_IDS = (-1, 999, 0x7FFFFFFF, -0x80000000)
ADDRESSES = (
    *(0, 4, PAGE - 1, PAGE, MIB, DATA_VA, DATA_VA + 4 * PAGE - 8, CODE_VA, 0x40000000, 0x40001004),
    *(KERNEL_VA - MIB, KERNEL_VA - 4 * MIB, KERNEL_VA, 0xFFF00000, 0xFFFFFFFC),
)
ODD_ADDRESSES = st.sampled_from(ADDRESSES)
ODD_SIZES = st.sampled_from([0, 1, 64, PAGE, PAGE + 1, MIB, 0x80000000, 0xFFFFF000, 0xFFFFFFFF])
BUFFERS = st.one_of(
    st.just(DATA_VA), st.just(DATA_VA + PAGE - 8), st.just(DATA_VA + 2 * PAGE), ODD_ADDRESSES
)
ODD_WORDS = st.one_of(
    st.integers(0, 12), st.sampled_from([*ADDRESSES, 0xFFFFFFFF, 1 << 31]), st.integers(0, 127)
)
VIEW_FLAGS = st.sampled_from([RO, 1, 1 | 2, 1 | 2 | 1 << 6])


def one_in(n: int) -> st.SearchStrategy[bool]:
    """True now and then; shrinks to False."""
    return st.integers(0, n - 1).map(lambda number: number == n - 1)


def chosen(*kinds: str) -> st.SearchStrategy[tuple[str, int]]:
    """How to choose a frame or a process; kinds named twice are chosen twice as often."""
    return st.tuples(st.sampled_from([*kinds, "odd"]), PICK)


FRAME = chosen("plain", "plain", "plain", "table", "own", "own", "any", "viewed")
PLAIN = chosen("plain", "plain", "plain", "viewed", "viewed", "own", "own", "any")
TABLE = chosen("table", "table", "table", "L1", "own")
PID = chosen("child", "child", "any", "any")
WHERE = st.sampled_from(
    ["free", "free", "free", "begin", "taken", "below", "zero", "end", "beyond", "odd"]
)


class Adversary(RuleBasedStateMachine):
    """Several processes of one kernel, each as clever and as hostile as the next."""

    def __init__(self) -> None:
        super().__init__()
        self.trial = Trial()

    @initialize(
        capacity=st.sampled_from([1024, 1024, 70, 24]),
        created=one_in(5),
        few_ids=one_in(6),
        family=st.lists(st.sampled_from(["new", "record"]), max_size=4),
        turns=st.integers(0, 3),
    )
    def boot(self, capacity, created, few_ids, family, turns):
        """Most programs begin with some processes: what matters happens between them."""
        self.trial = Trial(capacity, created, few_ids)
        for to in family:
            self.settle_in(to, self.oracle.me)
        for _ in range(turns):
            self.trial.slice_ends()

    def teardown(self) -> None:
        self.trial.compare_every_page()

    # -- choosing ------------------------------------------------------------------------

    @property
    def oracle(self) -> Oracle:
        return self.trial.oracle

    @property
    def frames(self) -> dict[int, Pages]:
        return self.trial.oracle.frames

    @property
    def mine(self) -> list[int]:
        return self.oracle.actors[self.oracle.me].frames

    def step(self, name: str, *arguments: int) -> int:
        return self.trial.step(name, *arguments)

    def pick(self, how: tuple[str, int]) -> int:
        """The frame id that a drawn choice stands for; the last to come is the first chosen."""
        kind, value = how
        if kind == "odd":
            return ODD_IDS[value % len(ODD_IDS)]
        among = list(self.frames) if kind == "any" else list(self.mine)
        among = [f_id for f_id in among if is_of_kind(self.frames[f_id], kind)]
        return among[-1 - value % len(among)] if among else 0

    def pick_pid(self, how: tuple[str, int]) -> int:
        kind, value = how
        if kind == "odd":
            return ODD_IDS[value % len(ODD_IDS)]
        pids = list(self.oracle.actors)
        children = [pid for pid in pids if self.oracle.actors[pid].parent == self.oracle.me]
        among = children if kind == "child" and children else pids
        return among[value % len(among)]

    def tables(self, level: str, visible: bool = True) -> list[int]:
        """The caller's tables of a level, only those that it can edit if ``visible``."""
        found = [f_id for f_id in self.mine if self.frames[f_id].table == level]
        return [f_id for f_id in found if not visible or self.oracle.seen_by_me(self.frames[f_id])]

    def pick_table(self, level: str, number: int) -> int:
        """A table of a level, mostly one that can be edited; 0 if there is none."""
        among = self.tables(level, visible=number % 8 > 0) or [0]
        return among[-1 - number // 8 % len(among)]

    def holes(self, table: int, size: int, unit: int) -> Iterator[int]:
        """Addresses in a table, from low to high, where ``size`` bytes are free."""
        frame = self.frames[table]
        begin = frame.place[1] if frame.place else 0
        end = (KERNEL_VA if frame.table == "L1" else begin + frame.span) - begin
        taken = sorted((low, high) for _, low, high in self.oracle.entries(table))
        at = unit if begin == 0 else 0
        for low, high in [*taken, (end, end)]:
            if at + size <= low:
                yield begin + at
            at = max(at, -(-high // unit) * unit)

    def address(self, table: int, size: int, unit: int, where: str, number: int) -> int:
        """An address to map ``size`` bytes at, sensible or not."""
        frame = self.frames[table]
        begin = frame.place[1] if frame.place else 0
        end = KERNEL_VA if frame.table == "L1" else begin + frame.span
        taken = [begin + low for _, low, _ in self.oracle.entries(table)] or [begin]
        near = taken[-1 - number % len(taken)]
        if where == "free":
            return next(self.holes(table, size, unit), end)
        return {
            "begin": begin,
            "taken": near,
            "below": near - size + unit,
            "zero": 0,
            "end": end - size,
            "beyond": end - size + unit,
            "odd": ADDRESSES[number % len(ADDRESSES)],
        }[where] & 0xFFFFFFFF

    def spare(self, pages: int, align: int = PAGE) -> int | None:
        """Cut ``pages`` free pages, so aligned, off the caller's biggest free frame."""
        free = [f_id for f_id in self.mine if is_of_kind(self.frames[f_id], "free")]
        biggest = max(free, key=lambda f_id: self.frames[f_id].count, default=None)
        if biggest is None:
            return None
        frame = self.frames[biggest]
        end = frame.pa + frame.len
        pa = end - pages * PAGE & -align
        if pa <= frame.pa:
            return None
        upper = self.step("frame_split", biggest, pa - frame.pa)
        if upper >= 0 and pa + pages * PAGE < end:
            self.step("frame_split", upper, pages * PAGE)
        return upper if upper >= 0 else None

    def show(self, f_id: int, flags: int = RO) -> bool:
        """View a frame wherever the caller has room."""
        for table in self.tables("L2"):
            if self.frames[table].place:
                va = next(self.holes(table, self.frames[f_id].len, PAGE), None)
                if va is not None:
                    return self.step("frame_map", table, f_id, va, flags) == 0
        return False

    # -- rules: absurd calls -------------------------------------------------------------

    @rule(
        name=st.sampled_from(sorted(set(HANDLERS) - {"exit", "recv", "yield", "call"})),
        words=st.tuples(ODD_WORDS, ODD_WORDS, ODD_WORDS, ODD_WORDS),
    )
    def absurd_call(self, name, words):
        self.trial.absurd(name, words)

    # -- rules: frames -------------------------------------------------------------------

    @rule(f=FRAME, pages=st.integers(0, 40), odd=one_in(8), size=ODD_SIZES)
    def frame_split(self, f, pages, odd, size):
        self.step("frame_split", self.pick(f), size if odd else pages * PAGE)

    @rule(number=PICK, off=one_in(4), flags=VIEW_FLAGS, then=st.sampled_from("-mf"))
    def split_in_the_middle(self, number, off, flags, then):
        """Of a frame in view; then perhaps merge it again, or change the upper part's rights."""
        f_id = self.pick(("viewed", number))
        frame = self.frames.get(f_id)
        if frame is None or frame.view is None or frame.count < 2:
            return
        unit = MIB if frame.view.kind == SECTIONS else PAGE
        middle = max(unit, frame.len // 2 // unit * unit)
        upper = self.step("frame_split", f_id, middle + off * PAGE)
        if upper >= 0 and then == "f":
            view = self.frames[upper].view
            va = self.oracle.begin_of(self.frames[upper])
            self.step("frame_map", view.table, upper, va, flags | view.kind)
        if upper >= 0 and then in "mf":
            self.step("frame_merge", f_id, upper)

    @rule(number=PICK, f=FRAME, g=FRAME, odd=one_in(4))
    def frame_merge(self, number, f, g, odd):
        starts = {self.frames[f_id].first: f_id for f_id in self.mine}
        pairs = [
            (f_id, starts[end])
            for f_id in self.mine
            if (end := self.frames[f_id].first + self.frames[f_id].count) in starts
            and not self.frames[f_id].table and not self.frames[starts[end]].table
        ]  # fmt: skip
        if pairs and not odd:
            self.step("frame_merge", *pairs[-1 - number % len(pairs)])
        else:
            self.step("frame_merge", self.pick(f), self.pick(g))

    @rule(index=st.integers(0, 40), va=BUFFERS)
    def look(self, index, va):
        self.step("frame_count")
        self.step("vspace_id")
        self.step("frame_info", index, va)

    @rule(f=FRAME, va=BUFFERS)
    def frame_lookup(self, f, va):
        self.step("frame_lookup", self.pick(f), va)

    @precondition(lambda self: self.oracle.created)
    @rule(
        page=st.integers(1, 70), pages=st.integers(0, 8), odd=one_in(4), va=ODD_ADDRESSES,
        type_=st.sampled_from([2, 2, 2, 1, 3]),
    )  # fmt: skip
    def frame_create(self, page, pages, odd, va, type_):
        start = va if odd else RAM_BASE + RAM_SIZE - page * PAGE
        self.step("frame_create", start, pages * PAGE + odd * (page % 2), type_)

    @rule(f=FRAME, sure=one_in(4))
    def frame_pool(self, f, sure):
        f_id = self.spare(1) if sure else self.pick(f)
        if f_id is not None:
            self.step("frame_pool", f_id)

    # -- rules: tables and maps ----------------------------------------------------------

    @rule(f=FRAME, type_=st.sampled_from([0, 4, 2, 0, 4, 2, 1]))
    def frame_table(self, f, type_):
        self.step("frame_table", self.pick(f), type_)

    @rule(level1=st.booleans(), pages=st.sampled_from([1, 1, 2, 4]))
    def make_table(self, level1, pages):
        f_id = self.spare(4, 4 * PAGE) if level1 else self.spare(pages)
        if f_id is not None and self.show(f_id):
            self.step("frame_table", f_id, 2 if level1 else 4)

    @rule(f=TABLE)
    def unmake_table(self, f):
        self.step("frame_table", self.pick(f), 0)

    @rule(t=PICK, f=PLAIN, where=WHERE, number=PICK, flags=VIEW_FLAGS)
    def map_pages(self, t, f, where, number, flags):
        table, f_id = self.pick_table("L2", t), self.pick(f)
        size = self.frames[f_id].len if f_id in self.frames else PAGE
        va = self.address(table, size, PAGE, where, number) if table in self.frames else 0
        self.step("frame_map", table, f_id, va, flags)

    @rule(t=PICK, f=PLAIN, where=WHERE, number=PICK, flags=VIEW_FLAGS, cut=one_in(3))
    def map_sections(self, t, f, where, number, flags, cut):
        """Mostly frames of whole MiBs, cut off if need be."""
        whole = [f_id for f_id in self.mine if is_of_kind(self.frames[f_id], "whole MiBs")]
        f_id = self.spare(MIB // PAGE, MIB) if cut else self.pick(f)
        f_id = whole[-1 - number % len(whole)] if whole and f[0] != "own" else f_id
        table = self.pick_table("L1", t)
        if f_id is not None and table in self.frames:
            size = self.frames[f_id].len if f_id in self.frames else MIB
            va = self.address(table, size, MIB, where, number)
            self.step("frame_map", table, f_id, va, flags | SECTIONS)

    @rule(t=PICK, f=PICK, where=WHERE, number=PICK, again=one_in(6))
    def install_table(self, t, f, where, number, again):
        """Mostly one that is installed nowhere yet."""
        l1, l2s = self.pick_table("L1", t), self.tables("L2", visible=False)
        loose = [f_id for f_id in l2s if not self.frames[f_id].place]
        among = l2s if again else loose
        if among and l1 in self.frames:
            l2 = among[-1 - f % len(among)]
            va = self.address(l1, self.frames[l2].span, MIB, where, number)
            self.step("frame_map", l1, l2, va, L2_KIND)

    @rule(t=PICK, u=PICK, where=WHERE, number=PICK)
    def install_elsewhere(self, t, u, where, number):
        """A table that is in use comes to be installed in another place, its pages with it."""
        installed = [f_id for f_id in self.tables("L2", visible=False) if self.frames[f_id].place]
        if installed:
            l2 = installed[-1 - t % min(len(installed), 3)]
            self.step("frame_unmap", l2, L2_KIND)
            l1 = self.pick_table("L1", u)
            if l1 in self.frames:
                va = self.address(l1, self.frames[l2].span, MIB, where, number)
                self.step("frame_map", l1, l2, va, L2_KIND)

    @rule(f=PLAIN, flags=VIEW_FLAGS, shift=st.sampled_from([0, 0, 1, -1, 2]))
    def move_a_little(self, f, flags, shift):
        """The same place with other rights, or onto one's own old entries."""
        frame = self.frames.get(self.pick(f))
        if frame and frame.view:
            unit = MIB if frame.view.kind == SECTIONS else PAGE
            va = self.oracle.begin_of(frame) + shift * unit
            rights = flags | frame.view.kind
            self.step("frame_map", frame.view.table, self.pick(f), va & 0xFFFFFFFF, rights)

    @rule(f=PICK, g=PICK)
    def view_a_table_in_a_table(self, f, g):
        """Trees that grow into each other, and into themselves."""
        tables = self.tables("L2") + self.tables("L1")
        l2s = [f_id for f_id in self.tables("L2") if self.frames[f_id].place]
        if l2s and tables:
            inner, outer = tables[f % len(tables)], l2s[-1 - g % len(l2s)]
            va = next(self.holes(outer, self.frames[inner].len, PAGE), None)
            if va is not None:
                self.step("frame_map", outer, inner, va, RO)

    @rule(f=PICK, level=st.sampled_from(["L1", "L2"]))
    def show_table_again(self, f, level):
        hidden = set(self.tables(level, visible=False)) - set(self.tables(level))
        if hidden:
            self.show(sorted(hidden)[f % len(hidden)])

    @rule(flags=VIEW_FLAGS, pages=st.integers(1, 5))
    def show_memory(self, flags, pages):
        f_id = self.spare(pages)
        if f_id is not None:
            self.show(f_id, flags)

    @rule(f=PICK, odd=one_in(6), kind=st.integers(0, 15))
    def frame_unmap(self, f, odd, kind):
        """One of the mappings there are, but seldom those that the program itself needs."""
        views = [
            (f_id, self.frames[f_id].view.kind) for f_id in self.mine if self.frames[f_id].view
        ]
        places = [(f_id, L2_KIND) for f_id in self.mine if self.frames[f_id].place]
        found = sorted(views + places)
        if found:
            f_id, real = found[-1 - f % min(len(found), 12)]
            self.step("frame_unmap", f_id, kind << 2 if odd else real)

    # -- rules: between processes --------------------------------------------------------

    @rule(f=chosen("plain", "plain", "table", "table", "own", "any"), pid=PID)
    def frame_give(self, f, pid):
        self.step("frame_give", self.pick(f), self.pick_pid(pid))

    @rule(pid=PID, clear=one_in(6))
    def frame_allow(self, pid, clear):
        self.step("frame_allow", -1 if clear else self.pick_pid(pid))

    @rule(f=FRAME)
    def proc_new(self, f):
        self.step("proc_new", self.pick(f))

    @rule(f=chosen("L1", "L1", "L1", "table", "any"), pid=PID, me=st.booleans())
    def vspace_swap(self, f, pid, me):
        self.step("vspace_swap", self.oracle.me if me else self.pick_pid(pid), self.pick(f))

    @rule(pid=PID, va=BUFFERS)
    def send(self, pid, va):
        self.step("send", self.pick_pid(pid), va)

    @rule(pid=PID, times=st.integers(2, 4))
    def crowd(self, pid, times):
        """Several send to one process, one after the other."""
        target = self.pick_pid(pid)
        for _ in range(times):
            if self.oracle.me == target:
                self.trial.slice_ends()
            if self.oracle.me != target:
                self.step("send", target, DATA_VA)

    @rule(flags=st.sampled_from([1, 3]), number=PICK)
    def swap_under_a_receiver(self, flags, number):
        """A child that waits for a message gets another vspace, whose buffer is good or not."""
        actors = self.oracle.actors
        waiting = [pid for pid, a in actors.items() if a.state == "RECEIVING"]
        waiting = [pid for pid in waiting if actors[pid].parent == self.oracle.me]
        l1 = self.furnish(flags) if waiting else None
        if l1 is not None:
            child = waiting[number % len(waiting)]
            self.step("vspace_swap", child, l1)
            self.step("send", child, DATA_VA)

    @rule(pid=PID, va=BUFFERS)
    def call(self, pid, va):
        self.step("call", self.pick_pid(pid), va)

    @rule(pid=PID, sure=st.booleans(), va=BUFFERS)
    def reply(self, pid, sure, va):
        """Mostly to one that waits for it."""
        waiting = self.waiting_for_me("AWAITING")
        to = waiting[0] if sure and waiting else self.pick_pid(pid)
        self.step("reply", to, va)

    def waiting_for_me(self, state: str) -> list[int]:
        """Processes in this state that wait for who runs."""
        actors = self.oracle.actors.items()
        return [p for p, a in actors if a.state == state and a.waits_for == self.oracle.me]

    @rule(pid=PID, clear=one_in(6))
    def fault_handler(self, pid, clear):
        self.step("fault_handler", -1 if clear else self.pick_pid(pid))

    @rule(va=ODD_ADDRESSES)
    def thread_pointer(self, va):
        self.step("thread_pointer", va)

    @rule(kind=st.integers(1, 3), va=ODD_ADDRESSES, sure=one_in(4))
    def fault(self, kind, va, sure):
        """By one with a handler, most of all."""
        actors = self.oracle.actors
        if actors[self.oracle.me].handler < 0:
            handled = [pid for pid in self.oracle.turns if actors[pid].handler >= 0]
            for _ in range(self.oracle.turns.index(handled[0]) if handled else 0):
                self.trial.slice_ends()
        if actors[self.oracle.me].handler >= 0 or (self.oracle.me != 0 and sure):
            self.trial.faults((kind, va, CODE_VA, 0x10, 1, 5, 0x5000, 0x6000, *range(8)))

    @rule(number=PICK, kind=st.sampled_from([0, 0, 1, 2, 2, 3]), rest=st.tuples(*[ODD_WORDS] * 10))
    def answer_a_fault(self, number, kind, rest):
        """Of one that has stopped for who runs."""
        stopped = self.waiting_for_me("STOPPED")
        if stopped:
            self.trial.store(DATA_VA, struct.pack("<11I", kind, *rest))
            self.step("send", stopped[number % len(stopped)], DATA_VA)

    @rule(number=PICK, other=PICK, served=st.integers(0, 3), va=BUFFERS)
    def converse(self, number, other, served, va):
        """One calls another, which receives, and replies or not."""
        pair = self.two_who_run(number, other)
        if pair is None:
            return
        client, server = pair
        if self.as_one(client):
            self.step("call", server, DATA_VA)
        if served > 0 and self.as_one(server):
            self.receive(client)
            if served > 1 and self.as_one(server):
                self.step("reply", client, DATA_VA if served > 2 else va)

    @rule(
        number=PICK, other=PICK, before=one_in(3), first=st.sampled_from(["", "", "send", "call"]),
        kind=st.sampled_from([0, 1, 2, 2, 4]), rest=st.tuples(*[ODD_WORDS] * 10),
    )  # fmt: skip
    def fault_and_answer(self, number, other, before, first, kind, rest):
        """One names another for its handler and faults; that one hears of it and answers.

        before: the handler waits for it already; first: or is about to say something to it.
        """
        pair = self.two_who_run(number, other)
        if pair is None:
            return
        victim, handler = pair
        if self.as_one(victim):
            self.step("fault_handler", handler)
        if before and self.as_one(handler):
            self.step("recv", DATA_VA)
        elif first and self.as_one(handler):
            self.step(first, victim, DATA_VA)
        if self.as_one(victim):
            self.trial.faults((1, 0x1000, CODE_VA, 0x10, 1, 5, 0x5000, 0x6000, *range(8)))
        if kind < 4 and self.as_one(handler):
            self.receive(victim)
            if self.as_one(handler) and victim in self.waiting_for_me("STOPPED"):
                self.trial.store(DATA_VA, struct.pack("<11I", kind, *rest))
                self.step("send", victim, DATA_VA)

    def two_who_run(self, number: int, other: int) -> tuple[int, int] | None:
        """Two whose turns are to come."""
        turns = sorted(self.oracle.turns)
        first = turns[number % len(turns)]
        others = [pid for pid in turns if pid != first]
        return (first, others[other % len(others)]) if others else None

    def as_one(self, pid: int) -> bool:
        """Let the turns pass until this one runs, if it can."""
        if pid not in self.oracle.turns:
            return False
        while self.oracle.me != pid:
            self.trial.slice_ends()
        return True

    def receive(self, wanted: int) -> None:
        """Receive until what this one said has come, as far as that needs no waiting."""
        me = self.oracle.me
        for _ in range(6):
            actor = self.oracle.actors[me]
            if self.oracle.me != me or not (actor.queue or actor.news):
                return
            comes = actor.queue[0] if not actor.news and actor.queue else -1
            if self.step("recv", DATA_VA) == Error.BAD_POINTER or comes == wanted:
                return

    @rule(pid=PID, status=st.integers(0, 99))
    def proc_end(self, pid, status):
        self.step("proc_end", self.pick_pid(pid), status)

    @rule(f=chosen("L1", "L1", "L1", "table", "any"), pid=PID)
    def vspace_lend(self, f, pid):
        self.step("vspace_lend", self.pick_pid(pid), self.pick(f))

    @rule(number=PICK, of_frame=st.booleans(), own=st.booleans())
    def make_thread(self, number, of_frame, own):
        """A new process on an L1 of the caller's: its own one, or one made for that."""
        l1 = self.oracle.actors[self.oracle.me].vspace if own else self.furnish()
        record = self.spare(2) if of_frame else self.furnish()
        if l1 is not None and record is not None:
            child = self.step("proc_new", record)
            if child >= 0 and self.step("vspace_lend", child, l1) == 0:
                self.begin(child)

    @rule(pid=PID, count=st.one_of(st.integers(0, 80), ODD_SIZES))
    def pool_give(self, pid, count):
        self.step("pool_give", self.pick_pid(pid), count)

    @rule(f=FRAME, sure=st.booleans())
    def frame_unpool(self, f, sure):
        pools = [f_id for f_id in self.mine if self.frames[f_id].type == "POOL"]
        self.step("frame_unpool", pools[0] if sure and pools else self.pick(f))

    @rule(slowly=st.booleans(), va=BUFFERS, size=st.integers(0, 99), typed=st.binary(max_size=99))
    def read_slowly(self, slowly, va, size, typed):
        self.trial.type_slowly(slowly)
        self.trial.type_in(typed)
        if len(self.oracle.turns) > 1:
            self.step("console_read", va, size)

    @precondition(lambda self: self.oracle.readers)
    @rule()
    def feed(self):
        self.trial.feed()

    @rule(va=BUFFERS)
    def recv(self, va):
        me = self.oracle.actors[self.oracle.me]
        if len(self.oracle.turns) > 1 or me.queue or me.news:
            self.step("recv", va)

    @rule()
    def yield_(self):
        self.step("yield")

    @rule(status=st.integers(-(1 << 31), (1 << 31) - 1), sure=one_in(4))
    def exit_(self, status, sure):
        if self.oracle.me != 0 or sure:
            self.step("exit", status)

    @rule(pid=PID, sure=one_in(4))
    def someone_ends(self, pid, sure):
        """Whoever it is and whatever it waits for."""
        gone = self.pick_pid(pid)
        if gone in self.oracle.actors and (gone != 0 or sure):
            self.trial.ends(gone)

    @rule(va=BUFFERS, size=st.one_of(st.integers(0, 5000), ODD_SIZES), typed=st.binary(max_size=99))
    def console(self, va, size, typed):
        self.trial.type_in(typed)
        self.step("console_read", va, size)
        self.step("console_write", va, size)

    @rule()
    def slice_ends(self):
        self.trial.slice_ends()

    @rule(f=PICK, offset=st.integers(0, 2 * PAGE), data=st.binary(min_size=1, max_size=80))
    def store(self, f, offset, data):
        frame = self.frames.get(self.pick(("viewed", f)))
        if frame and frame.view:
            self.trial.store(self.oracle.begin_of(frame) + offset, data)

    # -- rules: getting somewhere --------------------------------------------------------

    @rule(to=st.sampled_from(["new", "record", "self", "other", "keep"]), pid=PID)
    def make_vspace(self, to, pid):
        self.settle_in(to, self.pick_pid(pid))

    def settle_in(self, to: str, pid: int) -> None:
        """Make a vspace for a new process of either kind, for oneself, or for process ``pid``."""
        l1 = self.furnish()
        if l1 is None:
            return
        if to == "new":
            self.begin(self.step("proc_new", l1))
        elif to == "record":
            record = self.spare(2)
            child = -1 if record is None else self.step("proc_new", record)
            if child >= 0 and self.step("vspace_swap", child, l1) == 0:
                self.begin(child)
        elif to == "self":
            self.step("vspace_swap", self.oracle.me, l1)
        elif to == "other":
            self.step("vspace_swap", pid, l1)

    def furnish(self, data_flags: int = 3) -> int | None:
        """An L1 with code, data and its own tables in view, as a process needs it."""
        l1, l2 = self.spare(4, 4 * PAGE), self.spare(1)
        code, data = self.spare(1), self.spare(4)
        if None in (l1, l2, code, data) or not (self.show(l1) and self.show(l2)):
            return None
        steps = [
            ("frame_table", l1, 2), ("frame_table", l2, 4), ("frame_map", l1, l2, 0, L2_KIND),
            ("frame_map", l2, code, CODE_VA, 1), ("frame_map", l2, data, DATA_VA, data_flags),
            ("frame_map", l2, l1, 0x40000, RO), ("frame_map", l2, l2, 0x44000, RO),
        ]  # fmt: skip
        return l1 if all(self.step(*step) == 0 for step in steps) else None

    def begin(self, pid: int) -> None:
        """Start a child, and give it memory of its own to work with."""
        if pid >= 0:
            self.step("send", pid, DATA_VA)
            self.step("pool_give", pid, 30)
            gift = self.spare(48)
            if gift is not None:
                self.step("frame_give", gift, pid)

    @rule()
    def show_own_record(self):
        record = self.oracle.actors[self.oracle.me].record
        if record >= 0:
            self.show(record, 1)


def run_programs(adversary: type[Adversary], number: int, programs: int) -> None:
    """Try so many programs, the same each time for the same ``number``."""
    wanted = settings(
        database=None,
        deadline=None,
        max_examples=programs,
        stateful_step_count=50,
        suppress_health_check=list(HealthCheck),
    )
    machine = seed(number)(type(adversary.__name__, (adversary,), {}))
    run_state_machine_as_test(machine, settings=wanted)


def is_of_kind(frame: Pages, kind: str) -> bool:
    """Whether a frame is what a choice asked for."""
    return {
        "own": True,
        "any": True,
        "table": bool(frame.table),
        "L1": frame.table == "L1",
        "plain": not frame.table and frame.type in ("MEM", "IO"),
        "viewed": frame.view is not None and not frame.table,
        "free": frame.view is None and not frame.table and frame.type == "MEM",
        "whole MiBs": not frame.table and (frame.pa | frame.len) % MIB == 0,
    }[kind]


assert PAGES == 0, "a view's flags say PAGES by saying nothing"
