"""Each semihosting operation: what it does, and how it fails."""

from __future__ import annotations

import errno
import struct
from types import SimpleNamespace

import pytest

from emu.environment.clock import CLOCK_START, LOOK
from emu.environment.files import OpenMode, host_error
from emu.environment.world import STDERR, STDIN, STDOUT, ScriptedWorld
from emu.semihosting.caller import guest_errno
from emu.semihosting.handlers import APPLICATION_EXIT, HANDLES_MAX, PATH_MAX
from emu.semihosting.operations import OPERATIONS
from emu.semihosting.streams import FEATURES
from tests.semihosting.fake_guest import (
    BASE,
    BLOCK,
    BUFFER,
    FAILED,
    HEAP,
    NOWHERE,
    READ_ONLY,
    SIZE,
    Guest,
    Operation,
)

R, RB, R_PLUS, W, W_PLUS, A, A_PLUS, MODES = 0, 1, 2, 4, 6, 8, 10, 12


@pytest.fixture
def world() -> ScriptedWorld:
    return ScriptedWorld(b"one\ntwo\n", ["prog", "-v", "two words"], files={b"file": b"0123456789"})


@pytest.fixture
def guest(world: ScriptedWorld) -> Guest:
    return Guest(world)


WITHOUT_BLOCK = {
    Operation.READC, Operation.CLOCK, Operation.TIME, Operation.SYSTEM, Operation.ERRNO,
    Operation.EXIT, Operation.TICKFREQ,
}  # fmt: skip


def contents(guest: Guest) -> dict[bytes, bytearray]:
    files = guest.world.files  # type: ignore[attr-defined]
    return files.contents  # type: ignore[attr-defined, no-any-return]


NUMBERS = {
    0x01: "OPEN", 0x02: "CLOSE", 0x03: "WRITEC", 0x04: "WRITE0", 0x05: "WRITE", 0x06: "READ",
    0x07: "READC", 0x08: "ISERROR", 0x09: "ISTTY", 0x0A: "SEEK", 0x0C: "FLEN", 0x0D: "TMPNAM",
    0x0E: "REMOVE", 0x0F: "RENAME", 0x10: "CLOCK", 0x11: "TIME", 0x12: "SYSTEM", 0x13: "ERRNO",
    0x15: "GET_CMDLINE", 0x16: "HEAPINFO", 0x18: "EXIT", 0x20: "EXIT_EXTENDED", 0x30: "ELAPSED",
    0x31: "TICKFREQ",
}  # fmt: skip


def test_the_operations_are_those_of_the_specification() -> None:
    assert {number: row.name for number, row in OPERATIONS.items()} == {
        number: f"SYS_{name}" for number, name in NUMBERS.items()
    }


def test_lengths_of_operands_are_operands_too() -> None:
    for row in OPERATIONS.values():
        names = {operand.name for operand in row.operands}
        assert {operand.length for operand in row.operands} <= names | {"", "1", "string"}
        assert row.in_block or len(row.operands) <= 1


# Streams


def test_the_console_has_three_ends(guest: Guest, world: ScriptedWorld) -> None:
    stdin, stdout, stderr = (guest.open(b":tt", mode) for mode in (R, W, A))
    assert (stdin, stdout, stderr) == (1, 2, 3)
    assert guest.write(stdout, b"out") == 0
    assert guest.write(stderr, b"err") == 0
    assert guest.read(stdin, 100) == b"one\n"
    assert (bytes(world.stdout), bytes(world.stderr)) == (b"out", b"err")


@pytest.mark.parametrize("mode", range(MODES))
def test_the_mode_says_which_end_of_the_console(
    guest: Guest, world: ScriptedWorld, mode: int
) -> None:
    console = guest.open(b":tt", mode)
    if mode < W:
        assert guest.read(console, 4) == b"one\n"
    else:
        assert guest.write(console, b"x") == 0
        expected = (b"x", b"") if mode < A else (b"", b"x")
        assert (bytes(world.stdout), bytes(world.stderr)) == expected


def test_the_wrong_end_of_the_console(guest: Guest) -> None:
    assert guest.write(guest.open(b":tt", R), b"x") == FAILED
    assert guest.error() == "EBADF"
    assert guest.call(Operation.READ, guest.open(b":tt", W), BUFFER, 1) == FAILED
    assert guest.error() == "EBADF"


