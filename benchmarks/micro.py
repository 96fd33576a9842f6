"""``python -m benchmarks.micro``: what the engine and each backend cost, without a kernel."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from emu.cpu.engine import Engine
from emu.mmu import BACKENDS, make_backend, make_ram
from kernel_model.descriptors import AP_USER_RO, AP_USER_RW, NORMAL, Coarse, Invalid, SmallPage

RAM, SIZE = 0x80000000, 0x1000000
SPACES = ((RAM + 0x4000, RAM + 0xC000), (RAM + 0x8000, RAM + 0xE000))  # L1, its first L2
CODE, CODE_PA = 0x8000, RAM + 0x10000
DATA, DATA_PA = 0x100000, RAM + 0x20000
PAGES = 256
TURNS = 5

MOVW_R4, MOVT_R4 = 0xE3004000, 0xE3404000
SVC = 0xEF000000
CALLS = (SVC, 0xE2544001, 0x1AFFFFFC)  # L: svc; subs r4,#1; bne L
SPIN = (0xE2544001, 0x1AFFFFFD)  # L: subs r4,#1; bne L
TOUCH = (0xE5901000, 0xE2800A01, 0xE2544001, 0x1AFFFFFB)  # L: ldr r1,[r0]; add r0,#0x1000; ...


class Bench:
    """One backend with a loop to run and ``PAGES`` pages of data."""

    def __init__(self, name: str) -> None:
        self.engine = Engine()
        self.host = make_ram(name, RAM, SIZE)
        self.ram = self.host.ram
        self.backend = make_backend(name, self.engine, self.host)
        for l1, l2 in SPACES:
            for index in range(2):
                self.ram.write_word(l1 + index * 4, Coarse(l2 + index * 0x400).encode())
        self.l2 = SPACES[0][1]
        self.map(CODE, CODE_PA, AP_USER_RO)
        for page in range(PAGES):
            self.map(DATA + page * 0x1000, DATA_PA + page * 0x1000)
        self.switch(SPACES[0][0])

    def switch(self, l1: int) -> None:
        """Another address space, with Unicorn in step behind this."""
        self.backend.switch(l1)
        self.backend.sync()

    def map(self, va: int, pa: int, ap: int = AP_USER_RW) -> None:
        self._describe(va, SmallPage(pa, ap, ap != AP_USER_RO, NORMAL).encode(), False)

    def unmap(self, va: int) -> None:
        self._describe(va, Invalid().encode(), True)

    def _describe(self, va: int, word: int, was_mapped: bool) -> None:
        self.ram.write_word(self.l2 + (va >> 12) * 4, word)
        self.backend.changed(SPACES[0][0], va, 0x1000, was_mapped)
        self.backend.sync()

    def loop(self, rounds: int, body: tuple[int, ...]) -> float:
        """Seconds for so many rounds of a loop over r4."""
        words = (
            MOVW_R4 | (rounds & 0xF000) << 4 | rounds & 0xFFF,
            MOVT_R4 | (rounds >> 28) << 16 | rounds >> 16 & 0xFFF,
            *body,
            SVC,
        )
        for index, word in enumerate(words):
            self.ram.write_word(CODE_PA + index * 4, word)
        self.backend.written(CODE_PA, len(words) * 4)
        end = CODE + len(words) * 4
        engine = self.engine
        engine.on_svc = lambda *_: engine.stop() if engine.registers.pc == end else None
        self.engine.start_at(CODE, 0, (DATA,))
        begin = perf_counter()
        self.engine.run()
        return perf_counter() - begin


def each(count: int, work: Callable[[], object]) -> float:
    """Seconds for one of these."""
    begin = perf_counter()
    for _ in range(count):
        work()
    return (perf_counter() - begin) / count


def measures(bench: Bench) -> dict[str, float]:
    """What is measured, and seconds for one."""
    engine, backend = bench.engine, bench.backend

    def change() -> None:
        bench.unmap(DATA)
        bench.map(DATA, DATA_PA)

    def switch() -> None:
        for l1, _ in reversed(SPACES):
            bench.switch(l1)

    def fills() -> float:
        for l1, _ in reversed(SPACES):
            bench.switch(l1)  # away and back: the TLB is empty
        return bench.loop(PAGES, TOUCH) / PAGES

    spin = bench.loop(20_000_000, SPIN) / 40_000_000
    call = bench.loop(100_000, CALLS) / 100_000
    first_fills, refills = fills(), fills()
    context = engine.new_context()
    result = {
        "an instruction": spin,
        "an SVC, PC read": call,
        "a page touched again after a switch": refills,
        "a page touched for the first time": first_fills,
        "unmap a page and map it": each(500, change),
        "switch to another space": each(500, switch) / 2,
        "host wrote a page of code": each(500, lambda: backend.written(CODE_PA, 64)),
        "host wrote a page of data": each(500, lambda: backend.written(DATA_PA, 64)),
        "flush one page": each(5000, lambda: engine.unicorn.flush_page(DATA)),
        "flush the TLB": each(5000, engine.unicorn.flush_tlb),
        "restore a context": each(5000, lambda: engine.restore(context)),
    }
    engine.hooks.count_instructions()
    result["an instruction, counted"] = bench.loop(5_000_000, SPIN) / 10_000_000
    return result


def main() -> None:
    """Print the best of some turns, in microseconds."""
    best = {name: [measures(Bench(name)) for _ in range(TURNS)] for name in BACKENDS}
    print(f"{'microseconds':40}" + "".join(f"{name:>10}" for name in BACKENDS))
    for what in best["tlb"][0]:
        row = (min(turn[what] for turn in best[name]) * 1e6 for name in BACKENDS)
        print(f"{what:40}" + "".join(f"{value:10.4f}" for value in row))


if __name__ == "__main__":
    main()
