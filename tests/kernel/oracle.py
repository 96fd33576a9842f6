"""The rules once more, from the specification alone: what each call must do, said another way.

Frames here are plain sets of pages with a note of where they are mapped.  There are no tables
in memory and no descriptors, no order of checks, and nothing of ``kernel_model`` is imported.
A call that breaks rules answers with the names of *all* rules it breaks; the kernel may
report any of them.  Where the specification leaves a choice (the numbers of new frames and
processes, the order in which a tree's frames arrive) the oracle takes the kernel's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

PAGE = 4096
MIB = 1 << 20
KERNEL_VA = 0xF0000000
SPACE_END = 1 << 32
READ, WRITE, EXEC = 1, 2, 4
F_READ, F_WRITE, F_NOEXEC = 1 << 0, 1 << 1, 1 << 6
PAGES, SECTIONS, L1_KIND, L2_KIND = (n << 2 for n in range(4))
TYPES = {"IO": 1, "MEM": 2, "PROC": 3, "POOL": 4}
STATES = {
    "NEW": 0, "READY": 1, "SENDING": 2, "RECEIVING": 3, "DEAD": 4, "CALLING": 5, "AWAITING": 6,
    "FAULTED": 7, "STOPPED": 8, "READING": 9,
}  # fmt: skip
TABLES = {"": 0, "L1": 2, "L2": 4}
OBJECTS_A_PAGE = PAGE // 64
PEER_DIED, BAD_POINTER, PEER_FAULTED = -32, -5, -38
FAULT = 1 << 30
EXITED, FAULTED = 1, 2


@dataclass
class View:
    """Mapped as pages in L2 ``table``, or as sections in L1 ``table``."""

    table: int
    offset: int
    flags: int

    @property
    def kind(self) -> int:
        return self.flags & 0b111100


@dataclass
class Pages:
    """A frame: pages ``[first, first + count)`` of physical memory."""

    first: int
    count: int
    owner: int
    payer: int
    """Whose account it is charged to."""
    type: str
    table: str = ""
    view: View | None = None
    place: tuple[int, int] | None = None
    """For an L2 table: the L1 it is installed in, and at which address."""

    @property
    def pa(self) -> int:
        return self.first * PAGE

    @property
    def len(self) -> int:
        return self.count * PAGE

    @property
    def shown(self) -> int:
        """Bytes that a view shows: of a record the first page, rule 11."""
        return PAGE if self.type == "PROC" else self.len

    @property
    def span(self) -> int:
        """Addresses that an L2 table of this size translates: 4 bytes for each page."""
        return self.len // 4 * PAGE


@dataclass
class Actor:
    """A process."""

    parent: int
    maker: int
    record: int = -1
    state: str = "NEW"
    vspace: int = -1
    allows: int = -1
    handler: int = -1
    thread_pointer: int = 0
    room: int = 0
    payer: int = -1
    """Whose account the record is charged to, if it has no frame."""
    news: list[tuple[bytes, int]] = field(default_factory=list)
    """Children's ends to tell of: the message, and the record's frame or -1."""
    frames: list[int] = field(default_factory=list)
    waits_for: int = -1
    message: bytes = b""
    buffer: int = 0
    wanted: int = 0
    queue: list[int] = field(default_factory=list)
    goes_on_with: tuple[int, ...] | None = None
    """Six words that start it, one that a blocked call returns, ten that it goes on with
    elsewhere after a fault, or nothing."""
    fault: tuple[int, ...] | None = None
    """Sixteen words, while its fault has no answer."""
    calls: int = 0
    sent: int = 0
    received: int = 0


class BrokenError(Exception):
    """A call broke these rules."""

    def __init__(self, *names: str) -> None:
        super().__init__(*names)
        self.names = frozenset(names)


class Oracle:
    """What the kernel must be like.  ``call`` makes a call as the process whose turn it is."""

    def __init__(self, ram_base: int, ram: bytes) -> None:
        self.base = ram_base
        self.ram = bytearray(ram)
        self.frames: dict[int, Pages] = {}
        self.actors: dict[int, Actor] = {}
        self.turns: list[int] = []
        """Pids in order of their turns; the first one runs."""
        self.readers: list[int] = []
        """Pids that wait for the console."""
        self.typing = False
        """Whether whoever types on the console is slow, so that a reader waits."""
        self.f_ids_left = 1 << 31
        self.pids_left = 1 << 30
        """How many more frames and processes can be made, ever."""
        self.created = False
        self.halted = False
        self.console = b""
        self.input = b""
        self.any_order: list[list[int]] = []
        """What arrived together in the last call, where no rule gives the order."""
        self.moved: list[int] = []
        """Frames that came to another owner in it."""

    # -- asking --------------------------------------------------------------------------

    @property
    def me(self) -> int:
        return self.turns[0]

    def charged(self, pid: int) -> int:
        """Kernel objects: a frame each, and a process without a frame of its own, dead or alive."""
        frames = sum(frame.payer == pid for frame in self.frames.values())
        records = sum(a.payer == pid and a.record < 0 for a in self.actors.values())
        return frames + records + sum(record < 0 for _, record in self.actors[pid].news)

    def on(self, f_id: int) -> list[int]:
        """Who runs on an L1."""
        return [pid for pid, actor in self.actors.items() if actor.vspace == f_id]

    def begin_of(self, frame: Pages) -> int:
        """Where a viewed frame's addresses begin."""
        assert frame.view is not None
        place = self.frames[frame.view.table].place
        return frame.view.offset + (place[1] if place else 0)

    def vspace_of(self, view: View | None) -> int:
        """The L1 under which a view lies, or -1."""
        if view is None:
            return -1
        if view.kind == SECTIONS:
            return view.table
        place = self.frames[view.table].place
        return place[0] if place else -1

    def seen_by_me(self, frame: Pages) -> bool:
        vspace = self.vspace_of(frame.view)
        return vspace >= 0 and vspace == self.actors[self.me].vspace

    def mapped_in(self, vspace: int) -> list[tuple[int, Pages]]:
        """All that is mapped in an address space, each with its first address."""
        return [
            (self.begin_of(frame), frame)
            for frame in self.frames.values()
            if frame.view is not None and self.vspace_of(frame.view) == vspace
        ]

    def translate(self, vspace: int, va: int) -> tuple[int, int] | None:
        """(pa, rights) of a user address in an address space, None where nothing is mapped."""
        return look_up(self.mapped_in(vspace), va)

    def runs(self, pid: int, va: int, length: int, right: int) -> list[tuple[int, int]] | None:
        """Where in RAM a buffer lies page by page, None if the process may not use it so."""
        found, end = [], va + length
        if length and end > SPACE_END:
            return None
        mapped = self.mapped_in(self.actors[pid].vspace)
        while va < end:
            there = look_up(mapped, va)
            if there is None or not there[1] & right or not self.in_ram(there[0]):
                return None
            part = min(end - va, PAGE - va % PAGE)
            found.append((there[0], part))
            va += part
        return found

    def in_ram(self, pa: int) -> bool:
        return self.base <= pa < self.base + len(self.ram)

    def load(self, runs: list[tuple[int, int]]) -> bytes:
        return b"".join(bytes(self.ram[pa - self.base :][:part]) for pa, part in runs)

    def store(self, runs: list[tuple[int, int]], data: bytes) -> None:
        for pa, part in runs:
            chunk, data = data[:part], data[part:]
            self.ram[pa - self.base : pa - self.base + len(chunk)] = chunk

    def describe(self, f_id: int) -> tuple[int, ...]:
        """The ten words of ``struct frame``."""
        frame = self.frames[f_id]
        installed = frame.place is not None
        current = self.on(f_id)
        view = frame.view
        return (
            f_id, TYPES[frame.type], frame.pa, frame.len,
            frame.place[0] if frame.place else -1, frame.place[1] if frame.place else 0,
            TABLES[frame.table] | bool(installed or current),
            view.table if view else -1, self.begin_of(frame) if view else 0,
            view.flags if view else 0,
        )  # fmt: skip

    def page_of(self, pid: int) -> bytes:
        """What an information page says."""
        actor = self.actors[pid]
        return struct.pack(
            "<8i", pid, actor.parent, actor.vspace, len(actor.frames), STATES[actor.state],
            actor.calls, actor.sent, actor.received,
        )  # fmt: skip

    def tree(self, root: int) -> list[int]:
        """The frame and everything mapped in it, all the way down."""
        inside = [root]
        for f_id in inside:
            inside += [
                other
                for other, frame in self.frames.items()
                if other not in inside
                and ((frame.view and frame.view.table == f_id) or (frame.place or (-1,))[0] == f_id)
            ]
        return inside

    # -- rules that several calls share --------------------------------------------------

    def own(self, f_id: int) -> Pages:
        if f_id not in self.actors[self.me].frames:
            raise BrokenError("NO_FRAME")
        return self.frames[f_id]

    def room(self, count: int = 1) -> Iterator[str]:
        """Rule 3: my account has room for so many more."""
        if self.charged(self.me) + count > self.actors[self.me].room:
            yield "POOL_FULL"

    def f_id_left(self) -> Iterator[str]:
        if not self.f_ids_left:
            yield "NO_ID_LEFT"

    def pid_left(self) -> Iterator[str]:
        if not self.pids_left:
            yield "NO_ID_LEFT"

    def plain(self, frame: Pages) -> Iterator[str]:
        """The frame is memory or a device, and no table."""
        if frame.table:
            yield "IS_TABLE"
        if frame.type not in ("MEM", "IO"):
            yield "WRONG_TYPE"

    def may_go(self, f_id: int) -> Iterator[str]:
        """Rule 9: nobody's vspace, nobody's record and no pool memory in the whole tree."""
        for member in self.tree(f_id):
            frame = self.frames[member]
            if frame.type not in ("MEM", "IO"):
                yield "WRONG_TYPE"
            if frame.table == "L1" and self.on(member):
                yield "TABLE_CURRENT"

    def may_give_to(self, pid: int) -> Iterator[str]:
        """Rule 9: my child, my sibling, or one that allows me."""
        if pid not in self.actors:
            yield "NO_PROCESS"
        elif pid == self.me:
            yield "TO_SELF"
        else:
            to, mine = self.actors[pid], self.actors[self.me]
            sibling = to.maker == mine.maker
            if to.parent != self.me and not sibling and to.allows != self.me:
                yield "NOT_ALLOWED"

    def controls(self, pid: int) -> Iterator[str]:
        """Rules 10 and 12: a child of mine."""
        if pid not in self.actors:
            yield "NO_PROCESS"
        elif self.actors[pid].parent != self.me:
            yield "NOT_ALLOWED"

    # -- effects that several calls share ------------------------------------------------

    def new_frame(self, f_id: int, frame: Pages) -> None:
        assert f_id not in self.frames, f"frame {f_id} is there already"
        self.f_ids_left -= 1
        self.frames[f_id] = frame
        self.actors[frame.owner].frames.append(f_id)

    def new_actor(self, pid: int, actor: Actor) -> None:
        assert pid not in self.actors, f"process {pid} is there already"
        self.pids_left -= 1
        self.actors[pid] = actor

    def hand_over(self, root: int, to: int) -> None:
        members = self.tree(root)
        for member in members:
            frame = self.frames[member]
            if frame.view and frame.view.table not in members:
                frame.view = None
            if frame.place and frame.place[0] not in members:
                frame.place = None
        self.move(members, to)

    def move(self, members: list[int], to: int) -> None:
        for member in members:
            frame = self.frames[member]
            self.actors[frame.owner].frames.remove(member)
            frame.owner = to
        self.actors[to].frames += members
        self.any_order.append(members)
        self.moved += members

    def put(self, pid: int, data: bytes) -> bool:
        """Store where a process that waits wants it, if there is still a place for it."""
        runs = self.runs(pid, self.actors[pid].buffer, len(data), WRITE)
        if runs is not None:
            self.store(runs, data)
        return runs is not None

    def zero(self, frame: Pages) -> None:
        start = frame.pa - self.base
        self.ram[start : start + frame.len] = bytes(frame.len)

    def wake(self, pid: int, *words: int) -> None:
        actor = self.actors[pid]
        actor.state, actor.waits_for, actor.message, actor.buffer = "READY", -1, b"", 0
        actor.wanted, actor.fault = 0, None
        actor.goes_on_with = words or None
        self.turns.append(pid)

    def begin(self) -> None:
        """Something is about to happen."""
        self.any_order, self.moved = [], []

    # -- the calls -----------------------------------------------------------------------

    def call(self, name: str, arguments: tuple[int, ...], answer: int | None) -> object:
        """Make a call.  answer: what the kernel said, where it chooses a number.

        Returns the result, a set of names of the rules broken, or None when the turn passes.
        """
        self.begin()
        caller = self.actors[self.me]
        handler = HANDLERS[name]
        try:
            result = handler(self, answer, *arguments)
        except BrokenError as broken:
            return broken.names
        if caller.state != "DEAD":
            caller.calls += 1
        return result

    def frame_count(self, _answer) -> int:
        return len(self.actors[self.me].frames)

    def frame_info(self, _answer, index, pointer) -> int:
        frames = self.actors[self.me].frames
        runs = self.runs(self.me, pointer, 40, WRITE)
        refuse(index >= len(frames) and "OUT_OF_RANGE", runs is None and "BAD_POINTER")
        self.store(runs, struct.pack("<iIIIiIIiII", *self.describe(frames[index])))
        return 0

    def frame_lookup(self, _answer, f_id, pointer) -> int:
        runs = self.runs(self.me, pointer, 40, WRITE)
        if runs is None and f_id not in self.actors[self.me].frames:
            raise BrokenError("NO_FRAME", "BAD_POINTER")
        self.own(f_id)
        refuse(runs is None and "BAD_POINTER")
        self.store(runs, struct.pack("<iIIIiIIiII", *self.describe(f_id)))
        return 0

    def frame_split(self, answer, f_id, offset) -> int:
        frame = self.own(f_id)
        sections = frame.view is not None and frame.view.kind == SECTIONS
        refuse(
            *self.plain(frame),
            offset % (MIB if sections else PAGE) and "UNALIGNED",
            not 0 < offset < frame.len and "OUT_OF_RANGE",
            *self.room(),
            *self.f_id_left(),
        )
        pages = offset // PAGE
        upper = Pages(frame.first + pages, frame.count - pages, self.me, self.me, frame.type)
        if frame.view:
            upper.view = View(frame.view.table, frame.view.offset + offset, frame.view.flags)
        frame.count = pages
        self.new_frame(answer, upper)
        return answer

    def frame_merge(self, _answer, f1, f2) -> int:
        lower, upper = self.own(f1), self.own(f2)
        side_by_side = (lower.view is None) == (upper.view is None)
        if lower.view and upper.view:
            wanted = View(lower.view.table, lower.view.offset + lower.len, lower.view.flags)
            side_by_side = upper.view == wanted
        refuse(
            *self.plain(lower),
            *self.plain(upper),
            lower.first + lower.count != upper.first and "NOT_ADJACENT",
            not (side_by_side and lower.type == upper.type) and "NOT_ALIKE",
        )
        lower.count += upper.count
        del self.frames[f2]
        self.actors[self.me].frames.remove(f2)
        return f1

    def frame_pool(self, _answer, f_id) -> int:
        frame = self.own(f_id)
        refuse(
            frame.table and "IS_TABLE",
            frame.type != "MEM" and "WRONG_TYPE",
            frame.view and "MAPPED",
        )
        frame.type = "POOL"
        self.actors[self.me].room += frame.count * OBJECTS_A_PAGE
        return frame.count * OBJECTS_A_PAGE

    def frame_unpool(self, _answer, f_id) -> int:
        frame = self.own(f_id)
        objects = frame.count * OBJECTS_A_PAGE
        refuse(frame.type != "POOL" and "WRONG_TYPE", *self.room(objects))
        frame.type = "MEM"
        self.zero(frame)
        self.actors[self.me].room -= objects
        return 0

    def pool_give(self, _answer, pid, count) -> int:
        refuse(*self.may_give_to(pid), *self.room(count))
        self.actors[self.me].room -= count
        self.actors[pid].room += count
        return 0

    def frame_create(self, answer, start, length, type_) -> int:
        end, ram_end = start + length, self.base + len(self.ram)
        taken = [(frame.pa, frame.pa + frame.len) for frame in self.frames.values()]
        taken.append((self.base, self.base + MIB))
        in_ram = self.base <= start and end <= ram_end
        refuse(
            not (self.created and self.me == 0) and "NO_CREATE",
            type_ not in (1, 2) and "WRONG_TYPE",
            (start % PAGE or length % PAGE) and "UNALIGNED",
            (length == 0 or end > SPACE_END or (type_ == 2 and not in_ram)) and "OUT_OF_RANGE",
            any(pa < end and start < stop for pa, stop in taken) and "OVERLAP",
            *self.room(),
            *self.f_id_left(),
        )
        kind = "IO" if type_ == 1 else "MEM"
        self.new_frame(answer, Pages(start // PAGE, length // PAGE, self.me, self.me, kind))
        return answer

    def frame_table(self, _answer, f_id, type_) -> int:
        refuse(type_ not in (0, 2, 4) and "BAD_KIND")
        frame = self.own(f_id)
        if type_ == 0:
            return self.back_to_memory(f_id, frame)
        read_only = frame.view is not None and not frame.view.flags & F_WRITE
        refuse(
            frame.table and "IS_TABLE",
            frame.type != "MEM" and "WRONG_TYPE",
            not (read_only and self.seen_by_me(frame)) and "NOT_VIEWED_READ_ONLY",
            type_ == 2 and frame.len != 4 * PAGE and "BAD_SIZE",
            type_ == 2 and frame.pa % (4 * PAGE) and "UNALIGNED",
        )
        frame.table = "L1" if type_ == 2 else "L2"
        return 0

    def back_to_memory(self, f_id: int, frame: Pages) -> int:
        refuse(not frame.table and "NOT_TABLE")
        refuse(
            frame.place and "TABLE_HUNG",
            self.on(f_id) and "TABLE_CURRENT",
            any(self.entries(f_id)) and "TABLE_NOT_EMPTY",
        )
        frame.table = ""
        self.zero(frame)
        return 0

    def entries(self, table: int) -> Iterator[tuple[int, int, int]]:
        """What is mapped in a table: (frame, from, to), as offsets in the table's addresses."""
        for f_id, frame in self.frames.items():
            if frame.view and frame.view.table == table:
                yield f_id, frame.view.offset, frame.view.offset + frame.shown
            if frame.place and frame.place[0] == table:
                yield f_id, frame.place[1], frame.place[1] + frame.span

    def frame_map(self, _answer, t_id, f_id, va, flags) -> int:
        kind = flags & 0b111100
        known = kind in (PAGES, SECTIONS, L2_KIND)
        rights = flags & ~0b111100
        unknown = rights & ~(F_READ | F_WRITE | F_NOEXEC)
        needless = rights if kind == L2_KIND else not rights & F_READ
        mine = self.actors[self.me].frames
        refuse(
            not known and "BAD_KIND",
            known and (unknown or needless) and "BAD_FLAGS",
            (t_id not in mine or f_id not in mine) and "NO_FRAME",
        )
        table, frame = self.frames[t_id], self.frames[f_id]
        refuse(
            table.table != ("L2" if kind == PAGES else "L1") and "NOT_TABLE",
            bool(table.table) and not self.seen_by_me(table) and "TABLE_NOT_VISIBLE",
        )
        if kind == L2_KIND:
            return self.install(t_id, f_id, frame, va)
        begin = table.place[1] if table.place else 0
        refuse(
            frame.type in ("POOL", "PROC" if kind == SECTIONS else "") and "WRONG_TYPE",
            flags & F_WRITE and (frame.table or frame.type == "PROC") and "TABLE_WRITABLE",
            va == 0 and "PAGE_ZERO",
            va + frame.shown > KERNEL_VA and "KERNEL_SPACE",
            *self.page_place(table, frame, va, begin)
            if kind == PAGES
            else [(va | frame.pa | frame.len) % MIB and "UNALIGNED"],
            self.taken(t_id, va - begin, va - begin + frame.shown, f_id) and "ENTRY_IN_USE",
        )
        frame.view = View(t_id, va - begin, flags)
        return 0

    def page_place(self, table: Pages, frame: Pages, va: int, begin: int) -> Iterator[str]:
        if va % PAGE:
            yield "UNALIGNED"
        if table.place is None:
            yield "TABLE_NOT_HUNG"
        elif not begin <= va <= va + frame.shown <= begin + table.span:
            yield "OUT_OF_RANGE"

    def taken(self, table: int, start: int, end: int, but: int = -1) -> bool:
        """Whether something but one frame's own view is mapped in this part of a table."""
        return any(
            f_id != but and low < end and start < high for f_id, low, high in self.entries(table)
        )

    def install(self, t_id: int, f_id: int, frame: Pages, va: int) -> int:
        refuse(frame.table != "L2" and "NOT_TABLE")
        first_page = any(low == 0 for _, low, _ in self.entries(f_id))
        refuse(
            frame.place and "TABLE_HUNG",
            va % MIB and "UNALIGNED",
            va + frame.span > KERNEL_VA and "KERNEL_SPACE",
            va == 0 and first_page and "PAGE_ZERO",
            self.taken(t_id, va, va + frame.span) and "ENTRY_IN_USE",
        )
        frame.place = (t_id, va)
        return 0

    def frame_unmap(self, _answer, f_id, kind) -> int:
        refuse(kind not in (PAGES, SECTIONS, L2_KIND) and "BAD_KIND")
        frame = self.own(f_id)
        if kind == L2_KIND:
            refuse(frame.place is None and "NOT_MAPPED")
            frame.place = None
        else:
            refuse((frame.view is None or frame.view.kind != kind) and "NOT_MAPPED")
            frame.view = None
        return 0

    def frame_give(self, _answer, f_id, pid) -> int:
        self.refuse_unless_own_and(f_id, *self.may_give_to(pid))
        refuse(*self.may_go(f_id), *self.may_give_to(pid))
        self.hand_over(f_id, pid)
        return f_id

    def refuse_unless_own_and(self, f_id: int, *others: str) -> None:
        if f_id not in self.actors[self.me].frames:
            raise BrokenError("NO_FRAME", *others)

    def frame_allow(self, _answer, pid) -> int:
        refuse(
            pid != -1 and pid not in self.actors and "NO_PROCESS",
            pid == self.me and "TO_SELF",
        )
        self.actors[self.me].allows = pid
        return 0

    def vspace_swap(self, _answer, pid, f_id) -> int:
        other = pid != self.me
        permission = list(self.controls(pid)) if other else []
        self.refuse_unless_own_and(f_id, *permission)
        refuse(self.frames[f_id].table != "L1" and "NOT_TABLE", *permission)
        if other:
            refuse(*self.may_go(f_id))
            self.hand_over(f_id, pid)
        self.actors[pid].vspace = f_id
        return 0

    def vspace_lend(self, _answer, pid, f_id) -> int:
        permission = list(self.controls(pid))
        self.refuse_unless_own_and(f_id, *permission)
        refuse(self.frames[f_id].table != "L1" and "NOT_TABLE", *permission)
        self.actors[pid].vspace = f_id
        return 0

    def vspace_id(self, _answer) -> int:
        return self.actors[self.me].vspace

    def proc_new(self, answer, f_id) -> int:
        frame = self.own(f_id)
        if frame.table == "L1":
            refuse(*self.may_go(f_id), *self.room(), *self.pid_left())
            self.new_actor(answer, Actor(self.me, self.me, vspace=f_id, payer=self.me))
            self.hand_over(f_id, answer)
            return answer
        refuse(
            frame.table and "IS_TABLE",
            frame.type != "MEM" and "WRONG_TYPE",
            frame.view and "MAPPED",
            frame.count < 2 and "BAD_SIZE",
            *self.pid_left(),
        )
        self.new_actor(answer, Actor(self.me, self.me, record=f_id))
        frame.type = "PROC"
        self.zero(frame)
        self.move([f_id], answer)
        return answer

    def speak(self, pid: int, pointer: int, right: int) -> bytes:
        """What a call to say something to a process begins with: the message."""
        runs = self.runs(self.me, pointer, 64, right)
        refuse(
            pid not in self.actors and "NO_PROCESS",
            pid == self.me and "TO_SELF",
            runs is None and "BAD_POINTER",
        )
        return self.load(runs)

    def send(self, _answer, pid, pointer) -> int | None:
        message = self.speak(pid, pointer, READ)
        to = self.actors[pid]
        if to.state == "NEW" and to.parent == self.me:
            refuse(to.vspace < 0 and "NO_VSPACE")
            self.wake(pid, *struct.unpack("<6I", message[:24]))
            return 0
        if to.state == "STOPPED" and to.waits_for == self.me:
            return self.answer(pid, struct.unpack("<11I", message[:44]))
        refuse(to.state == "FAULTED" and to.waits_for == self.me and "PEER_FAULTED")
        if self.deliver(self.me, pid, message, self.me):
            return 0
        self.queue_up(self.me, pid, "SENDING", message)
        return None

    def answer(self, pid: int, words: tuple[int, ...]) -> int | None:
        """Rule 15: again, no more, or elsewhere."""
        refuse(words[0] > 2 and "BAD_KIND")
        if words[0] == 1:
            self.end(pid, (FAULTED, self.actors[pid].fault[0]))
            return None if self.halted else 0
        self.wake(pid, *(words[1:] if words[0] else ()))
        return 0

    def deliver(self, sender: int, to: int, message: bytes, result: int) -> bool:
        """Whether a process that receives gets it; if it has lost the place, it wakes anyway."""
        if self.actors[to].state != "RECEIVING":
            return False
        fits = self.put(to, message)
        if fits:
            self.arrived(sender, to)
        self.wake(to, result if fits else BAD_POINTER)
        return fits

    def queue_up(self, pid: int, to: int, state: str, message: bytes) -> None:
        actor = self.actors[pid]
        actor.state, actor.waits_for, actor.message = state, to, message
        self.actors[to].queue.append(pid)
        self.turns.remove(pid)

    def arrived(self, sender: int, receiver: int) -> None:
        self.actors[sender].sent += 1
        self.actors[receiver].received += 1

    def recv(self, _answer, pointer) -> int | None:
        runs = self.runs(self.me, pointer, 64, WRITE)
        refuse(runs is None and "BAD_POINTER")
        me = self.actors[self.me]
        if me.news:
            message, record = me.news.pop(0)
            self.store(runs, message)
            self.bury(record)
            return PEER_DIED
        if not me.queue:
            me.state, me.buffer = "RECEIVING", pointer
            self.turns.pop(0)
            return None
        pid = me.queue.pop(0)
        sender = self.actors[pid]
        self.store(runs, sender.message)
        self.arrived(pid, self.me)
        sender.message = b""
        if sender.state == "SENDING":
            self.wake(pid, 0)
        else:
            sender.state = "AWAITING" if sender.state == "CALLING" else "STOPPED"
        return pid | (FAULT if sender.fault else 0)

    def call_(self, _answer, pid, pointer) -> int | None:
        message = self.speak(pid, pointer, READ)
        refuse(
            self.runs(self.me, pointer, 64, WRITE) is None and "BAD_POINTER",
            self.actors[pid].fault and self.actors[pid].waits_for == self.me and "PEER_FAULTED",
        )
        me = self.me
        self.actors[me].buffer = pointer
        if self.deliver(me, pid, message, me):
            self.actors[me].state, self.actors[me].waits_for = "AWAITING", pid
            self.turns.remove(me)
        else:
            self.queue_up(me, pid, "CALLING", message)
        return None

    def reply(self, _answer, pid, pointer) -> int:
        runs = self.runs(self.me, pointer, 64, READ)
        to = self.actors.get(pid)
        refuse(
            to is None and "NO_PROCESS",
            runs is None and "BAD_POINTER",
            to and (to.state, to.waits_for) != ("AWAITING", self.me) and "NOT_CALLING",
        )
        fits = self.put(pid, self.load(runs))
        if fits:
            self.arrived(self.me, pid)
        self.wake(pid, 0 if fits else BAD_POINTER)
        return 0

    def fault_handler(self, _answer, pid) -> int:
        refuse(
            pid != -1 and pid not in self.actors and "NO_PROCESS",
            pid == self.me and "TO_SELF",
            *(self.may_give_to(pid) if pid not in (-1, self.actors[self.me].parent) else ()),
        )
        self.actors[self.me].handler = pid
        return 0

    def thread_pointer(self, _answer, va) -> int:
        self.actors[self.me].thread_pointer = va
        return 0

    def faults(self, words: tuple[int, ...]) -> None:
        """Whoever runs does what the processor refuses: sixteen words say what."""
        self.begin()
        me, actor = self.me, self.actors[self.me]
        if actor.handler < 0:
            self.end(me, (FAULTED, words[0]))
            return
        handler = self.actors[actor.handler]
        if handler.waits_for == me and not handler.fault:
            if actor.handler in actor.queue:
                actor.queue.remove(actor.handler)
            self.wake(actor.handler, PEER_FAULTED)
        actor.fault = words
        message = struct.pack("<16I", *words)
        if self.deliver(me, actor.handler, message, me | FAULT):
            actor.state, actor.waits_for = "STOPPED", actor.handler
            self.turns.remove(me)
        else:
            self.queue_up(me, actor.handler, "FAULTED", message)

    def yield_(self, _answer) -> int | None:
        if len(self.turns) == 1:
            return 0
        self.actors[self.me].goes_on_with = (0,)
        self.turns.append(self.turns.pop(0))
        return None

    def exit_(self, _answer, status) -> None:
        self.end(self.me, (EXITED, status))

    def proc_end(self, _answer, pid, _status) -> int | None:
        refuse(*self.controls(pid))
        self.end(pid, None)
        return None if self.halted else 0

    def end(self, pid: int, how: tuple[int, int] | None) -> None:
        """A process ends, and others with it.  how: what its parent is told, if anything."""
        ending = [(pid, how)]
        while ending and not self.halted:
            ending.sort(key=lambda one: one[0] == 0)
            pid, how = ending.pop(0)
            if pid in self.actors:
                for one in self.threads_of(pid):
                    ending += [
                        (other, (FAULTED, actor.fault[0]))
                        for other, actor in self.actors.items()
                        if actor.fault and actor.waits_for == one
                    ]
                    self.end_one(one, how if one == pid else None)

    def threads_of(self, pid: int) -> list[int]:
        """Who runs on what a process has lent, and on what these have; itself is last."""
        lent = [f_id for f_id in self.actors[pid].frames if self.frames[f_id].table == "L1"]
        borrowers = [other for f_id in lent for other in self.on(f_id) if other != pid]
        threads = [self.threads_of(other) for other in borrowers]
        self.any_order.append([one for thread in threads for one in thread])
        return [*(one for thread in threads for one in thread), pid]

    def end_one(self, pid: int, how: tuple[int, int] | None) -> None:
        gone = self.actors[pid]
        for queue in (self.turns, self.readers, *(a.queue for a in self.actors.values())):
            if pid in queue:
                queue.remove(pid)
        gone.waits_for = -1
        if pid == 0:
            self.halted, gone.state, self.turns, self.readers = True, "DEAD", [], []
            return
        heir = gone.parent if gone.parent in self.actors else 0
        told = how is not None and heir == gone.maker
        for f_id in gone.frames:
            frame = self.frames[f_id]
            frame.view = frame.place = None
            if frame.table:
                frame.table = ""
                self.zero(frame)
            if frame.type == "PROC" and not (told and f_id == gone.record):
                frame.type = "MEM"
        self.move(list(gone.frames), heir)
        self.actors[heir].room += gone.room
        for thing in (*self.frames.values(), *self.actors.values()):
            if thing.payer == pid:
                thing.payer = heir
        del self.actors[pid]
        self.mourn(pid)
        if told:
            self.tell(heir, struct.pack("<iIi52x", pid, *how), gone.record)

    def mourn(self, pid: int) -> None:
        """What its end means to the others."""
        woken = []
        for other, actor in self.actors.items():
            if actor.waits_for == pid and not actor.fault:
                self.wake(other, PEER_DIED)
                woken.append(other)
            if actor.parent == pid:
                actor.parent = 0
            if actor.allows == pid:
                actor.allows = -1
            if actor.handler == pid:
                actor.handler = -1
        self.any_order.append(woken)

    def tell(self, parent: int, message: bytes, record: int) -> None:
        """A parent hears of a child's end, now or with its next recv."""
        if self.actors[parent].state == "RECEIVING":
            fits = self.put(parent, message)
            self.wake(parent, PEER_DIED if fits else BAD_POINTER)
            if fits:
                self.bury(record)
                return
        self.actors[parent].news.append((message, record))

    def bury(self, record: int) -> None:
        """The record of a child whose parent knows is free."""
        if record >= 0:
            self.frames[record].type, self.frames[record].view = "MEM", None

    def console_write(self, _answer, pointer, length) -> int:
        runs = self.runs(self.me, pointer, length, READ)
        refuse(runs is None and "BAD_POINTER")
        self.console += self.load(runs)
        return length

    def console_read(self, _answer, pointer, length) -> int:
        runs = self.runs(self.me, pointer, length, WRITE)
        refuse(runs is None and "BAD_POINTER")
        if length and (self.readers or self.typing):
            me = self.actors[self.me]
            me.state, me.buffer, me.wanted = "READING", pointer, length
            self.readers.append(self.turns.pop(0))
            return None
        data, self.input = self.input[:length], self.input[length:]
        self.store(runs, data)
        return len(data)

    def feed(self) -> None:
        """There is input for the first that waits."""
        self.begin()
        pid = self.readers.pop(0)
        actor = self.actors[pid]
        runs = self.runs(pid, actor.buffer, actor.wanted, WRITE)
        if runs is None:
            self.wake(pid, BAD_POINTER)
            return
        data, self.input = self.input[: actor.wanted], self.input[actor.wanted :]
        self.store(runs, data)
        self.wake(pid, len(data))


HANDLERS = {
    "send": Oracle.send,
    "recv": Oracle.recv,
    "proc_new": Oracle.proc_new,
    "frame_split": Oracle.frame_split,
    "frame_merge": Oracle.frame_merge,
    "frame_give": Oracle.frame_give,
    "frame_map": Oracle.frame_map,
    "frame_unmap": Oracle.frame_unmap,
    "frame_allow": Oracle.frame_allow,
    "frame_count": Oracle.frame_count,
    "frame_info": Oracle.frame_info,
    "frame_create": Oracle.frame_create,
    "frame_lookup": Oracle.frame_lookup,
    "frame_table": Oracle.frame_table,
    "vspace_swap": Oracle.vspace_swap,
    "vspace_id": Oracle.vspace_id,
    "frame_pool": Oracle.frame_pool,
    "yield": Oracle.yield_,
    "exit": Oracle.exit_,
    "console_write": Oracle.console_write,
    "console_read": Oracle.console_read,
    "fault_handler": Oracle.fault_handler,
    "proc_end": Oracle.proc_end,
    "vspace_lend": Oracle.vspace_lend,
    "call": Oracle.call_,
    "reply": Oracle.reply,
    "pool_give": Oracle.pool_give,
    "frame_unpool": Oracle.frame_unpool,
    "thread_pointer": Oracle.thread_pointer,
}


def refuse(*rules: object) -> None:
    """Refuse a call that breaks any of these rules; what is false is not broken."""
    names = [rule for rule in rules if rule]
    if names:
        raise BrokenError(*names)


def look_up(mapped: list[tuple[int, Pages]], va: int) -> tuple[int, int] | None:
    """(pa, rights) of an address, None where nothing is mapped."""
    for begin, frame in mapped:
        if begin <= va < begin + frame.shown:
            return frame.pa + va - begin, rights_of(frame)
    return None


def rights_of(frame: Pages) -> int:
    """What a view lets user mode do."""
    assert frame.view is not None
    write = WRITE if frame.view.flags & F_WRITE else 0
    never = frame.view.flags & F_NOEXEC or frame.table or frame.type in ("IO", "PROC")
    return READ | write | (0 if never else EXEC)
