"""Profiles: how many instructions each function executed, and which functions had called it."""
