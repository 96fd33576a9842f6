# The six designs of the seed, each as a library with its own signatures over the final calls, and one
# workload that is run over all of them: NAME.c is design and program, workload.h what they share.

include lib/lib.mk
$(call KERNEL_PROGRAMS,designs)
