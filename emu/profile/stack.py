"""One process's call stack, followed from block to block.

Calls and returns are told by the instruction that ends a block and by where the next one begins.
That a program left several functions at once (``longjmp``), or entered one without a call (a jump
at the end of another), shows in the stack pointer.
"""

from __future__ import annotations

from typing import NamedTuple

UNKNOWN = "?"
"""Where a process is before it has entered a function that has a name."""


class Node:
    """A function, called in one particular way: by those above it in the tree.

    instructions: executed in it, without those it called.
    """

    __slots__ = ("children", "instructions", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.instructions = 0
        self.children: dict[str, Node] = {}

    def child(self, name: str) -> Node:
        node = self.children.get(name)
        if node is None:
            node = self.children[name] = Node(name)
        return node


class Place(NamedTuple):
    """Where a block is.  function: "" where nothing names it.  is_entry: its first address."""

    va: int
    function: str
    is_entry: bool


class Frame(NamedTuple):
    """A call under way.  back: where it returns to (va).  sp: when it was entered.

    caller: the function that made the call.  parent: that function's caller in the tree.
    """

    back: int
    sp: int
    caller: str
    parent: Node


class Stack:
    """Where the process is in the tree of calls: in ``leaf``, whose caller is ``parent``."""

    def __init__(self, root: Node) -> None:
        self.parent = root
        self.leaf = root
        self.frames: list[Frame] = []

    def go_on(self, place: Place) -> None:
        """Without a call: in the same function, or in one that was jumped to."""
        if place.function != self.leaf.name or self.leaf is self.parent:
            name = place.function or (self.leaf.name if self.leaf is not self.parent else UNKNOWN)
            self.leaf = self.parent.child(name)

    def call(self, place: Place, back: int, sp: int) -> None:
        self.frames.append(Frame(back, sp, self.leaf.name, self.parent))
        self.parent = self.leaf
        self.leaf = self.parent.child(place.function or f"{place.va:#010x}")

    def jump(self, place: Place, sp: int) -> None:
        """To an address that was not fixed: a return, if somebody waits there."""
        for depth in range(len(self.frames) - 1, -1, -1):
            frame = self.frames[depth]
            if frame.back == place.va and sp >= frame.sp:
                self._drop(depth)
                break
        else:
            self._drop_left(place, sp)
        self.go_on(place)

    def _drop_left(self, place: Place, sp: int) -> None:
        """Drop the calls that are over, because their part of the stack is.

        Where the stack pointer is as on entry the function may also have jumped to the end of its
        work in another; but not into the middle of its own caller.
        """
        depth = len(self.frames)
        while depth and (
            self.frames[depth - 1].sp < sp
            or (
                self.frames[depth - 1].sp == sp
                and not place.is_entry
                and self.frames[depth - 1].caller == place.function
                and self.leaf.name != place.function
            )
        ):
            depth -= 1
        if depth < len(self.frames):
            self._drop(depth)

    def _drop(self, depth: int) -> None:
        """Go back to the function that made the call at this depth."""
        frame = self.frames[depth]
        del self.frames[depth:]
        self.parent = frame.parent
        self.leaf = frame.parent.child(frame.caller)
