"""Ctrl-C and the timeout end waits for the outside too, and what was stopped can run on."""

from __future__ import annotations

import fcntl
import gc
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from emu.cpu.engine import Engine
from emu.devices.uart import BASE as UART_PA
from emu.environment.waits import Interrupted, Waits
from emu.environment.world import HostOutput, HostWorld
from emu.machine import How, Machine, Options
from emu.machine.interrupt import Watch
from emu.mmu import BACKENDS
from kernel_model.abi import MAP_NOEXEC, MAP_READ, MAP_WRITE, FrameType
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.image import Image, Segment
from kernel_model.syscalls import CALLS, trap

CODE_VA, DATA_VA, UART_VA = 0x10000, 0x20000, 0xEF100000
PIPE = 4096

CALL_SIZE = 1000
BY_CALL = (
    0xE5845000,  # str r5, [r4]
    0xE1A00004,  # mov r0, r4
    0xE3A01FFA,  # mov r1, #1000
    0xE3A0C013,  # mov r12, #19: console_write
    0xEF000000,  # svc #0
    0xE3500FFA,  # cmp r0, #1000
    0x13A0F000,  # movne pc, #0
)
BY_UART = (0xE5C75000,)  # strb r5, [r7]
BY_SEMIHOSTING = (
    0xE5C45000,  # strb r5, [r4]
    0xE1A01004,  # mov r1, r4
    0xE3A00003,  # mov r0, #3: SYS_WRITEC
    0xEF123456,  # svc #0x123456
)


def program(write: tuple[int, ...], times: int) -> Image:
    """Writes so many times, with r5 counting from 0, and exits with status 0."""
    first = (
        0xE3A04802,  # mov r4, #DATA_VA
        0xE3006000 | times & 0xFFF | (times >> 12) << 16,  # movw r6, #times
        0xE3007000,  # movw r7, #0
        0xE34E7F10,  # movt r7, #0xef10: UART_VA
    )
    last = (
        0xE2855001,  # add r5, r5, #1
        0xE1550006,  # cmp r5, r6
        0x3A000000 | -(len(write) + 4) & 0xFFFFFF,  # blo to the first of write
        0xE3A00000,  # mov r0, #0
        0xE3A0C012,  # mov r12, #18: exit
        0xEF000000,  # svc #0
    )
    code = b"".join(word.to_bytes(4, "little") for word in (*first, *write, *last))
    return Image(
        (Segment(CODE_VA, 0x1000, code, READ | EXEC), Segment(DATA_VA, 0x1000, b"", READ | WRITE)),
        CODE_VA,
    )


def map_uart(machine: Machine) -> None:
    """Let the program have the UART's registers at ``UART_VA``."""
    uart = next(frame for frame in machine.kernel.frames.values() if frame.pa == UART_PA)
    assert uart.type is FrameType.IO
    l2_id = 2
    flags = MAP_READ | MAP_WRITE | MAP_NOEXEC
    assert (
        trap(machine.kernel, CALLS.named("frame_map").number, l2_id, uart.f_id, UART_VA, flags) == 0
    )


def bytes_written(times: int) -> bytes:
    return bytes(number & 0xFF for number in range(times))


def calls_written(times: int) -> bytes:
    return b"".join(number.to_bytes(4, "little").ljust(CALL_SIZE, b"\0") for number in range(times))


WAYS = {
    "console_write": (BY_CALL, 15, calls_written),
    "uart": (BY_UART, 9000, bytes_written),
    "semihosting": (BY_SEMIHOSTING, 9000, bytes_written),
}


