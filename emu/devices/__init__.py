"""Devices: one class each, placed at physical addresses by the bus."""
