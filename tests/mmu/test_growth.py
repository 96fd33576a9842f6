"""Unicorn's TLB grows while a program needs more of it, and nothing else is different for that."""

import pytest

from emu.cpu.stop import Stop
from emu.mmu import filling, growth
from kernel_model.descriptors import AP_KERNEL_RW, AP_USER_RW, NORMAL, Coarse, SmallPage
from tests.fuzz import chaos, code
from tests.fuzz.variants import Variant, difference, run
from tests.mmu.rig import FREE, L1, PAGE, RAM, SVC, Rig

CODE, CODE_PA = 0x8000, FREE
FIRST = 0x00100000
TABLES = RAM + 0x20000
"""Of pages from FIRST on: 4 KiB for each four MiB."""
FRAMES = RAM + 0x100000
LOAD_EACH = (0xE5902000, 0xE2800A01, 0xE2511001, 0x1AFFFFFB, SVC)
"""Load a word from r1 pages on from r0: ldr r2, [r0]; add r0, #4096; subs r1, #1; bne; svc."""


def make_rig(backend: str, pages: int) -> Rig:
    """Code that loads from pages, and so many of them."""
    rig = Rig(backend)
    rig.map_code(CODE, CODE_PA)
    rig.put(CODE_PA, *LOAD_EACH)
    lay_out(rig, pages)
    rig.changed(L1, FIRST, pages * PAGE, True)
    return rig


def lay_out(rig: Rig, pages: int, ap: int = AP_USER_RW) -> None:
    """Have so many pages from FIRST on, over 256 frames."""
    for page in range(pages):
        word = SmallPage(FRAMES + page % 256 * PAGE, ap, 1, NORMAL).encode()
        rig.ram.write_word(TABLES + page * 4, word)
    for mib in range(pages // 256):
        rig.ram.write_word(L1 + (FIRST >> 20) * 4 + mib * 4, Coarse(TABLES + mib * 0x400).encode())


def has_all(rig: Rig, pages: int) -> bool:
    """Whether Unicorn still has all translations, though the tables say nothing of them now."""
    lay_out(rig, pages, AP_KERNEL_RW)
    return rig.run(CODE, FIRST, pages) is Stop.REQUESTED


def sweep(rig: Rig, pages: int) -> int:
    """Load from each page; how many fills that took."""
    before = rig.backend.fills
    assert rig.run(CODE, FIRST, pages) is Stop.REQUESTED
    return rig.backend.fills - before


FILLING = pytest.mark.parametrize("backend", ["tlb", "map"])


@FILLING
@pytest.mark.parametrize("pages", [1024, 4096])
def test_a_working_set_is_held_at_last(backend, pages):
    rig = make_rig(backend, pages)
    assert sweep(rig, pages) >= pages
    for _ in range(8):
        sweep(rig, pages)
    assert sweep(rig, pages) < pages // 8


@FILLING
def test_what_fits_needs_no_growth(backend):
    rig = make_rig(backend, 256)
    sweep(rig, 200)
    flushes = rig.backend.flushes
    for _ in range(20):
        assert sweep(rig, 200) < 20
    assert rig.backend.flushes == flushes


@FILLING
def test_it_grows_after_two_misses_for_each_entry(backend):
    rig = make_rig(backend, 1024)
    rig.backend.reset()
    assert rig.backend.sync()
    flushes = rig.backend.flushes
    assert 500 < sweep(rig, 505) < 512
    assert rig.backend.flushes == flushes
    sweep(rig, 512)
    assert rig.backend.flushes == flushes + 1


@FILLING
def test_the_page_at_whose_fill_it_grew_can_be_taken_away(backend):
    """Its translation is the first in the new TLB, and is known to be there."""
    rig = make_rig(backend, 1024)
    rig.backend.reset()
    assert rig.backend.sync()
    for page in range(1024):
        flushes, va = rig.backend.flushes, FIRST + page * PAGE
        assert rig.run(CODE, va, 1) is Stop.REQUESTED
        if rig.backend.flushes > flushes:
            rig.ram.write_word(TABLES + page * 4, 0)
            rig.changed(L1, va, PAGE, True)
            assert rig.run(CODE, va, 1) is Stop.FAULT
            return
    raise AssertionError("it never grew")


def test_cpu_holds_sixteen_mebibytes_from_the_start():
    rig = make_rig("cpu", 3072)
    sweep(rig, 3072)
    assert has_all(rig, 3072)


def test_without_growth_it_holds_a_mebibyte():
    """What the tests above would find if nothing grew: the oracle itself."""
    rig = make_rig("tlb", 512)
    rig.backend._fills.due = 1 << 60
    for _ in range(5):
        assert sweep(rig, 512) >= 500


def test_room_is_given_back_as_a_guess_only():
    asked = _Asked()
    made = growth.Growth(asked, asked.ask)
    made.make_room(1000)
    made.make_room(5000)
    assert (made.size, made.due) == (1024, 7048)
    made.flushed(5255)  # fewer than a quarter of the entries were needed
    assert (made.size, made.due) == (512, 6279)
    made.flushed(5255 + 128)
    assert (made.size, made.due) == (512, 6407)
    for _ in range(3):
        made.flushed(6000)
    assert made.size == growth.FIRST


def test_it_does_not_grow_for_ever():
    asked = _Asked()
    made = growth.Growth(asked, asked.ask)
    for fills in range(8):
        assert made.due == fills + 2 * made.size - (fills > 0)
        made.make_room(fills)
    assert (made.size, made.due) == (growth.LARGEST, growth.NEVER)
    made.flushed(1 << 20)
    assert made.due == growth.NEVER, "it is used"
    made.flushed(1 << 20)
    assert made.due == (1 << 20) + growth.LARGEST, "half of it may be gone"
    assert asked.pages == [1 << bits for bits in range(8, 16)]


class _Asked:
    """In the place of Unicorn and the fills: how many pages are asked for before each flush."""

    class uc:  # noqa: N801
        value = 1

    def __init__(self):
        self.pages, self._last = [], 0

    def ask(self, _uc, number):
        self._last = number

    def flush_tlb(self):
        self.pages.append(self._last)


class _Hasty(growth.Growth):
    """Grows at every third fill: at each an access that crosses a page would never end."""

    def _begin(self, fills):
        self.size = growth.FIRST
        self.due = fills + 3


@pytest.mark.parametrize("kind", [chaos, code], ids=["chaos", "code"])
@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("mmu", ["tlb", "map"])
def test_growth_in_the_midst_of_things_changes_nothing(mmu, seed, kind, monkeypatch):
    """Programs that store, run what they stored, share, fault and switch."""
    program = kind.program_of(kind.generate(seed))
    usual = Variant(mmu), run(program, Variant(mmu))
    monkeypatch.setattr(filling, "Growth", _Hasty)
    assert difference(usual, (Variant(mmu), run(program, Variant(mmu)))) is None
