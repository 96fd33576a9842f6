/* The walk of the guest's tables.  Its twin is kernel_model/walk.py, with every domain a client. */

#include "hooks.h"

#include <string.h>

/* By AP[2:0] (Arm ARM DDI 0406C, table B3-8). */
static const int user_rights[8] = {0, 0, READ, READ | WRITE, 0, 0, READ, READ};

static bool contains(const Memory *memory, uint64_t pa, uint64_t length)
{
    return pa >= memory->base && pa - memory->base + length <= memory->size;
}

static uint32_t word_at(const Memory *memory, uint32_t pa)
{
    uint32_t word;
    memcpy(&word, memory->host + (pa - memory->base), sizeof word);
    return word;
}

static int granted(uint32_t ap, uint32_t xn)
{
    int rights = user_rights[ap];
    return rights && !xn ? rights | EXEC : rights;
}

static int second_level(const Memory *memory, uint32_t va, uint32_t first, uint64_t *pa)
{
    uint64_t entry = (uint64_t)(first & 0xFFFFFC00u) + (va >> 12 & 0xFF) * 4;
    if (!contains(memory, entry, 4))
        return 0;
    uint32_t word = word_at(memory, (uint32_t)entry);
    uint32_t ap = (word >> 7 & 4) | (word >> 4 & 3);
    if (word & 2) { /* a small page */
        *pa = (word & 0xFFFFF000u) | (va & 0xFFFu);
        return granted(ap, word & 1);
    }
    if (word & 1) { /* a large page */
        *pa = (word & 0xFFFF0000u) | (va & 0xFFFFu);
        return granted(ap, word >> 15 & 1);
    }
    return 0;
}

static int first_level(const Memory *memory, uint32_t va, uint64_t *pa)
{
    uint64_t entry = (uint64_t)memory->l1 + (va >> 20) * 4;
    if (!contains(memory, entry, 4))
        return 0;
    uint32_t word = word_at(memory, (uint32_t)entry);
    if ((word & 3) == 1)
        return second_level(memory, va, word, pa);
    if (!(word & 2))
        return 0;
    if (word >> 18 & 1) /* a supersection */
        *pa = (uint64_t)(word & 0xFF000000u) | (va & 0xFFFFFFu) | (uint64_t)(word >> 20 & 0xF) << 32
            | (uint64_t)(word >> 5 & 0xF) << 36;
    else
        *pa = (word & 0xFFF00000u) | (va & 0xFFFFFu);
    return granted((word >> 13 & 4) | (word >> 10 & 3), word >> 4 & 1);
}

/* TEX[2:0], C and B of the last descriptor (B3.8.2, TRE = 0), which exists. */
static uint32_t memory_type(const Memory *memory, uint32_t va)
{
    uint32_t word = word_at(memory, memory->l1 + (va >> 20) * 4), tex = word >> 12;
    if ((word & 3) == 1) {
        word = word_at(memory, (word & 0xFFFFFC00u) + (va >> 12 & 0xFF) * 4);
        tex = word & 2 ? word >> 6 : word >> 12;
    }
    return (tex & 7) << 2 | (word >> 2 & 3);
}

bool memory_is_device(const Memory *memory, uint32_t va, int access)
{
    uint64_t pa;
    if (!(first_level(memory, va, &pa) & access))
        return false;
    uint32_t type = memory_type(memory, va);
    return type <= 1 || type == 8;
}

int memory_walk(const Memory *memory, uint32_t va, uint32_t *pa)
{
    uint64_t found = 0;
    int rights = first_level(memory, va, &found);
    if (!rights || !contains(memory, found & ~(uint64_t)PAGE_OFFSET_, PAGE_SIZE_))
        return 0;
    *pa = (uint32_t)found;
    return rights;
}

const uint8_t *memory_at(Memory *memory, uint32_t va)
{
    uint32_t page = va & ~(uint32_t)PAGE_OFFSET_, pa;
    size_t at = page / PAGE_SIZE_ % LOOKASIDE;
    if (memory->pages[at].va != page) {
        if (!memory_walk(memory, page, &pa))
            return NULL;
        memory->pages[at].va = page;
        memory->pages[at].host = memory->host + (pa - memory->base);
    }
    return memory->pages[at].host + (va & PAGE_OFFSET_);
}

static void forget(Memory *memory)
{
    memory->changes++;
    for (size_t at = 0; at < LOOKASIDE; at++)
        memory->pages[at].va = 1;
}

static PyObject *memory_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    unsigned long long host, size;
    unsigned int base;
    static char *keywords[] = {"address", "base", "size", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "KIK", keywords, &host, &base, &size))
        return NULL;
    Memory *memory = (Memory *)type->tp_alloc(type, 0);
    if (memory == NULL)
        return NULL;
    memory->host = (uint8_t *)(uintptr_t)host;
    memory->base = base;
    memory->size = size;
    memory->l1 = 1; /* no table: none is there */
    forget(memory);
    return (PyObject *)memory;
}

