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
    Counter *counter;   /* counts runs */
    PyObject *short_ones; /* by r0: function(session, words or r1) -> r0, or None */
    PyObject *session;
    uint64_t run;       /* in which they are called in the place of `semihosting` */
    unsigned long long taken; /* calls that they have answered */
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

/* What answers the operation without a word to anybody; NULL: nothing does. */
static PyObject *short_one(const Svc *svc, uint32_t operation)
{
    if (svc->short_ones == NULL || svc->run != svc->counter->runs
        || operation >= (size_t)PyTuple_GET_SIZE(svc->short_ones))
        return NULL;
    PyObject *function = PyTuple_GET_ITEM(svc->short_ones, (Py_ssize_t)operation);
    return function == Py_None ? NULL : function;
}

/* An OSError is the program's mistake. */
static PyObject *failed(PyObject *session)
{
    PyObject *type, *error, *traceback, *result;
    PyErr_Fetch(&type, &error, &traceback);
    PyErr_NormalizeException(&type, &error, &traceback);
    result = PyObject_CallMethod(session, "failed", "O", error);
    Py_XDECREF(type);
    Py_XDECREF(error);
    Py_XDECREF(traceback);
    return result;
}

static PyObject *answer_short(Svc *svc, PyObject *function, PyObject *operand)
{
    PyObject *session = Py_NewRef(svc->session), *arguments[] = {session, operand};
    PyObject *result = PyObject_Vectorcall(function, arguments, 2, NULL);
    if (result == NULL && PyErr_ExceptionMatches(PyExc_OSError))
        result = failed(session);
    if (result != NULL)
        svc->taken++;
    Py_DECREF(session);
    return result;
}

static PyObject *answer_long(Svc *svc, uint32_t operation, PyObject *r1, PyObject *words)
{
    PyObject *arguments[] = {PyLong_FromUnsignedLong(operation), r1, words}, *result = NULL;
    svc->run = 0;
    if (arguments[0] != NULL)
        result = PyObject_Vectorcall(svc->semihosting, arguments, 3, NULL);
    Py_XDECREF(arguments[0]);
    return result;
}

static PyObject *answer_semihosting(Svc *svc, uint32_t operation, uint32_t argument)
{
    size_t number = operation < (size_t)PyBytes_GET_SIZE(svc->blocks)
        ? (uint8_t)PyBytes_AS_STRING(svc->blocks)[operation] : 0;
    PyObject *r1 = PyLong_FromUnsignedLong(argument), *result = NULL;
    PyObject *words = semihosting_words(svc->memory, argument, number);
    if (r1 != NULL && words != NULL) {
        PyObject *function = short_one(svc, operation);
        if (function == NULL || (number > 0 && words == Py_None))
            result = answer_long(svc, operation, r1, words);
        else
            result = answer_short(svc, function, number > 0 ? words : r1);
    }
    Py_XDECREF(r1);
    Py_XDECREF(words);
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
        return answer_semihosting(svc, values[0], values[1]);
    svc->run = 0;
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
    Py_VISIT((PyObject *)svc->counter);
    Py_VISIT(svc->short_ones);
    Py_VISIT(svc->session);
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
    Py_CLEAR(svc->counter);
    Py_CLEAR(svc->short_ones);
    Py_CLEAR(svc->session);
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
    PyObject *memory, *counter, *blocks;
    const State *state = state_of(Py_TYPE(self));
    if (!PyArg_ParseTuple(args, "O!O!S", state->memory, &memory, state->counter, &counter, &blocks))
        return NULL;
    Svc *svc = (Svc *)self;
    Py_XSETREF(svc->memory, (Memory *)Py_NewRef(memory));
    Py_XSETREF(svc->counter, (Counter *)Py_NewRef(counter));
    Py_XSETREF(svc->blocks, Py_NewRef(blocks));
    Py_RETURN_NONE;
}

static PyObject *svc_let(PyObject *self, PyObject *const *args, Py_ssize_t number)
{
    Svc *svc = (Svc *)self;
    if (number != 2 || !PyTuple_Check(args[1]) || svc->counter == NULL)
        return PyErr_Format(PyExc_TypeError, "Svc.let: a session and a tuple are needed");
    Py_XSETREF(svc->session, Py_NewRef(args[0]));
    Py_XSETREF(svc->short_ones, Py_NewRef(args[1]));
    svc->run = svc->counter->runs;
    Py_RETURN_NONE;
}

static PyObject *svc_let_nothing(PyObject *self, PyObject *Py_UNUSED(none))
{
    ((Svc *)self)->run = 0;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"see", svc_see, METH_VARARGS, PyDoc_STR("See the twin.")},
    {"let", (PyCFunction)(void (*)(void))svc_let, METH_FASTCALL, PyDoc_STR("See the twin.")},
    {"let_nothing", svc_let_nothing, METH_NOARGS, PyDoc_STR("See the twin.")},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef members[] = {
    {"handler", T_OBJECT_EX, offsetof(Svc, handler), 0, NULL},
    {"semihosting", T_OBJECT_EX, offsetof(Svc, semihosting), 0, NULL},
    {"taken", T_ULONGLONG, offsetof(Svc, taken), READONLY, NULL},
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
