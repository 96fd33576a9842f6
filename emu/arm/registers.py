"""Core registers that are more than numbers."""

SP, LR, PC = 13, 14, 15
