"""The kernel: rules about frames, tables, processes and messages, over a physical memory."""
