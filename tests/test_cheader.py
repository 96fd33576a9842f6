"""The C header and stubs: fresh, and by the C compiler's own account what the model says."""

from __future__ import annotations

import re
import struct
import subprocess
from pathlib import Path

import pytest

from kernel_model import abi, cheader
from kernel_model.call import CallTable
from kernel_model.syscalls import CALLS
from tests.guests import BUILT, COMPILER, SOURCES, build_guests, need_tool


@pytest.mark.parametrize("name", cheader.files())
def test_committed_file_is_what_the_generator_writes(name: str) -> None:
    assert (SOURCES / name).read_text() == cheader.files()[name], "run `make header`"


def test_writes_files_beneath_the_directory(tmp_path: Path) -> None:
    cheader.write(tmp_path)
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert written == set(cheader.files())


def compile_c(source: str) -> str:
    """What the compiler has to complain of."""
    command = [need_tool(COMPILER), "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
               f"-I{SOURCES / 'include'}", "-xc", "-"]  # fmt: skip
    return subprocess.run(command, input=source, text=True, capture_output=True, check=False).stderr


def asserts(*conditions: str) -> str:
    lines = [f'_Static_assert({condition}, "{condition}");' for condition in conditions]
    return '#include "kernel.h"\n' + "\n".join(lines)


@pytest.mark.parametrize(
    ("name", "fields", "layout"),
    [
        ("frame", abi.FRAME_FIELDS, abi.FRAME_STRUCT),
        ("proc_info", abi.PROC_INFO_FIELDS, abi.PROC_INFO_STRUCT),
        ("boot_info", (*abi.BOOT_INFO_FIELDS, "boot_args"), abi.BOOT_INFO_STRUCT),
    ],
)
def test_structures_have_the_models_layout(name: str, fields: tuple[str, ...], layout: str) -> None:
    offsets = [f"offsetof(struct {name}, {field}) == {i * 4}" for i, field in enumerate(fields)]
    size = f"sizeof(struct {name}) == {struct.calcsize(layout)}"
    assert compile_c(asserts(size, *offsets)) == ""


def test_every_error_flag_and_type_has_the_models_value() -> None:
    values = {
        "E_": abi.Error, "FRAME_": abi.FrameType, "F_TABLE_": abi.TableType,
        "F_MAP_": abi.MapKind, "PROC_": abi.ProcState,
    }  # fmt: skip
    rows = [f"{prefix}{v.name} == {int(v)}" for prefix, kind in values.items() for v in kind]
    flags = ("F_MAP_READ == 1 << 0", "F_MAP_WRITE == 1 << 1", "F_MAP_NOEXEC == 1 << 6")
    assert compile_c(asserts(*rows, *flags, "F_TABLE_MAPPED == 1 << 0")) == ""


def test_wrong_values_are_noticed() -> None:
    assert "E_NO_FRAME" in compile_c(asserts("E_NO_FRAME == -99"))


@pytest.mark.parametrize("code", ["thumb", "arm"])
def test_stubs_are_number_then_svc_then_return(code: str) -> None:
    """As objdump reads them: r12 gets the table's number and nothing else is touched."""
    build_guests()
    command = [need_tool("arm-none-eabi-objdump"), "-d", "--no-show-raw-insn",
               BUILT / "lib" / code / "stubs.o"]  # fmt: skip
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    functions = dict(re.findall(r"<(\w+)>:\n((?: .*\n)+)", text))
    assert set(functions) == {call.c_name for call in CALLS}
    for call in CALLS:
        lines = re.findall(r"\t(.*?)(?:\s+@.*)?\n", functions[call.c_name])
        number, svc, back = (line.replace("\t", " ") for line in lines)
        assert re.fullmatch(rf"mov(\.w)? ip, #{call.number}", number)
        assert re.fullmatch(r"svc (0x0{8}|0)", svc)
        assert back == "bx lr"


OTHERS = CallTable(
    call._replace(number=0x103 + 2 * call.number, name=f"os_{call.name}", c_name=f"os_{call.name}")
    for call in CALLS
    if call.name != "exit"
)


def test_another_table_has_a_header_and_stubs_of_its_own(tmp_path: Path) -> None:
    cheader.write(tmp_path, OTHERS)
    text = (tmp_path / "include" / "kernel.h").read_text()
    assert re.findall(r"^#define CALL_(\w+) (\d+)$", text, re.MULTILINE) == [
        (call.name.upper(), str(call.number)) for call in OTHERS
    ]
    assert "int os_frame_split(int f_id, size_t offset);" in text
    assert " send(" not in text
    for name in ("lib/stubs.S", "lib/error_name.c"):
        include, out = f"-I{tmp_path / 'include'}", tmp_path / "out.o"
        command = [need_tool(COMPILER), "-mcpu=cortex-a15", "-Wall", "-Wextra", "-Werror",
                   include, "-c", "-o", out, tmp_path / name]  # fmt: skip
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        assert made.stderr == ""
