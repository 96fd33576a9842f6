"""The command line: exit statuses, and one clear line for each mistake."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emu import __version__, status
from emu.native import USED
from tests.guests import ROOT, emu_command, guest, run_emu
from tests.waiting import until_asleep

MISTAKES = (
    (("run",), "emu: Missing argument 'PROG'. (see 'emu run --help')"),
    (("run", "--frob", "x"), "emu: No such option '--frob'. (see 'emu run --help')"),
    (("frob",), "emu: No such command 'frob'. (see 'emu --help')"),
    (("run", "/nowhere/x.elf"), "emu: /nowhere/x.elf: No such file or directory"),
    (("run", "/"), "emu: /: Is a directory"),
    (("run", "README.md"),
     "emu: README.md: is not an ELF file; give a program linked for 32-bit Arm"),
    (("run", "--ram", "lots", "x"),
     "emu: Invalid value for '--ram': 'lots' is not a size; write it like 64M "
     "(see 'emu run --help')"),
    (("run", "--ram", "1M", "x"),
     "emu: Invalid value for '--ram': '1M' is not between 2M and 1024M in steps of 4K "
     "(see 'emu run --help')"),
    (("run", "--ram", "67108865", "x"),
     "emu: Invalid value for '--ram': '67108865' is not between 2M and 1024M in steps of 4K "
     "(see 'emu run --help')"),
    (("run", "--mmu", "none", "x"),
     "emu: Invalid value for '--mmu': 'none' is not one of 'tlb', 'map', 'cpu'. "
     "(see 'emu run --help')"),
    (("run", "--max-insns", "0", "x"),
     "emu: Invalid value for '--max-insns': '0' is not a count of at least 1; write it like 10M "
     "(see 'emu run --help')"),
    (("hello.elf",),
     "emu: There is no command 'hello.elf'; to run a program: emu run hello.elf "
     "(see 'emu --help')"),
    (("README.md", "x"),
     "emu: There is no command 'README.md'; to run a program: emu run README.md "
     "(see 'emu --help')"),
    (("tabels",), "emu: There is no command 'tabels'; did you mean tables? (see 'emu --help')"),
    (("frames", "--json", "--dot", "x"), "emu: one format at a time: json or dot"),
    (("frames", "--as", "svg", "--json", "x"), "emu: one format at a time: json or svg"),
    (("run", "--coverage-source", "docs", "x"),
     "emu: x: No such file or directory"),
    (("tables", "--at", "insn:0", "x"),
     "emu: Invalid value for '--at': 'insn:0' is none of fault, exit, call:N, insn:N "
     "(see 'emu tables --help')"),
    (("run", "--timeout", "-1", "x"),
     "emu: Invalid value for '--timeout': '-1' seconds is no time to wait (see 'emu run --help')"),
    (("completion", "tcsh"),
     "emu: Invalid value for '{bash|zsh|fish}': 'tcsh' is not one of 'bash', 'zsh', 'fish'. "
     "(see 'emu completion --help')"),
)  # fmt: skip


@pytest.mark.parametrize(("words", "line"), MISTAKES, ids=lambda value: " ".join(value)[:40])
def test_a_mistake_gives_one_line_and_status_2(words: tuple[str, ...], line: str) -> None:
    done = emu_command(*words)
    assert (done.stderr.decode(), done.stdout, done.returncode) == (f"{line}\n", b"", 2)


def test_a_missing_directory_gives_one_line_and_status_2() -> None:
    done = run_emu(guest("newlib/hello.arm-hard"), options=("--files", "/nowhere"))
    assert (done.stderr, done.returncode) == (b"emu: /nowhere: No such file or directory\n", 2)


def test_arguments_that_do_not_fit_give_one_line_and_status_2() -> None:
    done = emu_command("run", str(guest("programs/args").relative_to(ROOT)), "--", "x" * 300)
    line = b"emu: build/guest/programs/args.elf: the command line is 330 bytes, more than 255\n"
    assert (done.stderr, done.returncode) == (line, 2)


def test_too_little_ram_says_how_much_is_needed(tmp_path: Path) -> None:
    source = tmp_path / "big.c"
    source.write_text("char big[20 << 20]; int main(void) { return big[1]; }")
    program = tmp_path / "big.elf"
    guest("newlib/hello.arm-hard")  # there is a compiler
    subprocess.run(
        ["arm-none-eabi-gcc", "--specs=rdimon.specs", str(source), "-o", str(program)], check=True
    )
    done = run_emu(program, options=("--ram", "16M"))
    assert done.returncode == 2
    assert b"--ram" in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert run_emu(program, options=("--ram", "32M")).returncode == 0


def test_version_and_help() -> None:
    version = emu_command("--version").stdout.decode()
    assert version.startswith(f"emu, version {__version__}, with hooks in {USED}")
    for words in (("--help",), ("run", "--help")):
        done = emu_command(*words)
        assert done.returncode == 0
        assert b"Examples:" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_complete_emu(shell: str) -> None:
    script = emu_command("completion", shell).stdout
    assert b"_EMU_COMPLETE" in script
    answer = emu_command(
        env={"_EMU_COMPLETE": "bash_complete", "COMP_WORDS": "emu r", "COMP_CWORD": "1"}
    )
    assert answer.stdout == b"plain,run\nplain,replay\n"


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A program that says that it is on, and never ends."""
    guest("newlib/hello.arm-hard")
    source = tmp_path / "spin.c"
    source.write_text(
        '#include <unistd.h>\nint main(void) { write(1, "on\\n", 3); for (;;) __asm__(""); }'
    )
    program = tmp_path / "spin.elf"
    command = ["arm-none-eabi-gcc", "--specs=rdimon.specs", str(source), "-o", str(program)]
    subprocess.run(command, check=True)
    return program


