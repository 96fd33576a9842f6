/* Pagers: hearing of faults, and answering. */

#include "paging.h"

#define READ_WRITE (F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC)

int pager_next(struct event *event)
{
	int sender = recv(&event->message);

	event->kind = EVENT_MESSAGE;
	if (sender == E_PEER_DIED) {
		event->kind = EVENT_DEATH;
		sender = event->death.pid;
	} else if (sender >= 0 && (sender & FAULT_BIT)) {
		event->kind = EVENT_FAULT;
		sender &= ~FAULT_BIT;
	}
	event->pid = sender;
	return sender < 0 ? sender : 0;
}

static int answer(int pid, unsigned what)
{
	struct message message = {{(int)what}};

	return send(pid, &message);
}

int pager_retry(int pid)
{
	return answer(pid, ANSWER_RETRY);
}

int pager_end(int pid)
{
	return answer(pid, ANSWER_END);
}

char *pager_page(int *f_id)
{
	return space_new(PAGE_SIZE, f_id);
}

int pager_show(struct space *space, int f_id, unsigned va, unsigned rights)
{
	return space_map(space, f_id, va & ~(PAGE_SIZE - 1), rights);
}

char *pager_take_back(int f_id)
{
	return space_see(f_id, READ_WRITE);
}
