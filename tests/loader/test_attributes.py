"""What files say of the processor that they are built for."""

from __future__ import annotations

import io
import struct
import subprocess
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.loader import LoadError, load_elf
from emu.loader.attributes import Attributes, attributes_of
from kernel_model.image import Image
from tests.guests import need_tool, run_emu


def uleb(value: int) -> bytes:
    parts = []
    while True:
        value, low = value >> 7, value & 0x7F
        parts.append(low | (0x80 if value else 0))
        if not value:
            return bytes(parts)


def section(*pairs: tuple[int, int | bytes], scope: int = 1, vendor: bytes = b"aeabi") -> bytes:
    """A section of attributes: tag and number, string, or for tag 32 both in bytes."""
    content = b"".join(
        uleb(tag) + (value if isinstance(value, bytes) else uleb(value)) for tag, value in pairs
    )
    inner = bytes([scope]) + struct.pack("<I", len(content) + 5) + content
    own = vendor + b"\0" + inner
    return b"A" + struct.pack("<I", len(own) + 4) + own


ALL: Final = (
    (5, b"Cortex-M4\0"), (6, 13), (32, uleb(1) + b"gnu\0"), (67, b"2.09\0"), (7, ord("M")),
    (70, 300), (10, 6),
)  # fmt: skip


def test_the_profile_among_others() -> None:
    assert attributes_of(section(*ALL)) == Attributes("M")
    for profile in "ARS":
        assert attributes_of(section((7, ord(profile)))).profile == profile
    assert attributes_of(section((7, 0x1234))) == Attributes()
    assert attributes_of(section((7, 0))) == attributes_of(section()) == Attributes()


def test_what_others_say_and_what_is_said_of_parts_is_left_out() -> None:
    other = section((7, ord("M")), vendor=b"gnu")
    assert attributes_of(other) == Attributes()
    assert attributes_of(other + section((7, ord("R")))[1:]) == Attributes("R")
    assert attributes_of(section((7, ord("M")), scope=2)) == Attributes()


@pytest.mark.parametrize(
    ("pairs", "unfit"),
    [
        ([(6, 10), (10, 6), (12, 2)], ""),
        ([(6, 14)], ""),
        ([(6, 16)], "the instructions of Armv8-M Baseline"),
        ([(6, 17)], "the instructions of Armv8-M Mainline"),
        ([(6, 21)], "the instructions of Armv8.1-M Mainline"),
        ([(10, 7)], "the floating point of Armv8 (FPv5)"),
        ([(10, 8)], "the floating point of Armv8 (FPv5)"),
        ([(12, 3)], "the vector instructions of Armv8"),
        ([(12, 4)], "the vector instructions of Armv8"),
    ],
)
def test_what_an_armv7_a_processor_has_not(pairs: list[tuple[int, int]], unfit: str) -> None:
    assert attributes_of(section(*pairs)) == Attributes("", unfit)


@given(st.binary(max_size=60))
def test_damage_is_nothing_said(rest: bytes) -> None:
    for damaged in (rest, b"A" + rest, section(*ALL)[: len(rest)], section(*ALL)[:30] + rest):
        assert isinstance(attributes_of(damaged), Attributes)


def test_lengths_of_nothing_end_the_search() -> None:
    assert attributes_of(b"A" + bytes(100)) == Attributes()
    assert attributes_of(b"A" + struct.pack("<I", 20) + b"aeabi\0" + bytes(50)) == Attributes()


MAIN: Final = '#include <stdio.h>\nint main(void) { printf("%.1f\\n", 1.5); return 3; }\n'


def built(tmp_path: Path, *flags: str) -> Path:
    compiler = need_tool("arm-none-eabi-gcc")
    source, program = tmp_path / "prog.c", tmp_path / "prog.elf"
    source.write_text(MAIN)
    words = [compiler, *flags, "--specs=rdimon.specs", str(source), "-o", str(program)]
    subprocess.run(words, check=True)
    return program


def load(program: Path) -> Image:
    return load_elf(io.BytesIO(program.read_bytes()), program.name)


@pytest.mark.parametrize("cpu", ["cortex-m0", "cortex-m3", "cortex-m4", "cortex-m7"])
@pytest.mark.parametrize("mmu", ["tlb", "map", "cpu"])
def test_programs_for_m_profile_processors_run(tmp_path: Path, cpu: str, mmu: str) -> None:
    program = built(tmp_path, f"-mcpu={cpu}", "-mthumb")
    assert load(program).profile == "M"
    run = run_emu(program, options=("--mmu", mmu))
    assert (run.stdout, run.stderr, run.returncode) == (b"1.5\n", b"", 3)


@pytest.mark.parametrize(
    ("flags", "what"),
    [
        (("-mcpu=cortex-m33", "-mthumb"), "the instructions of Armv8-M Mainline"),
        (("-mcpu=cortex-m23", "-mthumb"), "the instructions of Armv8-M Baseline"),
        (
            ("-mcpu=cortex-a53", "-mfpu=fp-armv8", "-mfloat-abi=hard"),
            "the floating point of Armv8 (FPv5)",
        ),
    ],
)
def test_what_the_machine_cannot_execute_is_said_before_the_run(
    tmp_path: Path, flags: tuple[str, ...], what: str
) -> None:
    program = built(tmp_path, *flags)
    line = (
        f"prog.elf: may use {what}, which the machine's Armv7-A processor has not;"
        " build it with -mcpu=cortex-a15 -mfpu=neon-vfpv4"
    )
    with pytest.raises(LoadError) as refused:
        load(program)
    assert str(refused.value) == line
    run = run_emu(program)
    assert run.returncode == 2
    assert run.stderr.decode() == f"emu: {program.parent}/{line}\n"


def test_armv8_without_its_floating_point_runs(tmp_path: Path) -> None:
    program = built(tmp_path, "-mcpu=cortex-a53")
    assert load(program).profile == "A"
    assert run_emu(program).returncode == 3
