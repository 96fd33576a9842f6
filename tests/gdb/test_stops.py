"""What gdb can stop at besides code: memory, calls of the kernel's, conditions; and going on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from emu.gdb.names import names_document
from kernel_model.syscalls import CALLS
from tests.gdb.served import Served, mostly
from tests.guests import ROOT, emu_command, guest, need_tool

WATCHED = """\
#include "console.h"
volatile int cell, other, turns, enough;
static __attribute__((noinline)) void lock(int *at)
{
    int expected = 0;
    __atomic_compare_exchange_n(at, &expected, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
static __attribute__((noinline)) int conditional(int number)
{
    if (number & 1)
        cell = number;
    return number;
}
int main(void)
{
    static int mutex;
    for (int i = 1; i <= 4; i++)
        conditional(i);
    other = cell + 1;
    lock(&mutex);
    printf("%d %d %d\\n", cell, other, mutex);
    for (; !enough;) turns++;
    return 7;
}
"""


def built(directory: Path, text: str, *options: str) -> Path:
    guest("programs/hello")  # there is a compiler
    (directory / "watched.c").write_text(text)
    program = directory / "watched.elf"
    words = ("--bare", "-g", *options, str(directory / "watched.c"), "-o", str(program))
    done = emu_command("cc", *words)
    assert done.returncode == 0, done.stderr.decode()
    return program


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("watched"), WATCHED, "-O1")


@pytest.mark.parametrize("mmu", mostly("cpu"))
def test_watchpoints_of_every_kind(watched: Path, place: Path, mmu: str) -> None:
    """Stores in IT blocks, a load, and the exclusive store of a lock."""
    served = Served(watched, place, "--mmu", mmu)
    said = served.gdb(
        "break main", "continue", "watch cell", "continue", "continue", "delete 2",
        "rwatch cell", "continue", "delete 3", "awatch main::mutex", "continue", "continue",
        "delete", "set var enough = 1", "continue",
    )  # fmt: skip
    for text in (
        "Hardware watchpoint 2: cell\n\nOld value = 0\nNew value = 1\n",
        "Hardware watchpoint 2: cell\n\nOld value = 1\nNew value = 3\n",
        "Hardware read watchpoint 3: cell\n\nValue = 3\n",
        "Hardware access (read/write) watchpoint 4: main::mutex\n\nValue = 0\n",
        "Hardware access (read/write) watchpoint 4: main::mutex\n\nOld value = 0\nNew value = 1\n",
        "exited with code 07",
    ):
        assert text in said, f"{text}\n{said}"
    assert served.end() == (7, "3 4 1\n", "")


@pytest.mark.parametrize("mmu", mostly("tlb"))
def test_calls_are_caught_by_their_names(place: Path, mmu: str) -> None:
    """Going in and coming out; a call that waits comes out when it is answered."""
    served = Served(guest("scenarios/server"), place, "--mmu", mmu)
    served.names = True
    said = served.gdb(
        "catch syscall send proc_new", "continue", "print $r12", "continue", "delete",
        "set detach-on-fork off", "set schedule-multiple on", "break client", "continue",
        "delete", "catch syscall recv", "continue", "continue", "backtrace 2", "delete",
        "catch syscall", "continue", "continue", "delete", "continue",
    )  # fmt: skip
    assert "Catchpoint 1 (syscalls 'send' [0] 'proc_new' [2])" in said
    assert re.search(r"Catchpoint 1 \(call to syscall proc_new\), .*\n", said), said
    assert "$1 = 2" in said
    assert "Catchpoint 1 (returned from syscall proc_new)" in said
    assert re.search(r'Thread 3.1 "process 2" hit Catchpoint 3 \(call to syscall recv\)', said)
    assert re.search(r'Thread \d.1 "process \d" hit Catchpoint 3 \(call to syscall recv\)', said)
    assert len(re.findall(r"Catchpoint 4 \((?:call to|returned from) syscall \w+\)", said)) == 2
    served.drop()


def test_a_call_changed_at_its_entry_is_another(place: Path) -> None:
    """Registers are read when the call is made, as a kernel does."""
    served = Served(guest("programs/hello"), place)
    served.names = True
    said = served.gdb("catch syscall exit", "continue", "set var $r0 = 42", "delete", "continue")
    assert "call to syscall exit" in said
    assert "exited with code 052" in said
    assert served.end()[0] == 42


def test_the_names_are_the_tables() -> None:
    found = re.findall(
        r'<syscall name="(\w+)" number="(\d+)" groups="([\w,]+)"/>', names_document(CALLS)
    )
    assert found == [(call.name, str(call.number), ",".join(call.groups)) for call in CALLS]


EXPRESSIONS = (
    "a + b * 3", "a - b", "a / b", "a % b", "-a / b", "-a % b", "(unsigned)-a / 7u", "a << 3",
    "-a >> 2", "(unsigned)-a >> 3", "~a", "!b", "!(a - 100)", "a & 0x6", "a | 9", "a ^ b",
    "a > b", "a < b", "-a < b", "(unsigned)-a < (unsigned)b", "a == 100 && b == 7",
    "a == 1 || b == 7", "a == 1 && b == 7", "(char)(a * 3)", "(unsigned char)(-a)",
    "(short)(a * 1000)", "(long long)a * 1000000000000LL", "bytes[3]", "signs[1]", "words[b - 6]",
    "pair.first * pair.second", "pointer->second", "*(short *)&words[1]", "text[1] == 'e'",
    "wide - 1", "wide / 3", "(long)$sp & 0xfff", "$r7 + 1", "(long)$pc & 1",
    "(long)&words[2] - (long)words",
    "a ? b : 5",
)  # fmt: skip

STRAIGHT = """\
#include "console.h"
struct two {{ int first, second; }} pair = {{6, 7}}, *pointer = &pair;
unsigned char bytes[] = {{1, 2, 3, 200}};
signed char signs[] = {{-1, -2}};
int words[] = {{-5, -70000, 9}};
long long wide = -12345678901234LL;
char text[] = "text";
volatile int sink;
static __attribute__((noinline)) int straight(int a, int b)
{{
{lines}
    return a * b;
}}
int main(void)
{{
    void *volatile kept[] = {{&pointer, bytes, signs, words, &wide, text}};
    return straight(100, 7) == 0 && kept[0];
}}
"""


def test_conditions_in_the_machine_have_gdbs_values(tmp_path: Path) -> None:
    """At each line another one, which must hold there: it compares with what gdb has computed."""
    need_tool("gdb-multiarch")
    lines = "\n".join(["    sink += a;"] * (len(EXPRESSIONS) + 1))
    program = built(tmp_path, STRAIGHT.format(lines=lines), "-O0")
    first = STRAIGHT.format(lines="")[: STRAIGHT.index("{lines}")].count("\n") + 1
    script = tmp_path / "script.py"
    script.write_text(
        f"""\
gdb.execute("set breakpoint condition-evaluation target")
gdb.execute("break watched.c:{first}"); gdb.execute("continue")
for number, text in enumerate({EXPRESSIONS!r}, {first + 1}):
    value = gdb.parse_and_eval(text)
    gdb.execute(f"tbreak watched.c:{{number}} if ({{text}}) != {{int(value)}}LL")
    gdb.execute(f"tbreak watched.c:{{number}} if ({{text}}) == {{int(value)}}LL")
    gdb.execute("continue")
    print("found", number - {first + 1}, gdb.selected_frame().find_sal().line - {first + 1}, value)
    gdb.execute("delete")
gdb.execute("kill")
"""
    )
    done = emu_gdb(script, str(program))
    found = re.findall(r"^found (\d+) (\d+)", done.stdout, re.MULTILINE)
    every = [(str(number), str(number)) for number in range(len(EXPRESSIONS))]
    assert found == every, done.stdout + done.stderr


@pytest.mark.parametrize("mmu", mostly("map"))
def test_a_frame_is_watched_through_whatever_view(place: Path, mmu: str) -> None:
    """gdb knows nothing of it: the console says who stores what, where."""
    served = Served(guest("scenarios/server"), place, "--mmu", mmu)
    said = served.gdb(
        "break main", "continue",
        "python pa = gdb.execute('monitor walk 0xefffff00', to_string=True).split()[-1]",
        "python gdb.execute(f'monitor watch pa {int(pa, 0) & ~0xfff} 0x1000 access')",
        "delete", "continue", "x/i $pc", "monitor unwatch 0", "monitor watch frame x",
        "monitor watch pa 0 0", "continue",
    )  # fmt: skip
    assert re.search(r"^0: access of 0x1000 bytes at pa 0x\w+ \(frame \d+ ", said, re.MULTILINE)
    hit = re.search(
        r"^process 0 (stores|loads) 0x\w+ of [1248] bytes? at 0x\w+ \(pa 0x\w+, frame \d+ .*\), "
        r"pc 0x0*(\w+)$", said, re.MULTILINE
    )  # fmt: skip
    assert hit, said
    assert re.search(rf"^=> 0x{hit[2]}", said, re.MULTILINE)
    assert said.count("usage: monitor watch") == 2
    served.drop()


@pytest.mark.parametrize("mmu", mostly("cpu"))
def test_next_goes_over_calls_that_let_others_run(place: Path, mmu: str) -> None:
    served = Served(guest("scenarios/server"), place, "--mmu", mmu)
    said = served.gdb(
        "break client", "set detach-on-fork off", "set schedule-multiple on", "continue",
        "delete", "next", "next", "next", "print server_pid", "info threads", "next", "next",
        "next",
    )  # fmt: skip
    assert "$1 = 1" in said, said
    assert re.search(r'^\* 3\.1 .*"process 2"', said, re.MULTILINE)
    assert "CHECK_OK(send(server_pid, &message));" in said
    served.drop()


def test_a_program_is_run_again(watched: Path, place: Path) -> None:
    served = Served(watched, place)
    said = served.gdb(
        "set var enough = 1", "continue", "break conditional if number == 3", "run", "print number",
        "print enough", "delete", "set var enough = 1", "continue", "run wrong arguments", "kill",
    )  # fmt: skip
    assert said.count("exited with code 07") == 2
    assert "$1 = 3" in said
    assert "$2 = 0" in said
    assert "on the remote target failed" in said
    assert served.end()[:2] == (7, "3 4 1\n3 4 1\n")


def test_a_trace_for_the_console(watched: Path, place: Path) -> None:
    served = Served(watched, place)
    said = served.gdb(
        "monitor trace", "monitor trace on mem", "monitor trace on syscall", "monitor trace on",
        "break lock", "continue", "set var enough = 1", "delete", "continue", "monitor trace off",
        "monitor trace what",
    )  # fmt: skip
    assert "the trace is off" in said
    assert "mem is traced from the beginning or not: emu run --trace" in said
    assert "traced until monitor trace off: syscall" in said
    assert "the trace is on" in said
    assert re.search(
        r'^\[0\] #1 @\d+ console_write\(ptr=.* "3 4 1\\n", len=6\) = 6$', said, re.MULTILINE
    )
    assert "exit(status=7)" in said
    assert served.end()[0] == 7


def test_what_an_access_would_meet(place: Path) -> None:
    served = Served(guest("programs/fault_null"), place)
    said = served.gdb(
        "monitor explain", "monitor explain 0x10000 write", "monitor explain 0x10000",
        "monitor explain 0x10000 fly", "continue", "monitor explain", "kill",
    )  # fmt: skip
    assert "no fault: monitor explain ADDRESS says what one would meet there" in said
    assert "write of 0x00010000 by process 0 would fault: " in said
    assert "read of 0x00010000 by process 0 succeeds: pa " in said
    assert "usage: monitor explain [VA [read|write|execution]]" in said
    assert "emu: process 0 faulted: null pointer: read of 0x" in said
    served.end()


def test_ctrl_c_while_a_line_is_stepped(watched: Path, place: Path) -> None:
    """A line that goes on for ever is stepped in the machine; gdb's user may stop that."""
    served, line = Served(watched, place), WATCHED[: WATCHED.index("for (; ")].count("\n") + 1
    said = served.gdb(
        f"break watched.c:{line}", "continue", "delete", "python import os, signal, threading",
        "python threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()",
        "next", "print turns > 10", "set var enough = 1", "continue",
    )  # fmt: skip
    assert "received signal SIGINT" in said, said
    assert "$1 = 1" in said
    assert served.end()[0] == 7


def test_names_for_any_gdb(tmp_path: Path) -> None:
    """A data directory of gdb's own with the calls in it, kept in the cache."""
    need_tool("gdb-multiarch")
    environment = {"EMU_CACHE": str(tmp_path / "cache")}
    first = emu_command("gdb", "--data-directory", env=environment)
    again = emu_command("gdb", "--gdb", "gdb-multiarch", "--data-directory", env=environment)
    assert first.returncode == again.returncode == 0, first.stderr
    assert first.stdout == again.stdout
    (directory,) = (tmp_path / "cache").iterdir()
    assert Path(first.stdout.decode().strip()) == directory
    assert (directory / "syscalls" / "arm-linux.xml").read_text() == names_document(CALLS)
    assert (directory / "python").is_symlink()
    wrong = emu_command("gdb", "--gdb", "nothing-here", "--data-directory", env=environment)
    assert (wrong.returncode, wrong.stderr) == (
        2, b"emu: nothing-here is not installed; on Debian: gdb-multiarch\n"
    )  # fmt: skip


def emu_gdb(script: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "emu", "gdb", "--batch", "-x", str(script), *words],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_emu_gdb_takes_the_options_of_run(watched: Path) -> None:
    need_tool("gdb-multiarch")
    script = watched.parent / "script.gdb"
    script.write_text("catch syscall exit\nset var enough = 1\ncontinue\ncontinue\n")
    done = emu_gdb(script, "--ram", "32M", "--mmu", "map", str(watched))
    assert "Catchpoint 1 (call to syscall exit)" in done.stdout, done.stderr
    assert "exited with code 07" in done.stdout
    assert "3 4 1\n" in done.stdout
    assert emu_gdb(script, "--ram", "1K", str(watched)).returncode == 2
