/* Writes over its own code, which is mapped for reading only. */

#include <stdint.h>

#include "console.h"

int main(void)
{
	volatile uint32_t *code = (volatile uint32_t *)((uintptr_t)main & ~3u);

	printf("my code begins with %s\n", *code != 0 ? "something" : "nothing");
	*code = 0;
	puts("FAIL: wrote over my own code");
	return 0;
}
