"""Reports: a fault, a refused call, a deadlock, a machine stopped from outside."""

from emu.report.deadlock import deadlock_text
from emu.report.ending import ending_text
from emu.report.fault import access_text, fault_text
from emu.report.refusal import is_end_of_list, refusal_text
from emu.report.state import state_text
from emu.report.stranger import stranger_text
from emu.report.swap import killing_text

__all__ = [
    "access_text",
    "deadlock_text",
    "ending_text",
    "fault_text",
    "is_end_of_list",
    "killing_text",
    "refusal_text",
    "state_text",
    "stranger_text",
]
