/* Which of the standard streams are terminals, and that others are not. */

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	for (int fd = 0; fd < 3; fd++) {
		errno = 0;
		int is_terminal = isatty(fd);

		printf("%d: %d, errno is ENOTTY: %d\n", fd, is_terminal, errno == ENOTTY);
	}
	return 0;
}
