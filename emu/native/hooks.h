/* What the parts of this module share.  No part knows a rule of the kernel. */

#ifndef EMU_HOOKS_H
#define EMU_HOOKS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined __GNUC__
#define RARELY __attribute__((noinline, cold))
#define APART __attribute__((noinline))
#else
#define RARELY
#define APART
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
    int (*start)(void *uc, uint64_t pc, uint64_t until, uint64_t timeout, size_t count);
    int (*stop)(void *uc);
    int (*read)(void *uc, int register_id, void *value);
    int (*read_batch)(void *uc, const int *register_ids, void **values, int number);
    int (*translate)(void *uc, uint64_t va, int access, uint64_t *pa);
    int (*write)(void *uc, int register_id, const void *value);
};

/* What one copy of the module has of its own.  Its types hold the module, and objects their type:
 * so a pointer to `unicorn` is good for as long as the object that keeps it. */
typedef struct {
    struct unicorn unicorn;
    PyTypeObject *memory, *counter, *fills, *svc, *pc_and_cpsr, *blocks, *stacks, *accesses,
        *alignment;
} State;

static inline State *state_of(PyTypeObject *type)
{
    return PyType_GetModuleState(type);
}

/* Flags of every type: as fixed as a static type, and no base of others. */
#define FIXED (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE)

