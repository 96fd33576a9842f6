# Programs that check the library, each its own sentinel.

include lib/lib.mk
$(call KERNEL_PROGRAMS,library)