def test_the_console_has_no_length_and_cannot_seek(guest: Guest) -> None:
    for mode in (R, W, A):
        handle = guest.open(b":tt", mode)
        assert guest.call(Operation.FLEN, handle) == 0
        assert guest.call(Operation.SEEK, handle, 0) == FAILED
        assert guest.error() == "ESPIPE"


class OneTerminal(ScriptedWorld):
    """Whose standard streams are files but for one."""

    def __init__(self, terminal: int) -> None:
        super().__init__()
        is_one = (terminal == STDIN, terminal == STDOUT, terminal == STDERR)
        self._beginning = self._beginning._replace(terminals=is_one)


@pytest.mark.parametrize("terminal", range(4))
def test_each_end_of_the_console_is_a_terminal_if_the_stream_is(terminal: int) -> None:
    guest = Guest(OneTerminal(terminal))
    for stream, mode in enumerate((R, W, A)):
        told = guest.call(Operation.ISTTY, guest.open(b":tt", mode))
        assert told == (stream == terminal)
        if not told:
            assert guest.error() == "ENOTTY"


def test_reading_to_the_end_of_input(guest: Guest) -> None:
    stdin = guest.open(b":tt", R)
    assert [guest.read(stdin, 3) for _ in range(5)] == [b"one", b"\n", b"two", b"\n", b""]


def test_characters_and_strings_go_to_standard_output(guest: Guest, world: ScriptedWorld) -> None:
    guest.put(b"string")
    assert guest.semihosting.call(Operation.WRITE0, BUFFER) == 0
    assert guest.semihosting.call(Operation.WRITEC, BUFFER + 2) == 0
    assert world.stdout == b"stringr"


def test_a_long_string_up_to_the_last_byte_of_memory(guest: Guest, world: ScriptedWorld) -> None:
    guest.memory.data[0xFF0:] = b"x" * (0x4000 - 0xFF1) + b"\0"
    guest.semihosting.call(Operation.WRITE0, BUFFER - 0x10)
    assert world.stdout == b"x" * (0x4000 - 0xFF1)


@pytest.mark.parametrize("length", [1, 7, 255, 256, 300])
def test_a_string_is_not_looked_for_behind_the_last_byte_of_memory(
    guest: Guest, world: ScriptedWorld, length: int
) -> None:
    guest.memory.data[-length:] = b"y" * (length - 1) + b"\0"
    assert guest.semihosting.call(Operation.WRITE0, BASE + SIZE - length) == 0
    assert world.stdout == b"y" * (length - 1)


def test_a_string_without_an_end_is_not_written_at_all(guest: Guest, world: ScriptedWorld) -> None:
    guest.memory.data[0x1000:] = b"x" * 0x3000
    assert guest.semihosting.call(Operation.WRITE0, BUFFER) == FAILED
    assert guest.error() == "EFAULT"
    assert world.stdout == b""


def test_characters_come_from_standard_input(guest: Guest) -> None:
    received = [guest.semihosting.call(Operation.READC, 0) for _ in range(9)]
    assert received == [*b"one\ntwo\n", FAILED]


# Files


def test_reading_a_file(guest: Guest) -> None:
    handle = guest.open(b"file", RB)
    assert guest.call(Operation.FLEN, handle) == 10
    assert guest.call(Operation.ISTTY, handle) == 0
    assert guest.error() == "ENOTTY"
    assert [guest.read(handle, 6), guest.read(handle, 6), guest.read(handle, 6)] == [
        b"012345", b"6789", b"",
    ]  # fmt: skip


def test_seeking(guest: Guest) -> None:
    handle = guest.open(b"file", R)
    assert guest.call(Operation.SEEK, handle, 7) == 0
    assert guest.read(handle, 9) == b"789"
    assert guest.call(Operation.SEEK, handle, 10) == 0  # the very end
    assert guest.read(handle, 9) == b""
    assert guest.call(Operation.SEEK, handle, 9) == 0
    assert guest.read(handle, 9) == b"9"
    assert guest.call(Operation.SEEK, handle, 0xFFFFFFFF) == 0
    assert guest.read(handle, 9) == b""


