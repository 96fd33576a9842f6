/* Copy on write: two processes begin with the same memory, and each has what it writes to itself.
 *
 * A frame has one page view here, so a page that both read is shown to whoever reads it, and its view moves
 * with the next fault.  What a process writes is copied first, and then is its own for good.
 */

#include "callcheck.h"

#include <string.h>

#include "console.h"
#include "paging.h"

#define SHARED 0x60000000u
#define RO (F_MAP_READ | F_MAP_NOEXEC)
#define RW (RO | F_MAP_WRITE)
enum { PAGES = 16, CLIENTS = 2, WRITTEN = 3 };

static unsigned *page_at(unsigned i)
{
	return (unsigned *)(SHARED + i * PAGE_SIZE);
}

/* Reads everything, writes three pages of its own choice, lets the other have its turns, reads again. */
static int compute(int which)
{
	CHECK_OK(fault_handler(0));
	for (unsigned i = 0; i < PAGES; i++)
		CHECK(page_at(i)[5] == 100 + i);
	for (unsigned i = 0; i < WRITTEN; i++)
		page_at((unsigned)which + 2 * i)[5] = 1000u * (unsigned)which;
	for (int i = 0; i < 5; i++)
		proc_yield();
	for (unsigned i = 0; i < PAGES; i++) {
		bool mine = i % 2 == (unsigned)which % 2 && i < 2 * WRITTEN;
		CHECK(page_at(i)[5] == (mine ? 1000u * (unsigned)which : 100 + i));
	}
	return 0;
}

static struct client {
	struct program program;
	int pid;
	int own[PAGES]; /* copies, or NO_ID */
} clients[CLIENTS];

static int original[PAGES];
static unsigned copies, moves;

/* A copy of an original, which we see for the moment. */
static int copy_page(unsigned i)
{
	int f_id;
	char *to = pager_page(&f_id);

	CHECK(to != NULL);
	memcpy(to, pager_take_back(original[i]), PAGE_SIZE);
	CHECK_OK(frame_unmap(original[i], F_MAP_PAGE));
	return f_id;
}

static void handle(struct client *client, const struct fault *fault)
{
	unsigned i = (fault->va - SHARED) / PAGE_SIZE;

	CHECK(fault->kind == FAULT_MEMORY_ACCESS && i < PAGES);
	if (fault->rights & F_MAP_WRITE) {
		CHECK(client->own[i] == NO_ID);
		client->own[i] = copy_page(i);
		copies++;
		CHECK_OK(pager_show(&client->program.space, client->own[i], fault->va, RW));
	} else {
		moves++;
		CHECK_OK(pager_show(&client->program.space, original[i], fault->va, RO));
	}
}

static void prepare(void)
{
	for (unsigned i = 0; i < PAGES; i++) {
		unsigned *seen = (unsigned *)pager_page(&original[i]);
		CHECK(seen != NULL);
		seen[5] = 100 + i;
		CHECK_OK(frame_unmap(original[i], F_MAP_PAGE));
	}
}

static void start(struct client *client, int which)
{
	for (unsigned i = 0; i < PAGES; i++)
		client->own[i] = NO_ID;
	CHECK_OK(program_copy_lent(&client->program, compute, which));
	client->pid = CHECK_OK(program_start(&client->program, PROCESS_LENT));
}

int main(void)
{
	struct event event;

	prepare();
	for (int i = 0; i < CLIENTS; i++)
		start(&clients[i], i);
	for (int left = CLIENTS; left > 0;) {
		CHECK_OK(pager_next(&event));
		if (event.kind == EVENT_DEATH) {
			CHECK(event.death.how == DEATH_EXITED && event.death.status == 0);
			left--;
			continue;
		}
		handle(&clients[event.pid == clients[1].pid], &event.fault);
		CHECK_OK(pager_retry(event.pid));
	}
	CHECK(copies == CLIENTS * WRITTEN && moves >= PAGES);
	for (unsigned i = 0; i < PAGES; i++)
		CHECK(((unsigned *)pager_take_back(original[i]))[5] == 100 + i);
	printf("%d processes, %d pages: %u copies, and no more\n", CLIENTS, PAGES, copies);
	return check_passed("cow");
}
