/* PC and CPSR, which are read before and after each run.  The twin: Batch in emu/cpu/registers.py. */

#include "hooks.h"

typedef struct {
    PyObject_HEAD
    const struct unicorn *unicorn;
    void *uc;
    int registers[2];
} Place;

static PyObject *place_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    unsigned long long uc;
    int pc, cpsr;
    static char *keywords[] = {"uc", "pc", "cpsr", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "Kii", keywords, &uc, &pc, &cpsr))
        return NULL;
    Place *place = (Place *)type->tp_alloc(type, 0);
    if (place == NULL)
        return NULL;
    place->unicorn = &state_of(type)->unicorn;
    place->uc = (void *)(uintptr_t)uc;
    place->registers[0] = pc;
    place->registers[1] = cpsr;
    return (PyObject *)place;
}

static PyObject *place_read(PyObject *self, PyObject *Py_UNUSED(none))
{
    Place *place = (Place *)self;
    uint32_t pc = 0, cpsr = 0;
    void *values[] = {&pc, &cpsr};
    place->unicorn->read_batch(place->uc, place->registers, values, 2);
    return Py_BuildValue("kk", (unsigned long)pc, (unsigned long)cpsr);
}

static PyMethodDef methods[] = {
    {"read", place_read, METH_NOARGS, PyDoc_STR("(PC, CPSR) now.")},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)PyDoc_STR("Reads PC and CPSR.")},
    {Py_tp_new, place_new},
    {Py_tp_dealloc, free_object},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec place_spec = {
    .name = "emu.native._hooks.Place",
    .basicsize = sizeof(Place),
    .flags = FIXED,
    .slots = slots,
};
