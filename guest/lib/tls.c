/* Thread-local variables, as the ABI for Arm has them: at the thread pointer two words that are the system's,
 * and behind them, aligned, the variables. */

#include "tls.h"

#include <string.h>

#include "kernel.h"

/* From guest.ld: where the initial values are and how many bytes of them there are; all bytes, with those that
 * begin as zeros; and the alignment.  The last three are numbers. */
extern const char __tls_start[], __tdata_size[], __tls_size[], __tls_align[];

/* The number that such a symbol is: the compiler takes no address for 0. */
static unsigned number(const char *symbol)
{
	__asm__("" : "+r"(symbol));
	return (unsigned)symbol;
}

#define SYSTEMS 8u /* bytes at the thread pointer */

static unsigned alignment(void)
{
	unsigned align = number(__tls_align);

	return align > SYSTEMS ? align : SYSTEMS;
}

unsigned tls_room(void)
{
	unsigned size = number(__tls_size);

	return size == 0 ? 1 : alignment() + size + alignment() - 1;
}

int tls_begin(void *room)
{
	unsigned align = alignment(), size = number(__tls_size), given = number(__tdata_size);
	char *block = (char *)(((unsigned)room + align - 1) & ~(align - 1));

	if (size == 0)
		return 0;
	memcpy(block + align, __tls_start, given);
	memset(block + align + given, 0, size - given);
	return thread_pointer(block);
}

bool tls_has_begun(void)
{
	void *block;

	__asm__ volatile("mrc p15, 0, %0, c13, c0, 3" : "=r"(block));
	return block != NULL || number(__tls_size) == 0;
}
