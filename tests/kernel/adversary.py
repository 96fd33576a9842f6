"""Programs that try everything, and the oracle that judges what the kernel answers.

``Adversary`` is a Hypothesis state machine.  Its rules make calls as whoever runs, with
arguments from sensible to absurd; some rules make several calls to get somewhere, such as
a furnished vspace or a running child.  After each call the kernel and the oracle must agree
on the answer, on every frame and process, on every byte of memory, and on what each process
can reach; the invariants hold; a refused call changed nothing; and nothing that a machine
would have cached is stale.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from kernel.driver import (
    CODE_VA,
    DATA_VA,
    PAGE,
    PROGRAM,
    RAM_BASE,
    RAM_SIZE,
    REST,
    UART_PA,
)
from kernel.host import RecordingHost
from kernel.oracle import (
    CALLS,
    KERNEL_VA,
    L2_KIND,
    MIB,
    PAGES,
    SECTIONS,
    Actor,
    Oracle,
    Pages,
    View,
)
from kernel_model.abi import Error, MapKind
from kernel_model.boot import boot
from kernel_model.calls.checks import frame_words
from kernel_model.invariants import check_invariants
from kernel_model.kernel import Device, Kernel
from kernel_model.memory import Ram
from kernel_model.process import Result, Start
from kernel_model.syscalls import BY_NAME, trap
from kernel_model.walk import walk

OUTCOMES: Counter[tuple[str, str]] = Counter()
"""How often each call had each outcome, over all runs: ``(name, "ok" or an error's name)``."""

DEVICES = (Device("uart", UART_PA, PAGE), Device("wide", 0x50000000, 2 * MIB))
RO = 1 | 1 << 6
VIEW_FLAGS = (RO, 1, 1 | 2, 1 | 2 | 1 << 6)


def oracle_of(kernel: Kernel, ram: Ram) -> Oracle:
    """An oracle that begins where the boot ended: from there on it goes its own way."""
    oracle = Oracle(ram.base, bytes(ram.bytes), kernel.pool.capacity)
    for f_id, frame in kernel.frames.items():
        table = frame.table.name if frame.is_table else ""
        pages = Pages(frame.pa // PAGE, frame.len // PAGE, frame.owner, frame.type.name, table)
        if frame.is_viewed:
            pages.view = View(frame.v_id, frame.v_off, frame.v_flags)
        if frame.is_hung:
            pages.place = (frame.t_id, frame.t_va)
        oracle.frames[f_id] = pages
    proc0 = kernel.processes[0]
    oracle.actors[0] = Actor(-1, state="READY", vspace=proc0.l1, frames=list(proc0.frames))
    oracle.turns = [0]
    oracle.created = kernel.created
    return oracle


# -- arguments -------------------------------------------------------------------------------

WORD = st.integers(0, 0xFFFFFFFF)
PICK = st.integers(0, 255)
ODD_IDS = st.sampled_from([-1, 999, 0x7FFFFFFF, -0x80000000])
ODD_ADDRESSES = st.sampled_from(
    [0, 4, PAGE - 1, PAGE, MIB, DATA_VA, DATA_VA + 4 * PAGE - 8, CODE_VA]
    + [
        0x40000000,
        0x40001004,
        KERNEL_VA - MIB,
        KERNEL_VA - 4 * MIB,
        KERNEL_VA,
        0xFFF00000,
        0xFFFFFFFC,
    ]
)
ODD_SIZES = st.sampled_from([0, 1, 64, PAGE, PAGE + 1, MIB, 0x80000000, 0xFFFFF000, 0xFFFFFFFF])


def one_in(n: int) -> st.SearchStrategy[bool]:
    """True now and then; shrinks to False."""
    return st.integers(0, n - 1).map(lambda number: number == n - 1)


@st.composite
def f_ids(draw):
    """How to choose a frame: mostly one of the caller's, else any, else none at all."""
    return draw(
        st.one_of(
            st.tuples(st.just("own"), PICK),
            st.tuples(st.just("own"), PICK),
            st.tuples(st.just("table"), PICK),
            st.tuples(st.just("own"), PICK),
            st.tuples(st.just("any"), PICK),
            st.tuples(st.just("odd"), ODD_IDS),
        )
    )


F_ID = f_ids()
PID = st.one_of(
    st.tuples(st.just("child"), PICK),
    st.tuples(st.just("any"), PICK),
    st.tuples(st.just("odd"), ODD_IDS),
)
KIND = st.sampled_from([PAGES, SECTIONS, L2_KIND])

ANY_FLAGS = st.one_of(
    st.tuples(st.sampled_from(VIEW_FLAGS), KIND).map(sum), KIND, st.integers(0, 127), WORD
)


class Adversary(RuleBasedStateMachine):
    """Drives one kernel; starts over when that has halted or all its processes wait."""

    def __init__(self) -> None:
        super().__init__()
        self.start(1024, created=False)

    def start(self, capacity: int, created: bool) -> None:
        self.buffer = bytearray(RAM_SIZE)
        self.ram = Ram(RAM_BASE, RAM_SIZE, memoryview(self.buffer))
        self.host = RecordingHost(self.ram)
        self.kernel = boot(self.ram, PROGRAM, b"", DEVICES, self.host)
        self.kernel.pool.capacity = capacity
        if created:
            self.kernel.created = True
            self.kernel.frames[REST].len -= 64 * PAGE
        self.kernel.processes[0].resume = None
        self.oracle = oracle_of(self.kernel, self.ram)

    @initialize(
        capacity=st.sampled_from([1024, 1024, 70, 24]),
        created=one_in(5),
        family=st.lists(st.sampled_from(["new", "record"]), max_size=4),
        turns=st.integers(0, 3),
    )
    def boot(self, capacity, created, family, turns):
        """Most programs begin with some processes: what matters happens between them."""
        self.start(capacity, created)
        for to in family:
            self.settle_in(to, self.oracle.me)
        for _ in range(turns):
            self.slice_ends()

    # -- one call ------------------------------------------------------------------------

    def step(self, name: str, *arguments: int) -> int:
        """Make a call, judge it, and return its result; -1 when the turn passed."""
        before = self.kernel.state()
        words = [argument & 0xFFFFFFFF for argument in arguments] + [0] * (4 - len(arguments))
        result = trap(self.kernel, BY_NAME[name].number, *words)
        wanted = self.oracle.call(name, arguments, result)
        if isinstance(wanted, frozenset):
            assert result is not None, f"{name}{arguments} passed the turn, not {set(wanted)}"
            assert result < 0, f"{name}{arguments} is {result}, not {set(wanted)}"
            error = Error(result).name
            assert error in wanted, f"{name}{arguments}: {error}, not {set(wanted)}"
            assert self.kernel.state() == before, f"{name}{arguments} changed something"
            assert self.buffer == self.oracle.ram, f"{name}{arguments} changed memory"
        else:
            assert result == wanted, f"{name}{arguments}: {self.kernel.refusal or result}"
        done = "ok" if result is not None else "passed the turn"
        OUTCOMES[name, error if isinstance(wanted, frozenset) else done] += 1
        self.judge()
        if self.kernel.current is None:
            self.start(1024, created=False)
            return -1
        return -1 if result is None else result

    def judge(self) -> None:
        """The kernel and the oracle tell the same story."""
        check_invariants(self.kernel)
        self.compare_processes()
        self.compare_frames()
        self.compare_memory()
        self.compare_reach()
        self.host.check(self.kernel)

    def compare_frames(self) -> None:
        kernel, oracle = self.kernel, self.oracle
        assert kernel.frames.keys() == oracle.frames.keys()
        for f_id, frame in kernel.frames.items():
            assert frame_words(kernel, frame) == oracle.describe(f_id), f"frame {f_id}"
            assert frame.owner == oracle.frames[f_id].owner
        assert (kernel.pool.used, kernel.pool.capacity) == (oracle.used, oracle.capacity)

    def compare_processes(self) -> None:
        kernel, oracle = self.kernel, self.oracle
        assert kernel.processes.keys() == oracle.actors.keys()
        for pid, process in kernel.processes.items():
            actor = oracle.actors[pid]
            actor.frames = settle(list(process.frames), actor.frames, oracle.any_order)
            found = (process.parent, process.record, process.state.name, process.l1)
            assert found == (actor.parent, actor.record, actor.state, actor.vspace), pid
            assert (process.allowed, process.partner) == (actor.allows, actor.waits_for)
            assert list(process.senders) == actor.queue
            assert (process.calls, process.sent, process.received) == (
                actor.calls, actor.sent, actor.received,
            )  # fmt: skip
        self.compare_turns()

    def compare_turns(self) -> None:
        kernel, oracle = self.kernel, self.oracle
        assert (kernel.halted is not None) == oracle.halted
        if kernel.current is None:
            assert oracle.turns == []
            return
        oracle.turns = settle([kernel.current.pid, *kernel.ready], oracle.turns, oracle.any_order)
        resume, kernel.current.resume = kernel.current.resume, None
        actor = oracle.actors[kernel.current.pid]
        wanted, actor.goes_on_with = actor.goes_on_with, None
        assert resume == (wanted and (Start(*wanted) if len(wanted) == 6 else Result(*wanted)))

    def compare_memory(self) -> None:
        """Tables and the kernel's own memory apart: the oracle has none and takes what it finds.

        So after this both memories are the same, which ``step`` compares refused calls with.
        """
        oracle, found = self.oracle, self.buffer
        oracle.ram[:PAGE] = found[:PAGE]
        for frame in oracle.frames.values():
            start = frame.pa - oracle.base
            if frame.table:
                oracle.ram[start : start + frame.len] = found[start : start + frame.len]
        for pid, actor in oracle.actors.items():
            if actor.record >= 0:
                start = oracle.frames[actor.record].pa - oracle.base
                oracle.ram[start : start + 32] = oracle.page_of(pid)
        for start in self.last_words():
            oracle.ram[start : start + 32] = found[start : start + 32]
        assert oracle.ram == found
        assert (self.host.console, self.host.input) == (oracle.console, oracle.input)

    def last_words(self) -> list[int]:
        """Pages on which an ended process may have said so; no rule tells what stays there."""
        if not self.oracle.any_order:
            return []
        arrived = (
            self.oracle.frames[f_id] for group in self.oracle.any_order[:1] for f_id in group
        )
        return [frame.pa - self.oracle.base for frame in arrived if frame.type == "MEM"]

    def compare_reach(self) -> None:
        """What every vspace's user may do at the edges of all that is mapped, and beyond."""
        samples = {0, PAGE, KERNEL_VA - PAGE, KERNEL_VA, 0xFFF00000}
        for frame in self.oracle.frames.values():
            if frame.view:
                begin = self.oracle.begin_of(frame)
                samples |= {begin - PAGE, begin, begin + frame.len - PAGE, begin + frame.len}
        for f_id, frame in self.oracle.frames.items():
            if frame.table == "L1":
                for va in samples:
                    if 0 <= va < 1 << 32:
                        self.compare_at(f_id, frame.pa, va)

    def compare_at(self, l1: int, l1_pa: int, va: int) -> None:
        found = walk(self.ram, l1_pa, va)
        wanted = self.oracle.translate(l1, va) or (-1, 0)
        reached = (found.pa, found.user) if found.user else (-1, 0)
        assert reached == wanted, f"{va:#x} in {l1}: {reached} instead of {wanted}"
        self.host.touch(l1_pa, va)

    # -- choosing ------------------------------------------------------------------------

    @property
    def mine(self) -> list[int]:
        return self.oracle.actors[self.oracle.me].frames

    def pick(self, how) -> int:
        """The frame id that a drawn choice stands for."""
        kind, value = how
        if kind == "odd":
            return value
        frames = self.oracle.frames
        among = {
            "own": self.mine,
            "any": list(frames),
            "table": [f_id for f_id in self.mine if frames[f_id].table],
        }[kind]
        return among[value % len(among)] if among else 0

    def pick_pid(self, how) -> int:
        """The pid that a drawn choice stands for."""
        kind, value = how
        if kind == "odd":
            return value
        pids = list(self.oracle.actors)
        children = [pid for pid in pids if self.oracle.actors[pid].parent == self.oracle.me]
        among = children if kind == "child" and children else pids
        return among[value % len(among)]

    def tables(self, level: str, visible: bool = True) -> list[int]:
        """The caller's tables of a level, those it can edit if ``visible``."""
        found = []
        for f_id in self.mine:
            frame = self.oracle.frames[f_id]
            if frame.table == level and (not visible or self.oracle.seen_by_me(frame)):
                found.append(f_id)
        return found

    def room_in(self, table: int, size: int, unit: int = PAGE) -> int | None:
        """An address in a table where ``size`` bytes are free."""
        frame = self.oracle.frames[table]
        begin = frame.place[1] if frame.place else 0
        end = KERNEL_VA if frame.table == "L1" else begin + frame.span
        taken = sorted((low, high) for _, low, high in self.oracle.entries(table))
        at = unit if begin == 0 else 0
        for low, high in [*taken, (end - begin, end - begin)]:
            if at + size <= low:
                return begin + at
            at = max(at, -(-high // unit) * unit)
        return None

    def spare(self, pages: int, align: int = PAGE) -> int | None:
        """Cut ``pages`` free pages, so aligned, off the caller's biggest free frame."""
        frames = self.oracle.frames
        free = [f for f in self.mine if frames[f].type == "MEM" and not frames[f].table]
        free = [f for f in free if frames[f].view is None]
        for f_id in sorted(free, key=lambda f: -frames[f].count)[:1]:
            frame = frames[f_id]
            pa = frame.pa + frame.len - pages * PAGE & -align
            if pa > frame.pa:
                upper = self.step("frame_split", f_id, pa - frame.pa)
                if upper >= 0 and pa + pages * PAGE < frame.pa + frame.len + frames[upper].len:
                    self.step("frame_split", upper, pages * PAGE)
                return upper if upper >= 0 else None
        return None

    def show(self, f_id: int, flags: int = RO) -> bool:
        """View a frame wherever the caller has room."""
        for table in self.tables("L2"):
            if self.oracle.vspace_of(self.oracle.frames[table].view) < 0:
                continue
            va = self.room_in(table, self.oracle.frames[f_id].len)
            if va is not None and self.oracle.frames[table].place:
                return self.step("frame_map", table, f_id, va, flags) == 0
        return False

    # -- rules: single calls -------------------------------------------------------------

    @rule(f=F_ID, pages=st.integers(0, 40), odd=one_in(6), size=ODD_SIZES)
    def frame_split(self, f, pages, odd, size):
        self.step("frame_split", self.pick(f), size if odd else pages * PAGE)

    @rule(f=F_ID, g=F_ID, neighbour=st.booleans())
    def frame_merge(self, f, g, neighbour):
        frames = self.oracle.frames
        starts = {frames[f_id].first: f_id for f_id in self.mine}
        pairs = [(f_id, starts.get(frames[f_id].first + frames[f_id].count)) for f_id in self.mine]
        pairs = [pair for pair in pairs if pair[1] is not None]
        if neighbour and pairs:
            self.step("frame_merge", *pairs[f[1] % len(pairs)])
        else:
            self.step("frame_merge", self.pick(f), self.pick(g))

    @rule(f=F_ID, pid=PID)
    def frame_give(self, f, pid):
        self.step("frame_give", self.pick(f), self.pick_pid(pid))

    @rule(
        t=F_ID,
        f=F_ID,
        va=st.one_of(ODD_ADDRESSES, WORD),
        flags=ANY_FLAGS,
    )
    def frame_map_anything(self, t, f, va, flags):
        self.step("frame_map", self.pick(t), self.pick(f), va, flags)

    @rule(t=PICK, f=F_ID, slot=st.integers(-1, 1030), flags=st.sampled_from(VIEW_FLAGS))
    def frame_map_pages(self, t, f, slot, flags):
        tables = self.tables("L2", visible=t % 4 > 0) or [0]
        table = tables[t % len(tables)]
        place = self.oracle.frames[table].place if table in self.oracle.frames else None
        va = (place[1] if place else 0) + slot * PAGE
        self.step("frame_map", table, self.pick(f), va & 0xFFFFFFFF, flags)

    @rule(t=PICK, f=F_ID, mib=st.integers(0, 0xF02), flags=st.sampled_from(VIEW_FLAGS))
    def frame_map_sections(self, t, f, mib, flags):
        tables = self.tables("L1", visible=t % 4 > 0) or [0]
        self.step("frame_map", tables[t % len(tables)], self.pick(f), mib * MIB, flags | SECTIONS)

    @rule(t=PICK, f=PICK, mib=st.one_of(st.integers(0, 0xF02), st.integers(0, 8)))
    def frame_map_table(self, t, f, mib):
        l1s = self.tables("L1", visible=t % 4 > 0) or [0]
        l2s = self.tables("L2", visible=False) or [0]
        self.step("frame_map", l1s[t % len(l1s)], l2s[f % len(l2s)], mib * MIB, L2_KIND)

    @rule(f=F_ID, kind=st.one_of(KIND, st.integers(0, 63)))
    def frame_unmap_anything(self, f, kind):
        self.step("frame_unmap", self.pick(f), kind)

    @rule(f=PICK)
    def frame_unmap(self, f):
        """One of the mappings there are, but seldom those that the program itself needs."""
        frames = self.oracle.frames
        views = [(f_id, frames[f_id].view.kind) for f_id in self.mine if frames[f_id].view]
        places = [(f_id, L2_KIND) for f_id in self.mine if frames[f_id].place]
        found = sorted(views + places)
        if found:
            self.step("frame_unmap", *found[-1 - f % min(len(found), 12)])

    @rule(f=F_ID, type_=st.sampled_from([0, 2, 4, 4, 0, 1, 3, 0x80000000]))
    def frame_table(self, f, type_):
        self.step("frame_table", self.pick(f), type_)

    @rule(pid=st.one_of(PID, st.just(-1)))
    def frame_allow(self, pid):
        self.step("frame_allow", pid if pid == -1 else self.pick_pid(pid))

    @rule(index=st.one_of(st.integers(0, 40), WORD), va=st.one_of(st.just(DATA_VA), ODD_ADDRESSES))
    def look(self, index, va):
        self.step("frame_count")
        self.step("vspace_id")
        self.step("frame_info", index, va)

    @rule(f=F_ID, va=st.one_of(st.just(DATA_VA), ODD_ADDRESSES, WORD))
    def frame_lookup(self, f, va):
        self.step("frame_lookup", self.pick(f), va)

    @precondition(lambda self: self.oracle.created)
    @rule(
        page=st.integers(0, 80), pages=st.integers(0, 70), odd=one_in(3), va=ODD_ADDRESSES,
        type_=st.sampled_from([1, 2, 2, 0, 3]),
    )  # fmt: skip
    def frame_create(self, page, pages, odd, va, type_):
        start = va if odd else RAM_BASE + RAM_SIZE - page * PAGE
        self.step("frame_create", start, pages * PAGE + odd * (page % 2), type_)

    @rule(f=F_ID, sure=one_in(4))
    def frame_pool(self, f, sure):
        f_id = self.spare(1) if sure else self.pick(f)
        if f_id is not None:
            self.step("frame_pool", f_id)

    @rule(f=F_ID)
    def proc_new(self, f):
        self.step("proc_new", self.pick(f))

    @rule(pid=PID, f=F_ID, level1=st.booleans(), me=st.booleans())
    def vspace_swap(self, pid, f, level1, me):
        l1s = self.tables("L1", visible=False)
        f_id = l1s[f[1] % len(l1s)] if level1 and l1s else self.pick(f)
        self.step("vspace_swap", self.oracle.me if me else self.pick_pid(pid), f_id)

    @rule(pid=PID, va=st.one_of(st.just(DATA_VA), st.just(DATA_VA + PAGE - 8), ODD_ADDRESSES))
    def send(self, pid, va):
        self.step("send", self.pick_pid(pid), va)

    @rule(va=st.one_of(st.just(DATA_VA + 64), st.just(DATA_VA + PAGE - 8), ODD_ADDRESSES))
    def recv(self, va):
        if len(self.oracle.turns) > 1 or self.oracle.actors[self.oracle.me].queue:
            self.step("recv", va)

    @rule()
    def yield_(self):
        self.step("yield")

    @rule(status=WORD, sure=one_in(4))
    def exit_(self, status, sure):
        if self.oracle.me != 0 or sure:
            self.step("exit", status)

    @rule(va=ODD_ADDRESSES, size=ODD_SIZES, typed=st.binary(max_size=100))
    def console(self, va, size, typed):
        self.host.input += typed
        self.oracle.input += typed
        self.step("console_read", va, size)
        self.step("console_write", va, size)

    # -- rules: what programs do besides calls -------------------------------------------

    @rule()
    def slice_ends(self):
        self.kernel.slice_ended()
        self.oracle.any_order = []
        if len(self.oracle.turns) > 1:
            self.oracle.turns.append(self.oracle.turns.pop(0))
        self.judge()

    @rule(f=PICK, offset=st.integers(0, 2 * PAGE), data=st.binary(min_size=1, max_size=80))
    def store(self, f, offset, data):
        """The running program stores bytes where it may."""
        frames = self.oracle.frames
        me, f_id = self.oracle.me, self.pick(("own", f))
        if f_id in frames and frames[f_id].view:
            va = self.oracle.begin_of(frames[f_id]) + offset
            runs = self.oracle.runs(me, va, len(data), 2)
            for pa, part in runs or ():
                self.oracle.store([(pa, part)], data[:part])
                self.ram.write(pa, data[:part])
                self.host.stored(pa, part)
                data = data[part:]

    # -- rules: getting somewhere --------------------------------------------------------

    @rule(level1=st.booleans(), pages=st.sampled_from([1, 1, 2, 4]))
    def make_table(self, level1, pages):
        f_id = self.spare(4, 4 * PAGE) if level1 else self.spare(pages)
        if f_id is not None and self.show(f_id):
            self.step("frame_table", f_id, 2 if level1 else 4)

    @rule(flags=st.sampled_from(VIEW_FLAGS), pages=st.integers(1, 5))
    def show_memory(self, flags, pages):
        f_id = self.spare(pages)
        if f_id is not None:
            self.show(f_id, flags)

    @rule(flags=st.sampled_from(VIEW_FLAGS), f=PICK)
    def show_sections(self, flags, f):
        """A frame of whole MiBs in an L1, cut off if there is none yet."""
        frames = self.oracle.frames
        whole = [f_id for f_id in self.mine if (frames[f_id].pa | frames[f_id].len) % MIB == 0]
        f_id = whole[f % len(whole)] if whole and f % 3 else self.spare(MIB // PAGE, MIB)
        for l1 in self.tables("L1")[:1] if f_id is not None else ():
            va = self.room_in(l1, frames[f_id].len, MIB)
            if va is not None:
                self.step("frame_map", l1, f_id, va, flags | SECTIONS)

    @rule(t=PICK, f=PICK)
    def hang_where_there_is_room(self, t, f):
        frames = self.oracle.frames
        loose = [f_id for f_id in self.tables("L2", visible=False) if not frames[f_id].place]
        for l1 in self.tables("L1")[t % 2 :][:1] if loose else ():
            l2 = loose[f % len(loose)]
            va = self.room_in(l1, frames[l2].span, MIB)
            if va is not None:
                self.step("frame_map", l1, l2, va, L2_KIND)

    @rule(f=PICK, level=st.sampled_from(["L1", "L2"]))
    def show_table_again(self, f, level):
        hidden = set(self.tables(level, visible=False)) - set(self.tables(level))
        if hidden:
            self.show(sorted(hidden)[f % len(hidden)])

    @rule(f=PICK, g=PICK)
    def view_a_table_in_a_table(self, f, g):
        """Trees that grow into each other, and into themselves."""
        tables = self.tables("L2") + self.tables("L1")
        l2s = [f_id for f_id in self.tables("L2") if self.oracle.frames[f_id].place]
        if l2s and tables:
            inner, outer = tables[f % len(tables)], l2s[g % len(l2s)]
            va = self.room_in(outer, self.oracle.frames[inner].len)
            if va is not None:
                self.step("frame_map", outer, inner, va, RO)

    def furnish(self) -> int | None:
        """An L1 with code, data and its own tables in view, as a process needs it."""
        l1 = self.spare(4, 4 * PAGE)
        l2, code, data = self.spare(1), self.spare(1), self.spare(4)
        parts = (l1, l2, code, data)
        if None in parts or not (self.show(l1) and self.show(l2)):
            return None
        steps = [
            ("frame_table", l1, 2), ("frame_table", l2, 4), ("frame_map", l1, l2, 0, L2_KIND),
            ("frame_map", l2, code, CODE_VA, 1), ("frame_map", l2, data, DATA_VA, 3),
            ("frame_map", l2, l1, 0x40000, RO), ("frame_map", l2, l2, 0x44000, RO),
        ]  # fmt: skip
        return l1 if all(self.step(*step) == 0 for step in steps) else None

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

    def begin(self, pid: int) -> None:
        """Start a child, and give it memory of its own to work with."""
        if pid >= 0:
            self.step("send", pid, DATA_VA)
            gift = self.spare(48)
            if gift is not None:
                self.step("frame_give", gift, pid)

    @rule()
    def show_own_record(self):
        record = self.oracle.actors[self.oracle.me].record
        if record >= 0:
            self.show(record, 1)

    def teardown(self) -> None:
        """At the end every page of every vspace is where the oracle has it, and no more."""
        for f_id, frame in self.oracle.frames.items():
            if frame.table == "L1":
                for va in mapped_pages(self.ram, frame.pa):
                    self.compare_at(f_id, frame.pa, va)


def mapped_pages(ram: Ram, l1_pa: int) -> list[int]:
    """Every page below the kernel that the tables in memory map for somebody."""
    found = []
    for index, word in enumerate(ram.read_words(l1_pa, KERNEL_VA // MIB)):
        if word & 0b11 == 0b01:
            entries = enumerate(ram.read_words(word & ~0x3FF, 256))
            found += [index * MIB + n * PAGE for n, entry in entries if entry]
        elif word:
            found += range(index * MIB, (index + 1) * MIB, PAGE)
    return found


def settle(found: list[int], wanted: list[int], any_order: list[list[int]]) -> list[int]:
    """The found order, if it differs from the wanted only where no rule gives the order."""
    if found != wanted:
        free = {member for group in any_order for member in group}
        assert sorted(found) == sorted(wanted)
        assert [m for m in found if m not in free] == [m for m in wanted if m not in free]
        assert [m in free for m in found] == [m in free for m in wanted]
    return found


assert {PAGES, SECTIONS, L2_KIND} == {MapKind.PAGE, MapKind.SECTION, MapKind.TABLE_L2}
assert set(CALLS) == set(BY_NAME)
