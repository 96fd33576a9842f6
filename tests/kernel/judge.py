"""The kernel and the oracle side by side: each call is made on both, and all is compared.

They must agree on the answer, on every frame and process, on every byte of memory, and on what
each process can reach; the invariants hold; a refused call changed nothing; and nothing that a
machine would have cached is stale.
"""

from __future__ import annotations

from collections import Counter

from kernel_model.abi import Error, FaultKind, MapKind
from kernel_model.boot import boot
from kernel_model.calls.checks import frame_words
from kernel_model.calls.endings import end_process
from kernel_model.invariants import check_invariants
from kernel_model.kernel import Device, Kernel
from kernel_model.memory import Ram
from kernel_model.process import Failed, Faulted, FaultRecord, Redirect, Result, Resume, Start
from kernel_model.syscalls import CALLS, trap
from kernel_model.trap import Signal
from kernel_model.trap import trap as enter
from kernel_model.walk import walk
from tests.kernel.driver import DATA_VA, PAGE, PROGRAM, RAM_BASE, RAM_SIZE, REST, UART_PA, set_room
from tests.kernel.host import RecordingHost
from tests.kernel.oracle import (
    HANDLERS,
    KERNEL_VA,
    L2_KIND,
    MIB,
    PAGES,
    SECTIONS,
    Actor,
    Oracle,
    Pages,
    View,
    look_up,
)

OUTCOMES: Counter[tuple[str, str]] = Counter()
"""How often each call had each outcome, over all trials: "ok", "passed the turn" or an error."""

DEVICES = (Device("uart", UART_PA, PAGE), Device("wide", 0x50000000, 2 * MIB))


