"""Profiles: which functions executed how many instructions, and who had called them."""
