"""What comes in is the same however and whenever it arrives; what goes out goes out now."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.environment.clock import CLOCK_START, LOOK, HostClock
from emu.environment.outside import Outside, StreamLostError
from emu.environment.world import STDERR, STDIN, STDOUT, HostWorld, ScriptedWorld


class Pipes:
    """A HostWorld whose three streams are pipes; the names are those of our ends."""

    def __init__(self) -> None:
        stdin, self.stdin = os.pipe()
        self.stdout, stdout = os.pipe()
        self.stderr, stderr = os.pipe()
        self._open = [stdin, stdout, stderr, self.stdin, self.stdout, self.stderr]
        self.world = Outside(HostWorld(["a.elf", "x"], streams=(stdin, stdout, stderr)))

    def close(self, *ours: int) -> None:
        for fd in ours:
            os.close(fd)
            self._open.remove(fd)

    def close_rest(self) -> None:
        self.close(*self._open)


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    made = Pipes()
    yield made
    made.close_rest()


def read_all(world: Outside, length: int) -> list[bytes]:
    reads = []
    while data := world.read_input(length):
        reads.append(data)
    return reads


def test_a_read_ends_behind_a_newline_or_when_it_is_full() -> None:
    assert read_all(Outside(ScriptedWorld(b"one\ntwo and three\n\nend")), 8) == [
        b"one\n", b"two and ", b"three\n", b"\n", b"end",
    ]  # fmt: skip


@given(st.lists(st.sampled_from([b"a", b"\n", b"bc\n", b"\nd", b"efgh"])), st.integers(1, 6))
def test_the_pieces_in_which_input_arrives_do_not_matter(pieces: list[bytes], length: int) -> None:
    whole, cut = Outside(ScriptedWorld(b"".join(pieces))), Outside(ScriptedWorld(pieces))
    assert read_all(cut, length) == read_all(whole, length)


def test_nothing_asked_for_takes_nothing() -> None:
    world = Outside(ScriptedWorld(b"a"))
    assert world.read_input(0) == b""
    assert world.read_input(9) == b"a"


def test_the_end_of_input_stays() -> None:
    pieces = iter([b"a", b"", b"b"])
    world = Outside(ScriptedWorld(pieces))
    assert [world.read_input(1) for _ in range(3)] == [b"a", b"", b""]


def test_long_input_without_a_newline() -> None:
    world = Outside(ScriptedWorld([b"x" * 1000] * 1000))
    assert len(world.read_input(1 << 30)) == 1_000_000


def test_the_clock_goes_by_instructions_from_the_first_look_on() -> None:
    for world in (ScriptedWorld(), HostWorld(["a"])):
        times = [world.answer(("now",), moment) for moment in (500, 500, 501, 1_000_500)]
        assert times == [0, LOOK, 1 + 2 * LOOK, 1_000_000 + 3 * LOOK]
        beginning = Outside(world).beginning
        assert (beginning.began, beginning.counts) == (CLOCK_START, True)


def test_the_hosts_clock_goes_by_itself() -> None:
    world = Outside(HostWorld(["a"], clock=HostClock()))
    before = time.time()
    first = world.now()
    time.sleep(0.002)
    assert first == 0
    assert world.now() >= 2_000_000
    assert before - 2 <= world.beginning.began <= before
    assert not world.beginning.counts
    state = world.snapshot()
    other = Outside(HostWorld(["a"], clock=HostClock()))
    other.restore(state)
    assert other.now() >= state.world.clock[0]


def test_host_input_by_lines(pipes: Pipes) -> None:
    os.write(pipes.stdin, b"first\nsec")
    assert pipes.world.read_input(100) == b"first\n"
    os.write(pipes.stdin, b"ond\nrest")
    pipes.close(pipes.stdin)
    assert read_all(pipes.world, 100) == [b"second\n", b"rest"]


def test_host_output_is_there_at_once(pipes: Pipes) -> None:
    pipes.world.write_output(b"\xff\0out")
    pipes.world.write_error(b"err")
    assert os.read(pipes.stdout, 100) == b"\xff\0out"
    assert os.read(pipes.stderr, 100) == b"err"


def test_host_arguments(pipes: Pipes) -> None:
    assert pipes.world.beginning.arguments == ("a.elf", "x")


def test_a_reader_that_went_away(pipes: Pipes) -> None:
    pipes.close(pipes.stdout, pipes.stderr)
    for write, stream in (
        (pipes.world.write_output, "standard output"),
        (pipes.world.write_error, "standard error"),
    ):
        with pytest.raises(StreamLostError) as caught:
            write(b"x")
        assert str(caught.value) == f"{stream}: {os.strerror(errno.EPIPE)}"
        assert caught.value.errno == errno.EPIPE


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_full_disk() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    world = Outside(HostWorld(["a"], streams=(0, full, 2)))
    with pytest.raises(StreamLostError, match="standard output") as caught:
        world.write_output(b"x")
    os.close(full)
    assert caught.value.errno == errno.ENOSPC


def test_standard_input_closed_from_the_start_is_at_its_end() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    os.close(writer)
    assert Outside(HostWorld(["a"], streams=(reader, 1, 2))).read_input(1) == b""


def test_standard_input_that_cannot_be_read() -> None:
    directory = os.open(".", os.O_RDONLY)
    world = Outside(HostWorld(["a"], streams=(directory, 1, 2)))
    with pytest.raises(StreamLostError, match="standard input"):
        world.read_input(1)
    os.close(directory)


def test_a_directory_for_files_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        HostWorld(["a"], files="/nonexistent")


@pytest.mark.parametrize("terminal", [STDIN, STDOUT, STDERR])
def test_a_stream_is_a_terminal_if_the_host_s_is(terminal: int) -> None:
    inner, outer = os.openpty()
    reader, writer = os.pipe()
    streams = [reader, writer, writer]
    streams[terminal] = outer
    world = Outside(HostWorld(["a"], streams=(streams[0], streams[1], streams[2])))
    assert [world.is_terminal(stream) for stream in range(3)] == [
        stream == terminal for stream in range(3)
    ]
    for fd in (inner, outer, reader, writer):
        os.close(fd)
    closed = Outside(HostWorld(["a"], streams=(outer, outer, outer)))
    assert not closed.is_terminal(STDOUT)


@pytest.mark.parametrize("terminal", [False, True])
def test_a_scripted_outside_is_a_terminal_if_told_so(terminal: bool) -> None:
    assert Outside(ScriptedWorld(terminal=terminal)).is_terminal(STDOUT) is terminal
    assert not Outside(ScriptedWorld()).is_terminal(STDOUT)
