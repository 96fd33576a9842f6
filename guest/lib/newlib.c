/* What newlib asks of the system it runs on, answered with the kernel's calls. */

#include <errno.h>
#include <malloc.h>
#include <reent.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>
#include <unistd.h>

#include "frames.h"
#include "kernel.h"
#include "space.h"
#include "thread.h"

/* Addresses that the heap may have, and how it grows: by an eighth of what it is, but within these. */
#define HEAP_SPACE 0x60000000u
#define LEAST_GROWTH 0x10000u
#define MOST_GROWTH 0x400000u

int _write(int fd, const char *text, int len);
int _read(int fd, char *text, int len);
void *_sbrk(ptrdiff_t growth);
int _close(int fd);
int _fstat(int fd, struct stat *status);
int _isatty(int fd);
int _lseek(int fd, int offset, int whence);
int _getpid(void);
int _kill(int pid, int signal);
int _open(const char *name, int flags, int mode);
int _unlink(const char *name);
int _link(const char *old, const char *new);
int _stat(const char *name, struct stat *status);
int _gettimeofday(struct timeval *time, void *zone);
clock_t _times(struct tms *times);

static int fail(int error)
{
	errno = error;
	return -1;
}

/* Files */

int _write(int fd, const char *text, int len)
{
	return fd == STDOUT_FILENO || fd == STDERR_FILENO ? console_write(text, (size_t)len) : fail(EBADF);
}

int _read(int fd, char *text, int len)
{
	return fd == STDIN_FILENO ? console_read(text, (size_t)len) : fail(EBADF);
}

int _isatty(int fd)
{
	return fd >= STDIN_FILENO && fd <= STDERR_FILENO ? 1 : fail(EBADF) + 1;
}

int _fstat(int fd, struct stat *status)
{
	memset(status, 0, sizeof *status);
	status->st_mode = S_IFCHR;
	return _isatty(fd) ? 0 : -1;
}

int _close(int fd)
{
	return _isatty(fd) ? 0 : -1;
}

int _lseek(int fd, int offset, int whence)
{
	(void)fd, (void)offset, (void)whence;
	return fail(ESPIPE);
}

/* There are no files but the console. */
int _open(const char *name, int flags, int mode)
{
	(void)name, (void)flags, (void)mode;
	return fail(ENOENT);
}

int _unlink(const char *name)
{
	(void)name;
	return fail(ENOENT);
}

int _link(const char *old, const char *new)
{
	(void)old, (void)new;
	return fail(ENOENT);
}

int _stat(const char *name, struct stat *status)
{
	(void)name, (void)status;
	return fail(ENOENT);
}

/* Memory: mapped behind what there is, in pieces that grow with it, as far as free frames go. */

static char *heap, *used, *mapped;

static int map_more(unsigned len)
{
	struct space own = space_own();

	frame_keep_room();
	int f_id = frame_take(len, PAGE_SIZE);
	if (f_id < 0)
		return f_id;
	int result = space_map(&own, f_id, (unsigned)mapped, F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC);
	if (result < 0) {
		frame_free(f_id);
		return result;
	}
	memset(mapped, 0, len);
	mapped += len;
	return 0;
}

/* So much that this is mapped, and more if memory allows it. */
static int grow_to(const char *end)
{
	unsigned wanted = (unsigned)(mapped - heap) / 8;

	wanted = wanted < LEAST_GROWTH ? LEAST_GROWTH : wanted > MOST_GROWTH ? MOST_GROWTH : wanted;
	wanted &= ~(PAGE_SIZE - 1);
	while (mapped < end) {
		unsigned least = ((unsigned)(end - mapped) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
		unsigned len = wanted < PAGE_SIZE ? PAGE_SIZE : wanted;
		if (len < least && least <= MOST_GROWTH && map_more(least) == 0)
			break;
		if (map_more(len) == 0)
			continue;
		if (len == PAGE_SIZE)
			return -1;
		wanted = len / 2 & ~(PAGE_SIZE - 1);
	}
	return 0;
}

void *_sbrk(ptrdiff_t growth)
{
	if (heap == NULL)
		heap = used = mapped = (char *)space_reserve(HEAP_SPACE);
	if (heap == NULL || growth < heap - used || growth > heap + HEAP_SPACE - used
	    || grow_to(used + growth) < 0) {
		errno = ENOMEM;
		return (void *)-1;
	}
	used += growth;
	return used - growth;
}

/* One thread at a time; the same one may come again. */
static struct lock malloc_lock = LOCK_FREE;
static volatile int malloc_owner = -1;
static int malloc_depth;

void __malloc_lock(struct _reent *unused)
{
	(void)unused;
	if (malloc_owner != thread_self()) {
		lock_take(&malloc_lock);
		malloc_owner = thread_self();
	}
	malloc_depth++;
}

void __malloc_unlock(struct _reent *unused)
{
	(void)unused;
	if (--malloc_depth == 0) {
		malloc_owner = -1;
		lock_leave(&malloc_lock);
	}
}

/* Time: the kernel has none.  It goes on by a microsecond with each look, so that who waits for it ends. */

#define BEGINNING 1767225600 /* the first of January 2026 */

int _gettimeofday(struct timeval *time, void *zone)
{
	static volatile unsigned looks;
	unsigned now = ++looks;

	(void)zone;
	time->tv_sec = BEGINNING + now / 1000000;
	time->tv_usec = (suseconds_t)(now % 1000000);
	return 0;
}

clock_t _times(struct tms *times)
{
	static volatile clock_t looks;

	looks++;
	if (times != NULL)
		*times = (struct tms){.tms_utime = looks};
	return looks;
}

/* There is no source of chance. */
int getentropy(void *buffer, size_t length);

int getentropy(void *buffer, size_t length)
{
	(void)buffer, (void)length;
	return fail(ENOSYS);
}

/* What C++ names a program by where destructors are asked for: there is only one. */
extern void *const __dso_handle __attribute__((visibility("hidden")));
void *const __dso_handle = NULL;

/* Destructors run by way of these; what else they once did the linker's arrays do now. */
void _init(void);
void _fini(void);

void _init(void)
{
}

void _fini(void)
{
}

/* Processes */

void _exit(int status)
{
	proc_exit(status);
}

int _getpid(void)
{
	return 1;
}

int _kill(int pid, int signal)
{
	(void)pid;
	proc_exit(signal == SIGABRT ? 1 : signal); /* as over semihosting */
}
