"""Table entries against the manual: every bit of DDI 0406C B3.5.1, every right of B3.7.1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel_model.descriptors import (
    DEVICE,
    EXEC,
    NORMAL,
    READ,
    WRITE,
    Coarse,
    Invalid,
    LargePage,
    Memory,
    Section,
    SmallPage,
    Supersection,
    decode_l1,
    decode_l2,
    describe,
    kernel_rights,
    rights_text,
    user_rights,
)

WORDS = st.integers(0, 0xFFFFFFFF)
PLAIN = Memory(0, 0, 0, 0)

# Bits that are "should be zero" or implementation defined in figures B3-4 and B3-5.
UNUSED = {
    Invalid: 0,
    Coarse: 1 << 9 | 1 << 4,
    Section: 1 << 9,
    Supersection: 1 << 9,
    LargePage: 0b111 << 6,
    SmallPage: 0,
}


@given(WORDS)
def test_decoding_a_first_level_word_loses_nothing_but_unused_bits(word):
    entry = decode_l1(word)
    assert entry.encode() == word & ~UNUSED[type(entry)]
    assert decode_l1(entry.encode()) == entry


@given(WORDS)
def test_decoding_a_second_level_word_loses_nothing_but_unused_bits(word):
    entry = decode_l2(word)
    assert entry.encode() == word & ~UNUSED[type(entry)]
    assert decode_l2(entry.encode()) == entry


@pytest.mark.parametrize(
    ("low_bits", "kind"),
    [(0b00, Invalid), (0b01, Coarse), (0b10, Section), (0b11, Section)],
)
def test_bits_1_and_0_tell_first_level_kinds_apart(low_bits, kind):
    assert type(decode_l1(0x80000000 | low_bits)) is kind


def test_bit_18_makes_a_section_a_supersection():
    assert type(decode_l1(0x81040002)) is Supersection
    assert type(decode_l1(0x81040001)) is Coarse, "only among sections"


@pytest.mark.parametrize(
    ("low_bits", "kind"),
    [(0b00, Invalid), (0b01, LargePage), (0b10, SmallPage), (0b11, SmallPage)],
)
def test_bits_1_and_0_tell_second_level_kinds_apart(low_bits, kind):
    assert type(decode_l2(0x80000000 | low_bits)) is kind


# Every field, and the bits that the manual's figures give it.
FIELDS = [
    (Coarse(0xFFFFFC00), 0xFFFFFC01),
    (Coarse(0, domain=0xF), 0x000001E1),
    (Coarse(0, ns=1), 0x00000009),
    (Coarse(0, pxn=1), 0x00000005),
    (Section(0xFFF00000, 0, 0, PLAIN), 0xFFF00002),
    (Section(0, 0b100, 0, PLAIN), 0x00008002),
    (Section(0, 0b011, 0, PLAIN), 0x00000C02),
    (Section(0, 0, 1, PLAIN), 0x00000012),
    (Section(0, 0, 0, Memory(7, 0, 0, 0)), 0x00007002),
    (Section(0, 0, 0, Memory(0, 1, 0, 0)), 0x0000000A),
    (Section(0, 0, 0, Memory(0, 0, 1, 0)), 0x00000006),
    (Section(0, 0, 0, Memory(0, 0, 0, 1)), 0x00010002),
    (Section(0, 0, 0, PLAIN, domain=0xF), 0x000001E2),
    (Section(0, 0, 0, PLAIN, ng=1), 0x00020002),
    (Section(0, 0, 0, PLAIN, ns=1), 0x00080002),
    (Section(0, 0, 0, PLAIN, pxn=1), 0x00000003),
    (Supersection(0xFF000000, 0, 0, PLAIN), 0xFF040002),
    (Supersection(0xF << 32, 0, 0, PLAIN), 0x00F40002),
    (Supersection(0xF << 36, 0, 0, PLAIN), 0x000401E2),
    (Supersection(0, 0b100, 0, PLAIN), 0x00048002),
    (Supersection(0, 0b011, 0, PLAIN), 0x00040C02),
    (Supersection(0, 0, 1, PLAIN), 0x00040012),
    (Supersection(0, 0, 0, Memory(7, 1, 1, 1)), 0x0005700E),
    (Supersection(0, 0, 0, PLAIN, ng=1), 0x00060002),
    (Supersection(0, 0, 0, PLAIN, ns=1), 0x000C0002),
    (Supersection(0, 0, 0, PLAIN, pxn=1), 0x00040003),
    (LargePage(0xFFFF0000, 0, 0, PLAIN), 0xFFFF0001),
    (LargePage(0, 0b100, 0, PLAIN), 0x00000201),
    (LargePage(0, 0b011, 0, PLAIN), 0x00000031),
    (LargePage(0, 0, 1, PLAIN), 0x00008001),
    (LargePage(0, 0, 0, Memory(7, 0, 0, 0)), 0x00007001),
    (LargePage(0, 0, 0, Memory(0, 1, 0, 0)), 0x00000009),
    (LargePage(0, 0, 0, Memory(0, 0, 1, 0)), 0x00000005),
    (LargePage(0, 0, 0, Memory(0, 0, 0, 1)), 0x00000401),
    (LargePage(0, 0, 0, PLAIN, ng=1), 0x00000801),
    (SmallPage(0xFFFFF000, 0, 0, PLAIN), 0xFFFFF002),
    (SmallPage(0, 0b100, 0, PLAIN), 0x00000202),
    (SmallPage(0, 0b011, 0, PLAIN), 0x00000032),
    (SmallPage(0, 0, 1, PLAIN), 0x00000003),
    (SmallPage(0, 0, 0, Memory(7, 0, 0, 0)), 0x000001C2),
    (SmallPage(0, 0, 0, Memory(0, 1, 0, 0)), 0x0000000A),
    (SmallPage(0, 0, 0, Memory(0, 0, 1, 0)), 0x00000006),
    (SmallPage(0, 0, 0, Memory(0, 0, 0, 1)), 0x00000402),
    (SmallPage(0, 0, 0, PLAIN, ng=1), 0x00000802),
]


@pytest.mark.parametrize(("entry", "word"), FIELDS, ids=str)
def test_each_field_is_where_the_manual_draws_it(entry, word):
    assert entry.encode() == word
    decode = decode_l2 if isinstance(entry, LargePage | SmallPage) else decode_l1
    assert decode(word) == entry


@pytest.mark.parametrize("word", [0, 4, 0xFFFFFFFC])
def test_a_fault_entry_keeps_what_software_stored_in_it(word):
    assert decode_l1(word) == decode_l2(word) == Invalid(word)
    assert Invalid(word).encode() == word


# Table B3-8, access permissions with SCTLR.AFE = 0: AP[2], AP[1:0], privileged, user.
TABLE_B3_8 = [
    (0, 0b00, "no access", "no access"),
    (0, 0b01, "read/write", "no access"),
    (0, 0b10, "read/write", "read-only"),
    (0, 0b11, "read/write", "read/write"),
    (1, 0b00, "no access", "no access"),  # reserved
    (1, 0b01, "read-only", "no access"),
    (1, 0b10, "read-only", "read-only"),
    (1, 0b11, "read-only", "read-only"),
]
MEANING = {"no access": 0, "read-only": READ, "read/write": READ | WRITE}


@pytest.mark.parametrize(("ap2", "ap10", "privileged", "user"), TABLE_B3_8)
@pytest.mark.parametrize("kind", [Section, Supersection, LargePage, SmallPage])
def test_rights_follow_the_manuals_table(kind, ap2, ap10, privileged, user):
    ap = ap2 << 2 | ap10
    never, may = kind(0, ap, 1, NORMAL), kind(0, ap, 0, NORMAL)
    assert user_rights(never) == MEANING[user]
    assert kernel_rights(never) == MEANING[privileged]
    assert user_rights(may) == (MEANING[user] | EXEC if MEANING[user] else 0)
    assert kernel_rights(may) == (MEANING[privileged] | EXEC if MEANING[privileged] else 0)


@pytest.mark.parametrize("kind", [Section, Supersection])
def test_pxn_keeps_only_the_kernel_from_executing(kind):
    entry = kind(0, 0b011, 0, NORMAL, pxn=1)
    assert user_rights(entry) == READ | WRITE | EXEC
    assert kernel_rights(entry) == READ | WRITE


# Table B3-10: TEX, C, B with SCTLR.TRE = 0.
MEMORY_TYPES = {
    (0b000, 0, 0): "strongly-ordered",
    (0b000, 0, 1): "device",
    (0b000, 1, 0): "normal",
    (0b000, 1, 1): "normal",
    (0b001, 0, 0): "normal",
    (0b001, 0, 1): "reserved",
    (0b001, 1, 0): "reserved",
    (0b001, 1, 1): "normal",
    (0b010, 0, 0): "device",
    (0b010, 0, 1): "reserved",
    (0b010, 1, 0): "reserved",
    (0b010, 1, 1): "reserved",
    (0b011, 0, 0): "reserved",
    (0b011, 0, 1): "reserved",
    (0b011, 1, 0): "reserved",
    (0b011, 1, 1): "reserved",
}


@pytest.mark.parametrize("tex", range(8))
@pytest.mark.parametrize("c", range(2))
@pytest.mark.parametrize("b", range(2))
def test_memory_types_follow_the_manuals_table(tex, c, b):
    wanted = "normal" if tex & 0b100 else MEMORY_TYPES[tex, c, b]
    assert Memory(tex, c, b, 0).name == Memory(tex, c, b, 1).name == wanted


def test_the_kernels_own_two_kinds_of_memory():
    assert NORMAL.name == "normal"
    assert DEVICE.name == "device"


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (Invalid(0), "fault"),
        (Invalid(0x80), "fault"),
        (Coarse(0x80004400), "coarse table 0x80004400"),
        (SmallPage(0x80003000, 0b010, 0, NORMAL), "small page 0x80003000 user r-x normal"),
        (SmallPage(0x80003000, 0b011, 1, DEVICE), "small page 0x80003000 user rw- device"),
        (LargePage(0x80030000, 0b111, 1, NORMAL), "large page 0x80030000 user r-- normal"),
        (Section(0x80300000, 0b001, 0, NORMAL), "section 0x80300000 kernel rwx normal"),
        (Supersection(0x81000000, 0b101, 1, NORMAL), "supersection 0x81000000 kernel r-- normal"),
        (Section(0, 0, 0, PLAIN), "section 0x00000000 kernel --- strongly-ordered"),
    ],
    ids=str,
)
def test_descriptions_read_well(entry, text):
    assert describe(entry) == text


@pytest.mark.parametrize(
    ("rights", "text"),
    [(0, "---"), (READ, "r--"), (WRITE, "-w-"), (EXEC, "--x"), (READ | WRITE | EXEC, "rwx")],
)
def test_rights_as_letters(rights, text):
    assert rights_text(rights) == text
