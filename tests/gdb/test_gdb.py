"""Debian's gdb-multiarch at a machine: what people do with it, on every backend."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gdb.served import Served, mostly
from tests.guests import ROOT, emu_command, guest, need_tool
from tests.waiting import read_until

LOOP = """\
#include "console.h"
volatile int turns, enough;
struct pair { int first, second; } pair = {3, 4};
static int add(int a, int b)
{
    int sum = a + b;
    pair.first = sum;
    return sum;
}
int main(void)
{
    int total = 0;
    for (int i = 0; i < 3; i++)
        total = add(total, i);
    printf("total %d, %d\\n", total, pair.first);
    while (!enough)
        if (++turns == 2000)
            printf("turning\\n");
    return total;
}
"""


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    guest("programs/hello")  # there is a compiler
    directory = tmp_path_factory.mktemp("loop")
    (directory / "loop.c").write_text(LOOP)
    program = directory / "loop.elf"
    words = ("--bare", "-O0", "-g", str(directory / "loop.c"), "-o", str(program))
    done = emu_command("cc", *words)
    assert done.returncode == 0, done.stderr
    return program


@pytest.mark.parametrize("mmu", mostly("map"))
def test_breakpoints_steps_and_looking_around(loop: Path, place: Path, mmu: str) -> None:
    """Symbols come by themselves; by function and by line; step, next, finish, locals, memory."""
    served = Served(loop, place, "--mmu", mmu)
    said = served.gdb(
        "break main", "continue", "break loop.c:7 if b == 2", "continue", "backtrace",
        "print sum", "print pair", "finish", "next", "info locals", "delete", "print enough = -5",
        "set var pair.first = 77", "print/x $sp", "print $d0 = 1.5", "print $d0", "x/2i $pc",
        "continue",
    )  # fmt: skip
    assert "Breakpoint 1, main () at " in said
    assert re.search(r"Breakpoint 2, add \(a=1, b=2\) at .*loop\.c:7", said)
    assert re.search(r"#0  add \(a=1, b=2\) at .*\n#1  0x[0-9a-f]+ in main \(\) at ", said)
    for line in ("$1 = 3", "$2 = {first = 1, second = 4}", "Value returned is $3 = 3",
                 "$4 = -5", "$6 = 1.5", "$7 = 1.5", "total = 3",
                 "[Inferior 1 (process 1) exited with code 03]"):  # fmt: skip
        assert line in said, f"{line}\n{said}"
    status, stdout, stderr = served.end()
    assert (status, stdout, stderr) == (3, "total 3, 77\n", "")


@pytest.mark.parametrize("mmu", mostly("cpu"))
def test_stepping_over_calls_of_the_kernel(place: Path, mmu: str) -> None:
    served = Served(guest("calls/send"), place, "--mmu", mmu)
    said = served.gdb(
        "break frame_count", "break main", "continue", *["next"] * 6, "delete", "continue"
    )
    assert "exited normally" in said
    status, stdout, _ = served.end()
    assert status == 0
    assert stdout.endswith("PASS send\n")


@pytest.mark.parametrize("mmu", mostly("tlb"))
def test_each_process_is_an_inferior(place: Path, mmu: str) -> None:
    """A breakpoint that only children reach; their registers and memory; their exits."""
    served = Served(guest("scenarios/server"), place, "--mmu", mmu)
    said = served.gdb(
        "set detach-on-fork off", "set schedule-multiple on", "break client", "continue",
        "info inferiors", "print $_inferior", "backtrace 1", "info threads",
        "print/x *(unsigned *)$pc", "inferior 1", "backtrace 1", "delete", "info os processes",
    )  # fmt: skip
    assert "[New inferior 2 (process 2)]" in said
    assert re.search(r'Thread 3\.1 "process 2" hit Breakpoint 1\.\d, client \(', said)
    assert "$1 = 3" in said
    assert re.search(r"^\* 3    process 3 ", said, re.MULTILINE)
    assert len(re.findall(r"^[* ] \d\.1  +Thread \d\.\d ", said, re.MULTILINE)) == 3
    assert re.search(r"^2 +guest +process 1: receiving", said, re.MULTILINE)
    served.drop()


@pytest.mark.parametrize("mmu", mostly("map"))
def test_memory_of_one_process_is_not_seen_through_another(place: Path, mmu: str) -> None:
    """The same address holds another stack in each."""
    served = Served(guest("scenarios/server"), place, "--mmu", mmu)
    said = served.gdb(
        "set detach-on-fork off", "set schedule-multiple on", "break client", "continue",
        "set var *(int *)($sp - 64) = 12345", "print *(int *)($sp - 64)", "print/x $sp",
        "inferior 2", "print *(int *)(0xf0000000 - 128 - 64) == 12345", "monitor tables 2",
    )  # fmt: skip
    assert "$1 = 12345" in said
    assert "$3 = 0" in said
    assert "process 2: L1 table at" in said
    served.drop()


@pytest.mark.parametrize("mmu", mostly("cpu"))
def test_ctrl_c_in_a_busy_loop(loop: Path, place: Path, mmu: str) -> None:
    served = Served(loop, place, "--mmu", mmu)
    words = [need_tool("gdb-multiarch"), "-nx", "-q", "-ex", "set pagination off",
             "-ex", f"target extended-remote {place}"]  # fmt: skip
    gdb = subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    )  # fmt: skip
    assert gdb.stdin is not None
    gdb.stdin.write("continue\n")
    gdb.stdin.flush()
    assert served.machine.stdout is not None
    read_until(served.machine.stdout.fileno(), b"turning")
    gdb.send_signal(signal.SIGINT)
    gdb.stdin.write("print turns > 1000\nset var enough = 1\ncontinue\nquit\n")
    said, _ = gdb.communicate(timeout=60)
    assert "received signal SIGINT" in said
    assert "$1 = 1" in said
    assert "exited with code 03" in said
    assert served.end()[0] == 3


@pytest.mark.parametrize("mmu", mostly("tlb"))
def test_a_detached_machine_runs_on(place: Path, mmu: str) -> None:
    served = Served(guest("programs/hello"), place, "--mmu", mmu)
    said = served.gdb("break main", "continue", "detach")
    assert "[Inferior 1 (process 1) detached]" in said
    status, stdout, stderr = served.end()
    assert (status, stderr) == (0, "")
    assert stdout.startswith("Hello! ")


def test_a_killed_machine_ends(place: Path) -> None:
    served = Served(guest("programs/hello"), place)
    served.gdb("kill")
    assert served.end()[0] == 143


@pytest.mark.parametrize("mmu", mostly("map"))
def test_a_fault_stops_before_the_kernel_hears(place: Path, mmu: str) -> None:
    served = Served(guest("programs/fault_null"), place, "--mmu", mmu)
    said = served.gdb("continue", "backtrace 1", "monitor walk 0", "continue")
    assert "received signal SIGSEGV" in said
    assert "read_through" in said
    assert "fault" in said
    assert "terminated with signal SIGSEGV" in said
    status, _, stderr = served.end()
    assert status == 139
    assert "emu: process 0 faulted: null pointer" in stderr


def test_a_debugger_may_come_at_the_fault_only(place: Path) -> None:
    served = Served(guest("programs/fault_null"), place, "--gdb-on-fault")
    assert b"null pointer" in served.until_waiting()[0]
    said = served.gdb("backtrace 1", "kill")
    assert "read_through" in said
    served.end()


def test_a_run_without_a_fault_waits_for_nobody(place: Path) -> None:
    served = Served(guest("programs/hello"), place, "--gdb-on-fault")
    assert served.first == b""
    assert served.end()[0] == 0


def test_monitor_commands(place: Path) -> None:
    served = Served(guest("calls/frame_map"), place)
    said = served.gdb(
        "break main", "continue", "monitor help", "monitor frames", "monitor frame 2",
        "monitor walk 0x10000", "monitor processes", "monitor calls", "monitor nothing",
        "monitor frame x", "kill",
    )  # fmt: skip
    assert "the tree of mappings" in said
    assert "mappings\n  L1 table 0, vspace of process 0" in said
    assert "frame 2 (MEM " in said
    assert "L1[0x000] at " in said
    assert "process 0 is ready to run" in said
    assert "there is no monitor command nothing" in said
    assert "usage: monitor frame ID" in said
    served.end()


def test_emu_gdb_starts_both(loop: Path) -> None:
    need_tool("gdb-multiarch")
    script = loop.parent / "script.gdb"
    script.write_text("break add\ncontinue\nprint a + b\nkill\n")
    done = subprocess.run(
        [sys.executable, "-m", "emu", "gdb", "--batch", "-x", str(script), str(loop)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Breakpoint 1, add (a=0, b=0)" in done.stdout, done.stdout
    assert "$1 = 0" in done.stdout
