"""The walk: every kind of entry, every fault status, and which fault wins (DDI 0406C B3.12)."""

from __future__ import annotations

import pytest

from kernel_model.descriptors import (
    EXEC,
    NORMAL,
    READ,
    WRITE,
    Coarse,
    LargePage,
    Section,
    SmallPage,
    Supersection,
)
from kernel_model.memory import Ram
from kernel_model.walk import FaultStatus, Step, reached, walk

BASE = 0x80000000
TTBR0 = 0x80004000
TABLE = 0x80008400
VA = 0x12345678
L1_INDEX, L2_INDEX = 0x123, 0x45
USER_RW, USER_RO, KERNEL_RW = 0b011, 0b010, 0b001


@pytest.fixture
def ram() -> Ram:
    return Ram(BASE, 0x10000)


def put_l1(ram, entry, index=L1_INDEX):
    ram.write_word(TTBR0 + index * 4, entry.encode())


def put_l2(ram, entry, table=TABLE, index=L2_INDEX):
    ram.write_word(table + index * 4, entry.encode())


def install_l2(ram, entry, **coarse):
    put_l1(ram, Coarse(TABLE, **coarse))
    put_l2(ram, entry)


def test_what_is_reached_is_where_the_walk_leads_or_minus_one(ram):
    assert reached(ram, TTBR0, VA, READ) == -1
    install_l2(ram, SmallPage(0xABCDE000, USER_RO, 1, NORMAL))
    assert reached(ram, TTBR0, VA, READ) == 0xABCDE678
    assert reached(ram, TTBR0, VA, WRITE) == reached(ram, TTBR0, VA, EXEC) == -1
    nothing = walk(ram, TTBR0, 0)
    assert nothing == (0, -1, 0, 0, 0, FaultStatus.TRANSLATION_L1, nothing.steps)


# -- translations ---------------------------------------------------------------------------


def test_a_small_page_keeps_the_low_12_bits(ram):
    install_l2(ram, SmallPage(0xABCDE000, USER_RW, 0, NORMAL))
    found = walk(ram, TTBR0, VA)
    assert (found.va, found.pa, found.size, found.fault) == (VA, 0xABCDE678, 0x1000, None)
    assert found.user == found.kernel == READ | WRITE | EXEC


def test_a_large_page_keeps_the_low_16_bits(ram):
    install_l2(ram, LargePage(0xABCD0000, USER_RO, 1, NORMAL))
    found = walk(ram, TTBR0, VA)
    assert (found.pa, found.size) == (0xABCD5678, 0x10000)
    assert (found.user, found.kernel) == (READ, READ | WRITE)


def test_a_section_keeps_the_low_20_bits(ram):
    put_l1(ram, Section(0xABC00000, KERNEL_RW, 0, NORMAL))
    found = walk(ram, TTBR0, VA)
    assert (found.pa, found.size) == (0xABC45678, 0x100000)
    assert (found.user, found.kernel) == (0, READ | WRITE | EXEC)


def test_a_supersection_keeps_the_low_24_bits_and_reaches_40_bits(ram):
    put_l1(ram, Supersection(0x5A_AB000000, USER_RW, 0, NORMAL))
    found = walk(ram, TTBR0, VA)
    assert (found.pa, found.size) == (0x5A_AB345678, 0x1000000)


@pytest.mark.parametrize(("va", "index"), [(0, 0), (0xFFFFFFFF, 0xFFF)])
def test_the_first_and_the_last_entry_of_the_l1(ram, va, index):
    put_l1(ram, Section(0x90000000, USER_RW, 0, NORMAL), index)
    assert walk(ram, TTBR0, va).pa == 0x90000000 | va & 0xFFFFF


@pytest.mark.parametrize(("va", "index"), [(0x12300000, 0), (0x123FFFFF, 0xFF)])
def test_the_first_and_the_last_entry_of_an_l2(ram, va, index):
    put_l1(ram, Coarse(TABLE))
    put_l2(ram, SmallPage(0x90000000, USER_RW, 0, NORMAL), index=index)
    assert walk(ram, TTBR0, va).pa == 0x90000000 | va & 0xFFF


def test_a_coarse_entrys_pxn_keeps_the_kernel_from_executing_its_pages(ram):
    install_l2(ram, SmallPage(0xABCDE000, USER_RW, 0, NORMAL), pxn=1)
    found = walk(ram, TTBR0, VA)
    assert (found.user, found.kernel) == (READ | WRITE | EXEC, READ | WRITE)


def test_the_steps_tell_each_descriptor_read(ram):
    install_l2(ram, SmallPage(0xABCDE000, USER_RO, 0, NORMAL))
    found = walk(ram, TTBR0, VA)
    assert found.steps == (
        Step(1, L1_INDEX, TTBR0 + L1_INDEX * 4, Coarse(TABLE).encode()),
        Step(2, L2_INDEX, TABLE + L2_INDEX * 4, 0xABCDE06E),
    )
    assert str(found) == (
        "L1[0x123] at 0x8000448c = 0x80008401 coarse table 0x80008400 -> "
        "L2[0x045] at 0x80008514 = 0xabcde06e small page 0xabcde000 user r-x normal"
    )


# -- faults, table B3-23 --------------------------------------------------------------------


def test_fault_status_numbers_are_the_manuals():
    assert {status.name: int(status) for status in FaultStatus} == {
        "ALIGNMENT": 0x01,
        "EXTERNAL_ABORT": 0x08,
        "TRANSLATION_L1": 0x05,
        "TRANSLATION_L2": 0x07,
        "DOMAIN_L1": 0x09,
        "DOMAIN_L2": 0x0B,
        "WALK_ABORT_L1": 0x0C,
        "PERMISSION_L1": 0x0D,
        "WALK_ABORT_L2": 0x0E,
        "PERMISSION_L2": 0x0F,
    }
    assert FaultStatus.TRANSLATION_L2.text == "translation fault, second level"
    assert all(status.text for status in FaultStatus)


