/* cat: what comes in goes out. */

#include "../system.h"

int main(void)
{
	char text[TEXT];
	int len;

	system_begin();
	while ((len = stream_read(standard_in, text)) > 0)
		stream_write(standard_out, text, (unsigned)len);
	return 0;
}
