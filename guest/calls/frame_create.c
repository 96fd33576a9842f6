/* frame_create: after a frames boot there is nothing left to create. */

#include "callcheck.h"

int main(void)
{
	CHECK_REFUSED(frame_create(0x80000000, PAGE_SIZE, FRAME_MEM), E_NO_CREATE);
	CHECK_REFUSED(frame_create(0x44e09000, PAGE_SIZE, FRAME_IO), E_NO_CREATE);
	CHECK_REFUSED(frame_create(0x10000000, PAGE_SIZE, FRAME_IO), E_NO_CREATE);
	CHECK_REFUSED(frame_create(0, 0, 0), E_NO_CREATE);
	CHECK_REFUSED(frame_create(1, 0xffffffff, FRAME_POOL), E_NO_CREATE);
	return check_passed("frame_create");
}