def test_writing_at_the_very_end_makes_a_file_longer(guest: Guest) -> None:
    contents(guest)[b"file"][:] = b"0123456789"
    handle = guest.open(b"file", R_PLUS)
    for position in (10, 11):
        assert guest.call(Operation.SEEK, handle, position) == 0
        assert guest.write(handle, b"x") == 0
    assert contents(guest)[b"file"] == b"0123456789xx"


@pytest.mark.parametrize(
    ("mode", "result"),
    [
        (R_PLUS, b"xy23456789"),
        (W, b"xy"),
        (W_PLUS, b"xy"),
        (A, b"0123456789xy"),
        (A_PLUS, b"0123456789xy"),
    ],
)
def test_writing_a_file(guest: Guest, mode: int, result: bytes) -> None:
    for binary in (0, 1):
        contents(guest)[b"file"][:] = b"0123456789"
        handle = guest.open(b"file", mode + binary)
        assert guest.write(handle, b"x") == 0
        assert guest.write(handle, b"y") == 0
        assert contents(guest)[b"file"] == result


def test_appending_forgets_where_a_program_has_sought(guest: Guest) -> None:
    handle = guest.open(b"file", A_PLUS)
    guest.call(Operation.SEEK, handle, 2)
    guest.write(handle, b"x")
    assert contents(guest)[b"file"] == b"0123456789x"
    guest.call(Operation.SEEK, handle, 2)
    assert guest.read(handle, 2) == b"23"


@pytest.mark.parametrize(("mode", "write", "read"), [(R, False, True), (W, True, False)])
def test_a_mode_allows_what_it_says(guest: Guest, mode: int, write: bool, read: bool) -> None:
    handle = guest.open(b"file", mode)
    assert (guest.write(handle, b"x") == 0) == write
    assert (guest.call(Operation.READ, handle, BUFFER, 0) == 0) == read
    assert guest.error() == "EBADF"


def test_opening_what_is_not_there(guest: Guest) -> None:
    assert guest.open(b"missing", R) == FAILED
    assert guest.error() == "ENOENT"
    assert guest.open(b"missing", W) == 1


@pytest.mark.parametrize("mode", [MODES, 0xFFFFFFFF])
def test_a_mode_that_does_not_exist(guest: Guest, mode: int) -> None:
    assert guest.open(b"file", mode) == FAILED
    assert guest.error() == "EINVAL"


def test_a_path_too_long(guest: Guest) -> None:
    assert guest.call(Operation.OPEN, BUFFER, R, PATH_MAX) == FAILED
    assert guest.semihosting.errno == 91  # ENAMETOOLONG in newlib


def test_closing(guest: Guest) -> None:
    first, second = guest.open(b"file", R), guest.open(b"file", R)
    assert guest.call(Operation.CLOSE, first) == 0
    assert guest.call(Operation.CLOSE, first) == FAILED
    assert guest.error() == "EBADF"
    assert guest.open(b":tt", W) == first
    assert guest.read(second, 1) == b"0"


def test_there_is_a_last_handle(guest: Guest) -> None:
    assert [guest.open(b":tt", W) for _ in range(HANDLES_MAX)] == list(range(1, HANDLES_MAX + 1))
    assert guest.open(b":tt", W) == FAILED
    assert guest.error() == "EMFILE"


def test_an_ended_process_leaves_nothing_open(guest: Guest) -> None:
    guest.open(b"file", R)
    guest.open(b":tt", R)
    guest.semihosting.close_all()
    assert guest.semihosting.streams == {}
    assert guest.semihosting.outside.files.open(b"file", OpenMode.READ) == 0


@pytest.mark.parametrize(
    ("op", "more"),
    [
        (Operation.CLOSE, ()),
        (Operation.WRITE, (BUFFER, 1)),
        (Operation.READ, (BUFFER, 1)),
        (Operation.ISTTY, ()),
        (Operation.SEEK, (0,)),
        (Operation.FLEN, ()),
    ],
)
@pytest.mark.parametrize("handle", [0, 7, 0xFFFFFFFF])
def test_handles_that_are_not_open(
    guest: Guest, op: Operation, more: tuple[int, ...], handle: int
) -> None:
    assert guest.call(op, handle, *more) == FAILED
    assert guest.error() == "EBADF"


