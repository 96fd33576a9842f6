/* Copies its input to its output, as it comes. */

#include "console.h"
#include "kernel.h"

int main(void)
{
	char text[256];
	int len;

	while ((len = console_read(text, sizeof text)) > 0)
		if (write_all(text, (size_t)len) < 0)
			return 1;
	return len < 0;
}
