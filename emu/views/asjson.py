"""Views as JSON."""

from __future__ import annotations

import json
from typing import Any, TextIO


def write_json(data: dict[str, Any], stream: TextIO) -> None:
    """Write plain data; numbers, addresses too, are decimal."""
    json.dump(data, stream, indent=2)
    stream.write("\n")
