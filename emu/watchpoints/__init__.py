"""Watchpoints: the machine pauses before an instruction that would access what is watched."""
