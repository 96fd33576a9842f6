"""Long runs, and what the machine keeps of them: its memory must not grow with what was done."""
