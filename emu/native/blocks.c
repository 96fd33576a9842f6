/* The blocks that ran: which, how often, in which order.  The twin: emu/execution/python_source.py.
 * A block is the same for as long as the same bytes are at the same place in the same space. */

#include "hooks.h"

#include <stdlib.h>
#include <string.h>

enum {
    SLOTS = 1 << 17,
    MOST = 50000,            /* blocks: emu.execution.executed.MOST_BLOCKS */
    ORDERED = 512,           /* runs of blocks: emu.execution.executed.ORDERED */
    LONGEST = PAGE_SIZE_ + 4
};

typedef struct {
    uint32_t space;  /* of addresses and of instructions, as Python numbers them, and T */
    uint32_t va;
    uint32_t size;
    uint32_t code;   /* where its bytes are among `codes` */
    uint32_t sure;   /* it is as it was while the memory's count of changes is this; 0: unknown */
    uint64_t count;
} Block;

typedef struct {
    PyObject_HEAD
    Counter *counter;
    uint32_t *slots; /* of a hash table: number + 1 */
    Block *blocks;
    uint8_t *codes;
    int *order;      /* the numbers of blocks that have executed to their end; NULL: not kept */
    PyObject *stacks; /* what follows calls and returns, or NULL */
    unsigned int space;
    bool wanted;     /* whether the blocks of the process that runs matter */
    int last;        /* the number of the block that began last, or -1 */
    int known;       /* how many there are */
    int ordered;     /* how many there are in `order` */
    size_t used, room;
    PyObject *made;  /* made(number, va, code, thumb): a block begins for the first time */
    PyObject *full;  /* full(): there are MOST; it forgets them */
    PyObject *ran;   /* ran(): ORDERED have executed; it takes them */
    PyObject *fail;
} Blocks;

static size_t slot_of(uint32_t space, uint32_t va)
{
    return (va / 2 * 2654435761u ^ space * 40503u) >> 7 & (SLOTS - 1);
}

/* Whether these bytes are in memory at va now. */
static bool is_there(Memory *memory, uint32_t va, const uint8_t *code, uint32_t size)
{
    uint32_t first = PAGE_SIZE_ - (va & PAGE_OFFSET_);
    const uint8_t *host = memory_at(memory, va);
    if (size > first) {
        const uint8_t *second = memory_at(memory, va + first);
        return host && second && !memcmp(host, code, first)
            && !memcmp(second, code + first, size - first);
    }
    return host && same_code(host, code, size);
}

static bool read_code(Memory *memory, uint32_t va, uint8_t *code, uint32_t size)
{
    while (size) {
        uint32_t part = PAGE_SIZE_ - (va & PAGE_OFFSET_);
        const uint8_t *host = memory_at(memory, va);
        if (part > size)
            part = size;
        if (host == NULL)
            return false;
        memcpy(code, host, part);
        va += part;
        code += part;
        size -= part;
    }
    return true;
}

/* Room for so many bytes of code more: where they go, or NULL with an exception set. */
static uint8_t *code_room(Blocks *blocks, uint32_t size)
{
    if (blocks->used + size > blocks->room) {
        size_t room = 2 * blocks->room + size;
        uint8_t *codes = realloc(blocks->codes, room);
        if (codes == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        blocks->codes = codes;
        blocks->room = room;
    }
    return blocks->codes + blocks->used;
}

/* Enter a block in the table and tell Python of it; its number, or -1 with an exception set. */
static int made(Blocks *blocks, size_t slot, uint32_t space, uint32_t va, uint32_t size)
{
    uint8_t *code = code_room(blocks, size);
    if (code == NULL)
        return -1;
    if (size > LONGEST || !read_code(blocks->counter->memory, va, code, size)) {
        PyErr_Format(PyExc_AssertionError, "Blocks: no code at %x", va);
        return -1;
    }
    int number = blocks->known++;
    Block *block = &blocks->blocks[number];
    *block = (Block){space, va, size, (uint32_t)blocks->used, 0, 0};
    blocks->used += size;
    blocks->slots[slot] = (uint32_t)number + 1;
    PyObject *told = PyObject_CallFunction(blocks->made, "iky#N", number, (unsigned long)va,
                                           (const char *)code, (Py_ssize_t)size,
                                           PyBool_FromLong(space & 1));
    Py_XDECREF(told);
    return told == NULL ? -1 : number;
}

static size_t find(const Blocks *blocks, uint32_t space, uint32_t va, uint32_t size)
{
    size_t slot = slot_of(space, va);
    for (;; slot = (slot + 1) & (SLOTS - 1)) {
        if (!blocks->slots[slot])
            return slot;
        const Block *block = &blocks->blocks[blocks->slots[slot] - 1];
        if (block->va == va && block->size == size && block->space == space)
            return slot;
    }
}

RARELY static int learn(Blocks *blocks, uint32_t space, uint32_t va, uint32_t size)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *done = NULL;
    int number = -1;
    if (blocks->known < MOST || (done = PyObject_CallNoArgs(blocks->full)) != NULL)
        number = made(blocks, find(blocks, space, va, size), space, va, size);
    Py_XDECREF(done);
    if (number < 0)
        tell_error(blocks->fail);
    PyGILState_Release(state);
    return number;
}

