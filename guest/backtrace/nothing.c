/* A chain of calls to unwind by nothing but the link register, good for one caller. */

#include "chain.h"
