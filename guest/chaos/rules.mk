# What random programs of operations are interpreted by: tests/fuzz/chaos.py writes those.

include lib/lib.mk
$(call KERNEL_PROGRAMS,chaos)
