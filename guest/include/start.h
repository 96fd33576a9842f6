/* What a program is told when it starts. */
#ifndef START_H
#define START_H

#include "kernel.h"

/* The boot information page, mapped read-only. */
extern const struct boot_info *boot_info;

#endif
