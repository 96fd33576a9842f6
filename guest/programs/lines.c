/* Numbers the lines of its input. */

#include "console.h"

int main(void)
{
	char line[64];
	int number = 0;

	for (int len; (len = read_line(line, sizeof line)) >= 0;)
		printf("%4d %-20s (%d)\n", ++number, line, len);
	return 0;
}
