/* From the boot information page to main(argc, argv), and from main's result to the exit. */

#include <stdlib.h>

#include "start.h"
#include "tls.h"

const struct boot_info *boot_info;

int main(int argc, char **argv);
_Noreturn void start_program(const struct boot_info *info); /* from crt0.S */

/* Cut the line into arguments where it stands.  As in newlib's start-up code an argument that
 * begins with ' or " goes to the next such quote; any other goes to the next space. */
static int split_line(char *line, char **argv)
{
	int argc = 0;

	for (;;) {
		while (*line == ' ')
			line++;
		if (*line == '\0')
			break;
		char end = *line == '"' || *line == '\'' ? *line++ : ' ';
		argv[argc++] = line;
		while (*line != '\0' && *line != end)
			line++;
		if (*line != '\0')
			*line++ = '\0';
	}
	argv[argc] = NULL;
	return argc;
}

/* What runs before main, from guest.ld; and what newlib has run by exit, where there is newlib. */
typedef void function(void);
extern function *const __init_array_start[], *const __init_array_end[];
function __libc_fini_array __attribute__((weak));
int atexit(function *) __attribute__((weak));

static void run_constructors(void)
{
	if (atexit != NULL && __libc_fini_array != NULL)
		atexit(__libc_fini_array);
	for (function *const *at = __init_array_start; at < __init_array_end; at++)
		(*at)();
}

/* A child's thread-local variables; the kernel makes those of the first process. */
static __attribute__((noinline)) _Noreturn void start_with_block(const struct boot_info *info)
{
	char room[tls_room()];

	tls_begin(room);
	start_program(info);
}

_Noreturn void start_program(const struct boot_info *info)
{
	static char line[sizeof info->boot_args];
	static char *argv[sizeof info->boot_args / 2 + 1];

	if (!tls_has_begun())
		start_with_block(info);
	boot_info = info;
	for (size_t i = 0; i < sizeof line - 1 && info->boot_args[i] != '\0'; i++)
		line[i] = info->boot_args[i];
	run_constructors();
	exit(main(split_line(line, argv), argv));
}
