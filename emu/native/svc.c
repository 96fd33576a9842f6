/* What an SVC takes and gives: registers in, r0 out.  The twin: emu/cpu/svc.py. */

#include "hooks.h"

enum { SVC = 2, TAKEN = 8, OF_SVC_0 = 5, SYNDROME = 5, IMMEDIATE = 0xFFFF };

typedef struct {
    PyObject_HEAD
    const struct unicorn *unicorn;
    PyObject *handler;  /* handler(r0, r1, r2, r3, r12[, syndrome, pc, cpsr]) -> r0 or None */
    PyObject *other;    /* other(number): any other exception */
    PyObject *fail;     /* fail(error): what the two raise */
    int registers[TAKEN];
} Svc;

/* What an SVC with immediate 0 takes is in r0 to r3 and r12, whatever made it. */
static PyObject *answer(Svc *svc, void *uc)
{
    uint32_t values[TAKEN] = {0};
    void *places[TAKEN];
    PyObject *arguments[TAKEN];
    for (int at = 0; at < TAKEN; at++)
        places[at] = &values[at];
    svc->unicorn->read_batch(uc, svc->registers, places, TAKEN);
    int taken = values[SYNDROME] & IMMEDIATE ? TAKEN : OF_SVC_0, made = 0;
    while (made < taken && (arguments[made] = PyLong_FromUnsignedLong(values[made])) != NULL)
        made++;
    PyObject *result = NULL;
    if (made == taken)
        result = PyObject_Vectorcall(svc->handler, arguments, taken, NULL);
    while (made > 0)
        Py_DECREF(arguments[--made]);
    return result;
}

static void interrupted(void *uc, uint32_t number, void *data)
{
    Svc *svc = data;
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *result;
    if (number == SVC)
        result = answer(svc, uc);
    else
        result = PyObject_CallFunction(svc->other, "I", number);
    if (result != NULL && result != Py_None) {
        uint32_t value = (uint32_t)PyLong_AsLongLong(result);
        if (!PyErr_Occurred())
            svc->unicorn->write(uc, svc->registers[0], &value);
    }
    if (PyErr_Occurred())
        tell_error(svc->fail);
    Py_XDECREF(result);
    PyGILState_Release(state);
}

static PyObject *svc_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    PyObject *handler, *other, *fail;
    int ids[TAKEN];
    static char *keywords[] = {"registers", "handler", "other", "fail", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "(iiiiiiii)OOO", keywords, &ids[0], &ids[1],
                                     &ids[2], &ids[3], &ids[4], &ids[5], &ids[6], &ids[7], &handler,
                                     &other, &fail))
        return NULL;
    Svc *svc = (Svc *)type->tp_alloc(type, 0);
    if (svc == NULL)
        return NULL;
    svc->unicorn = &state_of(type)->unicorn;
    svc->handler = Py_NewRef(handler);
    svc->other = Py_NewRef(other);
    svc->fail = Py_NewRef(fail);
    memcpy(svc->registers, ids, sizeof ids);
    return (PyObject *)svc;
}

static int svc_traverse(PyObject *self, visitproc visit, void *arg)
{
    Svc *svc = (Svc *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(svc->handler);
    Py_VISIT(svc->other);
    Py_VISIT(svc->fail);
    return 0;
}

static int svc_clear(PyObject *self)
{
    Svc *svc = (Svc *)self;
    Py_CLEAR(svc->handler);
    Py_CLEAR(svc->other);
    Py_CLEAR(svc->fail);
    return 0;
}

static void svc_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    svc_clear(self);
    free_object(self);
}

static PyMemberDef members[] = {
    {"handler", T_OBJECT_EX, offsetof(Svc, handler), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"callback", address_of_hook, NULL, NULL, (void *)interrupted},
    {"user_data", address_of_self, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)PyDoc_STR("Answers SVCs.")},
    {Py_tp_new, svc_new},
    {Py_tp_traverse, svc_traverse},
    {Py_tp_clear, svc_clear},
    {Py_tp_dealloc, svc_dealloc},
    {Py_tp_members, members},
    {Py_tp_getset, properties},
    {0, NULL},
};

PyType_Spec svc_spec = {
    .name = "emu.native._hooks.Svc",
    .basicsize = sizeof(Svc),
    .flags = FIXED | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};