def test_max_insns_ends_a_run_exactly(endless: Path) -> None:
    runs = [run_emu(endless, options=("--max-insns", "12345")) for _ in range(2)]
    assert runs[0].returncode == 124
    assert runs[0].stderr.startswith(b"emu: stopped after 12345 instructions (--max-insns)\n")
    assert runs[0].stderr == runs[1].stderr


def test_a_bound_that_is_not_reached_changes_nothing() -> None:
    done = run_emu(guest("programs/exit_status"), options=("--max-insns", "10000000"))
    assert (done.returncode, done.stderr) == (42, b"")


def test_timeout_ends_a_run(endless: Path) -> None:
    done = run_emu(endless, options=("--timeout", "0.3"))
    assert done.returncode == 124
    assert done.stderr.startswith(b"emu: stopped after 0.3 seconds (--timeout)\n")


def test_timeout_ends_a_wait_for_input() -> None:
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "emu", "run", "--timeout", "0.3", str(guest("programs/echo"))]
    with os.fdopen(writer), os.fdopen(reader) as stdin:
        done = subprocess.run(
            command, stdin=stdin, capture_output=True, timeout=30, cwd=ROOT, check=False
        )
    assert done.returncode == 124


@pytest.mark.parametrize("waiting", [False, True], ids=["running", "waiting for input"])
def test_ctrl_c_stops_at_once_with_the_state(endless: Path, waiting: bool) -> None:
    program = guest("programs/echo") if waiting else endless
    with subprocess.Popen(
        [sys.executable, "-m", "emu", "run", str(program)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"on\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"on\n"
        if waiting:
            until_asleep(process)
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(10) == 130
        finally:
            process.kill()
        assert process.stderr is not None
        lines = process.stderr.read().decode().splitlines()
    assert lines[0] == "emu: interrupted"
    assert any("cpsr" in line for line in lines)


def test_a_closed_pipe_ends_the_run_quietly() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as nobody_reads:
        done = subprocess.run(
            [sys.executable, "-m", "emu", "run", str(guest("programs/hello"))],
            stdout=nobody_reads, stderr=subprocess.PIPE, cwd=ROOT, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_full_disk_is_one_line() -> None:
    program = guest("programs/hello")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "emu", "run", str(program)],
            stdout=full, stderr=subprocess.PIPE, cwd=ROOT, check=False,
        )  # fmt: skip
    assert done.returncode == 74
    assert done.stderr == b"emu: standard output: No space left on device\n"


def run_without(program: Path, *streams: int) -> subprocess.CompletedProcess[bytes]:
    """``emu run PROGRAM`` from a shell that closed these of its standard streams."""
    closed = " ".join(f"{number}>&-" for number in streams)
    return subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" {closed}', sys.executable, "-m", "emu", "run", str(program)],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=30, cwd=ROOT, check=False,
    )  # fmt: skip


