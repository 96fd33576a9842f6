/* upper: what comes in goes out in capital letters. */

#include "../system.h"

int main(void)
{
	char text[TEXT];
	int len;

	system_begin();
	while ((len = stream_read(standard_in, text)) > 0) {
		for (int i = 0; i < len; i++)
			if (text[i] >= 'a' && text[i] <= 'z')
				text[i] = (char)(text[i] - 'a' + 'A');
		stream_write(standard_out, text, (unsigned)len);
	}
	return 0;
}
