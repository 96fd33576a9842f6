"""The calls: one module for each part of the kernel."""
