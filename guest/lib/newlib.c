/* What newlib asks of the system it runs on, answered with the kernel's calls. */

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel.h"

#define HEAP_SIZE 0x100000

int _write(int fd, const char *text, int len);
int _read(int fd, char *text, int len);
void *_sbrk(ptrdiff_t growth);
int _close(int fd);
int _fstat(int fd, struct stat *status);
int _isatty(int fd);
int _lseek(int fd, int offset, int whence);
int _getpid(void);
int _kill(int pid, int signal);

static int no_such_file(void)
{
	errno = EBADF;
	return -1;
}

int _write(int fd, const char *text, int len)
{
	return fd == STDOUT_FILENO || fd == STDERR_FILENO ? console_write(text, (size_t)len)
	                                                  : no_such_file();
}

int _read(int fd, char *text, int len)
{
	return fd == STDIN_FILENO ? console_read(text, (size_t)len) : no_such_file();
}

void *_sbrk(ptrdiff_t growth)
{
	static char heap[HEAP_SIZE];
	static ptrdiff_t used;

	if (growth > HEAP_SIZE - used || growth < -used) {
		errno = ENOMEM;
		return (void *)-1;
	}
	used += growth;
	return heap + used - growth;
}

void _exit(int status)
{
	proc_exit(status);
}

int _isatty(int fd)
{
	return fd >= STDIN_FILENO && fd <= STDERR_FILENO;
}

int _fstat(int fd, struct stat *status)
{
	status->st_mode = S_IFCHR;
	return _isatty(fd) ? 0 : no_such_file();
}

int _close(int fd)
{
	(void)fd;
	return no_such_file();
}

int _lseek(int fd, int offset, int whence)
{
	(void)fd, (void)offset, (void)whence;
	errno = ESPIPE;
	return -1;
}

int _getpid(void)
{
	return 0;
}

int _kill(int pid, int signal)
{
	(void)pid;
	proc_exit(128 + signal);
}
