"""A full-system Arm emulator for a kernel that gives memory to programs as frames."""

__version__ = "0.1.0"
