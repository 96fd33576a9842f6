"""The fixture for pytest, used as a project would: in a run of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.guests import guest

PROGRAM = """\
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
    char line[80];
    while (fgets(line, sizeof line, stdin))
        printf("%s: %s", argv[1], line);
    return argc > 2 ? atoi(argv[2]) : 0;
}
"""

GOOD = """\
def test_it_reads(emu):
    machine = emu.run("prog.c", "me", stdin="a\\nb\\n")
    assert machine.console.lines == ["me: a", "me: b"]

def test_a_status(emu):
    emu.run("prog.c", "me", "3", status=3)

def test_it_is_built_once(emu):
    assert emu.build("prog.c") == emu.build("prog.c")
    assert emu.build("prog.c", flags=["-O2"]) != emu.build("prog.c")

def test_a_program_that_is_there(emu):
    assert emu.load(emu.build("prog.c"), "me", ram="16M", check=True).run().status == 0
"""

BAD = """\
def test_a_status(emu):
    emu.run("prog.c", "me", "3")

def test_no_program(emu):
    emu.run("nothing.c")
"""


def pytest_run(directory: Path, text: str) -> subprocess.CompletedProcess[str]:
    (directory / "prog.c").write_text(PROGRAM)
    (directory / "test_prog.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(directory)]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


def test_a_project_tests_its_guests(tmp_path: Path) -> None:
    guest("programs/hello")  # there is a compiler
    done = pytest_run(tmp_path, GOOD)
    assert "4 passed" in done.stdout, done.stdout + done.stderr


def test_what_goes_wrong_is_told(tmp_path: Path) -> None:
    guest("programs/hello")
    done = pytest_run(tmp_path, BAD)
    assert "2 failed" in done.stdout
    assert "GuestError: the program ended with exit: 3, not exit: 0" in done.stdout
    assert "SdkError: " in done.stdout
    assert "nothing.c: No such file" in done.stdout
