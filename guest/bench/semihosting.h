/* The little of Arm semihosting that a benchmark needs. */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

/* The number at the end of the program's command line, or 1. */
unsigned semihosting_argument(void);

void semihosting_print(const char *text);

_Noreturn void semihosting_exit(int status);

#endif
