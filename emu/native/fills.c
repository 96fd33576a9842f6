/* Answering what Unicorn's TLB lacks: data in frames without code, and code that is not stored to.
 * Everything else goes to the backend in Python.  The twin and the rules: emu/mmu/coherence.py. */

#include "hooks.h"

#include <stdlib.h>

#define NO_CODE 1 /* no page has such an address */
#define MIXED 3   /* code of several pages, or that was stored to: Python decides */
#define NO_STORE 1
#define SPACE_PAGES (1u << 20)

enum { KIND_READ = 16, KIND_WRITE = 17, KIND_FETCH = 18 }; /* Unicorn's uc_mem_type */

/* What Unicorn's uc_tlb_entry is. */
struct answer {
    uint64_t pa;
    int rights;
};

typedef bool (*FillHook)(void *uc, uint64_t va, int kind, struct answer *answer, void *data);

typedef struct {
    uint32_t code;       /* the page (va) that it was fetched through, or NO_CODE, or MIXED */
    uint32_t store;      /* the page (va) whose TLB entry may store to it, in this generation */
    uint32_t generation;
} Frame;

typedef struct {
    PyObject_HEAD
    const struct unicorn *unicorn;
    Memory *memory;
    FillHook other;
    int cpsr;            /* Unicorn's number of that register */
    bool virtual;        /* whether Unicorn is answered with virtual addresses */
    bool held;           /* whether all is left to Python */
    bool asking;         /* whether all is answered, to be forgotten at once */
    uint64_t count;
    uint64_t due;        /* the fill that is left to Python */
    uint32_t generation; /* of the TLB: how often it has been emptied */
    Frame *frames;
    uint32_t *filled;    /* by page of the address space: the generation of its last fill */
} Fills;

static Frame *frame_of(const Fills *fills, uint32_t pa)
{
    return &fills->frames[(pa - fills->memory->base) / PAGE_SIZE_];
}

/* The rights to answer with, or 0: Python's to decide. */
static int granted(const Fills *fills, Frame *frame, uint32_t va, int rights, int access)
{
    bool is_stored_to = frame->generation == fills->generation && frame->store != NO_STORE;
    if (access == EXEC)
        return frame->code == va && !is_stored_to ? rights & ~WRITE : 0;
    if (!(rights & WRITE))
        return READ;
    if (frame->code != NO_CODE || (is_stored_to && frame->store != va))
        return 0;
    frame->store = va;
    frame->generation = fills->generation;
    return READ | WRITE;
}

static bool fill(void *uc, uint64_t page, int kind, struct answer *answer, void *data)
{
    Fills *fills = data;
    uint32_t va = (uint32_t)page, pa;
    int access = kind == KIND_FETCH ? EXEC : kind == KIND_WRITE ? WRITE : READ;
    if (fills->asking) {
        answer->pa = fills->virtual ? va : 0;
        answer->rights = EXEC;
        return true;
    }
    if (!fills->held && fills->count + 1 != fills->due) {
        int rights = memory_walk(fills->memory, va, &pa);
        if (rights & access)
            rights = granted(fills, frame_of(fills, pa), va, rights, access);
        else
            rights = 0;
        if (rights) {
            if (access != EXEC)
                leave_it_block(fills->unicorn, uc, fills->cpsr);
            fills->count++;
            fills->filled[va / PAGE_SIZE_] = fills->generation;
            answer->pa = fills->virtual ? va : pa;
            answer->rights = rights;
            return true;
        }
    }
    bool allowed = fills->other(uc, page, kind, answer, NULL);
    fills->filled[va / PAGE_SIZE_] = fills->generation; /* after a flush, if this was one */
    return allowed;
}

static PyObject *fills_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    unsigned long long other;
    PyObject *memory;
    int cpsr, is_virtual;
    static char *keywords[] = {"memory", "other", "cpsr", "virtual", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "O!Kip", keywords, state_of(type)->memory,
                                     &memory, &other, &cpsr, &is_virtual))
        return NULL;
    Fills *fills = (Fills *)type->tp_alloc(type, 0);
    if (fills == NULL)
        return NULL;
    size_t frames = ((Memory *)memory)->size / PAGE_SIZE_;
    fills->other = (FillHook)(uintptr_t)other;
    fills->unicorn = &state_of(type)->unicorn;
    fills->memory = (Memory *)Py_NewRef(memory);
    fills->cpsr = cpsr;
    fills->virtual = is_virtual;
    fills->generation = 1;
    fills->frames = calloc(frames, sizeof *fills->frames);
    fills->filled = calloc(SPACE_PAGES, sizeof *fills->filled);
    if (fills->frames == NULL || fills->filled == NULL) {
        Py_DECREF(fills);
        return PyErr_NoMemory();
    }
    for (size_t at = 0; at < frames; at++)
        fills->frames[at].code = NO_CODE;
    return (PyObject *)fills;
}

static int fills_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((Fills *)self)->memory);
    return 0;
}

static int fills_clear(PyObject *self)
{
    Py_CLEAR(((Fills *)self)->memory);
    return 0;
}

static void fills_dealloc(PyObject *self)
{
    Fills *fills = (Fills *)self;
    PyObject_GC_UnTrack(self);
    fills_clear(self);
    free(fills->frames);
    free(fills->filled);
    free_object(self);
}

/* The frame at a physical address in RAM that Python names, or NULL with an exception set. */
static Frame *frame_at(Fills *fills, unsigned long long pa)
{
    if (pa < fills->memory->base || pa - fills->memory->base >= fills->memory->size) {
        PyErr_Format(PyExc_ValueError, "Fills: %llx is not in RAM", pa);
        return NULL;
    }
    return frame_of(fills, (uint32_t)pa);
}

