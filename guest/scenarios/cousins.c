/* Cousins may give each other nothing, until the one who is to receive allows it. */

#include "callcheck.h"

#include "console.h"
#include "process.h"

enum order { GIVE, ALLOW, LOOK, END };

/* A cousin does as the first process says: {GIVE, to}, {ALLOW, whom} or {LOOK, frame}. */
static int obey(int unused)
{
	struct message message;
	int page;

	(void)unused;
	while (recv(&message) == 0 && message.words[0] != END) {
		switch (message.words[0]) {
		case GIVE:
			page = take(1);
			fill(see(page, READ_WRITE), PAGE_SIZE, (unsigned)page);
			message.words[1] = frame_give(page, message.words[1]);
			break;
		case ALLOW:
			message.words[1] = frame_allow(message.words[1]);
			break;
		case LOOK:
			check_filled(see(message.words[1], READ_ONLY), PAGE_SIZE, (unsigned)message.words[1]);
			break;
		}
		CHECK_OK(send(0, &message));
	}
	return 0;
}

/* An aunt starts one child, with some memory, says who it is, and ends when it has ended. */
static int raise_child(int unused)
{
	struct message message;

	(void)unused;
	CHECK_RESULT(recv(&message), 0);
	int child = CHECK_OK(process_run(obey, 0));
	CHECK_OK(frame_give(take(8), child));
	message.words[0] = child;
	CHECK_OK(send(0, &message));
	return process_wait(child);
}

static int start_aunt(int *cousin)
{
	struct message message = {{0}};
	int aunt = CHECK_OK(process_run(raise_child, 0));

	CHECK_OK(frame_give(CHECK_OK(frame_take(MIB, MIB)), aunt));
	CHECK_OK(send(aunt, &message));
	CHECK_RESULT(recv(&message), aunt);
	*cousin = message.words[0];
	return aunt;
}

static int order(int cousin, enum order what, int argument)
{
	struct message message = {{what, argument}};

	CHECK_OK(send(cousin, &message));
	CHECK_RESULT(recv(&message), cousin);
	return message.words[1];
}

static int try(int giver, int to)
{
	int result = order(giver, GIVE, to);

	printf("a frame from cousin to cousin: %s\n", result < 0 ? error_name(result) : "given");
	return result;
}

int main(void)
{
	int giver, receiver, f_id;
	int first = start_aunt(&giver), second = start_aunt(&receiver);

	CHECK(try(giver, receiver) == E_NOT_ALLOWED);
	puts("the cousin allows it");
	CHECK_OK(order(receiver, ALLOW, giver));
	f_id = CHECK_OK(try(giver, receiver));
	order(receiver, LOOK, f_id);
	CHECK(try(giver, first) == E_NOT_ALLOWED); /* it is one's own child that has it, not its mother */
	CHECK(try(receiver, giver) == E_NOT_ALLOWED); /* and one way only */
	puts("the cousin allows it no more");
	CHECK_OK(order(receiver, ALLOW, NO_ID));
	CHECK(try(giver, receiver) == E_NOT_ALLOWED);

	CHECK_OK(send(giver, &(struct message){{END}}));
	CHECK_OK(send(receiver, &(struct message){{END}}));
	CHECK_OK(process_outlive(giver));
	CHECK_OK(process_outlive(receiver));
	CHECK_OK(process_wait(first));
	CHECK_OK(process_wait(second));
	return check_passed("cousins");
}
