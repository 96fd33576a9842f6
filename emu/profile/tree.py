"""The tree of calls that a profile is: functions by name, under those that called them."""

from __future__ import annotations


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
        """The function of this name, called by this one."""
        node = self.children.get(name)
        if node is None:
            node = self.children[name] = Node(name)
        return node
