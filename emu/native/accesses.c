/* Loads and stores, gathered for Python to take.  The twin: emu/trace/plain.py.  What is not plain
 * goes to the tracer: exclusive stores, stores over two pages, pages with several views. */

#include "hooks.h"

#include <stdlib.h>

enum { ROOM = 4096, KIND_WRITE = 17 }; /* Unicorn's uc_mem_type */

#define SEVERAL 1 /* no page has such an address */

/* What there is to take of each access: a column a field, which Python reads quicker than rows. */
typedef struct {
    uint64_t time[ROOM];
    uint64_t what[ROOM];  /* pc; from bit 32 on the size; from bit 40 on whether it is a store */
    uint64_t value[ROOM];
    uint32_t va[ROOM], pa[ROOM];
} Taken;

typedef struct {
    uint32_t va;         /* of the page that shows the frame, or SEVERAL */
    uint32_t generation;
} View;

typedef void (*MemoryHook)(void *uc, int kind, uint64_t address, int size, int64_t value,
                           void *data);

typedef struct {
    PyObject_HEAD
    Counter *counter;
    BlockHook other_begun;
    MemoryHook other_access;
    PyObject *view;      /* view(pa) -> the page (va) that shows a page of RAM; -1 if several do */
    PyObject *full;      /* full(): there is no room; it takes what there is */
    PyObject *fail;
    bool virtual;        /* whether Unicorn tells virtual addresses */
    bool wanted;         /* whether the process that runs is traced */
    bool pending;        /* whether the instruction under way is an exclusive store */
    uint32_t pc;
    uint32_t generation; /* of the address space */
    View *views;         /* by frame of RAM */
    Taken *taken;
    Py_ssize_t number;
} Accesses;

static void call(Accesses *accesses, PyObject *function)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *done = PyObject_CallNoArgs(function);
    if (done == NULL)
        tell_error(accesses->fail);
    Py_XDECREF(done);
    PyGILState_Release(state);
}

RARELY static uint32_t ask_for_view(Accesses *accesses, View *view, uint32_t page)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *found = PyObject_CallFunction(accesses->view, "k", (unsigned long)page);
    long long va = found == NULL ? -1 : PyLong_AsLongLong(found);
    if (PyErr_Occurred())
        tell_error(accesses->fail);
    Py_XDECREF(found);
    PyGILState_Release(state);
    view->va = va < 0 ? SEVERAL : (uint32_t)va;
    view->generation = accesses->generation;
    return view->va;
}

/* Both addresses of an access that is told as `told`; false where Python must find out. */
static bool addresses(Accesses *accesses, uint64_t told, uint32_t *va, uint32_t *pa)
{
    const Memory *memory = accesses->counter->memory;
    if (accesses->virtual) {
        const uint8_t *host = memory_at(accesses->counter->memory, (uint32_t)told);
        *va = (uint32_t)told;
        *pa = host ? (uint32_t)(host - memory->host) + memory->base : 0;
        return host != NULL;
    }
    if (told < memory->base || told - memory->base >= memory->size)
        return false;
    View *view = &accesses->views[(told - memory->base) / PAGE_SIZE_];
    uint32_t page = view->va;
    if (view->generation != accesses->generation)
        page = ask_for_view(accesses, view, (uint32_t)told & ~(uint32_t)PAGE_OFFSET_);
    *va = page | ((uint32_t)told & PAGE_OFFSET_);
    *pa = (uint32_t)told;
    return page != SEVERAL;
}

static void accessed(void *uc, int kind, uint64_t told, int size, int64_t value, void *data)
{
    Accesses *accesses = data;
    uint32_t va = 0, pa = 0;
    bool is_write = kind == KIND_WRITE;
    counter_settle(accesses->counter);
    if (accesses->counter->thumb)
        leave_it_block(accesses->counter->unicorn, uc, accesses->counter->cpsr);
    if (!accesses->wanted || accesses->pending)
        return;
    if (!addresses(accesses, told, &va, &pa)
        || (is_write && (va & PAGE_OFFSET_) + (uint32_t)size > PAGE_SIZE_)) {
        accesses->other_access(uc, kind, told, size, value, NULL);
        return;
    }
    uint64_t kept = (uint64_t)value;
    if (size < 8)
        kept &= (1ull << size * 8) - 1;
    Taken *taken = accesses->taken;
    Py_ssize_t at = accesses->number++;
    taken->time[at] = counter_begun(accesses->counter, accesses->pc);
    taken->what[at] = accesses->pc | (uint64_t)size << 32 | (uint64_t)is_write << 40;
    taken->value[at] = kept;
    taken->va[at] = va;
    taken->pa[at] = pa;
    if (accesses->number == ROOM)
        call(accesses, accesses->full);
}

