"""Files that say less than usual, or nonsense: a report comes all the same."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from emu.debuginfo import open_files
from tests.debug.elves import opened
from tests.guests import guest, need_tool, run_emu

NULL = "emu: process 0 faulted: null pointer: read of 0x00000000"


def stripped(source: Path, target: Path, *options: str) -> Path:
    tool = need_tool("arm-none-eabi-objcopy")
    subprocess.run([tool, *options, str(source), str(target)], check=True)
    return target


@pytest.mark.parametrize(
    ("options", "known"),
    [
        (("--strip-debug",), "in value_after, 0x0001000e: ldr r0, [r3] with r3 = 0x0"),
        (("--strip-all",), "in 0x0001000e, 0x0001000e: ldr r0, [r3] with r3 = 0x0"),
        (("--strip-all", "--strip-section-headers"), "pc 0x0001000e, where no code is known"),
    ],
)
def test_fault_in_a_stripped_program(tmp_path: Path, options: tuple[str, ...], known: str) -> None:
    try:
        program = stripped(guest("mistakes/null_pointer"), tmp_path / "a.elf", *options)
    except subprocess.CalledProcessError:
        pytest.skip(f"this objcopy has no {options[-1]}")
    lines = run_emu(program).stderr.decode().splitlines()
    assert lines[0] == NULL
    assert lines[1] == f"  {known}"


@pytest.mark.parametrize("seed", range(12))
def test_damaged_debug_information(tmp_path: Path, seed: int) -> None:
    """Whatever its debug sections hold, a program's fault is reported, in at least three lines."""
    source = guest("mistakes/null_pointer")
    data = bytearray(source.read_bytes())
    chance = random.Random(seed)
    with source.open("rb") as stream:
        sections = [
            (section["sh_offset"], section["sh_size"])
            for section in ELFFile(stream).iter_sections()
            if section.name.startswith((".debug", ".symtab", ".strtab", ".ARM.exidx"))
        ]
    for offset, size in sections:
        for _ in range(size // 20):
            data[offset + chance.randrange(size)] = chance.randrange(256)
    damaged = tmp_path / "damaged.elf"
    damaged.write_bytes(data)
    run = run_emu(damaged)
    lines = run.stderr.decode().splitlines()
    assert run.returncode == 139
    assert NULL in lines[:2]
    assert "Traceback" not in run.stderr.decode()
    assert "  registers" in lines
    assert "  walk" in lines


def test_child_is_named_by_the_file_that_holds_its_code() -> None:
    """A child's program is memory to the kernel; --symbols gives its names back."""
    parent, child = guest("mistakes/use_after_give"), guest("programs/walk")
    files = open_files(str(parent), [str(child)])
    for file, pid in ((files.program, 0), (files.program, 1), (opened(child), 1)):
        main = file.symbols.named("main")
        assert main is not None
        found = files.of(pid, main.va, file.read(main.va, 16))
        assert found is not None
        assert found.name == file.name
    assert files.of(1, main.va, bytes(16)) is None
    assert files.of(1, 0x70000000, b"") is None


def test_copies_of_the_program_need_no_other_file() -> None:
    """A child that runs its parent's code is named by the parent's file."""
    run = run_emu(guest("scenarios/misbehave"), options=("--symbols", str(guest("programs/walk"))))
    assert b"in read_at at guest/scenarios/misbehave.c" in run.stderr


WIDE = """
static inline __attribute__((always_inline)) int deref(volatile int *p) { return *p; }
__attribute__((noinline)) int outer(volatile int *p) { int k = deref(p);
  return k + 1; }
int main(int c, char **v) { return outer((int *)(c - 1)); }
"""


@pytest.mark.parametrize("version", [3, 4, 5])
@pytest.mark.parametrize("lines", ["-gas-loc-support", "-gno-as-loc-support"])
def test_names_and_lines_of_64_bit_dwarf(version: int, lines: str, tmp_path: Path) -> None:
    """The assembler writes lines in the 32-bit format nevertheless, the compiler in the other."""
    source, program = tmp_path / "wide.c", tmp_path / "wide.elf"
    source.write_text(WIDE)
    tool = need_tool("arm-none-eabi-gcc")
    flags = ["-mcpu=cortex-a15", "-O1", "--specs=rdimon.specs", "-gdwarf64", f"-gdwarf-{version}"]
    subprocess.run([tool, *flags, lines, str(source), "-o", str(program)], check=True)
    said = run_emu(program).stderr.decode()
    for function, line in (("deref", 2), ("outer", 3), ("main", 5)):
        assert f"{function} at {source}:{line}" in said