/* The end of each `dealloc`: an instance of a heap type holds the type. */
static inline void free_object(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

/* RAM as user mode sees it through the tables that lie in it. */
typedef struct {
    PyObject_HEAD
    uint8_t *host;      /* where the host has the first byte */
    uint32_t base;      /* its physical address */
    uint64_t size;      /* bytes */
    uint32_t l1;        /* of the current address space (pa) */
    uint32_t changes;   /* how often descriptors or code in it have changed */
    struct {
        uint32_t va;    /* of a page; 1: nothing is kept here */
        uint8_t *host;
    } pages[LOOKASIDE]; /* found by walking since something changed */
} Memory;

/* The translation of va, and what user mode may do there; 0: nothing.
 * Only what lies in RAM: *pa is then an address in it. */
int memory_walk(const Memory *memory, uint32_t va, uint32_t *pa);

/* Where the host has what user mode reads at va, which is in RAM; NULL if it is not. */
const uint8_t *memory_at(Memory *memory, uint32_t va);

/* Copy what user mode reads at va; false if not all of it is in RAM. */
bool memory_copy(Memory *memory, uint32_t va, uint8_t *to, size_t length);

/* Whether the SVC before pc is exactly that of semihosting.
 *
 * The syndrome register has only 16 bits of an immediate, of either instruction set, and code that
 * stores into itself may have changed the instruction since. */
bool semihosting_is(Memory *memory, uint32_t syndrome, uint32_t pc, uint32_t cpsr);

/* So many words at va; or None: that is 0, or not all of them are in RAM. */
PyObject *semihosting_words(Memory *memory, uint32_t va, size_t number);

/* Whether user mode may access va so, and its memory type is Device or Strongly-ordered. */
bool memory_is_device(const Memory *memory, uint32_t va, int access);

#define NOWHERE 1 /* an address no instruction has */

enum { KNOWN = 256, SHORT = 8, LONG = 64, WATCHERS = 8 };

typedef void (*BlockHook)(void *uc, uint64_t va, uint32_t size, void *data);

/* A block of Thumb code whose instructions have been counted. */
typedef struct {
    uint64_t key;        /* its address, and from bit 32 on the changes of the memory until then */
    uint32_t size;       /* bytes; 0: nothing is kept here */
    uint32_t number;
} Known;

/* The same for code that may change unnoticed: it must be compared. */
typedef struct {
    Known known;
    const uint8_t *host; /* where it is */
    uint8_t code[LONG];  /* what it was */
} Compared;

/* A block as it was translated: what counting by translated code needs (exit_checks.c). */
typedef struct {
    uint64_t number;     /* of instructions */
    uint32_t va;
    uint32_t size;       /* bytes */
    bool thumb;
} Translated;

typedef struct {
    PyObject_HEAD
    uint64_t count;           /* with all of the block under way */
    const Translated *now;    /* the block under way if translated code has counted it, else NULL:
                               * then the members from `before` to `size`, and `thumb`, are of an
                               * earlier one, until counter_settle */
    const Translated *last;   /* the one before it, likewise; NULL: `next` says its end */
    uint64_t before;          /* without it */
    uint64_t next;            /* the address after the instruction that completed last */
    uint64_t next_before;     /* the same as the block under way began */
    uint64_t va;              /* of the block under way, or NOWHERE */
    uint32_t size;
    uint32_t watched;         /* by so many of `watchers` */
    _Atomic uint64_t unseen;  /* up to this count neither limit nor end of turn matters */
    uint64_t runs;            /* how often one has begun */
    uint64_t thumb_bit;       /* the host's address of Unicorn's own, or 0 */
    _Atomic uint64_t limit;   /* this and `unseen` another thread may set while blocks begin */
    uint64_t turn_end;
    bool thumb;
    bool passing;             /* the block that begins is not to be stopped */
    bool turn_over;
    int cpsr;                 /* Unicorn's number of that register */
    Translated *records;      /* a ring of them; NULL until there is one */
    size_t recorded;          /* how many there have been */
    const struct unicorn *unicorn;
    void *uc;
    Memory *memory;
    PyObject *fills;          /* Fills, which know of stores to code; or NULL */
    struct {
        BlockHook begins;
        void *data;
    } watchers[WATCHERS];
    Known known[KNOWN];
    Compared compared[KNOWN];
} Counter;

/* What the thread that ends runs from outside writes while a hook may read it.  No order is needed,
 * because that thread repeats itself until the run ends: each access is a plain load or store. */
static inline uint64_t shared(const _Atomic uint64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static inline void share(_Atomic uint64_t *value, uint64_t now)
{
    atomic_store_explicit(value, now, memory_order_relaxed);
}

static inline uint64_t differ(const uint8_t *one, const uint8_t *other, uint32_t at)
{
    uint64_t a, b;
    memcpy(&a, one + at, 8);
    memcpy(&b, other + at, 8);
    return a ^ b;
}

/* Whether so many bytes are the same: of blocks, most of which are short. */
static inline bool same_code(const uint8_t *one, const uint8_t *other, uint32_t size)
{
    if (size < 8 || size > 32)
        return !memcmp(one, other, size);
    uint64_t found = differ(one, other, 0) | differ(one, other, size - 8);
    if (size > 16)
        found |= differ(one, other, 8) | differ(one, other, size - 16);
    return !found;
}

extern PyType_Spec memory_spec, counter_spec, fills_spec, svc_spec, pc_and_cpsr_spec, blocks_spec,
    stacks_spec, accesses_spec, alignment_spec;

/* Whether the code of the page at va, which is at pa in RAM, is stored to only after a change
 * that is told. */
bool fills_have_plain(const PyObject *fills, uint32_t va, uint32_t pa);

/* Whether the code of the page that va is in, which executes, is so. */
bool code_is_plain(const Counter *counter, uint32_t va);

/* Let the members say what translated code has only noted. */
void counter_settle(Counter *counter);

/* The hook for blocks.  data: a Counter; with COUNTED added, translated code has counted the block,
 * and found that it is to be looked at. */
enum { COUNTED = 1 };
void counter_block_begins(void *uc, uint64_t va, uint32_t size, void *data);

/* The count up to and with the instruction at pc, which executes. */
uint64_t counter_begun(Counter *counter, uint64_t pc);

/* In a callback for a load or store: Unicorn restores the IT state; see Hooks.leave_it_block.
 * cpsr: Unicorn's number of that register. */
static inline void leave_it_block(const struct unicorn *unicorn, void *uc, int cpsr)
{
    uint32_t value = 0;
    unicorn->read(uc, cpsr, &value);
    if (value & IT_STATE) {
        value &= ~IT_STATE;
        unicorn->write(uc, cpsr, &value);
    }
}

/* A block begins; these stacks know its place. */
void stacks_entered(PyObject *stacks, int number);

/* Properties: the address of the function in the closure, and of the object itself. */
PyObject *address_of_hook(PyObject *self, void *function);
PyObject *address_of_self(PyObject *self, void *closure);

/* Let fail(error) hear of the exception that is set. */
void tell_error(PyObject *fail);

#endif