def oracle_of(kernel: Kernel, ram: Ram) -> Oracle:
    """An oracle that begins where the boot ended: from there on it goes its own way."""
    oracle = Oracle(ram.base, bytes(ram.bytes))
    for f_id, frame in kernel.frames.items():
        table = frame.table.name if frame.is_table else ""
        pages = Pages(frame.pa // PAGE, frame.len // PAGE, 0, 0, frame.type.name, table)
        if frame.is_viewed:
            pages.view = View(frame.v_id, frame.v_off, frame.v_flags)
        if frame.is_installed:
            pages.place = (frame.t_id, frame.t_va)
        oracle.frames[f_id] = pages
    proc0 = kernel.processes[0]
    oracle.actors[0] = Actor(-1, -1, state="READY", vspace=proc0.l1, frames=list(proc0.frames))
    oracle.actors[0].room = proc0.room
    oracle.turns = [0]
    oracle.created = kernel.is_device_tree_boot
    return oracle


class Trial:
    """One kernel under judgement; starts over when it has halted or all its processes wait."""

    def __init__(self, capacity: int = 1024, created: bool = False, few_ids: bool = False) -> None:
        self.start(capacity, created, few_ids)

    def start(self, capacity: int, created: bool, few_ids: bool) -> None:
        self.buffer = bytearray(RAM_SIZE)
        self.ram = Ram(RAM_BASE, RAM_SIZE, memoryview(self.buffer))
        self.host = RecordingHost(self.ram)
        self.kernel = boot(self.ram, PROGRAM, b"", DEVICES, self.host)
        set_room(self.kernel, capacity)
        if created:
            self.kernel.is_device_tree_boot = True
            self.kernel.frames[REST].len -= 64 * PAGE
        self.kernel.processes[0].resume = None
        self.oracle = oracle_of(self.kernel, self.ram)
        if few_ids:
            self.kernel.next_f_id, self.oracle.f_ids_left = (1 << 31) - 40, 40
            self.kernel.next_pid, self.oracle.pids_left = (1 << 30) - 2, 2

    # -- one call ------------------------------------------------------------------------

    def step(self, name: str, *arguments: int) -> int:
        """Make a call, judge it, and return its result; -1 when the turn passed."""
        before = self.kernel.snapshot()
        words = [argument & 0xFFFFFFFF for argument in arguments] + [0] * (4 - len(arguments))
        result = trap(self.kernel, self.kernel.calls.named(name).number, *words)
        wanted = self.oracle.call(name, arguments, result)
        if isinstance(wanted, frozenset):
            assert result is not None, f"{name}{arguments} passed the turn, not {set(wanted)}"
            assert result < 0, f"{name}{arguments} is {result}, not {set(wanted)}"
            error = Error(result).name
            assert error in wanted, f"{name}{arguments}: {error}, not {set(wanted)}"
            assert self.kernel.snapshot() == before, f"{name}{arguments} changed something"
            assert self.buffer == self.oracle.ram, f"{name}{arguments} changed memory"
        else:
            assert result == wanted, f"{name}{arguments}: {self.kernel.refusal or result}"
        done = "ok" if result is not None else "passed the turn"
        OUTCOMES[name, error if isinstance(wanted, frozenset) else done] += 1
        self.judge()
        over = self.start_over_if_nobody_runs()
        return -1 if over or result is None else result

    def absurd(self, name: str, words: tuple[int, ...]) -> None:
        """A call with any words for its arguments, as many of them as it takes."""
        arguments = CALLS.named(name).arguments
        signed = (a.from_register(word) for a, word in zip(arguments, words, strict=False))
        self.step(name, *signed)

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
            pages = oracle.frames[f_id]
            assert (frame.owner, frame.account) == (pages.owner, pages.payer), f"frame {f_id}"

    def compare_processes(self) -> None:
        kernel, oracle = self.kernel, self.oracle
        assert kernel.processes.keys() == oracle.actors.keys()
        for pid, process in kernel.processes.items():
            actor = oracle.actors[pid]
            actor.frames = settle(list(process.frames), actor.frames, oracle.any_order)
            found = (process.parent, process.maker, process.record, process.state.name, process.l1)
            wanted = (actor.parent, actor.maker, actor.record, actor.state, actor.vspace)
            assert found == wanted, pid
            assert (process.allowed, process.partner) == (actor.allows, actor.waits_for)
            assert process.thread_pointer == actor.thread_pointer
            assert process.handler == actor.handler
            assert (process.room, process.charged) == (actor.room, oracle.charged(pid)), pid
            news = [(death.message(), death.record) for death in process.deaths]
            assert news == actor.news, pid
            assert list(process.senders) == actor.queue
            assert (process.calls, process.sent, process.received) == (
                actor.calls, actor.sent, actor.received,
            )  # fmt: skip
        self.compare_turns()

    def compare_turns(self) -> None:
        kernel, oracle = self.kernel, self.oracle
        assert (kernel.halted is not None) == oracle.halted
        assert list(kernel.readers) == oracle.readers
        (process,) = kernel.running
        if process is None:
            assert oracle.turns == []
            return
        oracle.turns = settle([process.pid, *kernel.ready], oracle.turns, oracle.any_order)
        resume, process.resume = process.resume, None
        actor = oracle.actors[process.pid]
        wanted, actor.goes_on_with = actor.goes_on_with, None
        assert told(resume) == (wanted and as_resume(*wanted))

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
        oracle = self.oracle
        living = {actor.record for actor in oracle.actors.values()}
        arrived = [oracle.frames[f_id] for f_id in oracle.moved if f_id not in living]
        return [frame.pa - oracle.base for frame in arrived if frame.type in ("MEM", "PROC")]

    def compare_reach(self) -> None:
        """What a user of each vspace may do at the edges of all that is mapped, and beyond."""
        for f_id, l1 in self.oracle.frames.items():
            if l1.table == "L1":
                mapped = self.oracle.mapped_in(f_id)
                samples = {0, PAGE, DATA_VA, KERNEL_VA - PAGE, KERNEL_VA, 0xFFF00000}
                for begin, frame in mapped:
                    end = begin + frame.len
                    samples |= {begin - PAGE, begin, end - PAGE, end & 0xFFFFFFFF}
                for va in samples:
                    self.compare_at(l1.pa, va, look_up(mapped, va))

    def compare_at(self, l1_pa: int, va: int, wanted: tuple[int, int] | None) -> None:
        found = walk(self.ram, l1_pa, va)
        reached = (found.pa, found.user) if found.user else None
        assert reached == wanted, f"{va:#x} under {l1_pa:#x}: {reached} instead of {wanted}"
        self.host.keep(l1_pa, va, found)

    def ends(self, pid: int) -> None:
        """A process is ended, whatever it does just now."""
        self.oracle.begin()
        self.oracle.end(pid, (2, 1))
        end_process(self.kernel, self.kernel.processes[pid], Faulted("in a test"))
        self.judge()
        self.start_over_if_nobody_runs()

    def faults(self, words: tuple[int, ...]) -> None:
        """Whoever runs does what the processor refuses."""
        self.oracle.faults(words)
        record = FaultRecord(FaultKind(words[0]), *words[1:8], words[8:], "in a test")
        enter(self.kernel, 0, record)
        self.judge()
        self.start_over_if_nobody_runs()

    def type_slowly(self, slowly: bool) -> None:
        """From now on a reader waits for whoever types, or does not."""
        self.oracle.typing, self.host.is_ready = slowly, not slowly

    def feed(self) -> None:
        """What somebody has typed comes to the first reader."""
        self.oracle.feed()
        enter(self.kernel, 0, Signal.INPUT)
        self.judge()

    def start_over_if_nobody_runs(self) -> bool:
        """Whether there was nobody to go on with."""
        while self.kernel.running == [None] and self.kernel.readers:
            self.feed()
        over = self.kernel.running == [None]
        if over:
            self.start(1024, created=False, few_ids=False)
        return over

    def slice_ends(self) -> None:
        """The running process has used its time."""
        enter(self.kernel, 0, Signal.SLICE_ENDED)
        self.oracle.begin()
        if len(self.oracle.turns) > 1:
            self.oracle.turns.append(self.oracle.turns.pop(0))
        self.judge()

    def store(self, va: int, data: bytes) -> None:
        """The running program stores bytes, if it may."""
        runs = self.oracle.runs(self.oracle.me, va, len(data), 2)
        for pa, part in runs or ():
            self.oracle.store([(pa, part)], data[:part])
            self.ram.write(pa, data[:part])
            self.host.stored(pa, part)
            data = data[part:]

    def type_in(self, data: bytes) -> None:
        """Somebody types on the console."""
        self.host.input += data
        self.oracle.input += data

    def compare_every_page(self) -> None:
        """Every page that the tables in memory map is where the oracle has it."""
        for f_id, frame in self.oracle.frames.items():
            if frame.table == "L1":
                mapped = self.oracle.mapped_in(f_id)
                for va in mapped_pages(self.ram, frame.pa):
                    self.compare_at(frame.pa, va, look_up(mapped, va))


def told(resume: Resume | None) -> Resume | None:
    """What a process goes on with, as it sees it: a failure is a result like others."""
    return Result(resume.r0) if isinstance(resume, Failed) else resume


def as_resume(*words: int) -> Start | Result | Redirect:
    """What the oracle says a process goes on with, as the kernel says it."""
    if len(words) == 1:
        return Result(*words)
    return Start(*words) if len(words) == 6 else Redirect(words[0], words[1], words[2:])


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
assert set(HANDLERS) == {call.name for call in CALLS}
