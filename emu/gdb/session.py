"""A session: what a debugger's packets mean, from the first to the last.

In all-stop mode, with the multiprocess extensions: the process with pid N is the thread N + 1,
because 0 means any in the protocol.  Processes on one vspace are threads of one inferior, which has
the number of one of them (see ``emu.gdb.inferiors``).
Source: "Debugging with GDB", E.2 (packets), E.4 (general query packets), E.7 (host I/O).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple

from emu.api.memory import AddressError
from emu.gdb.backwards import Backwards
from emu.gdb.documents import document
from emu.gdb.expressions import conditions
from emu.gdb.features import CORE, CPSR, FPA, parts, register_size
from emu.gdb.files import HostFiles
from emu.gdb.monitor import Monitor
from emu.gdb.packets import LARGEST
from emu.gdb.running import Runner
from emu.gdb.stops import Signal, Stopped
from emu.watchpoints.watch import Watch
from kernel_model.descriptors import READ, WRITE

OK: Final = b"OK"
FAILED: Final = b"E01"
NO_MEMORY: Final = b"E0e"
ANY: Final = -1
WORDS: Final = 16
"""The registers of a ``g`` packet: r0 to r12, sp, lr and pc, with which every description begins.

gdb reads a description for the inferior to which it connects and for those to which it attaches; a
forked one has its parent's.  Of an inferior that it meets otherwise, as at a stop, it has its own
idea of what follows the words, and refuses a packet that is longer or ends within a register.  What
a packet does not have it reads one by one.
"""
_BREAKS: Final = (b"0", b"1")
_WATCHES: Final = {b"2": WRITE, b"3": READ, b"4": READ | WRITE}
_SUPPORTED: Final = (
    "multiprocess+", "swbreak+", "vContSupported+", "fork-events+", "QStartNoAckMode+",
    "QCatchSyscalls+", "QThreadEvents+", "ConditionalBreakpoints+", "qXfer:features:read+",
    "qXfer:threads:read+", "qXfer:memory-map:read+", "qXfer:exec-file:read+", "qXfer:osdata:read+",
    "qXfer:auxv:read+", f"PacketSize={LARGEST:x}",
)  # fmt: skip


_PAST: Final = ("ReverseStep+", "ReverseContinue+")


class Answer(NamedTuple):
    """The reply, and whether it ends the session.

    go: runs the machine first, or None.  is_back: it goes back, also where the machine has ended.
    """

    data: bytes
    is_over: bool = False
    go: Callable[[], Stopped] | None = None
    detached: bool = False
    is_back: bool = False


class Session:
    """The session of one debugger.

    is_quiet: whether acknowledgements are no longer sent.
    is_extended: whether the debugger stays after the program's end, to run it again.
    """

    def __init__(self, runner: Runner, stopped: Stopped) -> None:
        """stopped: why the machine stands at the beginning."""
        self.runner, self.target, self.stopped = runner, runner.target, stopped
        self.is_quiet = self.is_extended = False
        self._general = self._stepped = stopped.pid
        self._absent: int | None = None
        """The inferior of the process that the debugger looks at, if that is not there.

        Its registers are unavailable, in the protocol's word.
        """
        self._files = HostFiles(self.target)
        timeline = self.target.timeline
        self._backwards = None if timeline is None else Backwards(runner, timeline)
        self._monitor = Monitor(runner, self._backwards)
        self._handlers: dict[bytes, Callable[[bytes], Answer | bytes]] = {
            b"?": lambda _: self.stop_reply(), b"g": self._read_all, b"G": self._write_all,
            b"p": self._read_one, b"P": self._write_one, b"m": self._read, b"M": self._write_hex,
            b"X": self._write_binary, b"H": self._select, b"T": self._is_alive, b"c": self._go_on,
            b"s": self._step_on, b"D": self._detach, b"k": self._kill, b"Z": self._break,
            b"z": self._unbreak, b"q": self._query, b"Q": self._set, b"v": self._verbose,
            b"!": self._extend, b"R": lambda _: self._restart(), b"b": self._go_back,
        }  # fmt: skip

    def handle(self, body: bytes) -> Answer:
        """Answer a packet.  A mistake in it makes the answer an error."""
        handler = self._handlers.get(body[:1])
        if handler is None:
            return Answer(b"")
        try:
            result = handler(body[1:])
        except AddressError:
            return Answer(NO_MEMORY)
        except (ValueError, KeyError, IndexError):
            return Answer(FAILED)
        return result if isinstance(result, Answer) else Answer(result)

    def console(self) -> Iterator[str]:
        """Lines for the user to read before the report of the stop."""
        yield from self._monitor.console()
        if self.stopped.text:
            yield self.stopped.text

    def close(self) -> None:
        """The debugger has gone: undo what it asked for."""
        self.target.tells_threads = False
        self._monitor.close()
        self.runner.release()

    # Stops

    def stop_reply(self) -> bytes:
        """The state of the inferior that stopped."""
        stopped = self.stopped
        pid, process = stopped.pid, b";process:%x" % (stopped.pid + 1)
        if stopped.left is not None:
            status = stopped.signal if stopped.killed else stopped.exit or 0
            return b"w%02x;p%x.%x" % (status, stopped.left + 1, pid + 1)
        if stopped.killed:
            return b"X%02x" % stopped.signal + process
        if stopped.exit is not None:
            return b"W%02x" % stopped.exit + process
        self._general, self._stepped, self._absent = pid, pid, None
        self.target.attach(pid)
        why = stopped.why.encode()
        cpsr = b"%x:%s;" % (CPSR, _hex(self.target.registers(pid)[CORE - 1], 4))
        return b"T%02x%sthread:%s;%s" % (stopped.signal, why, self.target.thread(pid), cpsr)

    # Registers

    def _read_all(self, _: bytes) -> bytes:
        if self._absent is not None:
            return b"x" * (8 * WORDS)
        return b"".join(_hex(word, 4) for word in self.target.registers(self._general)[:WORDS])

    def _write_all(self, rest: bytes) -> bytes:
        data = bytes.fromhex(rest.decode())
        if len(data) != 4 * WORDS:
            return FAILED
        given = [int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4)]
        values = self.target.registers(self._general)
        self.target.set_registers(self._general, [*given, *values[WORDS:]])
        return OK

    def _read_one(self, rest: bytes) -> bytes:
        number = int(rest, 16)
        if number in FPA:
            return b"x" * (2 * FPA[number])
        if self._absent is not None:
            return b"x" * (2 * sum(map(register_size, parts(number))))
        values = self.target.registers(self._general)
        return b"".join(_hex(values[at], register_size(at)) for at in parts(number))

    def _write_one(self, rest: bytes) -> bytes:
        number, _, text = rest.partition(b"=")
        values, data = self.target.registers(self._general), bytes.fromhex(text.decode())
        for index in parts(int(number, 16)):
            size = register_size(index)
            values[index], data = int.from_bytes(data[:size], "little"), data[size:]
        if data:
            return FAILED
        self.target.set_registers(self._general, values)
        return OK

    # Memory

    def _read(self, rest: bytes) -> bytes:
        address, length = _numbers(rest)
        memory, length = self.target.memory(self._general), min(length, LARGEST // 2 - 4)
        try:
            return memory.read(address, length).hex().encode()
        except AddressError:
            # As much as is mapped: gdb reads ahead.
            room = 0x1000 - address % 0x1000
            return memory.read(address, min(room, length)).hex().encode()

    def _write_hex(self, rest: bytes) -> bytes:
        place, _, text = rest.partition(b":")
        return self._write(place, bytes.fromhex(text.decode()))

    def _write_binary(self, rest: bytes) -> bytes:
        place, _, data = rest.partition(b":")
        return self._write(place, data)

    def _write(self, place: bytes, data: bytes) -> bytes:
        address, length = _numbers(place)
        if length != len(data):
            return FAILED
        self.target.write(self._general, address, data)
        return OK

    # Threads

    def _select(self, rest: bytes) -> bytes:
        inferior, pid = _ids(rest[1:])
        self._absent = None
        if pid not in (ANY, *self.target.machine.kernel.processes) and rest[:1] == b"g":
            return self._select_absent(inferior, pid)
        pid = self._pid(rest[1:])
        if pid == ANY:
            pid = self.target.current
        self.target.process(pid)
        if rest[:1] == b"g":
            self._general = pid
        else:
            self._stepped = pid
        return OK

    def _select_absent(self, inferior: int, pid: int) -> bytes:
        """Select a process that is not there, of an inferior that was and may come again.

        The debugger has gone back to before it, and sets breakpoints in it.  Errors: KeyError.
        """
        if inferior not in self.target.inferiors.known:
            raise KeyError(pid)
        self._general, self._absent = pid, inferior
        return OK

    def _is_alive(self, rest: bytes) -> bytes:
        self.target.process(self._pid(rest))
        return OK

    def _pid(self, text: bytes) -> int:
        """The pid in a thread id, or ``ANY``; where it names an inferior, one of its threads.

        Errors: ValueError; KeyError, for a thread or an inferior that is not there.
        """
        inferiors = self.target.inferiors
        inferior, pid = _ids(text)
        if pid != ANY:
            self.target.process(pid)
            if inferior not in (ANY, inferiors.of(pid)):
                raise KeyError(text)
            return pid
        if inferior == ANY:
            return ANY
        is_general = self._general in inferiors.members(inferior)
        return self._general if is_general else inferiors.first(inferior)

    def _means(self, text: bytes, pid: int) -> bool:
        """Whether a thread id means this process, among others or alone; none means all."""
        if not text:
            return True
        inferior, thread = _ids(text)
        return thread in (ANY, pid) and inferior in (ANY, self.target.inferiors.of(pid))

    # Running

    def _extend(self, _: bytes) -> bytes:
        self.is_extended = True
        return OK

    def _go_on(self, rest: bytes) -> Answer:
        self._resume(b"c")
        return Answer(b"", go=self.runner.go) if not rest else Answer(FAILED)

    def _step_on(self, rest: bytes) -> Answer:
        self._resume(b"s")
        step = partial(self.runner.step, self._stepped)
        return Answer(b"", go=step) if not rest else Answer(FAILED)

    def _go_back(self, rest: bytes) -> Answer | bytes:
        """``bs`` and ``bc``."""
        backwards = self._backwards
        if backwards is None or rest not in (b"s", b"c"):
            return b""
        if rest == b"c":
            return Answer(b"", go=partial(backwards.go, self.stopped), is_back=True)
        if not self.target.is_over:
            self.target.process(self._stepped)
        return Answer(b"", go=partial(backwards.step, self._stepped), is_back=True)

    def _verbose(self, rest: bytes) -> Answer | bytes:
        name, _, words = rest.partition(b";")
        if rest == b"Cont?":
            return b"vCont;c;C;s;S;r"
        if name == b"Cont":
            return self._continue(words)
        if name == b"Kill":
            return self._kill(b"")
        if name == b"Run":
            return self._run_again(words)
        if rest.startswith(b"File:"):
            return self._files.answer(rest[5:])
        if name == b"Attach":
            pid = self.target.inferiors.first(int(words, 16) - 1)
            self.stopped = Stopped(pid, Signal.NONE)
            return self.stop_reply()
        return b""

    def _continue(self, rest: bytes) -> Answer:
        """Obey the first action that steps, which is for one process; the others run on."""
        self._resume(rest)
        for action in rest.split(b";"):
            what, _, thread = action.partition(b":")
            if what[:1] in (b"s", b"S", b"r"):
                pid = self._pid(thread) if thread else self._stepped
                self.target.process(pid)
                if what[:1] != b"r":
                    return Answer(b"", go=partial(self.runner.step, pid))
                start, end = _numbers(what[1:])
                return Answer(b"", go=partial(self.runner.step_range, pid, start, end))
            if what[:1] not in (b"c", b"C"):
                return Answer(FAILED)
        return Answer(b"", go=self.runner.go)

    def _resume(self, actions: bytes) -> None:
        """Decide what becomes of a fault at which the machine stands, by a vCont's actions.

        With a signal, as gdb's ``continue`` has it, the process gets the fault, unless something
        was repaired meanwhile; without one, as ``signal 0`` and ``jump`` have it, it goes on at
        its PC.
        """
        fault = self.runner.machine.core.fault
        if fault is None:
            return
        is_repaired = self.target.is_repaired(fault.pid)
        for action in actions.split(b";"):
            what, _, thread = action.partition(b":")
            if self._means(thread, fault.pid):
                if what[:1] not in (b"C", b"S") or is_repaired:
                    self.target.changed()
                    self.runner.machine.retry_fault()
                return

    def _detach(self, rest: bytes) -> Answer:
        """Detach from one inferior, or from all: then the machine runs on by itself."""
        inferiors = self.target.inferiors
        names = [int(rest[1:], 16) - 1] if rest else sorted({*inferiors.all.values()})
        for name in names:
            self.runner.forget(name)
        is_last = not self.target.pids and not self.target.is_killed
        return Answer(OK, is_over=is_last, detached=is_last)

    def _kill(self, _: bytes) -> Answer:
        """End the machine.  An extended debugger stays and may run it again."""
        self.target.is_killed = True
        return Answer(OK, is_over=not self.is_extended)

    def _run_again(self, rest: bytes) -> bytes:
        """Run the program again, which must be with the same arguments."""
        _, *arguments = (bytes.fromhex(word.decode()) for word in rest.split(b";"))
        if arguments and arguments != self.target.arguments:
            return FAILED
        return self._restart()

    def _restart(self) -> bytes:
        self.target.restart()
        self.stopped = Stopped(self.target.current)
        return self.stop_reply()

    # Breakpoints and watchpoints

    @property
    def _inferior(self) -> int:
        """The inferior of the process that the debugger looks at."""
        absent = self._absent
        return self.target.inferiors.of(self._general) if absent is None else absent

    def _break(self, rest: bytes) -> bytes:
        place, _, more = rest.partition(b";")
        kind, address, length = place.split(b",")
        if kind in _BREAKS:
            expressions = conditions(more.partition(b"cmds:")[0].rstrip(b";"))
            self.runner.breakpoints.set(self._inferior, int(address, 16), expressions)
            return OK
        return self._watch(kind, address, length, True)

    def _unbreak(self, rest: bytes) -> bytes:
        kind, address, length = rest.partition(b";")[0].split(b",")
        if kind in _BREAKS:
            self.runner.breakpoints.remove(self._inferior, int(address, 16))
            return OK
        return self._watch(kind, address, length, False)

    def _watch(self, kind: bytes, address: bytes, length: bytes, is_wanted: bool) -> bytes:
        access = _WATCHES.get(kind)
        if access is None:
            return b""
        first, size = int(address, 16), int(length, 16)
        if not 0 < size <= LARGEST or not 0 <= first <= (1 << 32) - size:
            return FAILED
        self.target.process(self._general)
        self.runner.watch(Watch(access, first, size, self._inferior), is_wanted)
        return OK

    # Questions and settings

    def _set(self, rest: bytes) -> bytes:
        if rest == b"StartNoAckMode":
            self.is_quiet = True
            return OK
        name, _, words = rest.partition(b":")
        if name == b"ThreadEvents":
            self.target.tells_threads = words == b"1"
            return OK
        if name == b"CatchSyscalls":
            is_wanted, *numbers = (int(word, 16) for word in words.split(b";"))
            every = None if not numbers else frozenset(numbers)
            self.runner.catcher.catch(every if is_wanted else frozenset())
            return OK
        return b""

    def _query(self, rest: bytes) -> bytes:
        name, _, words = rest.partition(b":")
        if name == b"Supported":
            self.target.tells_starts = b"fork-events+" in words.split(b";")
            past = _PAST if self._backwards is not None else ()
            return ";".join(_SUPPORTED + past).encode()
        if name == b"Xfer":
            return self._transfer(words)
        if rest == b"fThreadInfo":
            pids = self.target.pids
            return b"m" + b",".join(map(self.target.thread, pids)) if pids else b"l"
        if rest == b"sThreadInfo":
            return b"l"
        if rest == b"C":
            return b"QC" + self.target.thread(self._general)
        if name == b"Attached":
            return b"1"
        if rest.startswith(b"ThreadExtraInfo,"):
            return self._extra(rest.partition(b",")[2])
        if rest.startswith(b"Rcmd,"):
            line = bytes.fromhex(rest[5:].decode()).decode(errors="replace")
            return self._monitor.answer(self._general, line).encode().hex().encode() or OK
        return OK if name == b"Symbol" else b""

    def _transfer(self, words: bytes) -> bytes:
        """Part of a document.  words: kind, ``read``, annex, and range."""
        kind, action, annex, place = words.split(b":")
        offset, length = _numbers(place)
        pid = self._general
        if kind == b"exec-file" and annex:
            pid = self.target.inferiors.first(int(annex, 16) - 1)
        text = document(self.target, kind, annex, pid) if action == b"read" else None
        if text is None:
            return b"E00"
        part = text[offset : offset + min(length, LARGEST // 4)]
        return (b"m" if offset + len(part) < len(text) else b"l") + part

    def _extra(self, thread: bytes) -> bytes:
        state = self.target.process(self._pid(thread)).state
        return state.name.lower().encode().hex().encode()


def _ids(text: bytes) -> tuple[int, int]:
    """The inferior and the pid in a thread id, each or both ``ANY``.  Errors: ValueError."""
    if text.startswith(b"p"):
        inferior, _, thread = text[1:].partition(b".")
    else:
        inferior, thread = b"0", text
    numbers = [int(part or b"0", 16) - 1 for part in (inferior, thread)]
    return max(numbers[0], ANY), max(numbers[1], ANY)


def _hex(value: int, size: int) -> bytes:
    return value.to_bytes(size, "little").hex().encode()


def _numbers(text: bytes) -> tuple[int, int]:
    """``ADDRESS,LENGTH``.  Errors: ValueError."""
    address, length = (int(part, 16) for part in text.split(b","))
    if address < 0 or length < 0:
        raise ValueError("negative")
    return address, length
