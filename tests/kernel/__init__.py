"""The kernel, rule by rule."""
