"""What messages advise to users is obeyed: the program is built or run so, and then it works."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from emu.sdk.compiler import command
from emu.sdk.library import Sdk, sdk
from tests.guests import need_tool, run_emu

PLAIN: Final = "int main(void) { return 7; }\n"
BIG: Final = "static char room[{} << 20];\nint main(int argc, char **argv)" \
             " {{ (void)argv; return room[argc] + 7; }}\n"  # fmt: skip
OPENS: Final = """\
#include <stdio.h>
int main(void) { FILE *file = fopen("there.txt", "r"); return file == NULL ? 1 : 7; }
"""
WITHOUT_START: Final = 'int begin(void) { for (;;) __asm__ volatile("svc #0x123456"); }\n'
ASSEMBLY: Final = """\
.syntax unified
.thumb
.global _start
nop
{}
_start: movs r0, #0x18
    ldr r1, =0x20026
    svc #0xab
.section .note.GNU-stack
"""
RDIMON: Final = "-specs=rdimon.specs"
A15: Final = ("-mcpu=cortex-a15", "-mfpu=neon-vfpv4")
BARE: Final = ("-mcpu=cortex-a15", "-nostdlib", "-nostartfiles")
ENTRY: Final = ("-Wl,--entry=begin",)


class Advice(NamedTuple):
    """What is said of a program that is built or run in one way, and how it is to be instead.

    text: a pattern for what is said.  wrong, right: flags of the compiler.  status: in the end.
    """

    text: str
    wrong: tuple[str, ...]
    right: tuple[str, ...]
    source: str = PLAIN
    status: int = 7


BEGINS: Final = """\
void begin(void) { __asm__ volatile("mov r0, #0x18; ldr r1, =0x20026; svc #0x123456"); }
"""
OF_THE_BUILD: Final = (
    Advice(
        "with -specs=rdimon.specs, not with nosys.specs",
        (*A15, "-specs=nosys.specs"),
        (*A15, RDIMON),
    ),
    Advice("link it with -static -no-pie", (RDIMON, "-pie"), (RDIMON, "-static", "-no-pie")),
    Advice("not yet a program; link it", ("-c",), (RDIMON,)),
    Advice(
        "link it higher, as with -Ttext=0x8000",
        (*BARE, *ENTRY, "-Wl,-Ttext=0"),
        (*BARE, *ENTRY, "-Wl,-Ttext=0x8000"),
        BEGINS,
        0,
    ),
    Advice(
        "link it lower",
        (*BARE, *ENTRY, "-Wl,-Ttext=0xf0000000"),
        (*BARE, *ENTRY, "-Wl,-Ttext=0xe0000000"),
        BEGINS,
        0,
    ),
    Advice(
        "define _start or link with --entry",
        (*BARE, "-Wl,--entry=0x20"),
        (*BARE, *ENTRY),
        BEGINS,
        0,
    ),
    Advice(
        "define _start or link with --entry",
        (*BARE, "-Wl,--entry=0x20"),
        BARE,
        BEGINS.replace("begin", "_start"),
        0,
    ),
    Advice(
        "build it with -mcpu=cortex-a15 -mfpu=neon-vfpv4",
        (RDIMON, "-march=armv8-a+simd", "-mfpu=neon-fp-armv8", "-mfloat-abi=hard"),
        (RDIMON, *A15, "-mfloat-abi=hard"),
    ),
)


def build(folder: Path, source: str, *flags: str) -> Path:
    path, program = folder / "prog.c", folder / "prog.elf"
    path.write_text(source)
    compiler = [need_tool("arm-none-eabi-gcc"), *flags, "-w", str(path), "-o", str(program)]
    subprocess.run(compiler, check=True)
    return program


@pytest.mark.parametrize("advice", OF_THE_BUILD, ids=lambda advice: advice.text[:30])
def test_advice_about_the_build(advice: Advice, tmp_path: Path) -> None:
    run = run_emu(build(tmp_path, advice.source, *advice.wrong), options=("--max-insns", "100000"))
    assert run.returncode != advice.status
    assert re.search(advice.text, run.stderr.decode())
    run = run_emu(build(tmp_path, advice.source, *advice.right))
    assert (run.stderr, run.returncode) == (b"", advice.status)


def test_code_for_a_cortex_m_is_built_for_this_processor(tmp_path: Path) -> None:
    """Where the file does not say what it is for."""
    program = build(tmp_path, PLAIN, RDIMON, "-mcpu=cortex-m3")
    strip = [need_tool("arm-none-eabi-objcopy"), "-R", ".ARM.attributes", str(program)]
    subprocess.run(strip, check=True)
    assert b"build with -mcpu=cortex-a15" in run_emu(program).stderr
    assert run_emu(build(tmp_path, PLAIN, RDIMON, "-mcpu=cortex-a15")).returncode == 7


def test_thumb_code_is_declared_as_such(tmp_path: Path) -> None:
    source, program = tmp_path / "prog.s", tmp_path / "prog.elf"
    for declared, status in (("", 2), (".thumb_func", 0)):
        source.write_text(ASSEMBLY.format(declared))
        words = [need_tool("arm-none-eabi-gcc"), *BARE, str(source), "-o", str(program)]
        subprocess.run(words, check=True)
        run = run_emu(program)
        assert run.returncode == status
        assert (b"by .thumb_func" in run.stderr) == bool(status)


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Sdk:
    need_tool("arm-none-eabi-gcc")
    return sdk(tmp_path_factory.mktemp("cache"))


def test_a_program_without_system_calls_is_linked_by_the_sdk(kit: Sdk, tmp_path: Path) -> None:
    source, program = tmp_path / "prog.c", tmp_path / "prog.elf"
    source.write_text(PLAIN)
    specs = ["arm-none-eabi-gcc", *kit.cflags(), str(source), *kit.libs()]
    for words in (command(kit, "cc", [str(source)]), specs):
        subprocess.run([*words, "-o", str(program)], check=True)
        assert run_emu(program).returncode == 7


@pytest.mark.parametrize("mebibytes", [16, 200])
def test_more_ram_is_enough(mebibytes: int, tmp_path: Path) -> None:
    """As much as the message asks for, or as the next one does."""
    program = build(tmp_path, BIG.format(mebibytes), RDIMON)
    run, ram = run_emu(program, options=("--ram", "8M")), 8
    for _ in range(3):
        if run.returncode == 7:
            return
        said = run.stderr.decode()
        needs = re.search(r"needs (\d+) MiB of RAM.*; give it more with --ram", said)
        needs = needs or re.search(r"use --ram (\d+)M or more", said)
        assert needs is not None, said
        assert int(needs[1]) > ram
        ram = int(needs[1])
        run = run_emu(program, options=("--ram", f"{ram}M"))
    assert run.returncode == 7


def test_a_folder_lets_a_program_open_files(tmp_path: Path) -> None:
    (tmp_path / "there.txt").write_text("here")
    program = build(tmp_path, OPENS, RDIMON)
    run = run_emu(program)
    assert run.returncode == 1
    assert b"--files DIR lets it, beneath DIR" in run.stderr
    run = run_emu(program, options=("--files", str(tmp_path)))
    assert (run.returncode, run.stderr) == (7, b"")


TAKES: Final = """\
char *volatile taken;
int main() { taken = new char[20u << 20]; return 7; }
"""


@pytest.mark.parametrize("calls", ["kernel", "semihosting"])
def test_more_ram_gives_the_heap_more(kit: Sdk, tmp_path: Path, calls: str) -> None:
    source, program = tmp_path / "prog.cpp", tmp_path / "prog.elf"
    source.write_text(TAKES)
    words = command(kit, "c++", [str(source)])
    if calls == "semihosting":
        words = [need_tool("arm-none-eabi-g++"), *A15, str(source), RDIMON]
    subprocess.run([*words, "-o", str(program)], check=True)
    run = run_emu(program, options=("--ram", "16M"))
    assert b"(--ram gives the heap more)" in run.stderr
    assert run_emu(program, options=("--ram", "48M")).returncode == 7
