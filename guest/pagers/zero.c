/* Memory that is there when it is touched: a region of 64 MiB of zeros, in a machine that has less.
 *
 * The child names us as its fault handler.  At each first touch of a page we hear of a fault, map a page of
 * zeros there, and let the access be tried again.
 */

#include "callcheck.h"

#include "console.h"
#include "paging.h"

#define REGION 0x60000000u
#define REGION_LEN (64 * MIB)
#define RW (F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC)
enum { TOUCHES = 100 };

/* The child: touches pages far apart, finds zeros, writes, and finds what it wrote. */
static int touch(int unused)
{
	(void)unused;
	CHECK_OK(fault_handler(0));
	for (unsigned i = 0; i < TOUCHES; i++) {
		volatile unsigned *at = (unsigned *)(REGION + i * (REGION_LEN / TOUCHES & ~0xfffu) + 8 * i);
		CHECK(*at == 0);
		*at = i + 1;
	}
	for (unsigned i = 0; i < TOUCHES; i++) {
		volatile unsigned *at = (unsigned *)(REGION + i * (REGION_LEN / TOUCHES & ~0xfffu) + 8 * i);
		CHECK(*at == i + 1);
	}
	return *(volatile char *)(REGION + REGION_LEN); /* one byte beyond: that is a mistake */
}

/* Whether a fault is one of those that we are there for; then its page is mapped. */
static bool handle(struct program *client, const struct fault *fault)
{
	int f_id;

	if (fault->kind != FAULT_MEMORY_ACCESS || fault->va - REGION >= REGION_LEN)
		return false;
	CHECK(pager_page(&f_id) != NULL);
	CHECK_OK(pager_show(&client->space, f_id, fault->va, RW));
	return true;
}

int main(void)
{
	struct program client;
	struct event event;
	unsigned pages = 0;

	CHECK_OK(program_copy_lent(&client, touch, 0));
	int pid = CHECK_OK(program_start(&client, PROCESS_LENT));
	for (;;) {
		CHECK_OK(pager_next(&event));
		if (event.kind == EVENT_DEATH)
			break;
		bool good = handle(&client, &event.fault);
		pages += good;
		CHECK_OK(good ? pager_retry(pid) : pager_end(pid));
	}
	CHECK(event.death.how == DEATH_FAULTED); /* by its last access */
	printf("%u pages of %u were touched, and are there\n", pages, REGION_LEN / PAGE_SIZE);
	CHECK(pages == TOUCHES);
	return check_passed("zero");
}
