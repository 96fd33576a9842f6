"""Where a trace goes, and what happens when the host takes that away."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emu.trace.output import GATHERED, Output
from tests.guests import ROOT, guest, run_emu
from tests.traced import BACKENDS, built
from tests.waiting import until_asleep

HELLO = "programs/hello"


def test_a_trace_goes_to_standard_error_among_what_else_is_there() -> None:
    result = run_emu(built("faulty"), options=("--trace", "fault"))
    lines = result.stderr.decode().splitlines()
    assert lines[0].startswith("[0] --- read of 0x00000000 at ")
    assert lines[1].startswith("emu: process 0 ")


def test_standard_error_may_be_a_file(tmp_path: Path) -> None:
    with (tmp_path / "stderr").open("w") as stream:
        stream.write("before\n")
        stream.flush()
        subprocess.run(
            [sys.executable, "-m", "emu", "run", "--trace", "fault", str(built("faulty"))],
            cwd=ROOT, stderr=stream, check=False,
        )  # fmt: skip
    lines = (tmp_path / "stderr").read_text().splitlines()
    assert lines[0] == "before"
    assert lines[1].startswith("[0] --- read of")
    assert lines[2].startswith("emu: process 0 ")


def test_a_trace_replaces_what_was_in_the_file(tmp_path: Path) -> None:
    out = tmp_path / "trace"
    out.write_text("x" * 10_000)
    run_emu(built("mapping"), options=("--trace", "sched", "--trace-out", str(out)))
    assert out.read_text().splitlines()[-1] == "[0] #13 +++ exited with 3 +++"
    assert "x" * 10 not in out.read_text()


@pytest.mark.parametrize("format_", ["text", "jsonl", "chrome"])
def test_a_full_disk_ends_the_trace_and_not_the_guest(format_: str) -> None:
    options = ("--trace", "all", "--trace-format", format_, "--trace-out", "/dev/full")
    result = run_emu(guest(HELLO), options=options)
    assert result.returncode == 0
    assert result.stdout == run_emu(guest(HELLO)).stdout
    assert result.stderr == b"emu: /dev/full: No space left on device: the trace ends here\n"


@pytest.mark.parametrize("kinds", ["syscall", "insn"])
def test_a_closed_pipe_ends_the_trace_and_not_the_guest(kinds: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    run = subprocess.Popen(
        [sys.executable, "-m", "emu", "run", "--trace", kinds, "--trace-out", str(pipe),
         str(guest(HELLO))],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    pipe.open("rb").close()
    stdout, stderr = run.communicate(timeout=60)
    assert run.returncode == 0
    assert stdout == run_emu(guest(HELLO)).stdout
    assert stderr == f"emu: {pipe}: Broken pipe: the trace ends here\n".encode()


def test_standard_error_that_is_closed_ends_the_trace_in_silence() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run(
        [sys.executable, "-m", "emu", "run", "--trace", "syscall", str(guest(HELLO))],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=writer, check=False,
    )  # fmt: skip
    os.close(writer)
    assert run.returncode == 0
    assert run.stdout == run_emu(guest(HELLO)).stdout


def limited_to(size: int, path: Path, format_: str) -> subprocess.CompletedProcess[bytes]:
    """A run that may write files of this size at most."""
    return subprocess.run(
        [sys.executable, "-m", "emu", "run", "--trace", "syscall", "--trace-format", format_,
         "--trace-out", str(path), str(guest("calls/send"))],
        cwd=ROOT, capture_output=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )  # fmt: skip


def test_a_trace_that_does_not_fit_ends_behind_a_whole_event(tmp_path: Path) -> None:
    out = tmp_path / "trace"
    result = limited_to(300_000, out, "jsonl")
    assert result.returncode == 0
    assert result.stderr == f"emu: {out}: File too large: the trace ends here\n".encode()
    lines = out.read_text().splitlines()
    assert len(lines) > 100
    assert all(json.loads(line) for line in lines)


def test_a_chrome_trace_that_does_not_fit_is_still_whole(tmp_path: Path) -> None:
    out = tmp_path / "trace"
    assert limited_to(400_000, out, "chrome").returncode == 0
    assert len(json.loads(out.read_text())["traceEvents"]) > 100


def output_to(path: Path, ending: str = "") -> Output:
    return Output(os.open(path, os.O_WRONLY | os.O_CREAT), path.name, ending)


def test_a_file_is_well_formed_after_each_flush(tmp_path: Path) -> None:
    path = tmp_path / "out"
    output = output_to(path, ending="]")
    output.write("[1")
    for number in range(2, 5):
        output.flush()
        assert json.loads(path.read_text())[-1] == number - 1
        output.write(f",{number}")
    output.close()
    assert path.read_text() == "[1,2,3,4]"


def test_what_is_kept_in_memory_is_bounded(tmp_path: Path) -> None:
    output = output_to(tmp_path / "out")
    for number in range(10_000):
        output.write(f"{number}\n")
        assert len(output.pieces) < 1000
    output.close()
    assert (tmp_path / "out").read_text().count("\n") == 10_000


def test_long_strings_are_written_before_there_are_many(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    output = Output(os.open(path, os.O_WRONLY | os.O_CREAT), "trace")
    for number in range(1, 40):
        output.write("x" * (GATHERED // 8))
        assert number * (GATHERED // 8) - path.stat().st_size < GATHERED
    output.close()
    assert path.stat().st_size == 39 * (GATHERED // 8)


def test_a_run_without_traces_loads_nothing_for_them() -> None:
    code = (
        "import sys\nfrom emu.cli.start import main\n"
        f"sys.argv[1:] = ['run', {str(guest(HELLO))!r}]\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([name for name in sys.modules if name.startswith(('emu.trace', 'emu.coverage',"
        " 'emu.profile', 'emu.debuginfo', 'elftools', 'capstone', 'json'))], file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert result.stderr == b"[]\n"


WATCHED = (
    "--trace", "all", "--trace-out", "/dev/null", "--profile", "/dev/null",
    "--coverage", "/dev/null",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "mmu"),
    list(
        zip(("programs/hello", "calls/yield", "newlib/longjmp.thumb-hard"), BACKENDS, strict=True)
    ),
)
def test_being_watched_changes_nothing_of_a_run(name: str, mmu: str) -> None:
    options = ("--mmu", mmu, "--stats", "--max-insns", "60000")
    plain = run_emu(guest(name), options=options)
    seen = run_emu(guest(name), options=(*options, *WATCHED))
    assert (seen.stdout, seen.returncode) == (plain.stdout, plain.returncode)
    assert figures(seen.stderr) == figures(plain.stderr) != []


def figures(stderr: bytes) -> list[str]:
    """The lines of --stats that say what the guest did, and those on where it stopped."""
    host = ("  time ", "  tlb ", "  map ", "  cpu ", "emu: coverage: left out ")
    return [line for line in stderr.decode().splitlines() if not line.startswith(host)]


def test_an_interrupted_call_is_shown_unfinished(tmp_path: Path) -> None:
    """Ctrl-C while the program waits for input."""
    out = tmp_path / "trace"
    with subprocess.Popen(
        [sys.executable, "-m", "emu", "run", "--trace", "syscall,insn", "--trace-out", str(out),
         "lines.elf"],  # the library copies this name: its length counts
        cwd=guest("programs/lines").parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as run:  # fmt: skip
        assert run.stdin is not None
        assert run.stdout is not None
        run.stdin.write(b"one line\n")
        run.stdin.flush()
        assert b"one line" in run.stdout.readline()
        until_asleep(run)  # it waits for the next line
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=60) == 130
    lines = out.read_text().splitlines()
    assert re.match(r"\[0\] #3 @\d+ console_read\(", lines[-1])
    assert lines[-1].endswith(" <unfinished ...>")
    assert " svc #0" in lines[-2]
