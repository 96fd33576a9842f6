/* <string.h> and <ctype.h>, at every alignment and around word boundaries. */

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static unsigned hash(const void *data, size_t len)
{
	const unsigned char *byte = data;
	unsigned value = 2166136261u;

	while (len-- > 0)
		value = (value ^ *byte++) * 16777619;
	return value;
}

/* Copies, moves and fills between all alignments, with short lengths and longer ones. */
static unsigned exercise_memory(void)
{
	static unsigned char from[300], to[300];
	unsigned sum = 0;

	for (unsigned i = 0; i < sizeof from; i++)
		from[i] = (unsigned char)(i * 7 + 3);
	for (unsigned a = 0; a < 8; a++)
		for (unsigned b = 0; b < 8; b++)
			for (unsigned len = 0; len < 140; len += len < 20 ? 1 : 17) {
				memset(to, (int)(a * b), sizeof to);
				memcpy(to + a, from + b, len);
				memmove(to + b, to + a, len);
				memset(to + a + len, 0xa5, b);
				sum = sum * 31 + hash(to, sizeof to);
			}
	return sum;
}

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

static int exercise_strings(void)
{
	char left[64], right[64];
	int wrong = 0;

	for (unsigned a = 0; a < 8; a++)
		for (unsigned b = 0; b < 8; b++)
			for (unsigned len = 0; len < 40; len++) {
				memset(left, 'x', sizeof left);
				memset(right, 'x', sizeof right);
				left[a + len] = right[b + len] = '\0';
				wrong += strlen(left + a) != len;
				wrong += strcmp(left + a, right + b) != 0;
				if (len == 0)
					continue;
				right[b + len - 1] = 'y';
				wrong += sign(strcmp(left + a, right + b)) != -1;
				wrong += strncmp(left + a, right + b, len - 1) != 0;
				wrong += strchr(right + b, 'y') != right + b + len - 1;
				wrong += memchr(left + a, '\0', len + 1) != left + a + len;
			}
	return wrong;
}

static void search(void)
{
	static const char *volatile sentence = "She sells sea shells by the sea shore";
	const char *text = sentence;
	char copy[64] = "";

	printf("%s|%s|%s\n", strstr(text, "sea"), strrchr(text, 's'), strpbrk(text, "ybx"));
	printf("%u %u %d\n", (unsigned)strspn(text, "She "), (unsigned)strcspn(text, "b"),
	       strstr(text, "ocean") == NULL);
	strncpy(copy, text, 9);
	strcat(copy, "...");
	strncat(copy, text, 3);
	printf("%s %d %d\n", copy, sign(strcasecmp("ABC", "abd")), strncasecmp("ABC", "abd", 2));
	memccpy(copy, text, 'l', sizeof copy);
	printf("%.*s\n", 6, copy);
}

static char class_of(int c)
{
	return isupper(c) ? 'U' : islower(c) ? 'l' : isdigit(c) ? '9' : isspace(c) ? '_' :
	       ispunct(c) ? '.' : '?';
}

static void classify(void)
{
	char text[] = "Arm v7-A, \t42 cores!";

	for (char *at = text; *at != '\0'; at++) {
		int c = (unsigned char)*at;
		putchar(class_of(c));
		*at = (char)(isupper(c) ? tolower(c) : toupper(c));
	}
	printf(" %s\n", text);
}

static void split(void)
{
	char text[] = "/usr//local/lib:/opt/lib::.", *rest = text, *outer;

	while ((outer = strsep(&rest, ":")) != NULL) {
		char *state, *part = strtok_r(outer, "/", &state);
		printf("[");
		for (; part != NULL; part = strtok_r(NULL, "/", &state))
			printf(" %s", part);
		printf(" ]");
	}
	putchar('\n');
}

int main(void)
{
	printf("memory %08x, strings wrong %d\n", exercise_memory(), exercise_strings());
	search();
	classify();
	split();
	printf("%s, %s\n", strerror(2), strerror(33));
	return 0;
}
