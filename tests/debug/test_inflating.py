"""Compressed debug information: read where it is of a sane size, left out with a line where not."""

from __future__ import annotations

import struct
import subprocess
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from emu.debuginfo import DebugFile
from emu.debuginfo.sections import MOST_INFLATED
from tests.guests import guest, need_tool, run_emu

COMPRESSED, FLAGS_AT, PLACE_AT, HEADER = 0x800, 8, 16, 40
MIB = 1 << 20


def with_bomb(data: bytes, name: str, size: int, told: int) -> bytes:
    """The file with this section's content exchanged for zeros, compressed.

    told: the size that it says they have.
    """
    elf = ELFFile(BytesIO(data))
    number = next(n for n, one in enumerate(elf.iter_sections()) if one.name == name)
    at = elf["e_shoff"] + number * HEADER
    packer = zlib.compressobj(9)
    zeros = b"".join(packer.compress(bytes(MIB)) for _ in range(size // MIB)) + packer.flush()
    blob = struct.pack("<3I", 1, told, 1) + zeros
    changed = bytearray(data)
    (flags,) = struct.unpack_from("<I", data, at + FLAGS_AT)
    struct.pack_into("<I", changed, at + FLAGS_AT, flags | COMPRESSED)
    struct.pack_into("<II", changed, at + PLACE_AT, len(data), len(blob))
    return bytes(changed) + blob


@pytest.mark.parametrize("name", [".debug_str", ".debug_info", ".debug_frame", ".debug_line"])
@pytest.mark.parametrize("told", [MOST_INFLATED + MIB, 100])
def test_too_much_is_left_out_and_said(tmp_path: Path, name: str, told: int) -> None:
    data = guest("programs/fault_null").read_bytes()
    program = tmp_path / "bomb.elf"
    program.write_bytes(with_bomb(data, name, MOST_INFLATED + MIB, told))
    assert DebugFile(BytesIO(program.read_bytes()), "bomb").units is None
    run = run_emu(program)
    lines = run.stderr.decode().splitlines()
    assert run.returncode == 139
    assert lines[0] == f"emu: {program}: its debug information is too large to inflate"
    assert lines[1].startswith("emu: process 0 faulted: null pointer")


def test_what_compilers_compress_is_read(tmp_path: Path) -> None:
    objcopy, plain = need_tool("arm-none-eabi-objcopy"), guest("programs/fault_null")
    packed = tmp_path / "packed.elf"
    subprocess.run([objcopy, "--compress-debug-sections", str(plain), str(packed)], check=True)
    assert not DebugFile(BytesIO(packed.read_bytes()), "packed").is_oversized
    reports = [run_emu(program).stderr for program in (plain, packed)]
    assert reports[0] == reports[1]
