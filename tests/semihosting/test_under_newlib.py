"""Programs linked with newlib's rdimon do here what they do under qemu-arm."""

from __future__ import annotations

import shutil
import subprocess
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from emu.environment.clock import CLOCK_START
from emu.environment.files import HostFiles
from emu.environment.world import ScriptedWorld
from tests.semihosting.flat_machine import FlatMachine

GCC, QEMU = "arm-none-eabi-gcc", "qemu-arm"
pytestmark = pytest.mark.skipif(
    not (shutil.which(GCC) and shutil.which(QEMU)), reason=f"{GCC} or {QEMU} is not installed"
)

STATES = {"arm": ["-marm"], "thumb": ["-mthumb"]}
BETWEEN_LOOKS = 49_000
"""Nanoseconds: a program that waits for a second looks at the clock twenty thousand times."""
INPUT = b"first line\nsecond\n\nno newline at the end"

HEADERS = r"""
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
"""

PROGRAMS = {
    "arguments": r"""
int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) printf("%d [%s]\n", i, argv[i]);
    return argc;
}""",
    "lines": r"""
int main(void) {
    char line[100];
    int count = 0;
    while (fgets(line, sizeof line, stdin)) printf("%d: %s|\n", ++count, line);
    return feof(stdin) && !ferror(stdin) ? count : 100;
}""",
    "characters": r"""
int main(void) {
    int c, sum = 0;
    while ((c = getchar()) != EOF) putchar(c ^ 1), sum += c;
    return sum & 0x7f;
}""",
    "files": r"""
int main(void) {
    char text[100] = "";
    FILE *f = fopen("new.txt", "w+");
    for (int i = 0; i < 1000; i++) fprintf(f, "line %d\n", i);
    fseek(f, 70, SEEK_SET);
    printf("%s %ld\n", fgets(text, sizeof text, f), ftell(f));
    fseek(f, -9, SEEK_END);
    printf("%s %ld\n", fgets(text, sizeof text, f), ftell(f));
    fclose(f);
    f = fopen("new.txt", "a");
    fputs("more\n", f);
    fclose(f);
    f = fopen("new.txt", "rb");
    fseek(f, 0, SEEK_END);
    printf("%ld\n", ftell(f));
    fclose(f);
    printf("%d\n", rename("new.txt", "other.txt"));
    f = fopen("new.txt", "r");
    printf("%d %d\n", f == NULL, errno);
    printf("%d %d\n", rename("none", "new"), errno);
    f = fopen("given.txt", "r+");
    printf("%s", fgets(text, sizeof text, f));
    rewind(f);
    fputs("J", f);
    fclose(f);
    f = fopen("given.txt", "r");
    errno = 0;
    printf("%d %d\n", fputs("x", f), errno != 0);
    fclose(f);
    printf("%d\n", remove("other.txt"));
    printf("%d %d\n", remove("other.txt"), errno);
    return 0;
}""",
    "memory": r"""
int main(void) {
    int sum = 0;
    for (int i = 1; i < 200; i++) {
        char *p = malloc(i * 100);
        memset(p, i, i * 100);
        sum += p[i];
        if (i % 3) free(p);
    }
    printf("%d\n", sum);
    return malloc(0x7fffffff) == NULL ? 3 : 4;
}""",
    "exit": 'int main(void) { puts("bye"); exit(77); }',
    "large status": "int main(void) { return 0x12345; }",
    "negative status": "int main(void) { return -1; }",
    "abort": 'int main(void) { puts("bye"); fflush(stdout); abort(); }',
    "raise": "int main(void) { return raise(SIGTERM); }",
    "atexit": r"""
static void last(void) { puts("last"); }
int main(void) { atexit(last); puts("first"); return 5; }""",
    "standard error": r"""
int main(void) {
    fputs("to stderr\n", stderr);
    puts("to stdout");
    errno = ENOENT;
    perror("why");
    return 0;
}""",
}


def build(directory: Path, source: str, *options: str) -> Path:
    code, program = directory / "program.c", directory / "program.elf"
    code.write_text(HEADERS + source)
    architecture = ["-march=armv7-a", "-O1", "--specs=rdimon.specs"]
    subprocess.run([GCC, *architecture, *options, code, "-o", program], check=True)
    return program


def room(tmp_path: Path, name: str) -> Path:
    """A directory with a file for the program to find."""
    directory = tmp_path / name
    directory.mkdir()
    (directory / "given.txt").write_text("Hello from outside\n")
    return directory


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def rows() -> list[Any]:
    """Each program in one state, in turns; in the other for ``make test-long``."""
    return [
        pytest.param(source, options, id=f"{name}-{state}",
                     marks=[pytest.mark.long] * ((number + at) % 2))
        for number, (name, source) in enumerate(PROGRAMS.items())
        for at, (state, options) in enumerate(STATES.items())
    ]  # fmt: skip


@pytest.mark.parametrize(("source", "state"), rows())
def test_as_under_qemu(tmp_path: Path, source: str, state: list[str]) -> None:
    program = build(tmp_path, source, *state)
    arguments = ["12", "it's", "-x=1"]
    theirs, ours = room(tmp_path, "theirs"), room(tmp_path, "ours")
    qemu = subprocess.run(
        [QEMU, program, *arguments], input=INPUT, capture_output=True, cwd=theirs, timeout=60
    )
    world = ScriptedWorld(INPUT, [str(program), *arguments])
    world.files = HostFiles(str(ours))
    machine = FlatMachine(program, world)
    status = machine.run()
    assert (bytes(world.stdout), bytes(world.stderr)) == (qemu.stdout, qemu.stderr)
    assert status == qemu.returncode
    assert contents(ours) == contents(theirs)
    assert machine.notes == []


class Steps:
    """Moments that are so many instructions apart."""

    def __init__(self) -> None:
        self._steps = count(step=BETWEEN_LOOKS)

    @property
    def count(self) -> int:
        return next(self._steps)


def run(tmp_path: Path, source: str, arguments: list[str]) -> ScriptedWorld:
    world = ScriptedWorld(b"", arguments)
    FlatMachine(build(tmp_path, source), world, Steps()).run()
    return world


def test_arguments_with_spaces_and_quotes_arrive(tmp_path: Path) -> None:
    arguments = ["two words", "", '"', "'", "'a b'", "tab\tin"]
    world = run(tmp_path, PROGRAMS["arguments"], ["prog", *arguments])
    expected = "".join(f"{i} [{text}]\n" for i, text in enumerate(arguments, 1))
    assert world.stdout.decode() == expected


def test_time_is_the_same_in_every_run(tmp_path: Path) -> None:
    source = r"""
int main(void) {
    clock_t start = clock();
    time_t now = time(NULL);
    while (clock() - start < CLOCKS_PER_SEC) {}
    printf("%ld ", (long)now);
    printf("%ld ", (long)(time(NULL) - now));
    printf("%ld\n", (long)(clock() - start));
    return 0;
}"""
    assert run(tmp_path, source, ["prog"]).stdout == b"%d 1 100\n" % CLOCK_START


def test_output_comes_out_line_by_line(tmp_path: Path) -> None:
    """The console is a terminal to the program, even where ours is a pipe."""
    source = r"""int main(void) { printf("line\n"); printf("rest"); _exit(0); }"""
    assert run(tmp_path, source, ["prog"]).stdout == b"line\n"