static PyObject *memory_use(PyObject *self, PyObject *l1)
{
    long long pa = PyLong_AsLongLong(l1);
    if (pa == -1 && PyErr_Occurred())
        return NULL;
    Memory *memory = (Memory *)self;
    memory->l1 = pa < 0 ? 1 : (uint32_t)pa;
    forget(memory);
    Py_RETURN_NONE;
}

static PyObject *memory_forget(PyObject *self, PyObject *Py_UNUSED(none))
{
    forget((Memory *)self);
    Py_RETURN_NONE;
}

static PyObject *memory_physical(PyObject *self, PyObject *va)
{
    unsigned long at = PyLong_AsUnsignedLong(va);
    if (at == (unsigned long)-1 && PyErr_Occurred())
        return NULL;
    Memory *memory = (Memory *)self;
    const uint8_t *host = memory_at(memory, (uint32_t)at);
    return PyLong_FromLongLong(host ? (long long)(host - memory->host) + memory->base : -1);
}

static PyObject *memory_translate(PyObject *self, PyObject *va)
{
    unsigned long at = PyLong_AsUnsignedLong(va);
    if (at == (unsigned long)-1 && PyErr_Occurred())
        return NULL;
    uint32_t pa = 0;
    int rights = memory_walk((Memory *)self, (uint32_t)at, &pa);
    return rights ? Py_BuildValue("Li", (long long)pa, rights) : Py_BuildValue("Li", -1LL, 0);
}

bool memory_copy(Memory *memory, uint32_t va, uint8_t *to, size_t length)
{
    while (length > 0) {
        size_t part = PAGE_SIZE_ - (va & PAGE_OFFSET_);
        part = part < length ? part : length;
        const uint8_t *host = memory_at(memory, va);
        if (host == NULL)
            return false;
        memcpy(to, host, part);
        to += part;
        va += (uint32_t)part;
        length -= part;
    }
    return true;
}

/* The two numbers of a call: an address and a length.  False: an exception is set. */
static bool memory_span(PyObject *const *args, Py_ssize_t number, unsigned long long place[2])
{
    place[0] = place[1] = 0;
    for (Py_ssize_t at = 0; at < 2 && at < number; at++)
        place[at] = PyLong_AsUnsignedLongLong(args[at]);
    return !PyErr_Occurred();
}

static PyObject *memory_bytes_at(PyObject *self, PyObject *const *args, Py_ssize_t number)
{
    Memory *memory = (Memory *)self;
    unsigned long long place[2];
    if (!memory_span(args, number, place))
        return NULL;
    if (place[0] + place[1] > (1ull << 32) || place[1] > memory->size)
        Py_RETURN_NONE;
    PyObject *found = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)place[1]);
    if (found == NULL)
        return NULL;
    if (memory_copy(memory, (uint32_t)place[0], (uint8_t *)PyBytes_AS_STRING(found), (size_t)place[1]))
        return found;
    Py_DECREF(found);
    Py_RETURN_NONE;
}

static PyObject *memory_place(PyObject *self, PyObject *const *args, Py_ssize_t number)
{
    Memory *memory = (Memory *)self;
    unsigned long long place[2];
    if (!memory_span(args, number, place))
        return NULL;
    uint32_t pa = 0, va = (uint32_t)place[0];
    bool found = place[0] <= UINT32_MAX && place[1] > 0 && place[1] <= PAGE_SIZE_ - (va & PAGE_OFFSET_)
        && memory_walk(memory, va, &pa) & WRITE;
    return PyLong_FromLongLong(found ? (long long)pa : -1);
}

static PyMethodDef methods[] = {
    {"use", memory_use, METH_O,
     PyDoc_STR("The L1 table of the current address space is there (pa); -1: there is none.")},
    {"forget", memory_forget, METH_NOARGS, PyDoc_STR("Descriptors have changed.")},
    {"physical", memory_physical, METH_O,
     PyDoc_STR("The address in RAM (pa) that user mode reads at va, or -1.")},
    {"bytes_at", (PyCFunction)(void (*)(void))memory_bytes_at, METH_FASTCALL,
     PyDoc_STR("The bytes that user mode reads at (va, length), or None: not all are RAM.")},
    {"place", (PyCFunction)(void (*)(void))memory_place, METH_FASTCALL,
     PyDoc_STR("The address in RAM (pa) of (va, length), if user mode may store to all of it and it"
               " is in one page; else -1.")},
    {"translate", memory_translate, METH_O,
     PyDoc_STR("(pa, rights of user mode) of va, if it is in RAM; else (-1, 0).")},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)PyDoc_STR("RAM as user mode sees it.")},
    {Py_tp_new, memory_new},
    {Py_tp_dealloc, free_object},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec memory_spec = {
    .name = "emu.native._hooks.Memory",
    .basicsize = sizeof(Memory),
    .flags = FIXED,
    .slots = slots,
};
