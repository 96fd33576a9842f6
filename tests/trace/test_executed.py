"""The sources of executed blocks: both tell the same, in bounded memory, and nothing unwanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from emu import native
from emu.debuginfo import DebugFile, DebugFiles, open_files
from emu.environment.world import ScriptedWorld
from emu.execution import executed
from emu.execution.code import Code
from emu.execution.executed import Block, BlockUser
from emu.execution.sources import executed_blocks
from emu.machine import Machine, Options
from emu.profile.profiler import Profiler
from kernel_model.descriptors import EXEC, READ
from kernel_model.image import Image, Segment
from kernel_model.process import Process
from tests.fuzz.variants import NO_SYMBOLS
from tests.guests import guest
from tests.hooks import add_block_hook, use_python_hooks
from tests.traced import BACKENDS, built, machine_for

needs_c = pytest.mark.skipif(
    native.hooks is None, reason="the hooks in C are not built, or not wanted"
)
BOTH = pytest.mark.parametrize("language", [pytest.param("C", marks=needs_c), "Python"])


class Listener(BlockUser):
    """Notes all that it is told."""

    def __init__(self, machine: Machine, ordered: bool = True, pids: tuple[int, ...] = ()) -> None:
        self.pids = pids
        self.told: list[Any] = []
        self.counts: Counter[int] = Counter()  # by address
        self.made_here: list[Block] = []
        self.most = 0
        self.blocks = executed_blocks(Code.of(machine), self, ordered)
        machine.observers.add(self.blocks)

    def wants(self, process: Process) -> bool:
        return not self.pids or process.pid in self.pids

    def made(self, block: Block) -> None:
        assert block.number == len(self.made_here)
        self.told.append(block)
        self.made_here.append(block)
        self.most = max(self.most, len(self.made_here))

    def ran(self, numbers: Sequence[int]) -> None:
        assert 0 < len(numbers) <= executed.ORDERED
        self.told += [("ran", self.made_here[number].va) for number in numbers]

    def left(self, number: int, pc: int) -> None:
        self.told.append(("left", self.made_here[number].va, pc))

    def forgotten(self) -> None:
        self.gather()
        self.told.append("forgotten")
        self.made_here.clear()

    def gather(self) -> None:
        for block, count in zip(self.made_here, self.blocks.take_counts(), strict=True):
            self.counts[block.va] += count

    @property
    def in_order(self) -> list[int]:
        """The addresses of all blocks that began, in order."""
        return [what[1] for what in self.told if what[0] in ("ran", "left")]


def listening(path: Path, mmu: str, most: int, pieces: int = 0) -> Listener:
    machine = machine_for(path, mmu)
    listener = Listener(machine)
    for _ in range(most // (pieces or most)):
        if machine.run_for(pieces or most).is_final:
            break
    listener.blocks.finish()
    listener.gather()
    return listener


PROGRAMS = ("rewriting", "pair", "calling", "faulty", "hosted")
GUESTS = ("scenarios/server", "newlib/longjmp.thumb-hard", "newlib/structs.arm-hard")


@needs_c
@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("name", PROGRAMS + GUESTS)
def test_both_sources_tell_the_same(name: str, mmu: str, request: pytest.FixtureRequest) -> None:
    path = guest(name) if "/" in name else built(name)
    ways = [(mmu, 20_000, 0), (mmu, 2_000, 7)]
    in_c = [listening(path, *way) for way in ways]
    use_python_hooks(request)
    in_python = [listening(path, *way) for way in ways]
    for one, other in zip(in_c, in_python, strict=True):
        assert one.told == other.told
        assert one.counts == other.counts
        assert one.in_order


@BOTH
def test_order_and_counts_are_those_of_a_hook(
    language: str, request: pytest.FixtureRequest
) -> None:
    if language == "Python":
        use_python_hooks(request)
    machine = machine_for(guest("newlib/longjmp.thumb-hard"))
    begun: list[int] = []
    add_block_hook(machine.cores[0].engine, lambda va, size: begun.append(va))
    listener = Listener(machine)
    machine.run()
    listener.gather()
    assert len(begun) > 2 * executed.ORDERED
    assert listener.in_order == begun
    assert listener.counts == Counter(begun)


@BOTH
def test_a_source_without_the_order_does_not_tell_it(
    language: str, request: pytest.FixtureRequest
) -> None:
    if language == "Python":
        use_python_hooks(request)
    machine = machine_for(guest("scenarios/server"))
    listener = Listener(machine, ordered=False)
    machine.run_for(5_000)
    assert not any(what[0] == "ran" for what in listener.told)
    listener.gather()
    assert listener.counts.total() > 500


@BOTH
def test_a_process_that_is_not_wanted_is_not_told_of(
    language: str, request: pytest.FixtureRequest
) -> None:
    if language == "Python":
        use_python_hooks(request)
    found = []
    for pids in ((0,), (1,), ()):
        machine = machine_for(built("pair"))
        listener = Listener(machine, pids=pids)
        machine.run()
        found.append(listener.in_order)
    first, second, both = found
    assert first
    assert second
    assert Counter(first) + Counter(second) == Counter(both)


@BOTH
def test_nothing_is_told_after_the_end(language: str, request: pytest.FixtureRequest) -> None:
    if language == "Python":
        use_python_hooks(request)
    machine = machine_for(guest("scenarios/server"))
    listener = Listener(machine)
    machine.run_for(2_000)
    machine.observers.remove(listener.blocks)
    listener.blocks.finish()
    told = len(listener.told)
    machine.run_for(2_000)
    assert len(listener.told) == told


@BOTH
def test_a_restored_machine_is_followed_anew(language: str, request: pytest.FixtureRequest) -> None:
    if language == "Python":
        use_python_hooks(request)
    machine = machine_for(guest("scenarios/server"))
    listener = Listener(machine)
    before = machine.snapshot()
    machine.run_for(3_000)
    first, made = listener.in_order, len(listener.made_here)
    machine.restore(before)
    assert listener.blocks.last == -1
    machine.run_for(3_000)
    assert listener.in_order == first + first
    assert len(listener.made_here) == made  # the same blocks


@BOTH
def test_what_the_user_raises_ends_the_run(language: str, request: pytest.FixtureRequest) -> None:
    if language == "Python":
        use_python_hooks(request)

    class Failing(Listener):
        def made(self, block: Block) -> None:
            if block.number == 3:
                raise KeyError("a mistake of the user's")
            super().made(block)

    machine = machine_for(guest("programs/hello"))
    listener = Failing(machine)
    with pytest.raises(KeyError, match="a mistake of the user's"):
        machine.run()
    assert listener.blocks.last == -1
    assert len(listener.made_here) == 3


# Bounded memory


def test_blocks_are_forgotten_when_there_are_many(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_python_hooks(request)
    monkeypatch.setattr(executed, "MOST_BLOCKS", 10)
    path = guest("scenarios/server")
    few = listening(path, "tlb", 6_000, 20)
    assert few.most == 10
    assert few.told.count("forgotten") > 10
    monkeypatch.undo()
    use_python_hooks(request)
    all_ = listening(path, "tlb", 6_000, 20)
    assert "forgotten" not in all_.told
    assert few.counts == all_.counts
    assert few.in_order == all_.in_order


VA, BRANCH = 0x10000, 0xEAFFFFFF  # b to the next instruction
MANY = 50_500
"""Blocks: more than there is room for."""


@needs_c
def test_more_blocks_than_there_is_room_for_in_c() -> None:
    words = [BRANCH] * MANY + [0xE3A00000, 0xE3A0C001, 0xE7F000F0]  # mov; mov; udf
    code = b"".join(word.to_bytes(4, "little") for word in words)
    image = Image((Segment(VA, len(code), code, READ | EXEC),), VA)
    machine = Machine(image, ScriptedWorld(), Options(ram=8 << 20))
    files = DebugFiles(DebugFile(BytesIO(NO_SYMBOLS), "many"))
    profiler = Profiler(Code.of(machine, files))
    listener = Listener(machine)
    machine.observers.add(profiler.blocks)
    machine.observers.add(profiler)
    machine.run()
    profiler.blocks.finish()
    listener.gather()
    waiting, charged = [profiler.root], 0
    while waiting:
        node = waiting.pop()
        charged += node.instructions
        waiting += node.children.values()
    assert charged == machine.instructions == MANY + 2
    assert listener.most == executed.MOST_BLOCKS
    assert len(listener.made_here) < 1_000
    assert listener.in_order == [VA + 4 * at for at in range(MANY + 1)]
    assert set(listener.counts.values()) == {1}
    assert list(listener.blocks._spaces.values()) == [listener.blocks._space]


def test_several_users_each_have_a_source() -> None:
    """They are told alike, whoever else listens."""
    path = guest("programs/hello")
    machine = machine_for(path)
    listeners = [Listener(machine), Listener(machine)]
    Profiler(Code.of(machine, open_files(str(path))))
    machine.run()
    assert listeners[0].told == listeners[1].told
