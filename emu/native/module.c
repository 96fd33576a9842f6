/* The module: its types, and the functions of Unicorn that it is told of. */

#include "hooks.h"

void tell_error(PyObject *fail)
{
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    PyErr_NormalizeException(&type, &error, &traceback);
    if (traceback != NULL)
        PyException_SetTraceback(error, traceback);
    PyObject *done = PyObject_CallOneArg(fail, error);
    if (done == NULL)
        PyErr_WriteUnraisable(fail);
    Py_XDECREF(done);
    Py_XDECREF(type);
    Py_XDECREF(error);
    Py_XDECREF(traceback);
}

PyObject *address_of_hook(PyObject *Py_UNUSED(self), void *function)
{
    return PyLong_FromVoidPtr(function);
}

PyObject *address_of_self(PyObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromVoidPtr(self);
}

static PyObject *connect(PyObject *module, PyObject *args, PyObject *names)
{
    struct unicorn *unicorn = &((State *)PyModule_GetState(module))->unicorn;
    unsigned long long start, stop, read, read_batch, translate, write;
    static char *keywords[] = {"start", "stop", "read", "read_batch", "translate", "write", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "KKKKKK", keywords, &start, &stop, &read,
                                     &read_batch, &translate, &write))
        return NULL;
    unicorn->start
        = (int (*)(void *, uint64_t, uint64_t, uint64_t, size_t))(uintptr_t)start;
    unicorn->stop = (int (*)(void *))(uintptr_t)stop;
    unicorn->read = (int (*)(void *, int, void *))(uintptr_t)read;
    unicorn->read_batch
        = (int (*)(void *, const int *, void **, int))(uintptr_t)read_batch;
    unicorn->translate
        = (int (*)(void *, uint64_t, int, uint64_t *))(uintptr_t)translate;
    unicorn->write = (int (*)(void *, int, const void *))(uintptr_t)write;
    Py_RETURN_NONE;
}

static PyObject *start(PyObject *module, PyObject *args)
{
    const struct unicorn *unicorn = &((State *)PyModule_GetState(module))->unicorn;
    unsigned long long uc, pc;
    int status;
    if (!PyArg_ParseTuple(args, "KK", &uc, &pc))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = unicorn->start((void *)(uintptr_t)uc, pc, 0, 0, 0);
    Py_END_ALLOW_THREADS
    return PyLong_FromLong(status);
}

static PyMethodDef functions[] = {
    {"start", start, METH_VARARGS, PyDoc_STR("Run from the PC; Unicorn's status.")},
    {"connect", (PyCFunction)(void (*)(void))connect, METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR("Unicorn's functions, by address.")},
    {NULL, NULL, 0, NULL},
};

/* Each type, and where the state keeps it. */
static const struct {
    PyType_Spec *spec;
    size_t place;
} types[] = {
    {&memory_spec, offsetof(State, memory)},
    {&counter_spec, offsetof(State, counter)},
    {&fills_spec, offsetof(State, fills)},
    {&svc_spec, offsetof(State, svc)},
    {&pc_and_cpsr_spec, offsetof(State, pc_and_cpsr)},
    {&blocks_spec, offsetof(State, blocks)},
    {&stacks_spec, offsetof(State, stacks)},
    {&accesses_spec, offsetof(State, accesses)},
    {&alignment_spec, offsetof(State, alignment)},
};

enum { TYPES = sizeof types / sizeof *types };

static PyTypeObject **type_at(PyObject *module, size_t number)
{
    return (PyTypeObject **)((char *)PyModule_GetState(module) + types[number].place);
}

static int make_types(PyObject *module)
{
    for (size_t at = 0; at < TYPES; at++) {
        PyObject *type = PyType_FromModuleAndSpec(module, types[at].spec, NULL);
        *type_at(module, at) = (PyTypeObject *)type;
        if (type == NULL || PyModule_AddType(module, (PyTypeObject *)type) < 0)
            return -1;
    }
    return 0;
}

static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
    for (size_t at = 0; at < TYPES; at++)
        Py_VISIT(*type_at(module, at));
    return 0;
}

static int module_clear(PyObject *module)
{
    for (size_t at = 0; at < TYPES; at++)
        Py_CLEAR(*type_at(module, at));
    return 0;
}

static void module_free(void *module)
{
    module_clear(module);
}

/* Callbacks take the lock by PyGILState_Ensure, which knows the main interpreter alone. */
static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, make_types},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "emu.native._hooks",
    .m_doc = PyDoc_STR("What Unicorn calls most often.  The twins in Python say what each is for."),
    .m_size = sizeof(State),
    .m_methods = functions,
    .m_slots = slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__hooks(void)
{
    return PyModuleDef_Init(&definition);
}
