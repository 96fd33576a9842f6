# Programs for a person to run and read: each shows one thing.

include lib/lib.mk
$(call KERNEL_PROGRAMS,programs)