bool fills_have_plain(const PyObject *self, uint32_t va, uint32_t pa)
{
    return frame_of((const Fills *)self, pa)->code == va;
}

static PyObject *fills_has_code(PyObject *self, PyObject *args)
{
    unsigned long long pa;
    long long va;
    if (!PyArg_ParseTuple(args, "KL", &pa, &va))
        return NULL;
    Frame *frame = frame_at((Fills *)self, pa);
    if (frame == NULL)
        return NULL;
    frame->code = va < 0 ? MIXED : (uint32_t)va;
    if (va < 0)
        ((Fills *)self)->memory->changes++;
    Py_RETURN_NONE;
}

static PyObject *fills_has_no_code(PyObject *self, PyObject *address)
{
    unsigned long long pa = PyLong_AsUnsignedLongLong(address);
    Frame *frame = PyErr_Occurred() ? NULL : frame_at((Fills *)self, pa);
    if (frame == NULL)
        return NULL;
    frame->code = NO_CODE;
    ((Fills *)self)->memory->changes++;
    Py_RETURN_NONE;
}

static PyObject *fills_code_changed(PyObject *self, PyObject *Py_UNUSED(none))
{
    ((Fills *)self)->memory->changes++;
    Py_RETURN_NONE;
}

static PyObject *fills_take_store(PyObject *self, PyObject *address)
{
    Fills *fills = (Fills *)self;
    unsigned long long pa = PyLong_AsUnsignedLongLong(address);
    Frame *frame = PyErr_Occurred() ? NULL : frame_at(fills, pa);
    if (frame == NULL)
        return NULL;
    long long store = frame->generation == fills->generation && frame->store != NO_STORE
        ? (long long)frame->store : -1;
    frame->store = NO_STORE;
    return PyLong_FromLongLong(store);
}

static PyObject *fills_forget_code(PyObject *self, PyObject *Py_UNUSED(none))
{
    Fills *fills = (Fills *)self;
    for (size_t at = 0; at < fills->memory->size / PAGE_SIZE_; at++)
        fills->frames[at].code = NO_CODE;
    fills->memory->changes++;
    Py_RETURN_NONE;
}

static PyObject *fills_flushed(PyObject *self, PyObject *Py_UNUSED(none))
{
    Fills *fills = (Fills *)self;
    if (!++fills->generation) { /* others of this number are long over */
        fills->generation++;
        for (size_t at = 0; at < SPACE_PAGES; at++)
            fills->filled[at] = 0;
    }
    Py_RETURN_NONE;
}

static PyObject *fills_filled(PyObject *self, PyObject *args)
{
    Fills *fills = (Fills *)self;
    unsigned long long va, length;
    if (!PyArg_ParseTuple(args, "KK", &va, &length))
        return NULL;
    uint64_t end = va + length > 1ull << 32 ? 1ull << 32 : va + length;
    PyObject *found = PyList_New(0);
    for (uint64_t at = va & ~(uint64_t)PAGE_OFFSET_; found != NULL && at < end; at += PAGE_SIZE_) {
        if (fills->filled[at / PAGE_SIZE_] != fills->generation)
            continue;
        PyObject *page = PyLong_FromUnsignedLongLong(at);
        if (page == NULL || PyList_Append(found, page) < 0)
            Py_CLEAR(found);
        Py_XDECREF(page);
    }
    return found;
}

static PyObject *fills_ask(PyObject *self, PyObject *args)
{
    Fills *fills = (Fills *)self;
    unsigned long long uc, number;
    uint64_t nowhere;
    if (!PyArg_ParseTuple(args, "KK", &uc, &number))
        return NULL;
    fills->asking = true;
    for (uint64_t page = 0; page < number; page++)
        fills->unicorn->translate((void *)(uintptr_t)uc, page * PAGE_SIZE_, EXEC, &nowhere);
    fills->asking = false;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"has_code", fills_has_code, METH_VARARGS, PyDoc_STR("See the twin.")},
    {"has_no_code", fills_has_no_code, METH_O, PyDoc_STR("See the twin.")},
    {"code_changed", fills_code_changed, METH_NOARGS, PyDoc_STR("See the twin.")},
    {"take_store", fills_take_store, METH_O, PyDoc_STR("See the twin.")},
    {"forget_code", fills_forget_code, METH_NOARGS, PyDoc_STR("See the twin.")},
    {"flushed", fills_flushed, METH_NOARGS, PyDoc_STR("See the twin.")},
    {"ask", fills_ask, METH_VARARGS, PyDoc_STR("See the twin.")},
    {"filled", fills_filled, METH_VARARGS, PyDoc_STR("See the twin.")},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef members[] = {
    {"count", T_ULONGLONG, offsetof(Fills, count), 0, NULL},
    {"due", T_ULONGLONG, offsetof(Fills, due), 0, NULL},
    {"held", T_BOOL, offsetof(Fills, held), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"callback", address_of_hook, NULL, NULL, (void *)fill},
    {"user_data", address_of_self, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)PyDoc_STR("Answers TLB fills.")},
    {Py_tp_new, fills_new},
    {Py_tp_traverse, fills_traverse},
    {Py_tp_clear, fills_clear},
    {Py_tp_dealloc, fills_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {Py_tp_getset, properties},
    {0, NULL},
};

PyType_Spec fills_spec = {
    .name = "emu.native._hooks.Fills",
    .basicsize = sizeof(Fills),
    .flags = FIXED | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};
