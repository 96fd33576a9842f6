"""Random tables of every kind of descriptor: four translators agree on each access.

The software walk is compared with what Unicorn does for user mode under each backend.  In ``cpu``
that is Unicorn's own Arm MMU: translation, rights, and the status of each fault.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emu.cpu.binding import NOTHING, View
from emu.cpu.engine import Engine
from emu.cpu.stop import Stop
from emu.mmu import BACKENDS, make_backend, make_ram
from kernel_model.descriptors import (
    AP_USER_RW,
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
)
from kernel_model.walk import FaultStatus, Walk, mapped

RAM, RAM_SIZE = 0x80000000, 0x1400000
L1 = RAM + 0x100000
L2 = RAM + 0x104000
CODE_PA = RAM + 0x105000
CODE = 0x7FF00000
MIB, PAGE = 0x100000, 0x1000

LDR, STR, SVC = 0xE5912000, 0xE5812000, 0xEF000000  # r2 from and to [r1]

bits = st.integers(0, 1)
aps = st.sampled_from((3, 3, 3, 3, 3, 2, 2, 0, 1, 4, 5, 6, 7))  # mostly something user mode may use
xns = st.sampled_from((0, 0, 0, 1))
memories = st.builds(Memory, st.integers(0, 7), bits, bits, bits)
places = st.sampled_from((RAM, RAM, RAM, 0x10000000))  # the last is nowhere
pages = st.builds(lambda start, n: start + n * PAGE, places, st.integers(0, 0x1FF))
domains = st.integers(0, 15)

fault_words = st.integers(0, 0x3FFFFFFF).map(lambda n: Invalid(n << 2))
smalls = st.builds(SmallPage, pages, aps, xns, memories, bits)
larges = st.builds(LargePage, pages.map(lambda pa: pa & ~0xFFFF), aps, xns, memories, bits)
sections = st.builds(
    Section, st.builds(lambda start, n: start + n * MIB, places, st.integers(0, 19)),
    aps, xns, memories, domains, bits, bits, bits,
)  # fmt: skip
supersections = st.builds(Supersection, st.just(RAM), aps, xns, memories, bits, bits, bits)
l2_entries = st.one_of(fault_words, smalls, smalls, smalls, larges, larges)
coarses = st.builds(lambda at, domain, pxn: Coarse(L2 + at * 0x400, domain, 0, pxn),
                    st.integers(0, 1), domains, bits)  # fmt: skip
l1_entries = st.one_of(fault_words, coarses, coarses, coarses, sections, sections, supersections)

FIRST_MIB = 0x123  # the random entries are here, in the L1 and as pages of each L2
l1_parts = st.lists(l1_entries, min_size=4, max_size=4)
l2_parts = st.lists(l2_entries, min_size=8, max_size=8)
addresses = st.tuples(st.integers(0, 3), st.integers(0, 7), st.integers(0, PAGE // 4 - 1)).map(
    lambda at: (FIRST_MIB + at[0]) * MIB + at[1] * PAGE + at[2] * 4
)


class Core:
    """One backend over its own RAM, whose tables are written afresh for each example."""

    def __init__(self, name: str) -> None:
        self.engine = Engine()
        self.engine.on_svc = lambda *_: self.engine.stop()
        self.host = make_ram(name, RAM, RAM_SIZE)
        self.ram = self.host.ram
        self.backend = make_backend(name, self.engine, self.host)
        code = Section(RAM + MIB, 0b010, 0, NORMAL).encode()
        self.ram.write_word(L1 + (CODE >> 20) * 4, code)
        self.backend.switch(L1)
        assert self.backend.sync()

    def fill(self, l1, first_l2, second_l2) -> None:
        for index, entry in enumerate(l1):
            self.ram.write_word(L1 + (FIRST_MIB + index) * 4, entry.encode())
        for table, entries in ((L2, first_l2), (L2 + 0x400, second_l2)):
            for index, entry in enumerate(entries):
                self.ram.write_word(table + index * 4, entry.encode())
        self.backend.changed(L1, FIRST_MIB * MIB, 4 * MIB, True)
        assert self.backend.sync()
        self.code = CODE + CODE_PA - RAM - MIB
        for index, word in enumerate((LDR, SVC, STR, SVC)):
            self.ram.write_word(CODE_PA + index * 4, word)
        self.backend.written(CODE_PA, 16)


CORES = {name: Core(name) for name in BACKENDS}


def expected_view(core: Core, va: int) -> View:
    """What the software walk says Unicorn must do, given what there is at the address."""
    walk = core.backend.translate(va)
    if walk.fault is not None or not core.ram.contains(walk.pa) or not walk.user:
        return NOTHING
    return View(walk.pa, walk.user)


@pytest.mark.parametrize("name", BACKENDS)
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(l1=l1_parts, first_l2=l2_parts, second_l2=l2_parts, va=addresses)
def test_translation_and_rights(name, l1, first_l2, second_l2, va):
    core = CORES[name]
    core.fill(l1, first_l2, second_l2)
    view = core.backend.view(va)
    if name == "cpu" and not core.ram.contains(view.pa):
        view = NOTHING  # the MMU translates to addresses where nothing is; the access then fails
    assert view == expected_view(core, va)


@pytest.mark.parametrize("name", BACKENDS)
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(l1=l1_parts, first_l2=l2_parts, second_l2=l2_parts, va=addresses,
       access=st.sampled_from((READ, WRITE, EXEC)))  # fmt: skip
def test_each_access(name, l1, first_l2, second_l2, va, access):
    """A load, a store or a fetch really happens, or faults as the software walk says."""
    core = CORES[name]
    core.fill(l1, first_l2, second_l2)
    walk = core.backend.translate(va)
    status = walk.refusal(access)
    if status is None and not core.ram.contains(walk.pa):
        status = FaultStatus.EXTERNAL_ABORT
    if status is None and L1 <= walk.pa & ~0xFFF < CODE_PA + PAGE:
        return  # the tables and the code themselves
    stop = perform(core, va, access, walk.pa if status is None else -1)
    if status is None:
        assert stop is Stop.REQUESTED
        return
    assert stop is Stop.FAULT
    fault = core.backend.fault()
    assert (fault.access, fault.status) == (access, status)
    if not fault.exact:
        assert is_ambiguous(core, walk)
        return
    assert fault.va == va
    assert fault.walk == walk


def is_ambiguous(core: Core, walk: Walk) -> bool:
    """Whether it cannot be told where a fault was: several pages lead to where nothing is."""
    runs = [one for one in mapped(core.ram, L1) if one.user]
    seen = [one for one in runs if one.pa <= walk.pa < one.pa + one.size]
    return core.backend.name == "cpu" and len(seen) > 1


def perform(core: Core, va: int, access: int, pa: int) -> Stop:
    """The access, with a look at whether the right memory was reached."""
    if access == EXEC:
        if pa >= 0:
            core.ram.write_word(pa, SVC)
            core.backend.written(pa, 4)
        core.engine.start_at(va, 0)
        return core.engine.run()
    if pa >= 0:
        core.ram.write_word(pa, 0x600D)
        core.backend.written(pa, 4)
    core.engine.start_at(core.code + (8 if access == WRITE else 0), 0, (0, va, 0xCAFE))
    stop = core.engine.run()
    if stop is Stop.REQUESTED:
        assert core.engine.registers.read("r2") == (0xCAFE if access == WRITE else 0x600D)
        assert core.ram.read_word(pa) == (0xCAFE if access == WRITE else 0x600D)
    return stop


def test_the_tests_reach_what_they_are_about():
    """One known table per outcome, so that the random ones are known to mean something."""
    for core in CORES.values():
        small = SmallPage(RAM, AP_USER_RW, 0, NORMAL)
        faults = [Invalid()] * 7
        core.fill([Coarse(L2), *[Invalid()] * 3], [small, *faults], [small, *faults])
        assert core.backend.view(FIRST_MIB * MIB) == View(RAM, READ | WRITE | EXEC)
        assert core.backend.view((FIRST_MIB + 1) * MIB) == NOTHING
