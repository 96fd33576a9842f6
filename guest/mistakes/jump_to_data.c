/* Mistake: code is made at run time, in memory that was mapped without the right to execute. */

#include <string.h>

#include "console.h"
#include "frames.h"
#include "space.h"

typedef int (*function)(int);

#ifdef __thumb__
static const unsigned short twice[] = {0x0040, 0x4770}; /* lsls r0, r0, #1; bx lr */
#else
static const unsigned twice[] = {0xe1a00080, 0xe12fff1e}; /* lsl r0, r0, #1; bx lr */
#endif

static int apply(const void *code, int argument)
{
#ifdef __thumb__
	return ((function)((const char *)code + 1))(argument);
#else
	return ((function)code)(argument);
#endif
}

int main(void)
{
	int f_id = frame_take(PAGE_SIZE, PAGE_SIZE);
	void *code = space_see(f_id, F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC);

	memcpy(code, twice, sizeof twice);
	printf("twice 21 is %d\n", apply(code, 21));
	return 0;
}
