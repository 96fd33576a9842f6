"""Exclusive stores, of each size and encoding."""

from __future__ import annotations

import pytest

from emu.arm.exclusives import Store, exclusive_store

REGISTERS = [0x11111111 * number for number in range(15)] + [0x1000, 0x10]


@pytest.mark.parametrize(
    ("word", "thumb", "store"),
    [
        (0xE1810F92, False, Store(0x11111111, 4, 0x22222222, 0)),  # strex r0, r2, [r1]
        (0xE1A10F92, False, Store(0x11111111, 8, 0x3333333322222222, 0)),  # strexd r0, r2, r3, [r1]
        (0xE1C17F92, False, Store(0x11111111, 1, 0x22, 7)),  # strexb r7, r2, [r1]
        (0xE1E10F92, False, Store(0x11111111, 2, 0x2222, 0)),  # strexh r0, r2, [r1]
        (0xE8421001, True, Store(0x22222226, 4, 0x11111111, 0)),  # strex r0, r1, [r2, #4]
        (0xE8C31270, True, Store(0x33333333, 8, 0x2222222211111111, 0)),  # strexd r0, r1, r2, [r3]
        (0xE8C31F47, True, Store(0x33333333, 1, 0x11, 7)),  # strexb r7, r1, [r3]
        (0xE8C31F50, True, Store(0x33333333, 2, 0x1111, 0)),  # strexh r0, r1, [r3]
        (0xE1910F9F, False, None),  # ldrex r0, [r1]
        (0xE1010092, False, None),  # swp
        (0xE8D31F4F, True, None),  # ldrexb
        (0xE9C31270, True, None),  # strd
    ],
)
def test_what_it_stores(word: int, thumb: bool, store: Store | None) -> None:
    assert exclusive_store(word, thumb, REGISTERS) == store
