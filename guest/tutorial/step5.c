/* A mistake: a page is used after it was unmapped. */

#include "console.h"
#include "frames.h"
#include "space.h"

int main(void)
{
	int page = frame_take(PAGE_SIZE, PAGE_SIZE);
	int *at = space_see(page, F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC);

	*at = 1;
	frame_unmap(page, F_MAP_PAGE);
	puts("now it is gone");
	return *at;
}
