"""Hostile guests: programs at random on the whole machine, however it runs them."""
