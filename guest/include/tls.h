/* Thread-local variables: the block that a process or thread has at its thread pointer (TPIDRURO).
 *
 * The kernel makes that of the first process, and the library those of children and threads, on their stacks.
 * Whoever starts a thread by hand does what the library does:
 *
 *     char room[tls_room()];
 *     tls_begin(room);
 */
#ifndef TLS_H
#define TLS_H

#include <stdbool.h>

/* Bytes for a block, wherever it begins; 1 if the program has no thread-local variables. */
unsigned tls_room(void);

/* Make a block there, as the variables begin, and set our thread pointer.  0, or an error. */
int tls_begin(void *room);

/* Whether our thread pointer has been set, or there is nothing to set it for. */
bool tls_has_begun(void);

#endif
