"""The outside of a run: standard streams, the clock, arguments, host files."""
