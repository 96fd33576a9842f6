# Programs that do one thing for very long, so that what the machine keeps of it would show: tests/soak runs them.

include lib/lib.mk
$(call KERNEL_PROGRAMS,soak)
