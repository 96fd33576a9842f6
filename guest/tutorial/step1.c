/* A program. */

#include "console.h"

int main(void)
{
	puts("hello");
	return 0;
}
