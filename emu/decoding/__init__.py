"""Calls and their arguments as people read them."""
