/* Addresses of our own vspace: where there is room for pages, and frames mapped there.
 *
 * The tables are the record: whether an entry is free is read from the L2 itself, which we see.  Tables are
 * made as they are needed, of memory from alloc.h.
 */
#ifndef VM_H
#define VM_H

#include "kernel.h"

/* Where vm_map puts things: [VM_START, VM_END). */
#define VM_START 0x40000000u
#define VM_END 0xe0000000u

/* Map a frame wherever there is room for it.  rights: F_MAP_READ and so on.  NULL if there is none. */
void *vm_map(int f_id, unsigned rights);

/* Map it at va, a page's start, making the table that this needs.  A frame that reaches into another table's
 * addresses is split.  0, or an error. */
int vm_map_at(int f_id, void *va, unsigned rights);

/* New memory, zeroed, mapped somewhere for reading and writing; its id goes to *f_id unless that is NULL. */
void *vm_new(unsigned len, int *f_id);

/* Unmap what vm_map or vm_new mapped there, a whole frame, and return its id; with vm_free it is free memory
 * again. */
int vm_unmap(void *va);
int vm_free(void *va);

/* Reserve addresses: len bytes, whole pages, that vm_map will not use.  The lowest, or 0 if there are none. */
unsigned vm_reserve(unsigned len);

#endif