def test_removing(guest: Guest) -> None:
    assert guest.call(Operation.REMOVE, *guest.put(b"file")) == 0
    assert guest.call(Operation.REMOVE, *guest.put(b"file")) == FAILED
    assert guest.error() == "ENOENT"


def test_renaming(guest: Guest) -> None:
    old, new = guest.put(b"file"), guest.put(b"new", BUFFER + 0x100)
    assert guest.call(Operation.RENAME, *old, *new) == 0
    assert contents(guest) == {b"new": b"0123456789"}
    assert guest.call(Operation.RENAME, *old, *new) == FAILED
    assert guest.error() == "ENOENT"


def test_temporary_names(guest: Guest) -> None:
    assert guest.call(Operation.TMPNAM, BUFFER, 0xAB, 6) == 0
    assert guest.memory.read(BUFFER, 6) == b"tmpab\0"


@pytest.mark.parametrize(("identifier", "size"), [(0, 5), (0, 0), (256, 100), (0xFFFFFFFF, 100)])
def test_no_temporary_name(guest: Guest, identifier: int, size: int) -> None:
    assert guest.call(Operation.TMPNAM, BUFFER, identifier, size) == FAILED
    assert guest.error() == "EINVAL"


def test_the_features_file(guest: Guest) -> None:
    handle = guest.open(b":semihosting-features", R)
    assert guest.call(Operation.FLEN, handle) == len(FEATURES) == 5
    assert guest.read(handle, 4) == b"SHFB"
    assert guest.call(Operation.SEEK, handle, 4) == 0
    assert guest.read(handle, 9) == b"\x03"
    assert guest.call(Operation.SEEK, handle, 0) == 0
    assert [guest.read(handle, 2) for _ in range(4)] == [b"SH", b"FB", b"\x03", b""]
    assert guest.write(handle, b"x") == FAILED
    assert guest.open(b":semihosting-features", W) == FAILED
    assert guest.error() == "EACCES"


# Memory


@pytest.mark.parametrize(
    "op",
    sorted(set(Operation) - WITHOUT_BLOCK),
)
def test_a_parameter_block_that_is_nowhere(guest: Guest, op: Operation) -> None:
    assert guest.semihosting.call(op, NOWHERE) == FAILED
    assert guest.error() == "EFAULT"
    assert guest.status is None


@pytest.mark.parametrize(
    ("op", "words"),
    [
        (Operation.OPEN, (NOWHERE, R, 4)),
        (Operation.WRITE, (1, NOWHERE, 1)),
        (Operation.WRITE, (1, BUFFER, 0xFFFFFFFF)),
        (Operation.READ, (1, NOWHERE, 1)),
        (Operation.READ, (1, BUFFER, 0xFFFFFFFF)),
        (Operation.READ, (1, READ_ONLY, 1)),
        (Operation.TMPNAM, (READ_ONLY, 0, 100)),
        (Operation.REMOVE, (NOWHERE, 4)),
        (Operation.RENAME, (NOWHERE, 4, BUFFER, 4)),
        (Operation.RENAME, (BUFFER, 4, NOWHERE, 4)),
        (Operation.GET_CMDLINE, (READ_ONLY, 255)),
        (Operation.HEAPINFO, (READ_ONLY,)),
    ],
)
def test_a_buffer_that_is_nowhere(guest: Guest, op: Operation, words: tuple[int, ...]) -> None:
    guest.open(b":tt", R)
    guest.put(b"file")
    assert guest.call(op, *words) == FAILED
    assert guest.error() == "EFAULT"


def test_input_is_not_lost_in_a_bad_buffer(guest: Guest) -> None:
    stdin = guest.open(b":tt", R)
    assert guest.call(Operation.READ, stdin, READ_ONLY, 100) == FAILED
    assert guest.read(stdin, 100) == b"one\n"


# The program and its surroundings


def test_whether_a_result_is_an_error(guest: Guest) -> None:
    results = [guest.call(Operation.ISERROR, n) for n in (0, 5, 0x7FFFFFFF, 0x80000000, 2**32 - 1)]
    assert results == [0, 0, 0, 1, 1]