def failed(found, status, steps):
    assert found.va == VA
    assert (found.pa, found.user, found.kernel, found.size) == (-1, 0, 0, 0)
    assert found.fault is status
    assert len(found.steps) == steps
    assert found.refusal(READ) is status
    assert found.refusal(READ, privileged=True) is status
    return True


def test_an_empty_first_level_entry(ram):
    assert failed(walk(ram, TTBR0, VA), FaultStatus.TRANSLATION_L1, 1)


def test_an_empty_second_level_entry(ram):
    put_l1(ram, Coarse(TABLE))
    assert failed(walk(ram, TTBR0, VA), FaultStatus.TRANSLATION_L2, 2)


@pytest.mark.parametrize("ttbr0", [BASE - 0x4000, BASE + 0x10000])
def test_an_l1_outside_ram(ram, ttbr0):
    assert failed(walk(ram, ttbr0, VA), FaultStatus.WALK_ABORT_L1, 0)


@pytest.mark.parametrize("table", [BASE - 0x400, BASE + 0x10000, 0])
def test_an_l2_outside_ram(ram, table):
    put_l1(ram, Coarse(table))
    assert failed(walk(ram, TTBR0, VA), FaultStatus.WALK_ABORT_L2, 1)


def test_an_l1_at_the_very_end_of_ram(ram):
    ram.write_word(BASE + 0xFFFC, Section(0x90000000, USER_RW, 0, NORMAL).encode())
    assert walk(ram, BASE + 0xC000, 0xFFF00000).pa == 0x90000000


def test_an_l2_at_the_very_end_of_ram(ram):
    put_l1(ram, Coarse(BASE + 0xFC00))
    put_l2(ram, SmallPage(0x90000000, USER_RW, 0, NORMAL), BASE + 0xFC00, 0xFF)
    assert walk(ram, TTBR0, 0x123FF000).pa == 0x90000000


DOMAIN = 5
NO_ACCESS, CLIENT, RESERVED, MANAGER = range(4)


def dacr(role):
    """Domain ``DOMAIN`` has this role, all others the opposite: only the right one counts."""
    others = NO_ACCESS if role in (CLIENT, MANAGER) else CLIENT
    return sum((role if domain == DOMAIN else others) << domain * 2 for domain in range(16))


@pytest.mark.parametrize("role", [NO_ACCESS, RESERVED])
def test_a_domain_without_access_faults(ram, role):
    put_l1(ram, Section(0xABC00000, USER_RW, 0, NORMAL, domain=DOMAIN))
    assert failed(walk(ram, TTBR0, VA, dacr(role)), FaultStatus.DOMAIN_L1, 1)
    install_l2(ram, SmallPage(0xABCDE000, USER_RW, 0, NORMAL), domain=DOMAIN)
    assert failed(walk(ram, TTBR0, VA, dacr(role)), FaultStatus.DOMAIN_L2, 2)


def test_a_client_domain_is_checked_and_a_managers_is_not(ram):
    put_l1(ram, Section(0xABC00000, KERNEL_RW, 1, NORMAL, domain=DOMAIN))
    assert walk(ram, TTBR0, VA, dacr(CLIENT)).user == 0
    assert walk(ram, TTBR0, VA, dacr(MANAGER)).user == READ | WRITE | EXEC
    install_l2(ram, SmallPage(0xABCDE000, KERNEL_RW, 1, NORMAL), domain=DOMAIN)
    assert walk(ram, TTBR0, VA, dacr(CLIENT)).kernel == READ | WRITE
    found = walk(ram, TTBR0, VA, dacr(MANAGER))
    assert (found.user, found.kernel) == (READ | WRITE | EXEC,) * 2
    assert (found.va, found.pa, found.size) == (VA, 0xABCDE678, 0x1000)
    assert [step.level for step in found.steps] == [1, 2]


def test_supersections_are_in_domain_0(ram):
    put_l1(ram, Supersection(0x81000000, USER_RW, 0, NORMAL))
    assert walk(ram, TTBR0, VA, CLIENT).fault is None
    assert walk(ram, TTBR0, VA, ~CLIENT & 0xFFFFFFFC).fault is FaultStatus.DOMAIN_L1


def test_a_translation_fault_wins_over_a_domain_fault(ram):
    assert walk(ram, TTBR0, VA, 0).fault is FaultStatus.TRANSLATION_L1
    put_l1(ram, Coarse(TABLE))
    assert walk(ram, TTBR0, VA, 0).fault is FaultStatus.TRANSLATION_L2


@pytest.mark.parametrize(
    ("access", "user", "privileged"),
    [
        (READ, False, False),
        (WRITE, True, False),
        (EXEC, True, True),
        (READ | WRITE, True, False),
        (READ | EXEC, True, True),
    ],
)
def test_permission_faults_name_the_level(ram, access, user, privileged):
    """A user-read-only, execute-never entry: who is refused what."""
    put_l1(ram, Section(0xABC00000, USER_RO, 1, NORMAL))
    found = walk(ram, TTBR0, VA)
    assert found.refusal(access) == (FaultStatus.PERMISSION_L1 if user else None)
    assert found.refusal(access, True) == (FaultStatus.PERMISSION_L1 if privileged else None)
    install_l2(ram, LargePage(0xABCD0000, USER_RO, 1, NORMAL))
    found = walk(ram, TTBR0, VA)
    assert found.refusal(access) == (FaultStatus.PERMISSION_L2 if user else None)
    assert found.refusal(access, True) == (FaultStatus.PERMISSION_L2 if privileged else None)
