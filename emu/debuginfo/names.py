"""C++ names as people write them.  Source: Itanium C++ ABI, 5.1 (external names)."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1 << 16)
def demangled(name: str) -> str:
    """A symbol's name in C++'s own words; any other name as it is."""
    if not name.startswith("_Z"):
        return name
    import demangle  # takes longer to load than most programs run

    return demangle.demangle(name)
