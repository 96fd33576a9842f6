"""Watchpoints, with the trace of accesses as the oracle: what it has, they stop before."""

from __future__ import annotations

import json
import random
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest

from emu.cpu.registers import in_it_block
from emu.machine import Machine
from emu.machine.outcome import How, outcome_of
from emu.machine.snapshot import Snapshot
from emu.mmu import BACKENDS
from emu.trace.events import Access
from emu.watchpoints.watch import PHYSICAL, Hit, Watch
from emu.watchpoints.watchpoints import Watchpoints
from kernel_model.descriptors import READ, WRITE
from tests.guests import guest
from tests.kernel.driver import DATA_VA
from tests.machine.rig import Guest
from tests.traced import built, machine_for, traced

PROGRAMS = ("device", "exclusive", "exclusive_call", "mapping", "moving", "pair",
            "spanning")  # fmt: skip
GUESTS = (
    "calls/frame_map",
    "scenarios/server",
    "scenarios/siblings.arm",
    "newlib/hello.thumb-hard",
)
BOUND = 50_000
FEW = 20
"""Hits that are looked at of a program and a watchpoint."""


def program(name: str) -> Path:
    return built(name) if "/" not in name else guest(name)


class Found(NamedTuple):
    """A hit.  first: instructions before it; last: when it had been gone on from."""

    first: int
    last: int
    hit: Hit


@lru_cache(maxsize=1)
def accesses(name: str) -> list[Access]:
    """What a program accesses, in order."""
    lines = traced(program(name), "mem", max_insns=BOUND, format="jsonl").splitlines()[1:]
    found = [json.loads(line) for line in lines]
    return [Access(**{name: one[name] for name in Access.__slots__}) for one in found]


@lru_cache(maxsize=1)
def unwatched(name: str, mmu: str) -> Snapshot:
    """Where a run without a watchpoint ends."""
    plain = machine_for(program(name), mmu, max_insns=BOUND)
    plain.run()
    return plain.snapshot()


def hits(machine: Machine, watch: Watch) -> list[Found]:
    """The first of a run; each is gone on from."""
    watchpoints, found = Watchpoints(machine), list[Found]()
    watchpoints.set([watch])
    while not machine.has_ended and len(found) < FEW:
        ended = machine.run()
        hit, first = watchpoints.take(), machine.instructions
        if hit is None:
            assert ended.how is not How.PAUSED
            break
        assert machine.state_of(machine.kernel.processes[hit.pid]).core[15] == hit.pc
        watchpoints.passes = True
        machine.step()
        watchpoints.passes = False
        assert watchpoints.take() is None
        found.append(Found(first, machine.instructions, hit))
    watchpoints.set(())
    return found


def is_told(watch: Watch, access: Access) -> bool:
    """Whether the watch ought to stop at this."""
    if not watch.access & (WRITE if access.is_write else READ):
        return False
    if watch.pid == PHYSICAL:
        return watch.reaches(access.pa, access.size)
    return watch.pid == access.pid and watch.reaches(access.va, access.size)


def expected(name: str, watch: Watch, found: list[Found]) -> list[Access]:
    """The accesses to stop before: of an instruction, or an IT block's rest, the first."""
    ought, gone_on = list[Access](), 0
    ends = {one.first + 1: one.last for one in found}
    for access in accesses(name):
        if is_told(watch, access) and access.time > gone_on:
            ought.append(access)
            gone_on = ends.get(access.time, access.time)
    return ought


def check(name: str, mmu: str, watch: Watch) -> int:
    """What a watch stops at is what the trace has; the run is that without it."""
    machine = machine_for(program(name), mmu, max_insns=BOUND)
    found = hits(machine, watch)
    for one, access in zip(found, expected(name, watch, found), strict=False):
        hit = one.hit
        got = Access(one.first + 1, *hit[1:])
        assert got == access, f"{watch}: {len(found)} hits"
    if len(found) < FEW:
        assert len(found) == len(expected(name, watch, found)), watch
    if not machine.has_ended:
        machine.run()
    assert machine.snapshot() == unwatched(name, mmu)
    return len(found)


