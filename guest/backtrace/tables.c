/* A chain of calls to unwind by .ARM.exidx and .ARM.extab alone. */

#include "chain.h"
