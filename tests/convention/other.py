"""A second convention: the standard calls under other names and numbers, in another order.

Their arguments have other names, too.  All are as long as the standard ones and like no word, so
that texts can be mapped back, name for name.  The C functions keep their names: the guests' sources
are the same, and only what ``kernel_model.cheader`` generates for them is another.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from typing import Final

from kernel_model.call import CallTable
from kernel_model.convention import Convention
from kernel_model.syscalls import CALLS


def renamed(name: str) -> str:
    """What the other convention calls the call or argument of this name, and back."""
    return _SHORT.get(name) or codecs.encode(name, "rot13")


_SHORT: Final = {"va": "qz", "qz": "va"}
"""Which would be a word."""


_ORDER: Final = sorted(CALLS, key=lambda call: renamed(call.name))

OTHER: Final = Convention(
    CallTable(
        call._replace(
            number=100 + 3 * index,
            name=renamed(call.name),
            arguments=tuple(one._replace(name=renamed(one.name)) for one in call.arguments),
        )
        for index, call in enumerate(_ORDER)
    )
)

IN_C: Final = CallTable(
    call._replace(number=OTHER.calls.named(renamed(call.name)).number) for call in CALLS
)
"""The other numbers in the order and under the names that the guests' sources know."""


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(sorted(names, key=len, reverse=True))})\b")


_CALLS: Final = _any_of(call.name for call in CALLS)
_OTHERS: Final = _any_of(
    {call.name for call in OTHER.calls}
    | {one.name for call in OTHER.calls for one in call.arguments}
)


def back(text: str) -> str:
    """A text with the calls and their arguments under their standard names."""
    return _OTHERS.sub(lambda match: renamed(match[0]), text)


def there(text: str) -> str:
    """A text with the calls under their other names."""
    return _CALLS.sub(lambda match: renamed(match[0]), text)
