"""Ctrl-C and the timeout end waits for the outside too, and what was stopped can run on."""

from __future__ import annotations

import fcntl
import gc
import os
import pty
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from emu.cpu.engine import Engine
from emu.devices.uart import BASE as UART_PA
from emu.environment.requests import Cause
from emu.environment.streams import HostOutput
from emu.environment.waits import Interrupted, Reader, Waits, Writer
from emu.environment.world import HostWorld
from emu.machine import How, Machine, Options, Outcome
from emu.machine.core import SLICE
from emu.machine.watchdog import Watchdog
from emu.mmu import BACKENDS
from kernel_model.abi import MAP_NOEXEC, MAP_READ, MAP_WRITE, FrameType
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.image import Image, Segment
from kernel_model.syscalls import CALLS, trap
from tests.machine.rig import Guest

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


# Machine.interrupt


READING = (
    0xE1A00004,  # mov r0, r4
    0xE3A01001,  # mov r1, #1
    0xE3A0C014,  # mov r12, #20: console_read
    0xEF000000,  # svc #0
)


def test_another_thread_ends_a_wait_for_input(pipe: Pipe) -> None:
    assert CALLS.named("console_read").number == 20
    world = HostWorld(["program"], streams=(pipe.reader, pipe.writer, pipe.writer))
    machine = Machine(program(READING, 1), world, Options(ram=4 << 20))
    with interrupting(machine):
        assert machine.run().how is How.INTERRUPTED


BY_READC = (
    0xE3A00007,  # mov r0, #7: SYS_READC
    0xEF123456,  # svc #0x123456
    0xE5C40000,  # strb r0, [r4]
)
BY_UART_READ = (
    0xE5D70000,  # ldrb r0, [r7]
    0xE5C40000,  # strb r0, [r4]
)


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("read", [READING, BY_READC, BY_UART_READ], ids=["call", "readc", "uart"])
def test_an_interrupted_read_is_made_again(read, mmu: str, pipe: Pipe) -> None:
    """So that the run is the same as one that was not."""
    ends = []
    for interrupts in (0, 3):
        world = HostWorld(["program"], streams=(pipe.reader, pipe.writer, pipe.writer))
        machine = Machine(program(read, 2), world, Options(ram=4 << 20, mmu=mmu, stats=True))
        map_uart(machine)
        for _ in range(interrupts):
            with interrupting(machine):
                assert machine.run().how is How.INTERRUPTED
        os.write(pipe.writer, b"x\n")
        assert machine.run() == (How.EXITED, 0)
        ends.append((machine.instructions, machine.snapshot()))
    assert ends[0] == ends[1]


READ_IN_IT_BLOCK = f"""
        set     r0, {DATA_VA}
        mov     r1, #1
        mov     r12, #{{console_read}}
        mov     r4, #0
        cmp     r1, r1
        {{block}} eq
        svceq   #0
        addeq   r4, r0
        exit    0
"""


@pytest.mark.parametrize("block", ["itt", "ite"])
@pytest.mark.parametrize("interrupts", [0, 2])
def test_an_interrupted_read_in_an_it_block_is_made_once(
    block: str, interrupts: int, pipe: Pipe
) -> None:
    """The engine cannot go back into the block; the call is made where the program is."""
    number = CALLS.named("console_read").number
    source = READ_IN_IT_BLOCK.format(console_read=number, block=block)
    guest = Guest(source.replace("addeq", "addne") if block == "ite" else source, thumb=True)
    guest.machine.outside.world = HostWorld(["program"], streams=(pipe.reader, 1, 2))
    for _ in range(interrupts):
        with interrupting(guest.machine):
            assert guest.run().how is How.INTERRUPTED
    os.write(pipe.writer, b"x\n")
    assert guest.run() == (How.EXITED, 0)
    assert guest.registers[4] == (block == "itt")
    assert guest.memory(DATA_VA, 1) == b"x"
    assert guest.machine.calls.by_number[number] == guest.machine.history.made - 1 == 1


COMPUTING = """
        set     r3, 100000
1:      subs    r3, #1
        bne     1b
        set     r0, data
        mov     r1, #1
        call    console_read
        set     r3, 200000
1:      subs    r3, #1
        bne     1b
        exit    0
"""


