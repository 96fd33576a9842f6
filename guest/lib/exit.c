/* The C library's names for ending a program, where no C library is linked. */

#include <stdlib.h>

#include "kernel.h"

void exit(int status)
{
	proc_exit(status);
}

void abort(void)
{
	proc_exit(EXIT_FAILURE);
}
