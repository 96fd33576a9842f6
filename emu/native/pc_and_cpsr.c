/* PC and CPSR, read before and after each run.  The twin: Batch in emu/cpu/registers.py. */

#include "hooks.h"

typedef struct {
    PyObject_HEAD
    const struct unicorn *unicorn;
    void *uc;
    int registers[2];
} PcAndCpsr;

static PyObject *pc_and_cpsr_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    unsigned long long uc;
    int pc, cpsr;
    static char *keywords[] = {"uc", "pc", "cpsr", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "Kii", keywords, &uc, &pc, &cpsr))
        return NULL;
    PcAndCpsr *pair = (PcAndCpsr *)type->tp_alloc(type, 0);
    if (pair == NULL)
        return NULL;
    pair->unicorn = &state_of(type)->unicorn;
    pair->uc = (void *)(uintptr_t)uc;
    pair->registers[0] = pc;
    pair->registers[1] = cpsr;
    return (PyObject *)pair;
}

static PyObject *pc_and_cpsr_read(PyObject *self, PyObject *Py_UNUSED(none))
{
    PcAndCpsr *pair = (PcAndCpsr *)self;
    uint32_t pc = 0, cpsr = 0;
    void *values[] = {&pc, &cpsr};
    pair->unicorn->read_batch(pair->uc, pair->registers, values, 2);
    return Py_BuildValue("kk", (unsigned long)pc, (unsigned long)cpsr);
}

static PyMethodDef methods[] = {
    {"read", pc_and_cpsr_read, METH_NOARGS, PyDoc_STR("(PC, CPSR) now.")},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)PyDoc_STR("Reads PC and CPSR.")},
    {Py_tp_new, pc_and_cpsr_new},
    {Py_tp_dealloc, free_object},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec pc_and_cpsr_spec = {
    .name = "emu.native._hooks.PcAndCpsr",
    .basicsize = sizeof(PcAndCpsr),
    .flags = FIXED,
    .slots = slots,
};
