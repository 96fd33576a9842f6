"""The doors by which inputs come in."""

from typing import Final

from tests.fuzz.inputs.blocks import SEMIHOSTING
from tests.fuzz.inputs.case import Target
from tests.fuzz.inputs.commands import COMMAND
from tests.fuzz.inputs.elves import ELF, NAMES

TARGETS: Final[dict[str, Target]] = {
    target.name: target for target in (ELF, NAMES, COMMAND, SEMIHOSTING)
}