def watches(name: str, seed: int, number: int) -> list[Watch]:
    """Some that reach what a program accesses, of whoever, and of one process."""
    chance = random.Random(f"{name} {seed}")
    chosen = []
    for access in chance.sample(accesses(name), min(number, len(accesses(name)))):
        kind = chance.choice((READ, WRITE, READ | WRITE))
        offset, length = chance.randrange(-2, access.size), chance.choice((1, 2, 4, 16))
        if chance.random() < 0.5:
            chosen.append(Watch(kind, access.pa + offset, length))
        else:
            chosen.append(Watch(kind, access.va + offset, length, access.pid))
    return chosen


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_small_programs_stop_before_what_they_access(name: str, mmu: str) -> None:
    """All kinds of accesses: exclusive, across pages, through aliases, of devices, moved pages."""
    watched = watches(name, 0, 8)
    assert sum(check(name, mmu, watch) for watch in watched) > 0


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("name", GUESTS)
def test_programs_stop_before_what_they_access(name: str, mmu: str) -> None:
    assert sum(check(name, mmu, watch) for watch in watches(name, 1, 6)) > 0


IN_IT_BLOCKS = """
    set     r4, data
    set     r0, 1
    set     r1, 2
    cmp     r0, #1
    itte    eq
    streq   r1, [r4]
    addeq   r0, r0, #10
    strne   r0, [r4]
    itett   eq
    ldreq   r2, [r4]
    movne   r2, #0
    addeq   r2, r2, #1
    streq   r2, [r4]
    it      ne
    strne   r0, [r4]
    mov     r0, r2
    set     r12, 18
    svc     #0
"""


@pytest.mark.parametrize("mmu", BACKENDS)
def test_in_an_it_block_nothing_of_the_rest_has_happened(mmu: str) -> None:
    """Unicorn ends no run within one, and here none before the call that ends the process."""
    machine = Guest(IN_IT_BLOCKS, mmu, thumb=True).machine
    found = hits(machine, Watch(READ | WRITE, DATA_VA, 4, 0))
    assert [one.hit.is_write for one in found] == [True, False]
    assert [one.last - one.first for one in found] == [3, 4]
    assert outcome_of(machine.kernel.halted).status == 3


@pytest.mark.parametrize(
    ("mask", "left"), [(0, 0), (8, 1), (4, 2), (12, 2), (2, 3), (1, 4), (15, 4)]
)
def test_what_is_left_of_an_it_block(mask: int, left: int) -> None:
    cpsr = 0x30 | (mask >> 2) << 10 | (mask & 3) << 25 | 0x1000
    assert in_it_block(cpsr) == left


def test_a_watchpoint_costs_nothing_any_more_when_it_is_gone() -> None:
    machine = machine_for(program("pair"))
    watchpoints = Watchpoints(machine)
    watchpoints.set([Watch(WRITE, 0, 4)])
    assert machine.observers.loading
    watchpoints.set(())
    assert not machine.observers.loading
    assert not machine.observers.watch_calls
    assert watchpoints._places._hooks == {}


THEN_FAULTS = """
    set     r4, data
    set     r5, 0
    cmp     r0, r0
    itt     eq
    streq   r1, [r4]
    {instruction}
    set     r12, 18
    svc     #0
"""


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize(
    "instruction", ["ldreq r2, [r5]", "streq r2, [r5]", "bxeq r5", "bkpt", "udfeq"]
)
def test_what_happens_in_the_rest_of_an_it_block_happens_once(mmu: str, instruction: str) -> None:
    """And as it does without a watchpoint."""
    source = THEN_FAULTS.format(instruction=instruction)
    watched, plain = (Guest(source, mmu, thumb=True) for _ in range(2))
    (one,) = hits(watched.machine, Watch(WRITE, DATA_VA, 4, 0))
    assert one.hit.is_write
    if not watched.machine.has_ended:
        watched.run()
    plain.machine.count_instructions()
    plain.run()
    assert watched.only_fault() == plain.only_fault()
    assert watched.machine.snapshot() == plain.machine.snapshot()