/* Whether a block's code is still in memory; if it cannot change unnoticed, that is noted. */
APART static bool is_as_it_was(Blocks *blocks, Block *block)
{
    Memory *memory = blocks->counter->memory;
    if (!is_there(memory, block->va, blocks->codes + block->code, block->size))
        return false;
    if ((block->va & PAGE_OFFSET_) + block->size <= PAGE_SIZE_
        && code_is_plain(blocks->counter, block->va))
        block->sure = memory->changes;
    return true;
}

RARELY static void tell_order(Blocks *blocks)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *done = PyObject_CallNoArgs(blocks->ran);
    if (done == NULL)
        tell_error(blocks->fail);
    Py_XDECREF(done);
    blocks->ordered = 0;
    PyGILState_Release(state);
}

static void begins(void *Py_UNUSED(uc), uint64_t address, uint32_t size, void *data)
{
    Blocks *blocks = data;
    if (!blocks->wanted)
        return;
    uint32_t va = (uint32_t)address, space = 2 * blocks->space + blocks->counter->thumb;
    size_t slot = find(blocks, space, va, size);
    int number = (int)blocks->slots[slot] - 1;
    Block *block = number < 0 ? NULL : &blocks->blocks[number];
    if (block == NULL || (block->sure != blocks->counter->memory->changes
                          && !is_as_it_was(blocks, block)))
        number = learn(blocks, space, va, size);
    blocks->last = number;
    if (number < 0)
        return;
    blocks->blocks[number].count++;
    if (blocks->stacks != NULL)
        stacks_entered(blocks->stacks, number);
}

static void begins_in_order(void *uc, uint64_t address, uint32_t size, void *data)
{
    Blocks *blocks = data;
    if (blocks->last >= 0) { /* it has executed to its end */
        blocks->order[blocks->ordered++] = blocks->last;
        if (blocks->ordered == ORDERED)
            tell_order(blocks);
    }
    begins(uc, address, size, data);
}

static PyObject *blocks_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    PyObject *counter, *made_, *full, *ran, *fail;
    static char *keywords[] = {"counter", "made", "full", "ran", "fail", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "O!OOOO", keywords, state_of(type)->counter,
                                     &counter, &made_, &full, &ran, &fail))
        return NULL;
    Blocks *blocks = (Blocks *)type->tp_alloc(type, 0);
    if (blocks == NULL)
        return NULL;
    blocks->counter = (Counter *)Py_NewRef(counter);
    blocks->made = Py_NewRef(made_);
    blocks->full = Py_NewRef(full);
    blocks->ran = Py_NewRef(ran);
    blocks->fail = Py_NewRef(fail);
    blocks->last = -1;
    blocks->slots = calloc(SLOTS, sizeof *blocks->slots);
    blocks->blocks = calloc(MOST, sizeof *blocks->blocks);
    if (ran != Py_None)
        blocks->order = calloc(ORDERED, sizeof *blocks->order);
    if (blocks->slots == NULL || blocks->blocks == NULL
        || (ran != Py_None && blocks->order == NULL)) {
        Py_DECREF(blocks);
        return PyErr_NoMemory();
    }
    return (PyObject *)blocks;
}

