"""Children that gdb meets at a stop: it has read no description of their registers."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.gdb.served import DEBUGGERS, Served, debugger, mostly
from tests.guests import ROOT, emu_command, guest
from tests.waiting import read_until

SOURCE = """\
#include "console.h"
#include "kernel.h"
#include "process.h"
volatile int enough = ENOUGH, cell;
static int child(int number)
{
    for (int i = 0; !enough; i++) {
        cell = i;
        if (i == 100)
            printf("turning\\n");
    }
    return *(volatile int *)number;
}
int main(void)
{
    return process_wait(process_run(child, 0));
}
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    guest("programs/hello")  # there is a compiler
    directory = tmp_path_factory.mktemp("children")
    source = directory / "children.c"
    source.write_text(SOURCE)
    for name, enough in ("loops", 0), ("faults", 1):
        words = ("--bare", "-Og", "-g", f"-DENOUGH={enough}", str(source))
        done = emu_command("cc", *words, "-o", str(directory / name))
        assert done.returncode == 0, done.stderr
    return directory


def check(said: str) -> None:
    """It is told of a child, with all of its registers, in words that are no complaint."""
    assert re.search(r"^#\d .*child \(number=0\)\s+at .*children\.c:\d+", said, re.MULTILINE), said
    assert re.search(r"^#\d .* in begin \(", said, re.MULTILINE)
    assert re.search(r"^pc +0x\w+ +0x\w+ <\w+(\+\d+)?>$", said, re.MULTILINE)
    assert re.search(r"^cpsr +0x", said, re.MULTILINE)
    assert "$1 = 1.5\n$2 = 1.5\n" in said
    assert re.search(r'^\* 2\.1 +Thread 2\.2 "process 1" ', said, re.MULTILINE)
    for complaint in ("too long", "Truncated", "packet", "rror", "annot"):
        assert complaint not in said, said


LOOK = ("backtrace 8", "info registers", "print $d0 = 1.5", "print $d0", "info threads")


@pytest.mark.parametrize("name", DEBUGGERS)
@pytest.mark.parametrize("mmu", mostly("map"))
def test_a_child_that_faulted_before_gdb_came(
    directory: Path, place: Path, mmu: str, name: str
) -> None:
    """And it ends by that fault, not normally: the second time, as a register has been set."""
    served = Served(directory / "faults", place, "--gdb-on-fault", "--mmu", mmu)
    served.until_waiting()
    said = served.gdb(*LOOK, "continue", "continue", name=name)
    check(said)
    assert "Program terminated with signal SIGSEGV" in said
    served.drop()


@pytest.mark.parametrize("name", DEBUGGERS)
def test_a_child_at_watched_ram(directory: Path, place: Path, name: str) -> None:
    """gdb has let it go; now it is told of it again."""
    served = Served(directory / "loops", place)
    said = served.gdb(
        "break process_wait", "continue", "delete", "python import re",
        "python rows = gdb.execute('monitor tables 1', to_string=True)",
        r"python data = re.search(r'^  0x0001\S+ +\S+ +rw- .* (\d+)$', rows, re.M)[1]",
        "python gdb.execute(f'monitor watch frame {data} write')", "continue", *LOOK,
        name=name,
    )  # fmt: skip
    check(said)
    served.drop()


@pytest.mark.parametrize("name", DEBUGGERS)
def test_a_child_at_ctrl_c(directory: Path, place: Path, name: str) -> None:
    served = Served(directory / "loops", place)
    gdb = subprocess.Popen(
        [debugger(name), "-nx", "-q", "-ex", "set pagination off", "-ex", "set confirm off",
         "-ex", f"target extended-remote {place}"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    )  # fmt: skip
    assert gdb.stdin is not None
    gdb.stdin.write("continue\n")
    gdb.stdin.flush()
    assert served.machine.stdout is not None
    read_until(served.machine.stdout.fileno(), b"turning")
    gdb.send_signal(signal.SIGINT)
    gdb.stdin.write("\n".join([*LOOK, "next", "next", "quit", ""]))
    said, _ = gdb.communicate(timeout=60)
    check(said.replace("(gdb) ", ""))
    assert "received signal SIGINT" in said
    served.drop()
