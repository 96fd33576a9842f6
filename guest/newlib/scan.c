/* Reads its input with scanf: a ledger of "name amount" lines, then a sum; status 1 at nonsense. */

#include <stdio.h>
#include <string.h>

#define ACCOUNTS 20

static struct account {
	char name[16];
	double sum;
	int entries;
} accounts[ACCOUNTS];

static struct account *find(const char *name)
{
	for (int i = 0; i < ACCOUNTS; i++) {
		if (accounts[i].name[0] == '\0')
			strcpy(accounts[i].name, name);
		if (strcmp(accounts[i].name, name) == 0)
			return &accounts[i];
	}
	return NULL;
}

/* A comment runs to the end of its line. */
static void skip_comment(void)
{
	int c = getchar();

	if (c == '#')
		while (c != '\n' && c != EOF)
			c = getchar();
	else
		ungetc(c, stdin);
}

static int read_ledger(void)
{
	char name[16];
	double amount;
	int fields;

	while (scanf(" ") != EOF) {
		skip_comment();
		fields = scanf("%15[a-z_] %lf", name, &amount);
		if (fields == EOF)
			break;
		if (fields != 2)
			return printf("nonsense after %d fields\n", fields), 0;
		struct account *account = find(name);
		if (account == NULL)
			return printf("too many accounts\n"), 0;
		account->sum += amount;
		account->entries++;
	}
	return 1;
}

int main(void)
{
	double total = 0;
	int good = read_ledger();

	for (int i = 0; i < ACCOUNTS && accounts[i].name[0] != '\0'; i++) {
		printf("%-15s %3d %10.2f\n", accounts[i].name, accounts[i].entries,
		       accounts[i].sum);
		total += accounts[i].sum;
	}
	printf("%-15s %14.2f\n", "total", total);
	return !good;
}