class Pipe:
    """A pipe with room for one page.  A test that waits for ever is ended by an alarm."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, PIPE)

    def fill(self) -> None:
        os.write(self.writer, bytes(PIPE))

    def read(self, length: int = 1 << 20) -> bytes:
        return os.read(self.reader, length)

    def close(self) -> None:
        os.close(self.reader)
        os.close(self.writer)


class HangsError(Exception):
    """A test has waited too long."""


@pytest.fixture(autouse=True)
def _never_hangs() -> Iterator[None]:
    def ring(*_: object) -> None:
        raise HangsError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.close()


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> tuple[tuple[int, ...], int, Callable[[int], bytes]]:
    return WAYS[request.param]


def machine_writing_to(pipe: Pipe, image: Image, mmu: str, timeout: float | None) -> Machine:
    world = HostWorld(["program"], streams=(0, pipe.writer, pipe.writer))
    machine = Machine(image, world, Options(ram=4 << 20, mmu=mmu, timeout=timeout))
    map_uart(machine)
    return machine


@pytest.mark.parametrize("mmu", BACKENDS)
def test_a_program_stopped_in_writes_has_written_all_once(way, mmu: str, pipe: Pipe) -> None:
    write, times, written = way
    machine = machine_writing_to(pipe, program(write, times), mmu, 0.05)
    got, stops = b"", 0
    while (outcome := machine.run()).how is How.TIMEOUT:
        got, stops = got + pipe.read(2500), stops + 1
    assert (outcome.how, outcome.status) == (How.EXITED, 0)
    assert stops >= 2
    assert got + pipe.read() == written(times)


# A handler may run within a finalizer, which loses what it raises; the signal comes again.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_signals_at_any_moment_lose_and_repeat_nothing(way, pipe: Pipe) -> None:
    """Ctrl-C again and again, while a reader takes pieces: before, in and after each write."""
    write, times, written = way
    times *= 4
    machine = machine_writing_to(pipe, program(write, times), "tlb", None)
    got: list[bytes] = []
    ended = threading.Event()

    def read_slowly() -> None:
        while piece := pipe.read(seed.randrange(1, 3000)):
            got.append(piece)
            time.sleep(0.001)

    def press() -> None:
        while not ended.wait(seed.random() * 0.01):
            if machine.cores[0].engine.control.running:  # else nobody would hear it
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    seed = random.Random(1)
    old = signal.signal(signal.SIGINT, lambda *_: None)
    reader, presser = threading.Thread(target=read_slowly), threading.Thread(target=press)
    reader.start()
    presser.start()
    outcomes = [machine.run()]
    while not outcomes[-1].is_final:
        outcomes.append(machine.run())
    ended.set()
    presser.join()
    signal.signal(signal.SIGINT, old)
    os.close(pipe.writer)
    pipe.writer = os.dup(pipe.reader)
    reader.join()
    assert {outcome.how for outcome in outcomes[:-1]} == {How.CTRL_C}
    assert outcomes[-1] == (How.EXITED, 0)
    assert b"".join(got) == written(times)


# The parts


def test_an_answer_that_came_before_the_signal_is_kept() -> None:
    waits = Waits()

    def call(_fd: int, argument: int) -> int:
        return argument

    def answered_then_signalled(fd: int, argument: int) -> int:
        signal.raise_signal(signal.SIGINT)  # handled when Python next looks: behind the answer
        return call(fd, argument)

    old = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        assert waits.answer(call, 0, 5) == 5
        assert not waits.waiting
    finally:
        signal.signal(signal.SIGINT, old)


def test_a_wait_is_left() -> None:
    waits = Waits()
    waits.interrupt()  # nothing to leave

    def call(_fd: int, _argument: int) -> int:
        assert waits.waiting
        waits.interrupt()
        raise AssertionError("interrupt did not raise")

    with pytest.raises(Interrupted):
        waits.answer(call, 0, 0)
    assert not waits.waiting
    waits.interrupt()


def test_a_call_that_fails_is_no_wait_any_more() -> None:
    waits = Waits()
    with pytest.raises(OSError, match="Bad file"):
        waits.answer(os.write, -1, b"x")
    assert not waits.waiting


def test_what_an_interrupted_write_left_goes_first(pipe: Pipe) -> None:
    waits = Waits()
    output = HostOutput(pipe.writer, "standard output", waits)
    old = signal.signal(signal.SIGALRM, lambda *_: waits.interrupt())
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)  # the first ends the wait with what went out
    output.write(b"a" * PIPE + b"b" * 10)  # the pipe takes the first PIPE bytes
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, old)
    assert output.unsent == b"b" * 10
    assert pipe.read() == b"a" * PIPE
    output.write(b"c")
    assert pipe.read() == b"b" * 10 + b"c"


def test_watching_leaves_no_descriptor_open() -> None:
    world, ending = HostWorld(["program"]), Engine().control
    gc.collect()  # what other tests left, which must not go meanwhile
    before = os.listdir("/dev/fd")
    for _ in range(3):
        with Watch(ending, world, None):
            pass
    assert len(os.listdir("/dev/fd")) == len(before)


def test_watching_leaves_the_handlers_as_they_were() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Watch(Engine().control, HostWorld(["program"]), 0.01) as watch:
        assert signal.getsignal(signal.SIGINT) != before
        time.sleep(0.05)
    assert watch.cause is not None
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.set_wakeup_fd(-1) == -1
