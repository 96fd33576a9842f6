"""The commands that look around: their moments, their errors, and what they print where."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.guests import emu_command, guest


def error_of(*words: str) -> tuple[int, str]:
    """Exit status and the last line of standard error."""
    run = emu_command(*words)
    assert run.stdout == b""
    return run.returncode, run.stderr.decode().splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("tables", "--at", "noon"), "'noon' is none of fault, exit, call:N, insn:N"),
        (("frames", "--at", "call:0"), "'call:0' is none of fault, exit, call:N, insn:N"),
        (("frames", "--at", "insn:x"), "'insn:x' is none of fault, exit, call:N, insn:N"),
        (("frames", "--at", "fault:1"), "'fault:1' is none of fault, exit, call:N, insn:N"),
    ],
)
def test_bad_moments(words: tuple[str, ...], error: str) -> None:
    status, line = error_of(*words, str(guest("programs/hello")))
    expected = f"emu: Invalid value for '--at': {error} (see 'emu {words[0]} --help')"
    assert (status, line) == (2, expected)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("tables", "--at", "fault"), "emu: --at fault: the run ended without a fault"),
        (
            ("frames", "--at", "insn:7", "--max-insns", "9"),
            "emu: --at insn:7 and --max-insns cannot be used together",
        ),
        (("tables", "--pid", "7"), "emu: --pid 7: there is no such process then"),
    ],
)
def test_moments_that_do_not_come(words: tuple[str, ...], line: str) -> None:
    assert error_of(*words, str(guest("programs/hello"))) == (2, line)


def test_moments_beyond_the_end() -> None:
    status, line = error_of("tables", "--at", "insn:99999999", str(guest("programs/exit_status")))
    assert status == 2
    assert re.fullmatch(r"emu: --at insn:99999999: the run ended after \d+ instructions", line)


@pytest.mark.parametrize("command", ["run", "tables", "frames", "disasm", "symbols"])
def test_missing_file(command: str, tmp_path: Path) -> None:
    missing = tmp_path / "missing.elf"
    assert error_of(command, str(missing)) == (2, f"emu: {missing}: No such file or directory")


@pytest.mark.parametrize("command", ["run", "tables", "frames", "disasm", "symbols"])
def test_file_that_is_no_program(command: str, tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("some notes\n")
    line = f"emu: {other}: is not an ELF file; give a program linked for 32-bit Arm"
    assert error_of(command, str(other)) == (2, line)


def test_missing_symbols_file(tmp_path: Path) -> None:
    missing = tmp_path / "child.elf"
    words = ("run", "--symbols", str(missing), str(guest("programs/hello")))
    assert error_of(*words) == (2, f"emu: {missing}: No such file or directory")


def test_function_that_is_not_there() -> None:
    program = guest("programs/hello")
    line = f"emu: {program}: has no function nothing; emu symbols lists what it has"
    assert error_of("disasm", "--function", "nothing", str(program)) == (2, line)


@pytest.mark.parametrize("command", ["tables", "frames"])
def test_what_the_guest_prints_goes_to_standard_error(command: str) -> None:
    run = emu_command(command, str(guest("programs/hello")))
    assert run.returncode == 0
    assert run.stderr.startswith(b"Hello! I am the first process")
    assert run.stdout.startswith(b"process 0")


def test_after_more_calls_more_has_happened() -> None:
    """That program splits a frame, once: the views before that show one frame less."""
    program = str(guest("mistakes/wrong_flags"))
    counts = []
    for moment in (1, 10, 20, 27):
        run = emu_command("frames", "--json", "--at", f"call:{moment}", program)
        counts.append(len(json.loads(run.stdout)["frames"]))
    assert counts == sorted(counts)
    assert counts[-1] == counts[0] + 1


def test_at_the_first_instruction_nothing_has_happened() -> None:
    program = str(guest("programs/hello"))
    run = emu_command("frames", "--at", "insn:1", program)
    assert run.returncode == 0
    assert run.stderr == b""
    assert b"process 0: ready, 10 frames" in run.stdout


def test_at_a_fault_the_process_still_has_its_frames() -> None:
    program = str(guest("mistakes/null_pointer"))
    run = emu_command("tables", "--at", "fault", program)
    assert run.returncode == 0
    assert b"faulted: null pointer" in run.stderr
    assert b"0x00010000..0x00010fff" in run.stdout


def test_every_backend_shows_the_same() -> None:
    program = str(guest("mistakes/dead_peer"))
    (view,) = {emu_command("frames", "--mmu", mmu, program).stdout for mmu in ("tlb", "map", "cpu")}
    assert view.startswith(b"process 0")


def test_disassembly_of_one_function() -> None:
    run = emu_command("disasm", "--lines", "--function", "exit", str(guest("programs/hello.arm")))
    lines = run.stdout.decode().splitlines()
    assert re.fullmatch(r"[0-9a-f]{8} <exit>:", lines[0])
    assert lines[1] == "; guest/lib/exit.c:8"
    assert re.search(r"bl #0x[0-9a-f]+  <proc_exit>$", lines[-1])


def test_symbols_with_lines() -> None:
    run = emu_command("symbols", "--json", str(guest("mistakes/null_pointer")))
    symbols = {row["name"]: row for row in json.loads(run.stdout)["symbols"]}
    main = symbols["main"]
    assert main["what"] == "thumb"
    assert main["file"] == "guest/mistakes/null_pointer.c"
    assert main["line"] == 16
