/* For programs that check themselves: the first failure says where, and ends with status 1. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>

#define CHECK(expression) check_that((expression), #expression, __FILE__, __LINE__)

/* That a call gives exactly this result: an id, 0 or an error. */
#define CHECK_RESULT(call, wanted) check_result((call), (wanted), #call, __FILE__, __LINE__)

/* That a call succeeds; its result. */
#define CHECK_OK(call) check_ok((call), #call, __FILE__, __LINE__)

void check_that(bool holds, const char *expression, const char *file, int line);
void check_result(int result, int wanted, const char *call, const char *file, int line);
int check_ok(int result, const char *call, const char *file, int line);

/* The last line of a program with nothing to complain of; main's result. */
int check_passed(const char *name);

#endif
