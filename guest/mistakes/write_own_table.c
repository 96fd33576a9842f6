/* Mistake: a page table is visible, so the program changes it by hand. */

#include "frames.h"
#include "tables.h"

static void allow_writing(volatile unsigned *entry)
{
	*entry |= 0x10; /* AP: user read and write */
}

int main(void)
{
	static const int constant = 1;
	unsigned va = (unsigned)&constant;
	struct entry l1 = l1_entry(own_l1()[va / MIB]);
	const unsigned *l2 = frame_view(l1.pa);

	allow_writing((volatile unsigned *)&l2[va % MIB / PAGE_SIZE]);
	return 0;
}
