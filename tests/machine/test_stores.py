"""A store that cannot be made whole is not made at all, and every backend says so alike."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from emu.machine import How
from emu.mmu import BACKENDS
from kernel_model.abi import MapKind
from kernel_model.descriptors import WRITE
from tests.kernel.driver import LOW, PAGE, RO
from tests.machine.rig import STACK_TOP, Guest

END = STACK_TOP
"""The page here can be read at most."""
SEEN = 32
"""Bytes before and behind it that are looked at."""

MARK = b"\xee"


class Store(NamedTuple):
    """An instruction over r0, and the sizes of its accesses, which go upwards from r0 + start."""

    text: str
    sizes: tuple[int, ...]
    start: int = 0

    def is_misaligned(self, at: int) -> bool:
        """Whether it wants the address of a word, and this is none."""
        return at % 4 != 0 and self.text.startswith(("strd", "stm", "vstr", "vstm"))


WORD = (4,)
STORES = (
    Store("str r1, [r0]", WORD),
    Store("str r1, [r0], #4", WORD),
    Store("str r1, [r0, #4]!", WORD, 4),
    Store("strt r1, [r0]", WORD),
    Store("strh r1, [r0]", (2,)),
    Store("strht r1, [r0]", (2,)),
    Store("strd r2, r3, [r0]", WORD * 2),
    Store("strd r2, r3, [r0, #8]!", WORD * 2, 8),
    Store("stm r0, {r1-r4}", WORD * 4),
    Store("stm r0!, {r1-r4}", WORD * 4),
    Store("stmdb r0!, {r1-r4}", WORD * 4, -16),
    Store("vstr s0, [r0]", WORD),
    Store("vstr d0, [r0]", WORD * 2),
    Store("vstm r0!, {d0-d1}", WORD * 4),
    Store("vstmdb r0!, {s0-s3}", WORD * 4, -16),
    Store("vst1.8 {d0}, [r0]", (1,) * 8),
    Store("vst1.32 {d0}, [r0]", WORD * 2),
)
ARM_STORES = (
    Store("stmib r0!, {r1-r4}", WORD * 4, 4),
    Store("stmda r0!, {r1-r4}", WORD * 4, -12),
)

FILL = """
        set     r1, 0x11111111
        set     r2, 0x22222222
        set     r3, 0x33333333
        set     r4, 0x44444444
        vmov    d0, r1, r2
        vmov    d1, r3, r4
        set     r0, %d
        b       1f
1:      %s
        exit    1
"""


class End(NamedTuple):
    """What came of it."""

    va: int
    access: int
    pc: int
    registers: tuple[int, ...]
    before: bytes
    behind: bytes


def attempt(store: Store, at: int, mmu: str, thumb: bool, is_read_only: bool) -> End:
    """Store from ``at`` on, across the end of what may be written."""
    guest = Guest(FILL % (at - store.start, store.text), mmu, thumb)
    if is_read_only:
        frame = guest.take()
        guest.ok("frame_map", LOW, frame, END, MapKind.PAGE | RO)
    guest.ram.write(guest.pa(END - PAGE), MARK * PAGE)
    if is_read_only:
        guest.ram.write(guest.pa(END), MARK * PAGE)
    assert guest.run().how is How.FAULTED
    fault = guest.only_fault()
    behind = guest.memory(END, SEEN) if is_read_only else b""
    return End(
        fault.va, fault.access, fault.pc, fault.registers, guest.memory(END - SEEN, SEEN), behind
    )


def whole_bytes(store: Store, at: int) -> int:
    """How many bytes at ``at`` are stored by accesses that all lie before the end."""
    if store.is_misaligned(at):
        return 0
    done = 0
    for size in store.sizes:
        if at + done + size > END:
            break
        done += size
    return done


def starts(store: Store) -> range:
    """Addresses from which the store begins before the end and reaches beyond it."""
    return range(END - sum(store.sizes) + 1, END)


def check(store: Store, thumb: bool, is_read_only: bool) -> None:
    for at in starts(store):
        ends = [attempt(store, at, mmu, thumb, is_read_only) for mmu in BACKENDS]
        assert ends[0] == ends[1] == ends[2], hex(at)
        place = at if store.is_misaligned(at) else END
        assert (ends[0].va, ends[0].access) == (place, WRITE)
        assert ends[0].registers[0] == at - store.start
        untouched = SEEN - (END - at) + whole_bytes(store, at)
        before, stored = ends[0].before, END - at - whole_bytes(store, at)
        assert before[untouched:] == MARK * stored, hex(at)
        assert before[: SEEN - (END - at)] == MARK * (SEEN - (END - at))
        assert set(ends[0].behind) <= set(MARK)


PAGES = pytest.mark.parametrize("is_read_only", [False, True], ids=["unmapped", "read-only"])


@PAGES
@pytest.mark.parametrize("store", [*STORES, *ARM_STORES], ids=lambda store: store.text)
def test_what_cannot_be_stored_whole_leaves_no_byte(store: Store, is_read_only: bool) -> None:
    check(store, False, is_read_only)


@PAGES
@pytest.mark.parametrize("store", STORES, ids=lambda store: store.text)
def test_in_thumb_too(store: Store, is_read_only: bool) -> None:
    check(store, True, is_read_only)
