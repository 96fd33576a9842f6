"""The layout that all reports share."""

from __future__ import annotations


def section(title: str, lines: list[str]) -> list[str]:
    """Lines under a title; nothing if there are none."""
    return [f"  {title}", *(f"    {line}" for line in lines)] if lines else []
