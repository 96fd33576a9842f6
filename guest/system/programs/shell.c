/* The shell: runs programs by name, with arguments, pipes between them (|) and files (< and >). */

#include "../system.h"

#define LINE 160
enum { STAGES = 6 };

static char pending[LINE * 2];
static unsigned have;

/* The next line, without its end.  False when there are no more. */
static bool read_line(char *line)
{
	for (;;) {
		char *end = memchr(pending, '\n', have);
		if (end != NULL || have >= LINE - 1) {
			unsigned len = end == NULL ? LINE - 1 : (unsigned)(end - pending);
			memcpy(line, pending, len);
			line[len] = '\0';
			have -= end == NULL ? len : len + 1;
			memmove(pending, pending + len + (end != NULL), have);
			return true;
		}
		int got = stream_read(standard_in, pending + have);
		if (got <= 0) {
			memcpy(line, pending, have);
			line[have] = '\0';
			bool any = have > 0;
			have = 0;
			return any;
		}
		have += (unsigned)got;
	}
}

/* Cut spaces off both ends. */
static char *trim(char *text)
{
	while (*text == ' ')
		text++;
	for (size_t len = strlen(text); len > 0 && text[len - 1] == ' '; len--)
		text[len - 1] = '\0';
	return text;
}

static int spawn(const char *command, struct stream in, struct stream out)
{
	struct request request = {.kind = SPAWN, .streams = {in, out}};

	if (strlen(command) >= TEXT)
		return E_OUT_OF_RANGE;
	strncpy(request.text, command, TEXT);
	return ask(INIT, &request);
}

/* Cut "what < name" or "what > name" in two, and open the file. */
static bool redirect(char *stage, char sign, struct stream *stream)
{
	char *at = strchr(stage, sign);

	if (at == NULL)
		return true;
	*at = '\0';
	struct stream file = open_file(trim(at + 1), sign == '>');
	if (file.handle < 0) {
		print(trim(at + 1));
		print(": no such file\n");
		return false;
	}
	*stream = file;
	return true;
}

static void complain(const char *command, int error)
{
	print(command);
	print(error == E_NO_FRAME ? ": no such program\n" : ": cannot be started\n");
}

static void run(char *line)
{
	int pids[STAGES];
	unsigned count = 0;
	struct stream in = standard_in, pipe;

	for (char *stage = line, *next; stage != NULL && count < STAGES; stage = next) {
		struct stream out = standard_out;
		next = strchr(stage, '|');
		if (next != NULL) {
			struct request request = {.kind = PIPE};
			*next++ = '\0';
			pipe = out = (struct stream){FILES, (short)ask(FILES, &request)};
		}
		if (!redirect(stage, '>', &out) || !redirect(stage, '<', &in))
			break;
		int pid = spawn(trim(stage), in, out);
		if (pid < 0) {
			complain(trim(stage), pid);
			if (next != NULL)
				stream_close(out, 1);
		} else {
			pids[count++] = pid;
		}
		in = pipe;
	}
	for (unsigned i = 0; i < count; i++) {
		struct request request = {.kind = WAIT, .value = pids[i]};
		int status = ask(INIT, &request);
		if (status != 0 && i + 1 == count) {
			print("status ");
			print_number((unsigned)status);
			print("\n");
		}
	}
}

int main(void)
{
	static char line[LINE];

	system_begin();
	for (;;) {
		print("$ ");
		if (!read_line(line)) {
			print("\n");
			break;
		}
		char *command = trim(line);
		if (strcmp(command, "exit") == 0)
			break;
		if (*command != '\0')
			run(command);
	}
	struct request request = {.kind = STOP};
	send(INIT, &request);
	return 0;
}
