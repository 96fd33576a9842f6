"""Traces: what happens in a run, written down as text, JSON lines or a Chrome trace."""
