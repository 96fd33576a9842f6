"""Core files of processes, threads and children, read by the real gdb and readelf."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import emu
from emu.corefile.elf import write_headers
from emu.corefile.regions import Region
from emu.mmu import BACKENDS
from tests.guests import SOURCES, emu_command, guest, need_tool, run_emu

SOURCE = """\
#include <stdlib.h>
#include "console.h"
#include "kernel.h"
#include "thread.h"
struct node { int value; struct node *next; } *head;
static volatile int ready;
__attribute__((noinline)) static int inner(struct node *node, int depth)
{
    if (depth == 0)
        return node->next->value = 7;
    return inner(node, depth - 1) + 1;
}
static int outer(void *node)
{
    register double half asm("d9") = 4.5;
    asm volatile("" :: "w"(half));
    while (!ready)
        proc_yield();
    int sum = inner(node, 2);
    asm volatile("" :: "w"(half));
    return sum;
}
static int waiter(void *unused)
{
    ready = 1;
    for (;;)
        proc_yield();
}
int main(int argc, char **argv)
{
    head = malloc(sizeof *head);
    *head = (struct node){4242, (struct node *)0x70000000};
    thread_create(waiter, 0);
    return argc > 1 ? thread_join(thread_create(outer, head), 0) : outer(head);
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    guest("newlib/hello.arm-hard")  # there are a compiler and a library
    directory = tmp_path_factory.mktemp("cores")
    (directory / "nodes.c").write_text(SOURCE)
    made = directory / "nodes.elf"
    done = emu_command("cc", "-O0", "-g", str(directory / "nodes.c"), "-o", str(made))
    assert done.returncode == 0, done.stderr
    return made


def gdb(program: Path, core: Path, *commands: str) -> str:
    """What gdb says to these commands."""
    words = [need_tool("gdb-multiarch"), "-nx", "-q", "-batch", "-ex", "set pagination off"]
    words += [word for one in commands for word in ("-ex", one)]
    done = subprocess.run(
        [*words, str(program), str(core)],
        cwd=SOURCES, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def sound(core: Path) -> str:
    """What readelf finds in a core, without a warning."""
    done = subprocess.run(
        [need_tool("readelf"), "-aW", str(core)], capture_output=True, text=True, check=False
    )
    assert not done.stderr
    assert "Warning" not in done.stdout
    return done.stdout


@pytest.mark.parametrize("mmu", BACKENDS)
def test_a_core_of_a_fault(program: Path, tmp_path: Path, mmu: str) -> None:
    """The backtrace, registers of all kinds, the heap, the other thread, the names of memory."""
    core = tmp_path / "core"
    done = run_emu(program, options=("--core", str(core), "--mmu", mmu))
    assert done.returncode == 139
    assert done.stderr.decode().endswith(f"emu: the core file of process 0 is {core}\n")
    said = gdb(
        program, core, "backtrace", "print *head", "print $d9", "info registers r3 cpsr",
        "info threads", "print/x $_siginfo._sifields._sigfault.si_addr", "info auxv",
        "info proc mappings", "thread 2", "backtrace -1",
    )  # fmt: skip
    assert "Program terminated with signal SIGSEGV" in said
    assert re.search(
        r"#0 .* inner \(.*depth=0\) .*\n(#\d .* inner .*\n){2}#3 .* outer .*\n#4 .* main ", said
    )
    for line in ("$1 = {value = 4242, next = 0x70000000}", "$2 = 4.5", "$3 = 0x70000000"):
        assert line in said, f"{line}\n{said}"
    assert re.search(r"^r3 +0x70000000 ", said, re.MULTILINE)
    assert re.search(r"^\* 1 +LWP 1 .*\n +2 +LWP 2 ", said, re.MULTILINE)
    assert re.search(r"AT_PAGESZ .* 4096", said)
    assert re.search(rf"0x0*10000 .* {re.escape(str(program))} *\n", said)
    assert "warning" not in said.lower()
    loads = re.findall(r"LOAD +\w+ (\w+) \w+ (\w+) \w+ (...)", sound(core))
    assert {rights for _, _, rights in loads} == {"R E", "R  ", "RW "}
    assert core.stat().st_blocks * 512 < 1 << 20, "what is zero takes no room"


def test_a_core_of_a_thread(program: Path, tmp_path: Path) -> None:
    """The thread that faulted is the first; the process that lends its vspace is another."""
    core = tmp_path / "core"
    done = run_emu(program, "t", options=("--core", str(core)))
    told = re.search(r"emu: the core file of process (\d+) is ", done.stderr.decode())
    assert told, done.stderr.decode()
    said = gdb(program, core, "backtrace", "print *head", "info threads", "thread 2", "backtrace")
    assert re.search(r"#0 .* inner \(.*depth=0\) .*\n.*\n.*\n#3 .* outer ", said)
    assert "$1 = {value = 4242, next = 0x70000000}" in said
    first = int(told[1]) + 1
    assert re.search(rf"^\* 1 +LWP {first} .*\n +2 +LWP 1 .*\n +3 +LWP 2 ", said, re.MULTILINE)
    assert re.search(r"thread_join .*\n(#.*\n)*#\d+ .* in main \(argc=2", said)
    sound(core)


def test_cores_of_children(tmp_path: Path) -> None:
    """Of the same program, each with a vspace of its own; the file is the last one's."""
    program, core, first = guest("scenarios/misbehave"), tmp_path / "core", tmp_path / "first"
    done = run_emu(program, options=("--core", str(core)))
    assert done.returncode == 0, "proc0 goes on and ends well"
    said = gdb(program, core, "backtrace", "info threads")
    assert re.search(r"#0 .* vspace_swap .*\n#1 .* misbehave \(", said)
    machine = emu.load(program)
    fault = machine.run_until(fault=True).fault
    assert fault is not None
    machine.write_core(first, fault.pid)
    said += gdb(program, first, "info threads", "info proc mappings")
    assert f"Core was generated by `{program.name}'" in said
    assert re.search(rf"0x0*10000 .* {re.escape(str(program))} *\n", said)
    assert "warning" not in said.lower()
    assert len(re.findall(r"^[* ] \d+ +LWP \d+ ", said, re.MULTILINE)) == 2, "each has one thread"
    sound(core)


def test_a_core_of_a_fault_at_which_the_handler_ends_the_process(tmp_path: Path) -> None:
    """The run ends by it, so it has a core; faults that a handler repairs have none."""
    program, core = guest("scenarios/ended_by_handler"), tmp_path / "core"
    done = run_emu(program, options=("--core", str(core)))
    assert done.returncode == 139, done
    assert done.stderr.decode().count("the core file of process 0 is") == 1
    said = gdb(program, core, "backtrace")
    assert "Program terminated with signal SIGSEGV" in said
    assert re.search(r"^#\d .* main ", said, re.MULTILINE)
    pager = run_emu(guest("pagers/zero"), options=("--core", str(core)))
    assert pager.stderr.count(b"the core file of") == 1, "of many faults, one is not repaired"


def test_a_program_that_has_changed_since_gives_no_names(tmp_path: Path) -> None:
    program, core = tmp_path / "kid.elf", tmp_path / "core"
    program.write_bytes(guest("programs/fault_null").read_bytes())
    machine = emu.load(program)
    machine.run_until(fault=True)
    machine.write_core(core)
    assert str(program) in sound(core)
    program.write_bytes(b"something else")
    machine.write_core(core)
    assert str(program) not in sound(core)


def test_no_core_without_a_fault(program: Path, tmp_path: Path) -> None:
    """An older file stays as it is; a new one is not left behind.  A handled fault is none."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"older")
    for path in (old, new):
        assert run_emu(guest("programs/hello"), options=("--core", str(path))).returncode == 0
    assert old.read_bytes() == b"older"
    assert not new.exists()


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("nowhere/core", "nowhere/core: No such file or directory"),
        ("/dev/null", "/dev/null: is not a regular file"),
        (".", "is a directory"),
    ],
)
def test_a_file_that_cannot_be(tmp_path: Path, path: str, why: str) -> None:
    """One line, before the program has said anything."""
    done = run_emu(guest("programs/hello"), options=("--core", path), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert why in done.stderr.decode().splitlines()[-1]


def test_a_core_does_not_replace_the_program(tmp_path: Path) -> None:
    program = tmp_path / "hello.elf"
    program.write_bytes(before := guest("programs/fault_null").read_bytes())
    done = run_emu(program, options=("--core", str(program)))
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"is the program" in done.stderr
    assert program.read_bytes() == before


def test_a_core_is_not_for_a_debugger(tmp_path: Path) -> None:
    options = ("--core", "core", "--gdb", str(tmp_path / "gdb"))
    done = run_emu(guest("programs/hello"), options=options, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--core and --gdb cannot be used together" in done.stderr


def test_a_core_of_a_recording(program: Path, tmp_path: Path) -> None:
    """The same as of the run itself, though the program is not there any more."""
    here, core, again = tmp_path / "nodes.elf", tmp_path / "core", tmp_path / "again"
    here.write_bytes(program.read_bytes())
    record = str(tmp_path / "run.rec")
    assert run_emu(here, options=("--core", str(core), "--record", record)).returncode == 139
    here.unlink()
    done = emu_command("replay", "--core", str(again), record)
    assert done.returncode == 139
    assert f"emu: the core file of process 0 is {again}\n" in done.stderr.decode()
    assert again.read_bytes() == core.read_bytes()


def test_cores_of_any_moment(program: Path, tmp_path: Path) -> None:
    """Of a run, and of its recording: the same; of any process that lives then."""
    core, again, record = tmp_path / "core", tmp_path / "again", str(tmp_path / "run.rec")
    run_emu(program, options=("--record", record))
    for at in ((), ("--at", "call:2"), ("--at", "insn:3k"), ("--at", "exit", "--process", "0")):
        done = emu_command("core", *at, "-o", str(core), str(program))
        assert (done.returncode, done.stdout) == (0, b""), done.stderr
        assert emu_command("core", *at, "-o", str(again), record).returncode == 0
        assert again.read_bytes() == core.read_bytes()
        sound(core)
    emu_command("core", "-o", str(core), str(program))
    assert "Program terminated with signal SIGSEGV" in gdb(program, core, "backtrace 1")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--process", "9"), "--process 9: there are 0, 1, 2 at fault"),
        (("--at", "call:1M"), "--at call:1000000: the run ended after "),
        ((), "Missing option '-o'"),
    ],
)
def test_no_core_of_what_there_is_not(
    program: Path, tmp_path: Path, options: tuple[str, ...], why: str
) -> None:
    core = tmp_path / "core"
    where = ("-o", str(core)) if options else ()
    done = emu_command("core", *options, *where, str(program))
    assert done.returncode == 2
    assert why in done.stderr.decode().splitlines()[-1]
    assert not core.exists()


def test_cores_from_a_script(program: Path, tmp_path: Path) -> None:
    """At a fault, in a callback for it, and where nothing is wrong; the machine runs on."""
    machine = emu.load(program)
    machine.on("fault", lambda fault: machine.write_core(tmp_path / "told", fault.pid))
    machine.run_until(symbol="inner")
    before = machine.snapshot()
    machine.write_core(tmp_path / "before")
    assert machine.snapshot() == before
    machine.run_until(fault=True)
    machine.write_core(tmp_path / "at", pid=0)
    with pytest.raises(KeyError):
        machine.write_core(tmp_path / "none", pid=99)
    assert not (tmp_path / "none").exists()
    assert machine.run().reason == "fault"
    assert (tmp_path / "told").read_bytes() == (tmp_path / "at").read_bytes()
    said = gdb(program, tmp_path / "at", "backtrace 1")
    assert "Program terminated with signal SIGSEGV" in said
    said = gdb(program, tmp_path / "before", "backtrace 2", "print depth")
    assert "Program terminated" not in said
    assert re.search(r"#0 .* inner .*\n#1 .* outer ", said)


def test_more_segments_than_the_header_counts(tmp_path: Path) -> None:
    """Every second page of 512 MiB: the count is in the first section header."""
    core, count = tmp_path / "core", 1 << 16
    segments = [Region(number << 13, 0x1000, 1, "", False, 0, ()) for number in range(count)]
    with core.open("wb") as stream:
        start = write_headers(stream, segments, b"")
        stream.truncate(start + count * 0x1000)
    done = subprocess.run([need_tool("readelf"), "-hW", str(core)], capture_output=True, text=True)
    assert not done.stderr
    assert re.search(rf"Number of program headers: +65535 \({count + 1}\)", done.stdout)
