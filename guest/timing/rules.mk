# Programs that time the kernel's calls: they print a line at each end of what is to be timed, and the
# benchmarks note when the line comes.

include lib/lib.mk
$(call KERNEL_PROGRAMS,timing)
