"""Reports for people: a fault, a refused call, a machine stopped from outside."""

from emu.report.fault import fault_text
from emu.report.refusal import is_end_of_list, refusal_text
from emu.report.state import state_text

__all__ = ["fault_text", "is_end_of_list", "refusal_text", "state_text"]
