"""The machine, seen from programs of a few instructions."""
