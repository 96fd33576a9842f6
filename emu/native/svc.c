/* What an SVC takes and gives: registers in, r0 out.  The twin: emu/cpu/svc.py. */

#include "hooks.h"

enum { SVC = 2, TAKEN = 8, OF_CALL = 5, SYNDROME = 5, PC, CPSR, IMMEDIATE = 0xFFFF };

typedef struct {
    PyObject_HEAD
    const struct unicorn *unicorn;
    PyObject *handler;  /* handler(r0, r1, r2, r3, r12) -> r0 or None */
    PyObject *semihosting; /* semihosting(r0, r1, words) -> r0 or None: its SVCs */
    PyObject *blocks;   /* bytes: by r0, the number of words at r1 */
    Memory *memory;     /* where they are; NULL: no SVC is one of semihosting */
    PyObject *other;    /* other(number): any other exception */
    PyObject *fail;     /* fail(error): what the two raise */
    int registers[TAKEN];
} Svc;

static PyObject *answer_call(Svc *svc, const uint32_t *values)
{
    PyObject *arguments[OF_CALL], *result = NULL;
    int made = 0;
    while (made < OF_CALL && (arguments[made] = PyLong_FromUnsignedLong(values[made])) != NULL)
        made++;
    if (made == OF_CALL)
        result = PyObject_Vectorcall(svc->handler, arguments, OF_CALL, NULL);
    while (made > 0)
        Py_DECREF(arguments[--made]);
    return result;
}

static PyObject *answer_semihosting(Svc *svc, const uint32_t *values)
{
    PyObject *arguments[] = {
        PyLong_FromUnsignedLong(values[0]), PyLong_FromUnsignedLong(values[1]),
        semihosting_words(svc->memory, svc->blocks, values[0], values[1]),
    };
    PyObject *result = NULL;
    if (arguments[0] != NULL && arguments[1] != NULL && arguments[2] != NULL)
        result = PyObject_Vectorcall(svc->semihosting, arguments, 3, NULL);
    for (int at = 0; at < 3; at++)
        Py_XDECREF(arguments[at]);
    return result;
}

static PyObject *answer(Svc *svc, void *uc)
{
    uint32_t values[TAKEN] = {0};
    void *places[TAKEN];
    for (int at = 0; at < TAKEN; at++)
        places[at] = &values[at];
    svc->unicorn->read_batch(uc, svc->registers, places, TAKEN);
    if (values[SYNDROME] & IMMEDIATE
        && semihosting_is(svc->memory, values[SYNDROME], values[PC], values[CPSR]))
        return answer_semihosting(svc, values);
    return answer_call(svc, values);
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
    svc->semihosting = Py_NewRef(handler);
    svc->blocks = PyBytes_FromStringAndSize(NULL, 0);
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
    Py_VISIT(svc->semihosting);
    Py_VISIT(svc->blocks);
    Py_VISIT((PyObject *)svc->memory);
    Py_VISIT(svc->other);
    Py_VISIT(svc->fail);
    return 0;
}

static int svc_clear(PyObject *self)
{
    Svc *svc = (Svc *)self;
    Py_CLEAR(svc->handler);
    Py_CLEAR(svc->semihosting);
    Py_CLEAR(svc->blocks);
    Py_CLEAR(svc->memory);
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

static PyObject *svc_see(PyObject *self, PyObject *args)
{
    PyObject *memory, *blocks;
    if (!PyArg_ParseTuple(args, "O!S", state_of(Py_TYPE(self))->memory, &memory, &blocks))
        return NULL;
    Svc *svc = (Svc *)self;
    Py_XSETREF(svc->memory, (Memory *)Py_NewRef(memory));
    Py_XSETREF(svc->blocks, Py_NewRef(blocks));
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"see", svc_see, METH_VARARGS,
     PyDoc_STR("The memory where SVCs are, and by operation, the number of words of its block.")},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef members[] = {
    {"handler", T_OBJECT_EX, offsetof(Svc, handler), 0, NULL},
    {"semihosting", T_OBJECT_EX, offsetof(Svc, semihosting), 0, NULL},
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
    {Py_tp_methods, methods},
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
