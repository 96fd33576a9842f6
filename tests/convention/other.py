"""A second convention: the standard calls under other names and numbers, in another order.

The names are as long as the standard ones and like no word, so that texts can be mapped back, name
for name.  The C functions keep their names: the guests' sources are the same, and only what
``kernel_model.cheader`` generates for them is another.
"""

from __future__ import annotations

import codecs
import functools
import re
from typing import Final

from kernel_model.call import CallTable
from kernel_model.convention import Convention
from kernel_model.syscalls import CALLS


def renamed(name: str) -> str:
    """What the other convention calls the call of this name, and back."""
    return codecs.encode(name, "rot13")


_ORDER: Final = sorted(CALLS, key=lambda call: renamed(call.name))

OTHER: Final = Convention(
    CallTable(
        call._replace(number=100 + 3 * index, name=renamed(call.name))
        for index, call in enumerate(_ORDER)
    )
)

IN_C: Final = CallTable(
    call._replace(number=OTHER.calls.named(renamed(call.name)).number) for call in CALLS
)
"""The other numbers in the order and under the names that the guests' sources know."""


@functools.cache
def _pattern(calls: CallTable) -> re.Pattern[str]:
    names = sorted((call.name for call in calls), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(names)})\b")


def back(text: str) -> str:
    """A text with the calls under their standard names."""
    return _pattern(OTHER.calls).sub(lambda match: renamed(match[0]), text)


def there(text: str) -> str:
    """A text with the calls under their other names."""
    return _pattern(CALLS).sub(lambda match: renamed(match[0]), text)
