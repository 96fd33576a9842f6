"""A core, a little RAM with two address spaces in it, and a backend: what tests run code on."""

from __future__ import annotations

from emu.cpu.engine import Engine
from emu.cpu.registers import State
from emu.cpu.stop import Stop
from emu.devices.bus import Device
from emu.mmu import make_backend, make_ram
from kernel_model.descriptors import AP_USER_RO, AP_USER_RW, NORMAL, Coarse, Invalid, SmallPage

RAM = 0x80000000
RAM_SIZE = 0x200000
L1 = RAM + 0x4000
OTHER_L1 = RAM + 0x8000
L2 = RAM + 0xC000  # a 1 KiB table for each of the first MiBs
OTHER_L2 = RAM + 0xE000
FREE = RAM + 0x10000

SVC = 0xEF000000
PAGE = 0x1000


class Rig:
    """``map`` and ``unmap`` edit pages below 4 MiB and tell the backend; ``run`` goes to an SVC."""

    def __init__(self, backend: str, devices: tuple[Device, ...] = ()) -> None:
        self.engine = Engine()
        self.engine.on_svc = lambda *_: self.engine.stop()
        self.host = make_ram(backend, RAM, RAM_SIZE)
        self.ram = self.host.ram
        self.backend = make_backend(backend, self.engine, self.host, devices)
        for l1, l2 in ((L1, L2), (OTHER_L1, OTHER_L2)):
            for index in range(4):
                self.ram.write_word(l1 + index * 4, Coarse(l2 + index * 0x400).encode())
        self.switch(L1)

    def switch(self, l1: int) -> None:
        self.l1 = l1
        self.backend.switch(l1)
        self.backend.sync()

    def map(self, va: int, pa: int, ap: int = AP_USER_RW, xn: int = 0) -> None:
        self._describe(va, SmallPage(pa, ap, xn, NORMAL).encode())

    def map_data(self, va: int, pa: int) -> None:
        self.map(va, pa, AP_USER_RW, xn=1)

    def map_code(self, va: int, pa: int) -> None:
        self.map(va, pa, AP_USER_RO)

    def unmap(self, va: int) -> None:
        self._describe(va, Invalid().encode())

    def _describe(self, va: int, word: int) -> None:
        at = (L2 if self.l1 == L1 else OTHER_L2) + (va >> 12) * 4
        was_mapped = self.ram.read_word(at) & 0b11 != 0
        self.ram.write_word(at, word)
        self.changed(self.l1, va, PAGE, was_mapped)

    def changed(self, l1: int, va: int, length: int, was_mapped: bool) -> None:
        """Descriptors have been written: Unicorn is in step again behind this."""
        self.backend.changed(l1, va, length, was_mapped)
        assert self.backend.sync()

    def put(self, pa: int, *words: int) -> None:
        """The host writes words, as the kernel does: the backend is told."""
        for index, word in enumerate(words):
            self.ram.write_word(pa + index * 4, word)
        self.backend.written(pa, len(words) * 4)

    def put_thumb(self, pa: int, *halfwords: int) -> None:
        code = b"".join(half.to_bytes(2, "little") for half in halfwords)
        self.ram.write(pa, code)
        self.backend.written(pa, len(code))

    def run(self, pc: int, *arguments: int, sp: int = 0) -> Stop:
        """Run afresh from ``pc`` (bit 0: Thumb) with r0-r3."""
        self.engine.start_at(pc, sp, arguments)
        return self.engine.run()

    def result(self, pc: int, *arguments: int) -> int:
        """r0 at the SVC that the run must end with."""
        assert self.run(pc, *arguments) is Stop.REQUESTED
        return self.engine.registers.read("r0")

    def state(self) -> State:
        return self.engine.registers.state()
