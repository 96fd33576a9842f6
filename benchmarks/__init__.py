"""Benchmarks: what a run costs, beside plain Unicorn and QEMU in the same run."""