@pytest.mark.parametrize("interrupts", [0, 2])
def test_an_interrupted_wait_does_not_lengthen_the_turn(interrupts: int, pipe: Pipe) -> None:
    guest = Guest(COMPUTING, max_insns=0, stats=True)
    guest.load_child("1: b 1b\n")
    guest.machine.outside.world = HostWorld(["program"], streams=(pipe.reader, 1, 2))
    for _ in range(interrupts):
        with interrupting(guest.machine):
            assert guest.run().how is How.INTERRUPTED
            while guest.machine.core.turn > SLICE - 200_000:  # it still computes
                assert guest.run().how is How.INTERRUPTED
    os.write(pipe.writer, b"x\n")
    assert guest.run() == (How.EXITED, 0)
    assert guest.machine.core.switches == 3
    assert SLICE < guest.machine.instructions - 600_000 < SLICE + 100


def test_a_run_in_another_thread_is_ended(pipe: Pipe) -> None:
    """Where no signal is ever heard: computing, and in a wait for the outside."""
    loop = (0xEAFFFFFE,)  # b .
    for write, stdin in ((loop, 0), (READING, pipe.reader)):
        world = HostWorld(["program"], streams=(stdin, pipe.writer, pipe.writer))
        machine = Machine(program(write, 1), world, Options(ram=4 << 20))
        outcomes: list[Outcome] = []
        runner = threading.Thread(target=lambda: outcomes.append(machine.run()))  # noqa: B023
        with interrupting(machine):
            runner.start()
            runner.join()
        assert [outcome.how for outcome in outcomes] == [How.INTERRUPTED]
        assert not outcomes[0].is_final


def test_a_timeout_ends_a_wait_in_another_thread(pipe: Pipe) -> None:
    world = HostWorld(["program"], streams=(pipe.reader, pipe.writer, pipe.writer))
    machine = Machine(program(READING, 1), world, Options(ram=4 << 20, timeout=0.05))
    outcomes: list[Outcome] = []
    runner = threading.Thread(target=lambda: outcomes.append(machine.run()))
    runner.start()
    runner.join()
    assert [outcome.how for outcome in outcomes] == [How.TIMEOUT]


def test_what_is_interrupted_while_it_does_not_run_runs_on(pipe: Pipe) -> None:
    machine = machine_writing_to(pipe, program(BY_UART, 3), "tlb", None)
    machine.interrupt()
    assert machine.run() == (How.EXITED, 0)
    machine.interrupt()
    assert pipe.read() == bytes_written(3)


def test_interrupts_at_any_moment_lose_and_repeat_nothing(way, pipe: Pipe) -> None:
    write, times, written = way
    machine = machine_writing_to(pipe, program(write, times * 2), "tlb", None)
    got: list[bytes] = []

    def read_slowly() -> None:
        while piece := pipe.read(1500):
            got.append(piece)
            time.sleep(0.001)

    reader = threading.Thread(target=read_slowly)
    reader.start()
    with interrupting(machine):
        outcomes = [machine.run()]
        while not outcomes[-1].is_final:
            outcomes.append(machine.run())
    os.close(pipe.writer)
    pipe.writer = os.dup(pipe.reader)
    reader.join()
    assert {outcome.how for outcome in outcomes[:-1]} == {How.INTERRUPTED}
    assert outcomes[-1] == (How.EXITED, 0)
    assert b"".join(got) == written(times * 2)


@contextmanager
def interrupting(machine: Machine) -> Iterator[None]:
    """Meanwhile another thread interrupts the machine, again and again."""
    ended = threading.Event()

    def interrupt() -> None:
        while not ended.wait(0.003):
            machine.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


# Waits


def test_a_wait_is_ended_and_later_waits_until_resume(pipe: Pipe) -> None:
    waits = Waits()
    reader = Reader(pipe.reader, waits)
    timer = threading.Timer(0.02, waits.interrupt, (Cause.TIMEOUT,))
    timer.start()
    for _ in range(2):
        with pytest.raises(Interrupted) as caught:
            reader.read(1)
        assert caught.value.cause is Cause.TIMEOUT
    timer.join()
    assert waits.left == {pipe.reader}
    waits.resume()
    os.write(pipe.writer, b"x")
    assert reader.read(9) == b"x"


