/* The little of Arm semihosting that a benchmark needs. */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

/* Semihosting for AArch32 and AArch64, version 2.0. */
enum {
	SYS_OPEN = 0x01,
	SYS_WRITE0 = 0x04,
	SYS_WRITE = 0x05,
	SYS_READ = 0x06,
	SYS_GET_CMDLINE = 0x15,
	SYS_EXIT_EXTENDED = 0x20,
};

int semihosting(int operation, const void *parameter);

/* The number at the end of the program's command line, or 1. */
unsigned semihosting_argument(void);

void semihosting_print(const char *text);

_Noreturn void semihosting_exit(int status);

#endif