def test_time_passes_with_instructions_and_looks(guest: Guest) -> None:
    executed = SimpleNamespace(count=0)
    guest.semihosting.outside.moment = executed
    assert guest.semihosting.call(Operation.CLOCK, 0) == 0
    assert guest.semihosting.call(Operation.TIME, 0) == CLOCK_START
    executed.count = 2_010_000_000 - 2 * LOOK
    assert guest.semihosting.call(Operation.CLOCK, 0) == 201
    assert guest.semihosting.call(Operation.TIME, 0) == CLOCK_START + 2
    assert guest.semihosting.call(Operation.ELAPSED, BUFFER) == 0
    (ticks,) = struct.unpack("<Q", guest.memory.read(BUFFER, 8))
    assert ticks == 2_010_000 + 2 * LOOK // 1000
    assert guest.semihosting.call(Operation.TICKFREQ, 0) == 1_000_000


def test_no_commands_of_the_host(guest: Guest) -> None:
    assert guest.call(Operation.SYSTEM, *guest.put(b"ls")) == FAILED
    assert guest.error() == "EPERM"
    assert guest.notes == ["semihosting: a program asked for a host command and was refused"]


def test_the_command_line(guest: Guest) -> None:
    assert guest.call(Operation.GET_CMDLINE, BUFFER, 20) == 0
    assert guest.words(BLOCK, 2) == (BUFFER, 19)
    assert guest.memory.read(BUFFER, 20) == b'prog -v "two words"\0'


def test_a_command_line_too_long(guest: Guest) -> None:
    assert guest.call(Operation.GET_CMDLINE, BUFFER, 19) == FAILED
    assert guest.error() == "EINVAL"
    assert guest.notes == ["semihosting: no command line: it has 19 bytes and the program takes 18"]
    assert guest.words(BLOCK, 2) == (BUFFER, 19)


def test_a_command_line_that_cannot_be_written() -> None:
    guest = Guest(ScriptedWorld(arguments=["a", "both ' and \""]))
    assert guest.call(Operation.GET_CMDLINE, BUFFER, 255) == FAILED
    assert guest.notes[0].startswith("semihosting: no command line: argument 'both ")


def test_where_heap_and_stack_are(guest: Guest) -> None:
    assert guest.call(Operation.HEAPINFO, BUFFER) == 0
    assert guest.words(BUFFER, 4) == tuple(HEAP)


@pytest.mark.parametrize(
    ("reason", "status"), [(APPLICATION_EXIT, 0), (0x20023, 1), (0, 1), (BLOCK, 1)]
)
def test_exit_knows_only_success_and_failure(guest: Guest, reason: int, status: int) -> None:
    guest.semihosting.call(Operation.EXIT, reason)
    assert guest.status == status


@pytest.mark.parametrize(
    ("reason", "subcode", "status"),
    [(APPLICATION_EXIT, 0, 0), (APPLICATION_EXIT, 42, 42), (0x20023, 0, 1)],
)
def test_exit_extended(guest: Guest, reason: int, subcode: int, status: int) -> None:
    guest.call(Operation.EXIT_EXTENDED, reason, subcode)
    assert guest.status == status


def test_an_operation_that_does_not_exist(guest: Guest) -> None:
    for op in (0, 0x0B, 0x17, 0x100, 0x0B):
        assert guest.semihosting.call(op, 0) == FAILED
    assert guest.semihosting.errno == 88  # ENOSYS in newlib
    assert guest.notes == [
        f"semihosting operation {op} does not exist; it gets -1"
        for op in ("0x0", "0xb", "0x17", "0x100")
    ]


@pytest.mark.parametrize(
    ("host", "newlib"),
    [
        (errno.ENOENT, 2),
        (errno.EACCES, 13),
        (errno.ENOSPC, 28),
        (errno.ERANGE, 34),
        (errno.ENOTEMPTY, 90),
        (errno.ENAMETOOLONG, 91),
        (errno.ELOOP, 92),
        (errno.ESTALE, errno.EIO),
    ],
)
def test_errno_values_are_newlibs(host: int, newlib: int) -> None:
    assert guest_errno(host_error(host)) == newlib
