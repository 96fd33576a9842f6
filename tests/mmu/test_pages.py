"""The pages that were walked are kept for as long as they are true, and no longer."""

import pytest

from emu.devices.bus import Device
from emu.devices.uart import Uart
from emu.environment.outside import Outside
from emu.environment.world import ScriptedWorld
from emu.mmu import make_ram
from emu.mmu.pages import PageCache
from kernel_model.descriptors import AP_USER_RW, EXEC, NORMAL, READ, WRITE, Coarse, SmallPage
from tests.mmu.rig import FREE, L1, L2, OTHER_L1, PAGE, RAM, RAM_SIZE

VA = 0x00120000


@pytest.fixture
def pages():
    """Four pages from VA on, in one address space of two."""
    ram = make_ram("tlb", RAM, RAM_SIZE)
    ram.ram.write_word(L1 + 4, Coarse(L2 + 0x400).encode())
    for page in range(4):
        word = SmallPage(FREE + page * PAGE, AP_USER_RW, 0, NORMAL).encode()
        ram.ram.write_word(L2 + (VA >> 12) * 4 + page * 4, word)
    cache = PageCache(ram, (Uart(Outside(ScriptedWorld())),))
    cache.switch(L1)
    for page in range(4):
        assert cache.page(VA + page * PAGE).pa == FREE + page * PAGE
    return cache


@pytest.mark.parametrize("unknown", [0, 1 << 20], ids=["few", "many"])
def test_just_the_pages_asked_for_are_forgotten(pages, unknown):
    """Whether it goes through what is to be forgotten or through what is known."""
    first = VA + PAGE
    assert pages.forget(L1, first, 2 * PAGE) == [first, first + PAGE]
    assert list(pages.pages) == [VA, VA + 3 * PAGE]
    assert pages.forget(L1, VA - unknown, unknown + PAGE) == [VA]
    assert pages.forget(L1, VA - unknown, unknown + PAGE) == []
    assert list(pages.pages) == [VA + 3 * PAGE]


def test_the_end_of_many_pages_is_not_one_of_them(pages):
    length = 1 << 20
    assert pages.forget(L1, VA + 2 * PAGE - length, length) == [VA, VA + PAGE]


def test_an_address_space_is_kept_while_it_has_pages(pages):
    pages.switch(OTHER_L1)
    assert pages.forget(L1, VA, PAGE) == [VA]
    assert set(pages._spaces) == {L1, OTHER_L1}
    pages.switch(L1)
    assert list(pages.pages) == [VA + PAGE, VA + 2 * PAGE, VA + 3 * PAGE]


def test_nothing_is_kept_of_an_address_space_without_pages(pages):
    """Each process has one, and dies."""
    pages.switch(OTHER_L1)
    pages.forget(L1, VA, 4 * PAGE)
    assert set(pages._spaces) == {OTHER_L1}
    pages.switch(L1)
    assert set(pages._spaces) == {L1}
    pages.forget(L1, VA, 4 * PAGE)
    assert set(pages._spaces) == {L1}, "the current one stays"


def test_rights_are_those_of_what_is_behind_the_page(pages):
    uart = next(iter(pages._device_pages))
    for pa, rights in ((FREE, READ | WRITE | EXEC), (uart, READ | WRITE), (0x40000000, 0)):
        pages.ram.write_word(L2 + (VA >> 12) * 4, SmallPage(pa, AP_USER_RW, 0, NORMAL).encode())
        pages.forget(L1, VA, PAGE)
        assert pages.page(VA).rights == rights


def test_every_page_of_a_device_is_a_device_s():
    class Wide(Device):
        pa, size = 0x10000000, 3 * PAGE

    ram = make_ram("tlb", RAM, RAM_SIZE)
    cache = PageCache(ram, (Wide,))
    assert cache._device_pages == {Wide.pa, Wide.pa + PAGE, Wide.pa + 2 * PAGE}


def test_all_of_it_is_forgotten(pages):
    """RAM is another now: no address space is what it was."""
    pages.switch(OTHER_L1)
    pages.forget_all()
    assert pages._spaces == {OTHER_L1: {}}
    pages.switch(L1)
    assert not pages.pages
