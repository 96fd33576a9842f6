"""The programs in guest/programs: what each prints and how it ends, however it is run."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from tests.agreement import (
    CODES,
    COMMANDS,
    HOOKS,
    Command,
    Way,
    commands,
    disagreement,
    ways,
)
from tests.fuzz.variants import MMUS
from tests.guests import guest, run_emu

FAULT = 139


class Row(NamedTuple):
    """One run.  stdout: all of it, or a pattern for all of it.  stderr: patterns that it has."""

    program: str
    stdout: bytes | re.Pattern[bytes]
    args: tuple[str, ...] = ()
    stdin: bytes = b""
    status: int = 0
    stderr: tuple[bytes, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.program, *self.args))


def passes(name: str) -> re.Pattern[bytes]:
    """Any lines without FAIL, and then the sentinel of a program that checks itself."""
    return re.compile(rb"((?!FAIL).*\n)*PASS %s\n" % name.encode())


HELLO = re.compile(
    rb"Hello!.*\n.* All the rest is mine: 127\.0 MiB in \d+ frames\.\n\n"
    rb".*\n(.*\n)*.*my L1 table.*\n(.*\n)*.*my code.*\n(.*\n)*.*my stack.*\n(.*\n)*.*device\n"
)
ARGUMENTS = b"6 arguments\n0: <%s>\n1: <one>\n2: <two words>\n3: <>\n4: <it's>\n5: <a\"b>\n"
LONG_LINE = b"x" * 300
LINES = b"""\
   1 one                  (3)
   2                      (0)
   3 %s (63)
   4 no newline           (10)
"""

ROWS = (
    Row("hello", HELLO),
    Row("echo", b""),
    Row("echo", b"a line\nand a piece", stdin=b"a line\nand a piece"),
    Row("echo", bytes(range(256)) * 40, stdin=bytes(range(256)) * 40),
    Row("lines", LINES % LONG_LINE[:63], stdin=b"one\n\n" + LONG_LINE + b"\nno newline"),
    Row("uart", b"type: HELLO\nthat was all\nPASS uart\n", stdin=b"hello\n"),
    Row("exit_status", b"", status=42),
    Row("exit_status", b"", args=("0",)),
    Row("exit_status", b"", args=("255",), status=255),
    Row("walk", passes("walk")),
    Row("maptable", passes("maptable")),
    Row("stubs", passes("stubs")),
    Row("float", b"PASS float\n"),
    Row("it_block", b"PASS it_block\n"),
    Row("hosted_printf", re.compile(rb"\d+ frames from 4096 to \d+ bytes, 127\.004 MiB in all\n")),
    Row("fault_null", b"about to read address 0\n", status=FAULT,
        stderr=(rb"0x00000000", rb"fault_null\.c")),
    Row("fault_write_code", b"my code begins with something\n", status=FAULT,
        stderr=(rb"fault_write_code\.c",)),
)  # fmt: skip


BY_ID = {f"{row}-{number}": row for number, row in enumerate(ROWS)}


def check(row: Row, command: Command) -> None:
    program, options = guest(f"programs/{row.program}{command.code}"), command.options
    run = run_emu(program, *row.args, options=options, stdin=row.stdin, env=command.env)
    if isinstance(row.stdout, bytes):
        assert run.stdout == row.stdout
    else:
        assert row.stdout.fullmatch(run.stdout), run.stdout.decode()
    assert run.returncode == row.status, run.stderr.decode()
    assert bool(run.stderr) == bool(row.stderr), run.stderr.decode()
    for pattern in row.stderr:
        assert re.search(pattern, run.stderr), run.stderr.decode()


@pytest.mark.parametrize(("name", "command"), commands(BY_ID, 3, (*COMMANDS, HOOKS)), ids=str)
def test_program(name: str, command: Command) -> None:
    check(BY_ID[name], command)


@pytest.mark.long
@pytest.mark.parametrize("mmu", MMUS)
@pytest.mark.parametrize("code", CODES, ids=["thumb", "arm"])
@pytest.mark.parametrize("name", BY_ID)
def test_program_everywhere(name: str, code: str, mmu: str) -> None:
    check(BY_ID[name], Command(code, mmu, check=True))


@pytest.mark.parametrize(("name", "ways"), ways(BY_ID).items(), ids=BY_ID)
def test_every_way_is_the_same(name: str, ways: list[Way]) -> None:
    row = BY_ID[name]
    finding, _ = disagreement(guest(f"programs/{row.program}"), ways, row.stdin)
    assert finding is None, finding.text


@pytest.mark.parametrize("code", ["", ".arm"], ids=["thumb", "arm"])
def test_arguments_arrive_as_they_were_given(code: str) -> None:
    """With spaces, empty, and with either kind of quote."""
    program = guest(f"programs/args{code}")
    run = run_emu(program, "one", "two words", "", "it's", 'a"b')
    assert run.returncode == 0, run.stderr.decode()
    name = run.stdout.split(b"<", 1)[1].split(b">", 1)[0]
    assert name.endswith(program.name.encode())
    assert run.stdout == ARGUMENTS % name