def test_standard_input_closed_is_at_its_end() -> None:
    done = run_without(guest("programs/echo"), 0)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_standard_output_closed_is_one_line() -> None:
    done = run_without(guest("programs/hello"), 1)
    assert (done.returncode, done.stderr) == (74, b"emu: standard output: Bad file descriptor\n")


def test_standard_error_closed_puts_nothing_of_ours_in_the_output() -> None:
    program = guest("programs/fault_null")
    done = run_without(program, 2)
    assert (done.returncode, done.stdout) == (139, run_emu(program).stdout)


def test_all_streams_closed_is_output_lost() -> None:
    assert run_without(guest("programs/hello"), 0, 1, 2).returncode == 74


def test_stats_count_instructions_and_calls() -> None:
    done = run_emu(guest("programs/hello"), options=("--stats",))
    rows = dict(line.split(None, 1) for line in done.stderr.decode().splitlines() if line.strip())
    assert done.returncode == 0
    assert int(rows["instructions"].replace(",", "")) > 1000
    assert int(rows["console_write"].replace(",", "")) > 0


def test_the_same_run_again_is_the_same_run() -> None:
    def rows() -> list[str]:
        done = run_emu(guest("programs/hello"), options=("--stats",))
        lines = done.stderr.decode().splitlines()
        return [line for line in lines if not line.startswith("  time")] + [done.stdout.decode()]

    assert rows() == rows()


@pytest.mark.parametrize("pid", ["-1", "x"])
def test_what_is_no_pid_is_said_before_anything_runs(pid: str) -> None:
    done = emu_command("tables", "--pid", pid, str(guest("programs/hello")))
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"emu: Invalid value for '--pid'")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("seconds", ["nan", "inf", "1e300", "0", "-0.5", "soon"])
def test_what_is_no_time_is_said_before_anything_runs(seconds: str) -> None:
    done = run_emu(guest("programs/hello"), options=("--timeout", seconds))
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"emu: Invalid value for '--timeout'")
    assert done.stderr.count(b"\n") == 1


def test_every_command_has_h_and_help() -> None:
    for command in ((), ("run",), ("frames",), ("symbols",), ("new",), ("sdk",)):
        short, long = emu_command(*command, "-h"), emu_command(*command, "--help")
        assert short.returncode == long.returncode == 0
        assert short.stdout == long.stdout
        assert short.stdout.startswith(b"Usage: emu ")


@pytest.mark.parametrize(
    "words", [("--help",), ("--version",), ("run", "-h"), ("completion", "bash"), ("man",),
              ("symbols", "PROG"), ("disasm", "PROG"), ("frames", "PROG"), ("cc", "--help")],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize(("target", "status"), [("/dev/full", 74), (None, 141)])
def test_output_that_is_lost_ends_in_one_line(
    words: tuple[str, ...], target: str | None, status: int
) -> None:
    program = str(guest("programs/hello"))
    command = [sys.executable, "-m", "emu", *(program if one == "PROG" else one for one in words)]
    if target is None:
        reader, writer = os.pipe()
        os.close(reader)
    else:
        writer = os.open(target, os.O_WRONLY)
    run = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, cwd=ROOT, check=False)
    os.close(writer)
    guests = b"".join(
        line for line in run.stderr.splitlines(keepends=True) if line.startswith(b"emu: ")
    )
    assert run.returncode == status
    assert b"Traceback" not in run.stderr
    assert guests == (b"emu: standard output: No space left on device\n" if target else b"")


