"""What ``--check`` looks at, and when: enough to see what is out of step, and no more."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from emu.cpu.binding import NOTHING, View
from emu.machine.checker import CHANGES, SAMPLE, SHARE, Checker, OutOfStepError
from emu.mmu.regions import regions_of
from kernel_model.descriptors import EXEC
from kernel_model.events import TranslationChanged
from kernel_model.invariants import InvariantError
from kernel_model.syscalls import CALLS
from tests.kernel.driver import CODE_VA, DATA_VA, FREE_VA, LOW, PAGE, REST, RO, RW, SYS, UART
from tests.machine.rig import Guest


class Look:
    """A core whose backend is in step with the tables, except where ``wrong`` says so.

    seen: the pages that were looked at.
    """

    def __init__(self, guest: Guest) -> None:
        self.guest, self.kernel = guest, guest.kernel
        self.devices = tuple(guest.machine.bus)
        self.checker = Checker(guest.kernel, self.devices)
        self.seen: list[int] = []
        self.wrong: dict[int, View] = {}
        backend = SimpleNamespace(view=self.view, sync=lambda: self.is_in_step)
        self.is_in_step = True
        self.core: Any = SimpleNamespace(number=0, loaded=self.process, backend=backend)

    @property
    def process(self) -> Any:
        return self.kernel.running[0]

    @property
    def l1_pa(self) -> int:
        return self.kernel.l1_pa(self.process)

    @property
    def views(self) -> dict[int, View]:
        regions = regions_of(self.kernel.memory, self.devices, self.l1_pa)
        return {
            one.va + at: View(one.pa + at, one.rights)
            for one in regions
            for at in range(0, one.length, PAGE)
        }

    @property
    def ends(self) -> set[int]:
        regions = regions_of(self.kernel.memory, self.devices, self.l1_pa)
        return {va for one in regions for va in (one.va, one.end - PAGE)}

    @property
    def beside(self) -> set[int]:
        regions = regions_of(self.kernel.memory, self.devices, self.l1_pa)
        return {va for one in regions for va in (one.va - PAGE, one.end) if 0 <= va < 1 << 32}

    def view(self, va: int) -> View:
        self.seen.append(va)
        return self.wrong.get(va, self.views.get(va, NOTHING))

    def check(self) -> set[int]:
        """The pages that a check looks at."""
        self.seen.clear()
        self.checker.check(self.core)
        assert len(set(self.seen)) == len(self.seen)
        return set(self.seen)

    def changed(self, va: int, length: int) -> None:
        self.checker.translation_changed(TranslationChanged(self.l1_pa, va, length, True))


@pytest.fixture
def look() -> Look:
    guest = Guest("exit 0")
    guest.ok("frame_map", SYS, UART, FREE_VA, RW)
    return Look(guest)


def test_every_page_is_looked_at_once(look: Look) -> None:
    assert look.check() == set(look.views) | look.beside
    assert look.check() == set()


@pytest.mark.parametrize("va", [CODE_VA, CODE_VA - PAGE, DATA_VA, DATA_VA + 3 * PAGE, FREE_VA])
def test_a_page_that_is_other_than_in_the_tables_is_named(look: Look, va: int) -> None:
    right = look.views.get(va, NOTHING)
    for wrong in (View(right.pa + PAGE, right.rights), View(right.pa, right.rights ^ EXEC)):
        look.wrong = {va: wrong}
        with pytest.raises(OutOfStepError) as raised:
            look.check()
        told = f"page {va:#010x}: Unicorn has {wrong}, the tables have {right}"
        assert str(raised.value) == told


def test_what_has_changed_is_looked_at_again_also_where_nothing_is_now(look: Look) -> None:
    """With the pages beside it, and a few others in turn."""
    others = sorted(look.check())
    look.changed(0x00300000, 2 * PAGE)
    around = {0x002FF000, 0x00300000, 0x00301000, 0x00302000}
    assert look.check() == around | {*others[:SAMPLE]}
    assert look.check() == set()
    look.changed(DATA_VA, PAGE)
    around = {DATA_VA - PAGE, DATA_VA, DATA_VA + PAGE}
    assert look.check() == around | {*others[SAMPLE : 2 * SAMPLE]}
    assert look.check() == set()


def test_the_others_are_looked_at_in_turn_without_what_has_changed(look: Look) -> None:
    others = look.check()
    seen: set[int] = set()
    for _ in range(len(others) // SAMPLE + 1):
        look.changed(DATA_VA, PAGE)
        seen |= look.check()
    assert seen == others
    look.changed(DATA_VA, PAGE)
    look.wrong = {min(others): View(0, 0)}
    with pytest.raises(OutOfStepError):
        look.check()


def test_a_page_that_has_changed_is_known_by_the_tables_alone(look: Look) -> None:
    """What it was when the whole was compared is not asked for again."""
    look.check()
    look.guest.ok("frame_unmap", UART, 0)
    look.changed(FREE_VA, PAGE)
    for _ in range(len(look.views)):
        look.check()
        look.changed(CODE_VA, PAGE)


@pytest.mark.parametrize("way", ["changes", "pages", "exit", "proc_end", "SYS_EXIT", "fault"])
def test_the_whole_is_looked_at_now_and_then(look: Look, way: str) -> None:
    whole = look.check() | {0x00300000}
    core, process = look.core, look.process
    if way == "changes":
        for _ in range(CHANGES):
            look.changed(0x00300000, PAGE)
            assert len(look.check()) <= 3 + SAMPLE
        look.changed(0x00300000, PAGE)
        assert look.check() == whole
    elif way == "pages":
        look.changed(0x00300000, (SHARE + 1) * PAGE)
        assert look.check() >= whole
    else:
        look.check()
        look.seen.clear()
        match way:
            case "SYS_EXIT":
                look.checker.semihosting(core, process, 0x18, 0)
            case "fault":
                look.checker.faulted(core, None)
            case _:
                look.checker.calling(core, process, CALLS.named(way), (0, 0, 0, 0))
        assert {*look.seen} == whole - {0x00300000}


def test_the_change_of_another_address_space_is_not_ours(look: Look) -> None:
    look.check()
    look.checker.translation_changed(TranslationChanged(look.l1_pa + 0x100000, DATA_VA, PAGE, True))
    assert look.check() == set()


def test_of_an_address_space_that_is_come_back_to_the_ends_are_looked_at(look: Look) -> None:
    look.guest.child()
    look.check()
    for pid, expected in ((1, None), (0, look.ends), (1, None)):
        look.kernel.slice_ended(0)
        look.core.loaded = look.process
        assert look.process.pid == pid
        pages = look.check()
        assert pages == (expected or pages)
        assert pages >= look.ends
        assert look.check() == set()
    assert pages == look.ends


def test_after_a_restore_everything_is_looked_at(look: Look) -> None:
    look.check()
    look.checker.restored()
    assert look.check() == set(look.views) | look.beside
    look.changed(0x00300000, PAGE)
    look.checker.restored()
    assert look.check() == set(look.views) | look.beside


def test_a_process_that_the_core_has_not_loaded_is_not_looked_at(look: Look) -> None:
    look.core.loaded = None
    assert look.check() == set()


def test_a_backend_that_was_stopped_on_its_way_is_not_looked_at(look: Look) -> None:
    look.is_in_step = False
    assert look.check() == set()


def test_the_kernel_is_checked_too(look: Look) -> None:
    """By whichever event: a call, or semihosting."""
    look.kernel.frames[REST].v_id = LOW
    for tell in (
        lambda: look.checker.called(look.core, look.process, CALLS.named("frame_map"), 0),
        lambda: look.checker.semihosted(look.core, look.process, 0, 0),
        lambda: look.checker.check(look.core),
    ):
        with pytest.raises(InvariantError):
            tell()


def test_calls_that_only_ask_are_not_followed_by_a_check(look: Look) -> None:
    look.kernel.frames[REST].v_id = LOW
    for call in CALLS:
        asks = call.name in ("frame_count", "frame_info", "frame_lookup", "vspace_id")
        with nullcontext() if asks else pytest.raises(InvariantError):
            look.checker.called(look.core, look.process, call, 0)


def test_of_a_large_address_space_what_changed_and_a_share_of_the_rest_are_looked_at(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = set(look.views)
    monkeypatch.setattr("emu.machine.checker.SHARE", len(pages) // 4)
    monkeypatch.setattr("emu.machine.checker.CHANGES", 0)
    rest = pages - look.ends
    changed = sorted(rest)[5]
    seen = set()
    for _ in range(5):
        look.changed(changed, PAGE)
        looked_at = look.check()
        assert looked_at >= look.ends | look.beside | {changed}
        assert len(looked_at & rest) <= len(pages) // 4 + 2
        seen |= looked_at
    assert seen == pages | look.beside


def test_the_first_page_of_all_has_none_before_it_and_the_last_none_behind(look: Look) -> None:
    page = look.guest.take()
    look.guest.ok("frame_map", LOW, page, PAGE, RO)
    assert 0 in look.check()
    assert max(look.check() or {0}) < 1 << 32
    for va in (0, (1 << 32) - PAGE):
        look.changed(va, PAGE)
        assert all(0 <= page < 1 << 32 for page in look.check())
