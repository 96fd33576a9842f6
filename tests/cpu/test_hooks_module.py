"""The module in C: any number of copies, each with types and functions of its own."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator
from ctypes import addressof, create_string_buffer
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

import pytest

from emu import native
from emu.cpu.engine import Engine
from emu.cpu.registers import IDS

HOOKS: Any = native.hooks
TYPES = ("Accesses", "Blocks", "Counter", "Fills", "Memory", "PcAndCpsr", "Stacks", "Svc")
PAGES = 16

pytestmark = pytest.mark.skipif(HOOKS is None, reason="the hooks in C are not built, or not wanted")


def another() -> Any:
    """A second copy of the module, from the same file."""
    spec = spec_from_file_location("emu.native._hooks", HOOKS.__file__)
    assert spec is not None
    assert spec.loader is not None
    made: ModuleType = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.fixture
def ram() -> Iterator[int]:
    """The host's address of memory that lasts as long as the test."""
    buffer = create_string_buffer(PAGES * 0x1000)
    yield addressof(buffer)
    del buffer


def one_of_each(hooks: Any, ram: int) -> dict[str, Any]:
    """An object of each type, connected as a core connects them."""
    memory = hooks.Memory(ram, 0x8000_0000, PAGES * 0x1000)
    counter = hooks.Counter(0, 0)
    counter.see(memory)
    fills = hooks.Fills(memory, 0, 0, False)
    counter.trust(fills)
    svc = hooks.Svc(tuple(range(8)), _nothing, _nothing, _nothing)
    svc.see(memory, counter, b"")
    svc.let(_nothing, ())
    blocks = hooks.Blocks(counter, _nothing, _nothing, _nothing, _nothing)
    stacks = hooks.Stacks(counter, 0, 0, _nothing)
    blocks.follow(stacks)
    accesses = hooks.Accesses(counter, 0, 0, _nothing, _nothing, _nothing, False)
    place = hooks.PcAndCpsr(0, 0, 0)
    made = (accesses, blocks, counter, fills, memory, place, stacks, svc)
    return dict(zip(TYPES, made, strict=True))


def _nothing(*_: object) -> None:
    pass


def test_each_type_is_there_and_fixed() -> None:
    for name in TYPES:
        type_ = getattr(HOOKS, name)
        assert (type_.__module__, type_.__name__) == ("emu.native._hooks", name)
        with pytest.raises(TypeError):
            type_.another = 1
        with pytest.raises(TypeError, match="not an acceptable base type"):
            type("Beneath", (type_,), {})


def test_copies_have_types_of_their_own(ram: int) -> None:
    other = another()
    assert other is not HOOKS
    for name in TYPES:
        assert getattr(other, name) is not getattr(HOOKS, name)
    with pytest.raises(TypeError):
        HOOKS.Counter(0, 0).see(one_of_each(other, ram)["Memory"])


def test_copies_have_functions_of_their_own() -> None:
    """A copy that has been told nothing of Unicorn does not change what the first one calls."""
    other = another()
    other.connect(start=0, stop=0, read=0, read_batch=0, translate=0, write=0)
    engine = Engine()
    engine.registers.write("pc", 0x1234)
    place = HOOKS.PcAndCpsr(engine.unicorn.uc.value, IDS["pc"], IDS["cpsr"])
    assert place.read()[0] == 0x1234


@pytest.mark.parametrize("name", TYPES)
def test_nothing_is_left_of_a_copy_that_nobody_has(name: str, ram: int) -> None:
    other = another()
    found = one_of_each(other, ram)
    kept = found.pop(name)
    types = [weakref.ref(getattr(other, each)) for each in TYPES]
    module = weakref.ref(other)
    del found, other
    gc.collect()
    assert module() is not None  # an object is enough to hold all
    assert all(type_() is not None for type_ in types)
    del kept
    gc.collect()
    assert module() is None
    assert [type_() for type_ in types] == [None] * len(TYPES)


@pytest.mark.parametrize("name", ["Accesses", "Blocks", "Stacks", "Svc"])
def test_objects_in_a_circle_are_freed(name: str, ram: int) -> None:
    class Owner:
        """Holds what calls it."""

        held: Any

        def call(self, *_: object) -> None:
            pass

    owner = Owner()
    counter = one_of_each(HOOKS, ram)["Counter"]
    arguments = {
        "Accesses": (counter, 0, 0, owner.call, owner.call, owner.call, False),
        "Blocks": (counter, owner.call, owner.call, owner.call, owner.call),
        "Stacks": (counter, 0, 0, owner.call),
        "Svc": (tuple(range(8)), owner.call, owner.call, owner.call),
    }[name]
    owner.held = getattr(HOOKS, name)(*arguments)
    gone = weakref.ref(owner)
    del owner, arguments
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("name", TYPES)
def test_objects_take_no_reference_too_many(name: str, ram: int) -> None:
    """Making and freeing leaves the counts of what they hold, and of their type, as they were."""
    type_ = getattr(HOOKS, name)
    gc.collect()
    before = sys.getrefcount(type_), sys.getrefcount(_nothing)
    for _ in range(50):
        one_of_each(HOOKS, ram)
    gc.collect()
    assert (sys.getrefcount(type_), sys.getrefcount(_nothing)) == before


@pytest.mark.parametrize("name", TYPES)
def test_what_is_made_wrongly_is_not_made(name: str) -> None:
    with pytest.raises(TypeError):
        getattr(HOOKS, name)("no", "such", "thing")


def test_to_begin_an_object_again_does_nothing(ram: int) -> None:
    counter = one_of_each(HOOKS, ram)["Counter"]
    counter.count = 7
    counter.__init__(0, 0)
    assert counter.count == 7