static int blocks_traverse(PyObject *self, visitproc visit, void *arg)
{
    Blocks *blocks = (Blocks *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(blocks->counter);
    Py_VISIT(blocks->stacks);
    Py_VISIT(blocks->made);
    Py_VISIT(blocks->full);
    Py_VISIT(blocks->ran);
    Py_VISIT(blocks->fail);
    return 0;
}

static int blocks_clear(PyObject *self)
{
    Blocks *blocks = (Blocks *)self;
    Py_CLEAR(blocks->counter);
    Py_CLEAR(blocks->stacks);
    Py_CLEAR(blocks->made);
    Py_CLEAR(blocks->full);
    Py_CLEAR(blocks->ran);
    Py_CLEAR(blocks->fail);
    return 0;
}

static void blocks_dealloc(PyObject *self)
{
    Blocks *blocks = (Blocks *)self;
    PyObject_GC_UnTrack(self);
    blocks_clear(self);
    free(blocks->slots);
    free(blocks->blocks);
    free(blocks->codes);
    free(blocks->order);
    free_object(self);
}

static PyObject *blocks_take(PyObject *self, PyObject *Py_UNUSED(none))
{
    Blocks *blocks = (Blocks *)self;
    PyObject *counts = PyList_New(blocks->known);
    for (int at = 0; counts != NULL && at < blocks->known; at++) {
        PyObject *count = PyLong_FromUnsignedLongLong(blocks->blocks[at].count);
        if (count == NULL)
            Py_CLEAR(counts);
        else
            PyList_SET_ITEM(counts, at, count);
        blocks->blocks[at].count = 0;
    }
    return counts;
}

static PyObject *blocks_take_order(PyObject *self, PyObject *Py_UNUSED(none))
{
    Blocks *blocks = (Blocks *)self;
    size_t size = (size_t)blocks->ordered * sizeof *blocks->order;
    blocks->ordered = 0;
    return PyBytes_FromStringAndSize((const char *)blocks->order, (Py_ssize_t)size);
}

static PyObject *blocks_forget(PyObject *self, PyObject *Py_UNUSED(none))
{
    Blocks *blocks = (Blocks *)self;
    memset(blocks->slots, 0, SLOTS * sizeof *blocks->slots);
    blocks->known = 0;
    blocks->used = 0;
    blocks->ordered = 0;
    blocks->last = -1;
    Py_RETURN_NONE;
}

static PyObject *blocks_follow(PyObject *self, PyObject *stacks)
{
    if (!PyObject_TypeCheck(stacks, state_of(Py_TYPE(self))->stacks))
        return PyErr_Format(PyExc_TypeError, "Blocks.follow: Stacks are needed");
    Py_INCREF(stacks);
    Py_XSETREF(((Blocks *)self)->stacks, stacks);
    Py_RETURN_NONE;
}

static PyObject *blocks_callback(PyObject *self, void *Py_UNUSED(closure))
{
    bool in_order = ((Blocks *)self)->order != NULL;
    return PyLong_FromVoidPtr(in_order ? (void *)begins_in_order : (void *)begins);
}

static PyMethodDef methods[] = {
    {"take", blocks_take, METH_NOARGS,
     PyDoc_STR("How often each block began, by number; from now on they are counted anew.")},
    {"take_order", blocks_take_order, METH_NOARGS,
     PyDoc_STR("The numbers, as C's int, of blocks that have executed since; none of it again.")},
    {"follow", blocks_follow, METH_O, PyDoc_STR("Tell these Stacks of each block.")},
    {"forget", blocks_forget, METH_NOARGS, PyDoc_STR("Let the numbers begin at 0 again.")},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef members[] = {
    {"space", T_UINT, offsetof(Blocks, space), 0, NULL},
    {"wanted", T_BOOL, offsetof(Blocks, wanted), 0, NULL},
    {"last", T_INT, offsetof(Blocks, last), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"callback", blocks_callback, NULL, NULL, NULL},
    {"user_data", address_of_self, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)PyDoc_STR("The blocks that ran.")},
    {Py_tp_new, blocks_new},
    {Py_tp_traverse, blocks_traverse},
    {Py_tp_clear, blocks_clear},
    {Py_tp_dealloc, blocks_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {Py_tp_getset, properties},
    {0, NULL},
};

PyType_Spec blocks_spec = {
    .name = "emu.native._hooks.Blocks",
    .basicsize = sizeof(Blocks),
    .flags = FIXED | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};
