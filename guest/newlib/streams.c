/* Standard output and standard error apart, in the three kinds of buffering. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char buffer[256];

static void speak(const char *what)
{
	fprintf(stdout, "out: %s\n", what);
	fprintf(stderr, "err: %s\n", what);
}

int main(void)
{
	speak("as they come");
	fflush(stdout);
	setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
	for (int i = 0; i < 30; i++) {
		printf("%d ", i * i * i);
		if (i % 10 == 9)
			fprintf(stderr, "%d\n", i);
	}
	putchar('\n');
	fflush(stdout);
	setvbuf(stdout, NULL, _IONBF, 0);
	speak("unbuffered");
	setvbuf(stdout, NULL, _IOLBF, 64);
	fputs("half a line, ", stdout);
	fputs("err: between the halves\n", stderr);
	puts("and the other half");
	fflush(stdout);
	write(STDOUT_FILENO, "written directly\n", strlen("written directly\n"));
	write(STDERR_FILENO, "err: directly\n", strlen("err: directly\n"));
	errno = ENOENT;
	perror("err: the last error");
	fwrite("a\0b\n", 1, 4, stdout);
	fclose(stderr);
	printf("last words without a newline");
	return 0;
}
