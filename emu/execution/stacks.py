"""Call stacks, followed from block to block, and the instructions charged to each.

The instruction that ends a block, and where the next block begins, tell calls from returns.  The
stack pointer shows that a program has left several functions at once (``longjmp``), or has entered
one without a call (a jump at the end of another).

Functions are numbers here, given by the user; ``NAMELESS`` is that of code without a name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from emu.arm.branches import End
from emu.cpu.registers import Batch

if TYPE_CHECKING:
    from emu.cpu.engine import Engine

NAMELESS: Final = 0
UNKNOWN: Final = 1
"""The function of a process until it enters one that has a name."""

PLAIN: Final = 0
CALL: Final = 1
ENDS: Final = {End.PLAIN: PLAIN, End.CALL: CALL, End.INDIRECT: 2}
"""How a block ends, in numbers: ``emu/native/stacks.c`` has the same."""


class Stacks(Protocol):
    """The call stacks of processes, in one tree of calls.

    Instructions are those that the engine counts, so that their sum is exactly its count.
    """

    def place(self, number: int, place: Place, /) -> None:
        """What is to be known of the block with this number."""

    def begin(self, function: int) -> int:
        """Make a stack whose instructions are charged under ``function``; its number."""

    def use(self, number: int) -> None:
        """What executes from now on belongs to this stack."""

    def left(self) -> None:
        """The block that began last is over: the run ends, or a call is made."""

    def restored(self) -> None:
        """The count of instructions has been set: nothing is charged for the difference."""

    def entered(self, number: int) -> None:
        """A block begins.  The source in C tells the stacks in C by itself."""

    def tree(self) -> list[tuple[int, int, int]]:
        """(parent, function, instructions) of each node but the root, parents first.

        parent: an index into this list, from 1 on; 0 is the root.
        """


class Place(NamedTuple):
    """Where a block is, and how it ends.  va: where it begins.  back: the address after it.

    function: its number.  called_as: the same; for code without a name, a number of its own.
    end: of ``ENDS``.  is_entry: whether it is at its function's first address.
    """

    va: int
    back: int
    function: int
    called_as: int
    end: int
    is_entry: bool


class Node:
    """A function, called in one particular way: by those above it in the tree.

    instructions: executed in it, without those it called.
    """

    __slots__ = ("children", "function", "instructions")

    def __init__(self, function: int) -> None:
        self.function = function
        self.instructions = 0
        self.children: dict[int, Node] = {}

    def child(self, function: int) -> Node:
        """The function, called by this one."""
        node = self.children.get(function)
        if node is None:
            node = self.children[function] = Node(function)
        return node


class Activation(NamedTuple):
    """A call under way.  back: where it returns to (va).  sp: when it was made.

    caller: the function that made the call.  parent: that function's caller in the tree.
    """

    back: int
    sp: int
    caller: int
    parent: Node


class Stack:
    """The place of a process in the tree of calls: ``leaf``, whose caller is ``parent``."""

    def __init__(self, root: Node) -> None:
        self.parent = root
        self.leaf = root
        self.calls: list[Activation] = []

    def go_on(self, place: Place) -> None:
        """Go on without a call, in the same function or in one that was jumped to."""
        is_in = self.leaf is not self.parent
        if is_in and place.function in (self.leaf.function, NAMELESS):
            return
        self.leaf = self.parent.child(place.function or UNKNOWN)

    def call(self, place: Place, back: int, sp: int) -> None:
        """Enter a function by a call that is to return to ``back``."""
        self.calls.append(Activation(back, sp, self.leaf.function, self.parent))
        self.parent = self.leaf
        self.leaf = self.parent.child(place.called_as)

    def jump(self, place: Place, sp: int) -> None:
        """Jump to a computed address: a return, if a call under way is to return there."""
        for depth in range(len(self.calls) - 1, -1, -1):
            call = self.calls[depth]
            if call.back == place.va and sp >= call.sp:
                self._drop(depth)
                break
        else:
            self._drop_left(place, sp)
        self.go_on(place)

    def _drop_left(self, place: Place, sp: int) -> None:
        """Drop the calls whose part of the stack has been released.

        If the stack pointer is as it was on entry, the function may instead have made a tail call;
        but that never leads into the middle of its own caller.
        """
        depth = len(self.calls)
        while depth and (
            self.calls[depth - 1].sp < sp
            or (
                self.calls[depth - 1].sp == sp
                and not place.is_entry
                and self.calls[depth - 1].caller == place.function
                and self.leaf.function != place.function
            )
        ):
            depth -= 1
        if depth < len(self.calls):
            self._drop(depth)

    def _drop(self, depth: int) -> None:
        """Go back to the function that made the call at this depth."""
        call = self.calls[depth]
        del self.calls[depth:]
        self.parent = call.parent
        self.leaf = call.parent.child(call.caller)


class PythonStacks:
    """The twin of ``emu/native/stacks.c``."""

    def __init__(self, engine: Engine) -> None:
        self._counter = engine.counter
        self._registers = Batch(engine.unicorn.uc, ("sp", "lr"))
        self._root = Node(NAMELESS)
        self._stacks: list[Stack] = []
        self._stack = Stack(self._root)
        self._places: list[Place] = []
        self._last: Place | None = None
        self._charged = 0

    def place(self, number: int, place: Place, /) -> None:
        self._places[number : number + 1] = [place]

    def begin(self, function: int) -> int:
        self._stacks.append(Stack(self._root.child(function)))
        return len(self._stacks) - 1

    def use(self, number: int) -> None:
        self._stack = self._stacks[number]

    def left(self) -> None:
        self._charge(self._counter.count)
        self._last = None

    def restored(self) -> None:
        self._charged = self._counter.count
        self._last = None

    def entered(self, number: int) -> None:
        place, last, stack = self._places[number], self._last, self._stack
        self._last = place
        if last is None:
            stack.go_on(place)
            return
        self._charge(self._counter.before)
        if last.end == PLAIN or place.va == last.back:
            stack.go_on(place)
            return
        sp, lr = self._registers.read()
        if last.end == CALL or lr & ~1 == last.back:
            stack.call(place, last.back, sp)
        else:
            stack.jump(place, sp)

    def tree(self) -> list[tuple[int, int, int]]:
        rows: list[tuple[int, int, int]] = []
        nodes = [self._root]
        for place, node in enumerate(nodes):
            rows += [(place, each.function, each.instructions) for each in node.children.values()]
            nodes += node.children.values()
        return rows

    def _charge(self, count: int) -> None:
        self._stack.leaf.instructions += count - self._charged
        self._charged = count
