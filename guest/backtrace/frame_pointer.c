/* A chain of calls to unwind by frame pointers alone, which only the Arm code has. */

#include "chain.h"
