/* Text to and from the console, for programs without a C library.
 *
 * The names and meanings are those of <stdio.h>; of printf there are %d %i %u %x %X %o %c %s %p
 * and %%, the flags - and 0, a width or *, and the lengths l, ll and z.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdarg.h>
#include <stddef.h>

/* Write the whole text.  Returns 0, or the kernel's error. */
int write_all(const char *text, size_t len);

int putchar(int c);
int puts(const char *line);
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int vprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

/* Read a line without its newline, cut to fit size bytes with the final 0.
 * Returns its length, or -1 at the end of input. */
int read_line(char *line, size_t size);

#endif
