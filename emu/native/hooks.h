/* What the parts of this module share.  None of it knows a rule of the kernel. */

#ifndef EMU_HOOKS_H
#define EMU_HOOKS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <stdbool.h>
#include <stdint.h>

#if defined __GNUC__
#define RARELY __attribute__((noinline, cold))
#else
#define RARELY
#endif

#define IT_STATE 0x0600FC00 /* of the CPSR: Arm ARM DDI 0406C, B1.3.3 */

enum { READ = 1, WRITE = 2, EXEC = 4 };

enum {
    PAGE_SIZE_ = 0x1000,
    PAGE_OFFSET_ = PAGE_SIZE_ - 1,
    LOOKASIDE = 64,
};

/* Unicorn's functions, given by address: this module is not linked with it. */
struct unicorn {
    int (*stop)(void *uc);
    int (*read)(void *uc, int register_id, void *value);
    int (*read_batch)(void *uc, const int *register_ids, void **values, int number);
    int (*write)(void *uc, int register_id, const void *value);
};

extern struct unicorn unicorn;

/* RAM as user mode sees it through the tables that lie in it. */
typedef struct {
    PyObject_HEAD
    uint8_t *host;      /* where the host has the first byte */
    uint32_t base;      /* its physical address */
    uint64_t size;      /* bytes */
    uint32_t l1;        /* of the current address space (pa) */
    struct {
        uint32_t va;    /* of a page; 1: nothing is kept here */
        uint8_t *host;
    } pages[LOOKASIDE]; /* found by walking since something changed */
} Memory;

extern PyTypeObject MemoryType;

/* The translation of va, and what user mode may do there; 0: nothing.
 * Only what lies in RAM: *pa is then an address in it. */
int memory_walk(const Memory *memory, uint32_t va, uint32_t *pa);

/* Where the host has what user mode reads at va, which is in RAM; NULL if it is not. */
const uint8_t *memory_at(Memory *memory, uint32_t va);

extern PyTypeObject CounterType;
extern PyTypeObject FillsType;
extern PyTypeObject SvcType;

#endif
