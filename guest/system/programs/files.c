/* Files and pipes in memory.  A pipe is a file that is gone when it has been read; who reads where nothing is
 * yet waits for an answer.  Frames become pieces of files, and come out again, without being copied.
 */

#include "../system.h"

enum { FILES_MOST = 24, PIECES = 12, ROOM = 4096, OPEN_MOST = 48 };

static struct file {
	char name[TEXT];
	bool used, pipe;
	int writers, readers;
	unsigned len, start; /* of what is in data */
	char data[ROOM];
	struct {
		int f_id;
		unsigned len;
	} frames[PIECES];
	unsigned frame_count;
} files[FILES_MOST];

/* An open end of a file. */
static struct handle {
	struct file *file;
	unsigned at;
	int waiter, wanted;
} handles[OPEN_MOST];

static void answer(int pid, struct request *request, int result)
{
	request->result = result;
	reply(pid, request);
}

static int new_handle(struct file *file)
{
	for (int i = 1; i < OPEN_MOST; i++)
		if (handles[i].file == NULL) {
			handles[i] = (struct handle){file, 0, NO_ID, 0};
			return i;
		}
	return E_OUT_OF_RANGE;
}

static struct file *new_file(const char *name, bool pipe)
{
	for (int i = 0; i < FILES_MOST; i++)
		if (!files[i].used) {
			memset(&files[i], 0, sizeof files[i]);
			strncpy(files[i].name, name, TEXT - 1);
			files[i].used = true;
			files[i].pipe = pipe;
			return &files[i];
		}
	return NULL;
}

static int open(const char *name, int anew)
{
	struct file *file = NULL;

	for (int i = 0; i < FILES_MOST; i++)
		if (files[i].used && !files[i].pipe && strncmp(files[i].name, name, TEXT - 1) == 0)
			file = &files[i];
	if (file == NULL && anew)
		file = new_file(name, false);
	if (file == NULL)
		return anew ? E_OUT_OF_RANGE : E_NO_FRAME;
	if (anew)
		file->len = 0;
	return new_handle(file);
}

/* Give a reader what there is.  False: it has to wait. */
static bool read(struct handle *handle, int pid)
{
	struct request request = {.kind = READ};
	struct file *file = handle->file;
	unsigned from = file->pipe ? file->start : handle->at, there = file->len - from;
	unsigned len = there < (unsigned)handle->wanted ? there : (unsigned)handle->wanted;

	if (len == 0 && file->pipe && file->writers > 0)
		return false;
	memcpy(request.text, file->data + from, len);
	if (file->pipe)
		file->start += len;
	else
		handle->at += len;
	if (file->pipe && file->start == file->len)
		file->start = file->len = 0;
	answer(pid, &request, (int)len);
	return true;
}

/* Something has come, or nothing will: whoever waits for it may go on. */
static void serve_waiters(struct file *file)
{
	for (int i = 1; i < OPEN_MOST; i++)
		if (handles[i].file == file && handles[i].waiter != NO_ID && read(&handles[i], handles[i].waiter))
			handles[i].waiter = NO_ID;
}

static void close(int number, int writing)
{
	struct handle *handle = &handles[number];
	struct file *file = handle->file;

	if (!file->pipe) {
		handle->file = NULL;
		return;
	}
	if (writing)
		file->writers--;
	else
		file->readers--;
	serve_waiters(file);
	if (file->writers <= 0 && file->readers <= 0) {
		handle->file = NULL;
		file->used = false;
	}
}

static int write(struct file *file, const char *text, unsigned len)
{
	if (file->start > 0 && file->len + len > ROOM) {
		memmove(file->data, file->data + file->start, file->len - file->start);
		file->len -= file->start;
		file->start = 0;
	}
	if (len > TEXT || file->len + len > ROOM)
		return E_OUT_OF_RANGE;
	memcpy(file->data + file->len, text, len);
	file->len += len;
	serve_waiters(file);
	return 0;
}

static int give(struct file *file, int f_id, int len)
{
	if (file->frame_count == PIECES)
		return E_OUT_OF_RANGE;
	file->frames[file->frame_count].f_id = f_id;
	file->frames[file->frame_count++].len = (unsigned)len;
	return 0;
}

static int take(struct file *file, int pid, int *len)
{
	if (file->frame_count == 0)
		return E_NO_FRAME;
	int f_id = file->frames[0].f_id;
	*len = (int)file->frames[0].len;
	int result = frame_give(f_id, pid);
	if (result >= 0)
		memmove(&file->frames[0], &file->frames[1], --file->frame_count * sizeof file->frames[0]);
	return result;
}

static int list(struct request *request)
{
	int left = request->value;

	for (int i = 0; i < FILES_MOST; i++)
		if (files[i].used && !files[i].pipe && left-- == 0) {
			memcpy(request->text, files[i].name, TEXT);
			return (int)strlen(files[i].name);
		}
	return 0;
}

/* A request to an open handle.  False: the answer comes later. */
static bool use(int pid, struct request *request, int *result)
{
	struct handle *handle = &handles[request->handle];
	struct file *file = handle->file;

	switch (request->kind) {
	case READ:
		handle->wanted = request->value < TEXT ? request->value : TEXT;
		if (!read(handle, pid))
			handle->waiter = pid;
		return false;
	case WRITE: *result = write(file, request->text, (unsigned)request->value); return true;
	case GIVE_FRAME: *result = give(file, request->value, request->argument); return true;
	case TAKE_FRAME: *result = take(file, pid, &request->argument); return true;
	default: close(request->handle, request->value); *result = 0; return true;
	}
}

static int make_pipe(void)
{
	struct file *file = new_file("", true);

	if (file == NULL)
		return E_OUT_OF_RANGE;
	file->writers = file->readers = 1;
	return new_handle(file);
}

int main(void)
{
	struct request request;

	system_begin();
	for (;;) {
		int pid = recv(&request), result = E_ERR;
		if (pid < 0)
			continue;
		if (request.kind == OPEN)
			result = open(request.text, request.value);
		else if (request.kind == PIPE)
			result = make_pipe();
		else if (request.kind == LIST)
			result = list(&request);
		else if (request.handle > 0 && request.handle < OPEN_MOST && handles[request.handle].file != NULL
		         && !use(pid, &request, &result))
			continue;
		answer(pid, &request, result);
	}
}
