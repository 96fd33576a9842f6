"""Planted mistakes: the machine is broken in one place after another, and a test must notice."""
