/* Mistake: a buffer is still used after its frame has been unmapped. */

#include <string.h>

#include "console.h"
#include "frames.h"
#include "space.h"

static int f_id;

static char *buffer_new(void)
{
	f_id = frame_take(2 * PAGE_SIZE, PAGE_SIZE);
	return space_see(f_id, F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC);
}

static void buffer_drop(void)
{
	frame_unmap(f_id, F_MAP_PAGE);
}

int main(void)
{
	char *buffer = buffer_new();

	memcpy(buffer + PAGE_SIZE, "some text", 10);
	puts(buffer + PAGE_SIZE);
	buffer_drop();
	buffer[PAGE_SIZE] = 'S';
	return 0;
}