def test_every_status_is_documented() -> None:
    """In the README's table and by emu --help."""
    told = emu_command("--help").stdout.decode()
    readme = (ROOT / "README.md").read_text()
    numbers = [value for name, value in vars(status).items() if name.isupper()]
    assert len(numbers) == 9
    for number in numbers:
        assert re.search(rf"\b{number}\b", told), number
        assert f"\n| {number} |" in readme, number


def test_the_manual_page_is_what_help_says() -> None:
    """``make man`` writes it again."""
    page = emu_command("man").stdout.decode()
    assert page == (ROOT / "docs" / "emu.1").read_text()
    for word in (".SH EMU RUN", "\\-\\-trace\\-only\\-failed", ".SH EMU C++", "123 deadlock"):
        assert word in page
    if shutil.which("man"):
        shown = subprocess.run(
            ["man", "--warnings", "-l", "docs/emu.1"], cwd=ROOT, capture_output=True, text=True,
            env={**os.environ, "MANPAGER": "cat", "LC_ALL": "C.UTF-8"}, check=True,
        )  # fmt: skip
        assert "EMU(1)" in shown.stdout
        assert shown.stderr == ""


def test_counts_have_suffixes() -> None:
    done = run_emu(guest("programs/hello"), options=("--max-insns", "1k"))
    assert done.stderr.startswith(b"emu: stopped after 1000 instructions (--max-insns)\n")
    whole = emu_command("frames", "--at", "insn:1K", str(guest("programs/hello")))
    assert (
        whole.stdout
        == emu_command("frames", "--at", "insn:1000", str(guest("programs/hello"))).stdout
    )


def test_a_program_may_come_on_standard_input() -> None:
    path = guest("programs/hello")
    by_name, piped = run_emu(path), emu_command("run", "-", stdin=path.read_bytes())
    assert (piped.stdout, piped.stderr, piped.returncode) == (by_name.stdout, b"", 0)
    listed = emu_command("symbols", "-", stdin=path.read_bytes()).stdout.splitlines()[1:]
    assert listed == emu_command("symbols", str(path)).stdout.splitlines()[1:]
    damaged = emu_command("run", "-", stdin=b"no program")
    assert damaged.stderr.startswith(b"emu: -: is not an ELF file")


def test_what_is_recorded_may_go_to_standard_output() -> None:
    path = guest("programs/hello")
    plain = run_emu(path).stdout
    for option in ("--coverage", "--profile"):
        done = run_emu(path, options=(option, "-"))
        assert done.stdout.startswith(plain)
        assert len(done.stdout) > len(plain)
    traced = run_emu(path, options=("--trace", "exit", "--trace-out", "-")).stdout
    assert re.fullmatch(re.escape(plain) + rb"\[0\] #\d+ exit\(status=0\) = \?\n", traced)


def test_a_shell_completes_kinds_moments_and_functions() -> None:
    path = str(guest("programs/hello"))

    def offered(*words: str) -> list[str]:
        variables = {
            "_EMU_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(("emu", *words)),
            "COMP_CWORD": str(len(words)),
        }  # fmt: skip
        done = subprocess.run(
            [Path(sys.executable).with_name("emu")], env={**os.environ, **variables}, cwd=ROOT,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return [line.partition(",")[2] for line in done.stdout.split()]

    assert offered("run", "--trace", "syscall,%fr") == ["syscall,%frame"]
    assert offered("run", "--trace", "!frame_un") == ["!frame_unmap", "!frame_unpool"]
    assert offered("frames", "--at", "") == ["fault", "exit", "call:", "insn:"]
    assert "main" in offered("disasm", path, "--function", "ma")
    assert offered("disasm", "/nowhere", "--function", "ma") == []
