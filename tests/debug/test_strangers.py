"""Programs made for another system, or for none, and what is said of them in one line."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from tests.guests import guest, need_tool, run_emu

NO_CALLS = (
    "has no system call in it, so it can neither write nor end: link it with emu cc, with "
    "-specs=emu.specs or with -specs=rdimon.specs, not with nosys.specs"
)
LINUX = (
    "is a Linux program; build it with emu cc, or run it with qemu-arm: the kernel here is another"
)


def compiled(directory: Path, text: str, *flags: str, suffix: str = ".c") -> Path:
    source, program = directory / f"prog{suffix}", directory / "prog.elf"
    source.write_text(text)
    compiler = [need_tool("arm-none-eabi-gcc"), "-mcpu=cortex-a15", *flags, str(source)]
    subprocess.run([*compiler, "-o", str(program)], check=True, capture_output=True)
    return program


def with_note(directory: Path, kind: int, contents: bytes, type_: int = 2) -> Path:
    """The hello program with its last program header made another."""
    data = bytearray(guest("programs/hello").read_bytes())
    (offset,), (count,) = struct.unpack_from("<I", data, 28), struct.unpack_from("<H", data, 44)
    at = offset + (count - 1) * 32
    struct.pack_into("<8I", data, at, kind, len(data), 0, 0, len(contents), len(contents), 4, 4)
    struct.pack_into("<H", data, 16, type_)
    path = directory / "stranger.elf"
    path.write_bytes(bytes(data) + contents)
    return path


ABI_TAG = struct.pack("<3I4s4I", 4, 16, 1, b"GNU\0", 0, 3, 2, 0)
INTERPRETER = b"/lib/ld-linux-armhf.so.3\0"


@pytest.mark.parametrize(
    ("kind", "contents", "type_"),
    [(4, ABI_TAG, 2), (3, INTERPRETER, 2), (3, INTERPRETER, 3), (4, b"x" * 8 + ABI_TAG, 2)],
    ids=["static", "dynamic", "position independent", "among other notes"],
)
def test_a_linux_program_is_one(tmp_path: Path, kind: int, contents: bytes, type_: int) -> None:
    path = with_note(tmp_path, kind, contents, type_)
    run = run_emu(path)
    assert (run.returncode, run.stderr.decode()) == (2, f"emu: {path}: {LINUX}\n")


def test_other_notes_are_nobodys_business(tmp_path: Path) -> None:
    bsd = struct.pack("<3I8sI", 8, 4, 1, b"FreeBSD\0", 1)
    assert run_emu(with_note(tmp_path, 4, bsd)).returncode == 0


@pytest.mark.parametrize("options", [(), ("--max-insns", "100000")])
def test_linked_with_nosys(tmp_path: Path, options: tuple[str, ...]) -> None:
    text = '#include <stdio.h>\nint main(void) { puts("hi"); for (;;); }'
    path = compiled(tmp_path, text, "-specs=nosys.specs")
    told = run_emu(path, options=options).stderr.decode().splitlines()
    assert told.count(f"emu: {path} {NO_CALLS}") == 1
    assert told[-1] == f"emu: {path} {NO_CALLS}"


def test_who_makes_calls_and_faults_is_no_stranger() -> None:
    for name in ("programs/fault_null", "newlib/longjmp.thumb-hard"):
        run = run_emu(guest(name), options=("--max-insns", "500"))
        assert b"has no system call" not in run.stderr


def test_returning_to_nobody(tmp_path: Path) -> None:
    path = compiled(tmp_path, "int _start(void) { return 0; }", "-nostdlib", "-O1")
    first, _, because = run_emu(path).stderr.decode().splitlines()[:3]
    assert first == (
        "emu: process 0 faulted: return from the program's first function: execution of 0x00000000"
    )
    assert "lr was 0 when it began, and a program ends by the call exit" in because


def test_running_off_the_end(tmp_path: Path) -> None:
    text = ".thumb_func\n.global _start\n_start: .rept 2048\nnop\n.endr\n"
    path = compiled(tmp_path, text, "-nostdlib", "-mthumb", "-Wl,-Ttext=0x10000", suffix=".s")
    first, _, because = run_emu(path).stderr.decode().splitlines()[:3]
    assert first == ("emu: process 0 faulted: ran off the end of the code: execution of 0x00011000")
    assert "a program ends by exit" in because


def test_a_null_function_is_still_one(tmp_path: Path) -> None:
    text = "int main(void) { int (*volatile f)(void) = 0; return f() + 1; }"
    path = compiled(tmp_path, text, "-specs=rdimon.specs")
    assert b"faulted: null function pointer" in run_emu(path).stderr


def test_files_that_may_not_be_opened_are_told_of_once(tmp_path: Path) -> None:
    text = """
    #include <stdio.h>
    int main(void) { return (fopen("a.txt", "r") || fopen("b.txt", "r")); }
    """
    path = compiled(tmp_path, text, "-specs=rdimon.specs")
    run = run_emu(path)
    assert run.returncode == 0
    assert run.stderr == (
        b'emu: the program may open no file, as "a.txt": --files DIR lets it, beneath DIR\n'
    )
    assert run_emu(path, options=("--files", str(tmp_path))).stderr == b""
