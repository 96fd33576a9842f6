"""Recordings: what entered a run from outside, in a file or in memory, by which it is run again."""
