/* Putting functions in the place of a shared library's own, wherever the library calls those. */

#ifndef EMU_INTERPOSE_H
#define EMU_INTERPOSE_H

#include <stdbool.h>
#include <stddef.h>

typedef void (*Function)(void);

/* name: of a function that the library exports.  ours: what is called instead.  before: where the
 * one that was called until now is put, for ours to call. */
typedef struct {
    const char *name;
    Function ours;
    Function *before;
} Interposed;

/* Interpose all of these in the library that has `inside`, an address; or none, and false.
 * Only calls through the library's own tables of addresses are changed: not those by its users. */
bool interpose(const void *inside, const Interposed *functions, size_t number);

/* The address of an exported function of that library, or NULL. */
Function function_of(const void *inside, const char *name);

#endif
