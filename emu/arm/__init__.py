"""Arm instructions: the one place that decodes them."""
