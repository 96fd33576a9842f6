/* A chain of calls to unwind by .debug_frame, which -g makes. */

#include "chain.h"
