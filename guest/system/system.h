/* What the processes of the small system say to each other, and how programs say it.
 *
 * The first process starts programs and waits for them (SPAWN, WAIT).  Servers have streams: the console's
 * output, the keyboard, files and pipes (READ, WRITE, CLOSE).  A request is a call; an answer its reply.
 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stdbool.h>
#include <string.h>

#include "frames.h"
#include "kernel.h"
#include "space.h"

enum kind {
	SPAWN,      /* to the first process: text is the command line; streams[0], [1].  result: pid */
	WAIT,       /* value: a pid.  result: its status, when it has ended */
	LIST,       /* value: which, from 0.  text: the name of a program, or of a file.  result: its length */
	OPEN,       /* to the files: text is a name; value: 1 to write it anew.  result: a handle */
	PIPE,       /* result: a handle, to read from and to write to */
	READ,       /* value: at most so many bytes.  text: what there is.  result: how many; 0 at the end */
	WRITE,      /* text: value bytes */
	CLOSE,      /* the end that handle and value (0 reading, 1 writing) say */
	GIVE_FRAME, /* value: a frame of ours, argument: bytes in it; it becomes the next piece of the file */
	TAKE_FRAME, /* value: ours for the asking if it is a piece.  result: a frame; argument: bytes in it */
	MEMORY,     /* value: pages.  result: a frame, ours now */
	STOP,       /* to the first process: all is over */
};

struct stream {
	short server, handle;
};

#define TEXT 40

/* All 64 bytes of a message. */
struct request {
	short kind, handle;
	int value, argument, result;
	struct stream streams[2];
	char text[TEXT];
};
_Static_assert(sizeof(struct request) == MESSAGE_SIZE, "a message");

/* Who is who: the first process starts them in this order. */
enum { INIT, CONSOLE, KEYBOARD, FILES, SHELL };

/* What a program was started with: its streams.  system_begin finds them; when the program ends, in whatever
 * way, the first process closes them. */
static struct stream standard_in, standard_out;

static inline void system_begin(void)
{
	struct request request;

	while (recv(&request) != INIT)
		;
	standard_in = request.streams[0];
	standard_out = request.streams[1];
	fault_handler(INIT); /* which makes our stack longer when that is too short */
}

static inline int ask(int server, struct request *request)
{
	int result = call(server, request);

	return result < 0 ? result : request->result;
}

static inline int stream_write(struct stream stream, const char *text, unsigned len)
{
	for (unsigned part; len > 0; len -= part, text += part) {
		struct request request = {.kind = WRITE, .handle = stream.handle};
		part = len < TEXT ? len : TEXT;
		request.value = (int)part;
		memcpy(request.text, text, part);
		int result = ask(stream.server, &request);
		if (result < 0)
			return result;
	}
	return 0;
}

static inline int stream_read(struct stream stream, char *text)
{
	struct request request = {.kind = READ, .handle = stream.handle, .value = TEXT};
	int result = ask(stream.server, &request);

	if (result > 0)
		memcpy(text, request.text, (unsigned)result);
	return result;
}

static inline void stream_close(struct stream stream, int writing)
{
	struct request request = {.kind = CLOSE, .handle = stream.handle, .value = writing};

	ask(stream.server, &request);
}

static inline int print(const char *text)
{
	return stream_write(standard_out, text, strlen(text));
}

static inline void print_number(unsigned number)
{
	char digits[11], *at = digits + sizeof digits - 1;

	*at = '\0';
	do
		*--at = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	print(at);
}

static inline int get_memory(int pages)
{
	struct request request = {.kind = MEMORY, .value = pages};

	return ask(INIT, &request);
}

static inline struct stream open_file(const char *name, int anew)
{
	struct request request = {.kind = OPEN, .value = anew};

	strncpy(request.text, name, TEXT - 1);
	return (struct stream){FILES, (short)ask(FILES, &request)};
}

#endif
