/* The tables that translate us lie in memory that we can read. */

#include "console.h"
#include "frames.h"
#include "tables.h"

int main(void)
{
	const unsigned *l1 = own_l1();
	unsigned va = (unsigned)main & ~1u;
	struct entry coarse = l1_entry(l1[va / MIB]);
	const unsigned *l2 = frame_view(coarse.pa);
	struct entry page = l2_entry(l2[va % MIB / PAGE_SIZE]);

	printf("our L1 says that the L2 for %x is at %x\n", va, coarse.pa);
	printf("the L2 says that its page is at %x\n", page.pa);
	return 0;
}
