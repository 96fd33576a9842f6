/* Regular expressions by backtracking, and globs, over a table; with an argument it is a grep. */

#include <stdio.h>
#include <string.h>

static int match_here(const char *pattern, const char *text);

/* c* at the start of the text, the fewest first. */
static int match_star(int c, const char *pattern, const char *text)
{
	do {
		if (match_here(pattern, text))
			return 1;
	} while (*text != '\0' && (*text++ == c || c == '.'));
	return 0;
}

static int match_here(const char *pattern, const char *text)
{
	if (pattern[0] == '\0')
		return 1;
	if (pattern[1] == '*')
		return match_star(pattern[0], pattern + 2, text);
	if (pattern[1] == '?')
		return ((*text != '\0' && (pattern[0] == '.' || pattern[0] == *text)) &&
			match_here(pattern + 2, text + 1)) ||
		       match_here(pattern + 2, text);
	if (pattern[0] == '$' && pattern[1] == '\0')
		return *text == '\0';
	if (*text != '\0' && (pattern[0] == '.' || pattern[0] == *text))
		return match_here(pattern + 1, text + 1);
	return 0;
}

static int match(const char *pattern, const char *text)
{
	if (pattern[0] == '^')
		return match_here(pattern + 1, text);
	do {
		if (match_here(pattern, text))
			return 1;
	} while (*text++ != '\0');
	return 0;
}

static int glob(const char *pattern, const char *text)
{
	const char *star = NULL, *again = text;

	while (*text != '\0') {
		if (*pattern == *text || *pattern == '?') {
			pattern++, text++;
		} else if (*pattern == '*') {
			star = ++pattern;
			again = text;
		} else if (star != NULL) {
			pattern = star;
			text = ++again;
		} else {
			return 0;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static const char *const expressions[] = { "",      "a",   "^a",   "a$",     "^$",   "a*b",
					   "^a*b$", "a.c", "ab?c", ".*x.*y", "^.?$", "aa*bb*cc*$" };
static const char *const globs[] = { "", "*", "a*", "*c", "a?c", "*b*", "??", "*a*a*a*b" };
static const char *const texts[] = { "",     "a",       "b",
				     "abc",  "ac",      "aab",
				     "xxyy", "aabbccc", "aaaaaaaaaaaaaaaaaaaa" };

int main(int argc, char **argv)
{
	char line[200];
	int found = 0;

	for (unsigned i = 0; i < sizeof expressions / sizeof *expressions; i++) {
		printf("%12s", expressions[i]);
		for (unsigned j = 0; j < sizeof texts / sizeof *texts; j++)
			printf(" %d", match(expressions[i], texts[j]));
		putchar('\n');
	}
	for (unsigned i = 0; i < sizeof globs / sizeof *globs; i++) {
		printf("%12s", globs[i]);
		for (unsigned j = 0; j < sizeof texts / sizeof *texts; j++)
			printf(" %d", glob(globs[i], texts[j]));
		putchar('\n');
	}
	while (argc > 1 && fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (match(argv[1], line))
			printf("%s\n", line), found++;
	}
	return argc > 1 && found == 0;
}
