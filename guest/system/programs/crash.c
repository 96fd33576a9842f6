/* crash: reads where nothing is.  Nobody else is harmed. */

#include "../system.h"

int main(void)
{
	system_begin();
	return *(volatile int *)0x40000000;
}
