/* wc: how many lines, words and bytes come in. */

#include "../system.h"

int main(void)
{
	unsigned lines = 0, words = 0, bytes = 0;
	bool inside = false;
	char text[TEXT];
	int len;

	system_begin();
	while ((len = stream_read(standard_in, text)) > 0) {
		for (int i = 0; i < len; i++) {
			bool space = text[i] == ' ' || text[i] == '\n';
			words += inside && space;
			inside = !space;
			lines += text[i] == '\n';
		}
		bytes += (unsigned)len;
	}
	print_number(lines);
	print(" ");
	print_number(words + inside);
	print(" ");
	print_number(bytes);
	print("\n");
	return 0;
}
