/* PC and CPSR, which are read before and after each run.  The twin: Batch in emu/cpu/registers.py. */

#include "hooks.h"

typedef struct {
    PyObject_HEAD
    void *uc;
    int registers[2];
} Place;

static int place_init(PyObject *self, PyObject *args, PyObject *names)
{
    Place *place = (Place *)self;
    unsigned long long uc;
    static char *keywords[] = {"uc", "pc", "cpsr", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "Kii", keywords, &uc, &place->registers[0],
                                     &place->registers[1]))
        return -1;
    place->uc = (void *)(uintptr_t)uc;
    return 0;
}

static PyObject *place_read(PyObject *self, PyObject *Py_UNUSED(none))
{
    Place *place = (Place *)self;
    uint32_t pc = 0, cpsr = 0;
    void *values[] = {&pc, &cpsr};
    unicorn.read_batch(place->uc, place->registers, values, 2);
    return Py_BuildValue("kk", (unsigned long)pc, (unsigned long)cpsr);
}

static PyMethodDef methods[] = {
    {"read", place_read, METH_NOARGS, PyDoc_STR("(PC, CPSR) now.")},
    {NULL, NULL, 0, NULL},
};

PyTypeObject PlaceType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "emu.native._hooks.Place",
    .tp_doc = PyDoc_STR("Reads PC and CPSR."),
    .tp_basicsize = sizeof(Place),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
    .tp_init = place_init,
    .tp_methods = methods,
};