def test_where_there_is_room_is_written_though_waits_are_ended(pipe: Pipe) -> None:
    waits = Waits()
    waits.interrupt(Cause.CTRL_C)
    waits.interrupt(Cause.TIMEOUT)
    assert waits.cause is Cause.CTRL_C, "the first counts"
    assert Writer(pipe.writer, waits).write(b"ab") == 2
    with pytest.raises(Interrupted):
        Reader(pipe.reader, waits).read(9)
    assert pipe.read() == b"ab", "input stays where it is"


def test_a_wait_that_is_interrupted_before_it_begins(pipe: Pipe) -> None:
    waits = Waits()
    waits.interrupt(Cause.INTERRUPTED)
    with pytest.raises(Interrupted):
        Reader(pipe.reader, waits).read(1)


def test_what_cannot_be_written_to_is_an_error() -> None:
    with pytest.raises(OSError, match="Bad file"):
        Writer(-1, Waits()).write(b"x")
    with pytest.raises(OSError, match="Bad file"):
        Reader(-1, Waits()).read(1)


def test_two_writers_to_one_pipe_do_not_take_the_same_room(pipe: Pipe) -> None:
    """Else the second would block where nothing can end that."""
    waits = Waits()
    writers = [Writer(pipe.writer, waits), Writer(pipe.writer, waits)]
    assert writers[0].write(b"x" * 100) == 100
    assert pipe.read() == b"x" * 100
    assert writers[1].write(b"y" * PIPE) == PIPE
    waits.interrupt(Cause.TIMEOUT)
    for writer in writers:
        with pytest.raises(Interrupted):
            writer.write(b"z")


def test_a_terminal_that_is_not_read_is_no_trap() -> None:
    """It may have room for a part of what is written."""
    ours, its = pty.openpty()
    waits = Waits()
    output = HostOutput(its, waits)
    timer = threading.Timer(0.05, waits.interrupt, (Cause.TIMEOUT,))
    timer.start()
    data = b"line\n" * 20_000
    output.write(data)
    timer.join()
    assert output.unsent
    waits.resume()
    got: list[bytes] = []

    def read() -> None:
        while sum(map(len, got)) < len(data) // 5 * 6:
            got.append(os.read(ours, 1 << 16))

    reader = threading.Thread(target=read)
    reader.start()
    output.write(b"")
    reader.join()
    assert b"".join(got) == data.replace(b"\n", b"\r\n")
    os.close(ours)
    os.close(its)


def test_what_an_interrupted_write_left_goes_first(pipe: Pipe) -> None:
    waits = Waits()
    output = HostOutput(pipe.writer, waits)
    waits.interrupt(Cause.CTRL_C)
    output.write(b"a" * PIPE + b"b" * 10)  # the pipe takes the first PIPE bytes
    assert output.unsent == b"b" * 10
    output.write(b"c")
    assert output.unsent == b"b" * 10 + b"c"
    waits.resume()
    assert pipe.read() == b"a" * PIPE
    output.write(b"d")
    assert output.unsent == b""
    assert pipe.read() == b"b" * 10 + b"cd"


# What is given back


def test_watching_leaves_no_descriptor_open() -> None:
    world, ending = HostWorld(["program"]), Engine().control
    gc.collect()  # what other tests left, which must not go meanwhile
    before = os.listdir("/dev/fd")
    for _ in range(3):
        with Watchdog(ending, world, None):
            pass
    assert len(os.listdir("/dev/fd")) == len(before)


def test_watching_leaves_the_handlers_as_they_were() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Watchdog(Engine().control, HostWorld(["program"]), 0.01) as watchdog:
        assert signal.getsignal(signal.SIGINT) != before
        time.sleep(0.05)
    assert watchdog.cause is Cause.TIMEOUT
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.set_wakeup_fd(-1) == -1


def test_the_wakeup_descriptor_that_was_set_before_is_given_back(pipe: Pipe) -> None:
    """As asyncio sets one."""
    os.set_blocking(pipe.writer, False)
    old = signal.set_wakeup_fd(pipe.writer)
    try:
        machine_writing_to(pipe, program(BY_UART, 0), "tlb", None).run()
        assert signal.set_wakeup_fd(-1) == pipe.writer
    finally:
        signal.set_wakeup_fd(old)
