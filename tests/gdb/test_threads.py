"""Processes on one vspace are threads of one inferior."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emu.debuginfo import open_files
from emu.environment.world import ScriptedWorld
from emu.gdb.inferiors import grouped
from emu.gdb.running import Runner
from emu.gdb.session import Session
from emu.gdb.stops import Stopped
from emu.gdb.target import Target
from emu.loader import load_elf
from emu.machine.machine import Machine, Options
from emu.mmu import BACKENDS
from tests.gdb.served import DEBUGGERS, Served
from tests.guests import emu_command, guest

SOURCE = """\
#include "console.h"
#include "kernel.h"
#include "process.h"
#include "thread.h"
volatile int cell, moved, spins;
static __attribute__((noinline)) int bump(int by)
{
    cell += by;
    return cell;
}
static int work(void *number)
{
    for (int i = 0; i < 3; i++) {
        bump((int)number);
        proc_yield();
    }
    return (int)number;
}
static int child(int number)
{
    bump(number);
    return number;
}
/* Without a stack: it is moved to a vspace that has another. */
static int spin(int unused)
{
    while (!moved)
        spins++;
    proc_exit(unused);
}
static __attribute__((noinline)) void mark(int stage)
{
    __asm__ volatile("" : : "r"(stage));
}
static void move(void)
{
    struct program program;
    int pid = process_run(spin, 0);
    proc_yield();
    vspace_lend(pid, vspace_id());
    proc_yield();
    mark(1);
    program_copy(&program, spin, 0);
    vspace_swap(pid, program.space.l1);
    proc_yield();
    mark(2);
    process_kill(pid);
}
int main(void)
{
    int one = thread_create(work, (void *)1), two = thread_create(work, (void *)100), result;
    bump(10000);
    int kid = process_run(child, 3);
    thread_join(one, &result);
    thread_join(two, &result);
    process_wait(kid);
    move();
    printf("cell %d\\n", cell);
    return cell != 10303;
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    guest("programs/hello")  # there is a compiler
    directory = tmp_path_factory.mktemp("threads")
    source, program = directory / "threads.c", directory / "threads.elf"
    source.write_text(SOURCE)
    done = emu_command("cc", "--bare", "-Og", "-g", str(source), "-o", str(program))
    assert done.returncode == 0, done.stderr
    return program


@pytest.mark.parametrize(
    ("before", "l1s", "owners", "found"),
    [
        ({}, {0: 7}, {7: 0}, {0: 0}),
        ({0: 0}, {0: 7, 1: 7, 2: 8}, {7: 0, 8: 2}, {0: 0, 1: 0, 2: 2}),
        # on one that is lent by a process that runs elsewhere: after the first
        ({0: 0}, {0: 7, 1: 8, 2: 8}, {7: 0, 8: 0}, {0: 0, 1: 1, 2: 1}),
        # the first has ended; another comes
        ({0: 0, 1: 1, 2: 1}, {0: 7, 2: 8, 3: 8}, {7: 0, 8: 0}, {0: 0, 2: 1, 3: 1}),
        # the first has gone elsewhere
        ({0: 0, 1: 1, 2: 1}, {0: 7, 1: 9, 2: 8}, {7: 0, 8: 0, 9: 1}, {0: 0, 1: 1, 2: 2}),
        # the owner has gone elsewhere, from its threads
        ({0: 0, 1: 0, 2: 0}, {0: 9, 1: 7, 2: 7}, {7: 0, 9: 0}, {0: 0, 1: 1, 2: 1}),
        # two that share a name that is free: the lower has it
        ({2: 1, 3: 1}, {2: 8, 3: 9}, {8: 0, 9: 0}, {2: 1, 3: 3}),
        # the owner comes to its vspace
        ({0: 0, 1: 1}, {0: 8, 1: 8}, {8: 0}, {0: 0, 1: 0}),
        # the past, where the first lived
        ({0: 0, 2: 1}, {0: 7, 1: 8, 2: 8}, {7: 0, 8: 0}, {0: 0, 1: 1, 2: 1}),
        # without a vspace
        ({}, {0: 7, 1: -1, 2: -1}, {7: 0}, {0: 0, 1: 1, 2: 2}),
    ],
)  # fmt: skip
def test_which_processes_are_threads(
    before: dict[int, int], l1s: dict[int, int], owners: dict[int, int], found: dict[int, int]
) -> None:
    assert grouped(before, l1s, owners) == found


class Client:
    """A client without gdb's knowledge: what it sends is answered here."""

    def __init__(self, program: Path, mmu: str = "tlb", forks: bool = True) -> None:
        with program.open("rb") as stream:
            elf = load_elf(stream, program.name)
        self.machine = Machine(elf, ScriptedWorld(), Options(ram=16 << 20, mmu=mmu))
        self.files = open_files(str(program))
        target = Target(self.machine, lambda: self.files, str(program))
        self.session = Session(Runner(target), Stopped(0))
        if forks:
            self.ask("qSupported:multiprocess+;fork-events+")

    def ask(self, body: str) -> str:
        answer = self.session.handle(body.encode())
        if answer.go is None:
            return answer.data.decode()
        self.session.stopped = answer.go()
        return self.session.stop_reply().decode().partition("19:")[0]

    def go(self) -> str:
        """Go on, from the breakpoint at which the machine stands: over it, as gdb does."""
        stopped = self.session.stopped
        if stopped.why == "swbreak:;":
            pc, target = self.session.target.state(stopped.pid).core[15], self.session.target
            thread = target.thread(stopped.pid).decode()
            self.ask(f"z0,{pc:x},2")
            after = self.ask(f"vCont;s:{thread}")
            self.session.runner.breakpoints.set(target.inferiors.of(stopped.pid), pc)
            if after != f"T05thread:{thread};":
                return after
        return self.ask("vCont;c")

    def until(self, wanted: str) -> list[str]:
        """The stops up to this one."""
        stops = [self.go()]
        while stops[-1] != wanted:
            assert len(stops) < 40, stops
            stops.append(self.go())
        return stops

    def place(self, name: str) -> int:
        found = self.files.program.symbols.named(name)
        assert found is not None
        return found.va & ~1

    def threads(self) -> list[str]:
        return self.ask("qfThreadInfo")[1:].split(",")

    def value(self, name: str) -> int:
        word = bytes.fromhex(self.ask(f"m{self.place(name):x},4"))
        return int.from_bytes(word, "little", signed=True)


@pytest.fixture(params=BACKENDS)
def client(request: pytest.FixtureRequest, program: Path) -> Client:
    return Client(program, str(request.param))


def test_a_breakpoint_is_for_all_threads(client: Client) -> None:
    """And for those that begin later; a child with a vspace of its own is another inferior."""
    assert client.ask(f"Z0,{client.place('bump'):x},2") == "OK"
    stops = [client.go() for _ in range(10)]
    assert sorted(stops) == sorted(
        ["T05swbreak:;thread:p1.1;", *["T05swbreak:;thread:p1.3;"] * 3]
        + [*["T05swbreak:;thread:p1.4;"] * 3, "T05fork:p5.5;thread:p1.1;"]
        + ["W03;process:5", "T05fork:p6.6;thread:p1.1;"]
    ), stops
    assert client.value("cell") == 10303


def test_a_watchpoint_sees_the_stores_of_all_threads(client: Client) -> None:
    place = client.place("cell")
    assert client.ask(f"Z2,{place:x},4") == "OK"
    seen, stops = [client.value("cell")], list[str]()
    while seen[-1] != 10303 and len(stops) < 40:
        stops.append(client.ask("vCont;c"))
        if f"watch:{place:x}" in stops[-1]:
            client.ask("vCont;s:" + stops[-1].partition("thread:")[2].rstrip(";"))
        seen.append(client.value("cell") if "process:" not in stops[-1] else seen[-1])
    hits = [one.partition("thread:")[2] for one in stops if "watch" in one]
    assert sorted(hits) == ["p1.1;", *["p1.3;"] * 3, *["p1.4;"] * 3]
    assert client.ask(f"z2,{place:x},4") == "OK"
    assert not client.session.runner.watchpoints.all


def test_threads_are_named_by_inferior_and_pid(client: Client) -> None:
    client.ask(f"Z0,{client.place('bump'):x},2")
    client.until("T05swbreak:;thread:p1.4;")
    assert client.threads() == ["p1.1", "p1.2", "p1.3", "p1.4"]
    assert client.ask("qC") == "QCp1.4"
    for wrong in (
        "Hgp2.2",
        "Tp2.4",
        "Tp4.4",
        "Tp1.9",
        "Hgp4.0",
        "D;4x",
        "vAttach;4",
        "vCont;s:p4.4",
    ):
        assert client.ask(wrong) == "E01", wrong
    assert client.ask("Tp1.2") == client.ask("Hgp1.2") == "OK"
    assert client.ask("qC") == "QCp1.2"
    assert client.ask("Hgp1.0") == client.ask("Hgp1.-1") == client.ask("Hg2") == "OK"
    assert client.ask("qC") == "QCp1.2"
    assert client.ask("Hgp0.0") == "OK"
    assert client.ask("qC") == "QCp1.4"
    states = client.ask("qXfer:osdata:read:processes:0,fff")
    assert re.search(r"<column name='pid'>1</column>.*process 0: \w+, process 1: receiving", states)
    assert "<column name='pid'>2</column>" not in states
    assert "id='p1.4' core='0' name='process 3'" in client.ask("qXfer:threads:read::0,fff")
    assert client.ask("qXfer:exec-file:read:1:0,fff").endswith("threads.elf")
    assert client.ask("qXfer:exec-file:read:4:0,fff") == "E01"
    assert client.ask("qThreadExtraInfo,p1.2") == b"receiving".hex()
    assert client.ask("vAttach;1").startswith("T00thread:p1.1;")


def test_the_end_of_a_thread_is_no_end_of_the_inferior(client: Client) -> None:
    """Nor a stop, unless it is asked for; then its start is one, too."""
    client.ask(f"Z0,{client.place('move'):x},2")
    quiet = [client.go() for _ in range(3)]
    assert quiet == ["T05fork:p5.5;thread:p1.1;", "W03;process:5", "T05swbreak:;thread:p1.1;"]
    assert client.threads() == ["p1.1", "p1.2"]
    assert client.ask("Tp1.3") == "E01"


def test_starts_and_ends_of_threads_for_those_who_ask(client: Client) -> None:
    assert client.ask("QThreadEvents:1") == "OK"
    client.ask(f"Z0,{client.place('move'):x},2")
    told = client.until("T05swbreak:;thread:p1.1;")
    threads = [f"T05create:;thread:p1.{number};" for number in (2, 3, 4)]
    assert sorted(told) == sorted(
        [*threads, "T05fork:p5.5;thread:p1.1;", "W03;process:5", "w01;p1.3", "w64;p1.4"]
        + ["T05swbreak:;thread:p1.1;"]
    ), told


def test_a_step_of_a_thread_that_ends_goes_on(client: Client) -> None:
    """There is nothing to tell of it: the next thing that happens is told."""
    client.ask(f"Z0,{client.place('proc_exit'):x},2")
    client.until("T05swbreak:;thread:p1.3;")
    client.ask(f"z0,{client.place('proc_exit'):x},2")
    client.ask(f"Z0,{client.place('move'):x},2")
    for _ in range(3):
        stopped = client.ask("vCont;s:p1.3")
        if stopped != "T05thread:p1.3;":
            break
    assert stopped == "T05swbreak:;thread:p1.1;" or all(
        "p1.3" not in one for one in client.until("T05swbreak:;thread:p1.1;")
    )


def test_an_inferior_is_let_go_with_all_threads(client: Client) -> None:
    client.ask(f"Z0,{client.place('bump'):x},2")
    client.ask(f"Z2,{client.place('cell'):x},4")
    client.until("T05fork:p5.5;thread:p1.1;")
    assert client.ask("D;1") == "OK"
    assert client.threads() == ["p5.5"]
    assert client.go() == "W03;process:5"


def test_processes_that_move(client: Client) -> None:
    """To a vspace of others: a thread of theirs.  To one of its own: a fork of theirs."""
    client.ask(f"Z0,{client.place('mark'):x},2")
    seen = list[tuple[str, str]]()
    while not seen or seen[-1][0] != "W00;process:1":
        stopped = client.go()
        seen.append((stopped, " ".join(client.threads())))
        assert len(seen) < 20, seen
    _, _, *seen = seen
    assert seen == [
        ("T05fork:p6.6;thread:p1.1;", "p1.1 p1.2 p6.6"),
        ("W00;process:6", "p1.1 p1.2 p1.6"),
        ("T05swbreak:;thread:p1.1;", "p1.1 p1.2 p1.6"),
        ("T05fork:p6.6;thread:p1.1;", "p1.1 p1.2 p6.6"),
        ("T05swbreak:;thread:p1.1;", "p1.1 p1.2 p6.6"),
        ("W00;process:6", "p1.1 p1.2"),
        ("W00;process:1", ""),
    ]


def test_a_breakpoint_that_one_thread_is_stepped_over_is_there_for_others(client: Client) -> None:
    """They run before it has its turn, and the debugger has removed it meanwhile."""
    place = client.place("bump")
    client.ask(f"Z0,{place:x},2")
    client.until("T05swbreak:;thread:p1.3;")
    assert client.ask(f"z0,{place:x},2") == "OK"
    assert client.ask("vCont;s:p1.1") == "T05swbreak:;thread:p1.4;"
    assert client.ask("vCont;s:p1.1") == "T05thread:p1.1;"
    assert not client.session.runner.breakpoints.addresses


def test_a_debugger_that_is_not_told_of_forks_has_threads_nevertheless(program: Path) -> None:
    client = Client(program, forks=False)
    client.ask(f"Z0,{client.place('bump'):x},2")
    stops = [client.go() for _ in range(8)]
    assert stops[-1] == "W00;process:1"
    assert len({one for one in stops if "swbreak" in one}) == 3
    assert all("fork" not in one for one in stops)


@pytest.mark.parametrize("name", DEBUGGERS)
def test_gdb_has_threads(program: Path, place: Path, name: str) -> None:
    """Breakpoints, watchpoints in hardware and in software, the end of the inferior."""
    served = Served(program, place)
    said = served.gdb(
        "break bump if by == 100", "continue", "info threads", "delete", "watch cell", "continue",
        "continue", "delete", "set can-use-hw-watchpoints 0", "watch cell", "continue", "continue",
        "delete", "thread apply all print $_thread", "thread 1", "print $_inferior", "continue",
        name=name,
    )  # fmt: skip
    assert re.search(r'Thread \d "process 3" hit Breakpoint 1, bump \(', said), said
    assert len(re.findall(r'^[ *] \d +Thread 1\.\d "process \d" \(', said, re.MULTILINE)) == 4
    hits = re.findall(
        r'Thread \d "process (\d)" hit (?:Hardware w|W)atchpoint \d: cell\n\n'
        r"Old value = (\d+)\nNew value = (\d+)\n", said
    )  # fmt: skip
    assert len(hits) == 4, said
    changes = [int(new) - int(old) for _, old, new in hits]
    assert {*changes} == {1, 100}
    assert [old for _, old, _ in hits[1:]] == [new for *_, new in hits[:-1]]
    assert "[Inferior 1 (process 1) exited normally]" in said
    assert "New inferior" not in said
    assert served.end()[:2] == (0, "cell 10303\n")


@pytest.mark.parametrize("name", DEBUGGERS)
def test_gdb_follows_a_process_that_moves(program: Path, place: Path, name: str) -> None:
    served = Served(program, place)
    said = served.gdb(
        "set detach-on-fork off", "set schedule-multiple on", "break mark", "continue",
        "inferior 1", "continue", "inferior 1", "continue", "info threads",
        "inferior 1", "continue", "info threads", "continue", "inferior 1", "continue",
        name=name,
    )  # fmt: skip
    assert "[Inferior 3 (process 6) exited normally]\n" in said, said
    assert re.search(r'^  5 +Thread 1\.6 "process 5" .* spin \(', said, re.MULTILINE)
    assert "[New inferior 4 (process 6)]" in said
    assert re.search(r'^  4\.1 +Thread 6\.6 "process 5" .* spin \(', said, re.MULTILINE)
    assert "[Inferior 4 (process 6) exited normally]\n" in said
    assert "[Inferior 1 (process 1) exited normally]\n" in said
    assert served.end()[0] == 0
