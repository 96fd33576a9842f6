/* What the timed programs share. */
#ifndef TIMING_H
#define TIMING_H

/* The number in an argument, or another if it is not given. */
static inline unsigned argument(int argc, char **argv, int index, unsigned otherwise)
{
	unsigned number = 0;

	if (index >= argc)
		return otherwise;
	for (const char *digit = argv[index]; *digit >= '0' && *digit <= '9'; digit++)
		number = number * 10 + (unsigned)(*digit - '0');
	return number;
}

#endif
