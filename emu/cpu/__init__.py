"""The processor: one Unicorn instance is one core."""
