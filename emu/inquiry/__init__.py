"""Questions about the past of a machine: who stored there, and what became of what."""
