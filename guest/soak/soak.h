/* What the programs of long runs share: how long they go on, and the lines that say how far they are. */
#ifndef SOAK_H
#define SOAK_H

#include "console.h"

enum { LINES = 40 };

/* The number in the first argument. */
static inline unsigned soak_count(int argc, char **argv)
{
	unsigned number = 0;

	for (const char *digit = argc > 1 ? argv[1] : "1000"; *digit >= '0' && *digit <= '9'; digit++)
		number = number * 10 + (unsigned)(*digit - '0');
	return number;
}

/* After each step, from 0 on: a line at each 40th part of the way. */
static inline void soak_line(unsigned step, unsigned count)
{
	if ((unsigned long long)(step + 1) * LINES / count != (unsigned long long)step * LINES / count)
		printf("%u\n", step + 1);
}

#endif
