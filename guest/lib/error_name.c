/* Written by `make header` from kernel_model. Changes here are lost. */

#include "kernel.h"

const char *error_name(int error)
{
	static const char *const names[] = {
		[1] = "E_ERR",
		[2] = "E_NO_CALL",
		[3] = "E_NO_FRAME",
		[4] = "E_NO_PROCESS",
		[5] = "E_BAD_POINTER",
		[6] = "E_UNALIGNED",
		[7] = "E_OUT_OF_RANGE",
		[8] = "E_POOL_FULL",
		[9] = "E_WRONG_TYPE",
		[10] = "E_IS_TABLE",
		[11] = "E_NOT_TABLE",
		[12] = "E_TABLE_NOT_VISIBLE",
		[13] = "E_TABLE_NOT_HUNG",
		[14] = "E_TABLE_HUNG",
		[15] = "E_TABLE_CURRENT",
		[16] = "E_TABLE_NOT_EMPTY",
		[17] = "E_TABLE_WRITABLE",
		[18] = "E_NOT_VIEWED_READ_ONLY",
		[19] = "E_NOT_MAPPED",
		[20] = "E_MAPPED",
		[21] = "E_ENTRY_IN_USE",
		[22] = "E_KERNEL_SPACE",
		[23] = "E_PAGE_ZERO",
		[24] = "E_BAD_FLAGS",
		[25] = "E_BAD_KIND",
		[26] = "E_NOT_ADJACENT",
		[27] = "E_NOT_ALIKE",
		[28] = "E_NOT_ALLOWED",
		[29] = "E_BAD_SIZE",
		[30] = "E_NO_VSPACE",
		[31] = "E_TO_SELF",
		[32] = "E_PEER_DIED",
		[33] = "E_NO_CREATE",
		[34] = "E_OVERLAP",
		[35] = "E_CONSOLE",
		[36] = "E_NO_ID_LEFT",
		[37] = "E_NOT_CALLING",
		[38] = "E_PEER_FAULTED",
	};
	unsigned index = 0u - (unsigned)error;

	if (index >= sizeof names / sizeof names[0] || names[index] == NULL)
		return "no such error";
	return names[index];
}