/* Whether the four bytes at va may be an exclusive store: emu.arm.exclusives knows for certain. */
static bool may_be_exclusive(Counter *counter, uint32_t va)
{
    counter_settle(counter);
    const uint8_t *code = memory_at(counter->memory, va);
    if (code == NULL)
        return true;
    uint16_t half;
    uint32_t word;
    if (counter->thumb) {
        memcpy(&half, code, sizeof half);
        return (half & 0xFF70) == 0xE840;
    }
    memcpy(&word, code, sizeof word);
    return (word & 0x0F900FF0) == 0x01800F90;
}

static void begun(void *uc, uint64_t va, uint32_t size, void *data)
{
    Accesses *accesses = data;
    if (!accesses->wanted)
        return;
    if (accesses->pending || (size == 4 && may_be_exclusive(accesses->counter, (uint32_t)va)))
        accesses->other_begun(uc, va, size, NULL);
    accesses->pc = (uint32_t)va;
}

static PyObject *accesses_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    PyObject *counter, *view, *full, *fail;
    unsigned long long other_begun, other_access;
    int is_virtual;
    static char *keywords[] = {"counter", "begun", "accessed", "view", "full", "fail", "virtual",
                               NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "O!KKOOOp", keywords, state_of(type)->counter,
                                     &counter, &other_begun, &other_access, &view, &full, &fail,
                                     &is_virtual))
        return NULL;
    const Memory *memory = ((Counter *)counter)->memory;
    if (memory == NULL)
        return PyErr_Format(PyExc_TypeError, "Accesses: the counter sees no memory");
    Accesses *accesses = (Accesses *)type->tp_alloc(type, 0);
    if (accesses == NULL)
        return NULL;
    accesses->views = calloc(memory->size / PAGE_SIZE_, sizeof *accesses->views);
    accesses->taken = calloc(1, sizeof *accesses->taken);
    if (accesses->views == NULL || accesses->taken == NULL) {
        Py_DECREF(accesses);
        return PyErr_NoMemory();
    }
    accesses->other_begun = (BlockHook)(uintptr_t)other_begun;
    accesses->other_access = (MemoryHook)(uintptr_t)other_access;
    accesses->virtual = is_virtual;
    accesses->generation = 1;
    accesses->counter = (Counter *)Py_NewRef(counter);
    accesses->view = Py_NewRef(view);
    accesses->full = Py_NewRef(full);
    accesses->fail = Py_NewRef(fail);
    return (PyObject *)accesses;
}

static int accesses_traverse(PyObject *self, visitproc visit, void *arg)
{
    Accesses *accesses = (Accesses *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(accesses->counter);
    Py_VISIT(accesses->view);
    Py_VISIT(accesses->full);
    Py_VISIT(accesses->fail);
    return 0;
}

static int accesses_clear(PyObject *self)
{
    Accesses *accesses = (Accesses *)self;
    Py_CLEAR(accesses->counter);
    Py_CLEAR(accesses->view);
    Py_CLEAR(accesses->full);
    Py_CLEAR(accesses->fail);
    return 0;
}

static void accesses_dealloc(PyObject *self)
{
    Accesses *accesses = (Accesses *)self;
    PyObject_GC_UnTrack(self);
    accesses_clear(self);
    free(accesses->views);
    free(accesses->taken);
    free_object(self);
}

static PyObject *accesses_take(PyObject *self, PyObject *Py_UNUSED(none))
{
    Accesses *accesses = (Accesses *)self;
    const Taken *taken = accesses->taken;
    Py_ssize_t wide = accesses->number * 8, narrow = accesses->number * 4;
    accesses->number = 0;
    return Py_BuildValue("y#y#y#y#y#", (const char *)taken->time, wide,
                         (const char *)taken->what, wide, (const char *)taken->value, wide,
                         (const char *)taken->va, narrow, (const char *)taken->pa, narrow);
}

static PyObject *accesses_forget(PyObject *self, PyObject *Py_UNUSED(none))
{
    ((Accesses *)self)->generation++;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"take", accesses_take, METH_NOARGS,
     PyDoc_STR("Columns of what there is, and none of it again: emu.trace.columns.")},
    {"forget", accesses_forget, METH_NOARGS,
     PyDoc_STR("The address space is another one, or has changed.")},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef members[] = {
    {"wanted", T_BOOL, offsetof(Accesses, wanted), 0, NULL},
    {"pending", T_BOOL, offsetof(Accesses, pending), 0, NULL},
    {"pc", T_UINT, offsetof(Accesses, pc), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"on_begun", address_of_hook, NULL, NULL, (void *)begun},
    {"on_access", address_of_hook, NULL, NULL, (void *)accessed},
    {"user_data", address_of_self, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)PyDoc_STR("Gathers loads and stores.")},
    {Py_tp_new, accesses_new},
    {Py_tp_traverse, accesses_traverse},
    {Py_tp_clear, accesses_clear},
    {Py_tp_dealloc, accesses_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {Py_tp_getset, properties},
    {0, NULL},
};

PyType_Spec accesses_spec = {
    .name = "emu.native._hooks.Accesses",
    .basicsize = sizeof(Accesses),
    .flags = FIXED | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};
