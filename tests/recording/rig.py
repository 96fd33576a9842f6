"""Recorded runs of the command line, and what is in their files."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from emu.environment.clock import CLOCK_START
from emu.environment.requests import Beginning
from tests.guests import emu_command, need_tool, run_emu

BEGINNING = Beginning(("program",), (False, False, False), CLOCK_START, True)
ENDLESS = """
        .arm
        .global _start
_start: ldr     r0, =text
        mov     r1, #3
        mov     r12, #19
        svc     #0
1:      add     r0, r0, #1
        b       1b
text:   .ascii  "on\\n"
"""
"""It says that it is on, by console_write, and computes for ever."""
FILES = r"""
#include <stdio.h>
#include <string.h>
#include <time.h>
int main(int argc, char **argv) {
    char line[80];
    FILE *out = fopen("out", "w+"), *gone = fopen("gone", "r"), *given = fopen("given", "r");
    fprintf(out, "%d %s %d\n", argc, argv[1], gone == NULL);
    while (fgets(line, sizeof line, given))
        fprintf(out, "%u %s", (unsigned)(clock() / CLOCKS_PER_SEC), line);
    fseek(given, 5, SEEK_SET);
    fprintf(out, "%c\n", fgetc(given));
    rewind(out);
    while (fgets(line, sizeof line, out)) { fputs(line, stdout); fputs(line, stderr); }
    fclose(out);
    if (remove("out")) return 1;
    printf("%ld\n", (long)time(NULL));
    return fopen("left open", "a") == NULL;
}
"""
"""It reads ``given``, writes, and removes, and leaves a file open."""
Run = subprocess.CompletedProcess[bytes]


def compiled(directory: Path, text: str, *flags: str, suffix: str = ".c") -> Path:
    """A program of this text."""
    source, program = directory / f"prog{suffix}", directory / "prog.elf"
    source.write_text(text)
    words = [need_tool("arm-none-eabi-gcc"), "-mcpu=cortex-a15", *flags, str(source)]
    subprocess.run([*words, "-o", str(program)], check=True, capture_output=True)
    return program


def recorded(
    program: Path | str,
    file: Path,
    *args: str,
    options: Sequence[str] = (),
    stdin: bytes = b"",
    cwd: Path = Path("/"),
) -> Run:
    """``emu run --record FILE``."""
    options = ("--record", str(file), *options)
    return run_emu(program, *args, options=options, stdin=stdin, cwd=cwd)


def replayed(file: Path, *options: str, stdin: bytes = b"", cwd: Path = Path("/")) -> Run:
    """``emu replay FILE``."""
    return emu_command("replay", *options, str(file), stdin=stdin, cwd=cwd)


def shown(run: Run) -> tuple[bytes, bytes, int]:
    """All that a person sees of a run."""
    return run.stdout, run.stderr, run.returncode
