"""The translation backends, all three alike."""
