/* The module, and the functions of Unicorn that it is told of. */

#include "hooks.h"

struct unicorn unicorn;

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

static PyObject *connect(PyObject *Py_UNUSED(module), PyObject *args, PyObject *names)
{
    unsigned long long start, stop, read, read_batch, translate, write;
    static char *keywords[] = {"start", "stop", "read", "read_batch", "translate", "write", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "KKKKKK", keywords, &start, &stop, &read, &read_batch,
                                     &translate, &write))
        return NULL;
    unicorn.start
        = (int (*)(void *, uint64_t, uint64_t, uint64_t, size_t))(uintptr_t)start;
    unicorn.stop = (int (*)(void *))(uintptr_t)stop;
    unicorn.read = (int (*)(void *, int, void *))(uintptr_t)read;
    unicorn.read_batch
        = (int (*)(void *, const int *, void **, int))(uintptr_t)read_batch;
    unicorn.translate
        = (int (*)(void *, uint64_t, int, uint64_t *))(uintptr_t)translate;
    unicorn.write = (int (*)(void *, int, const void *))(uintptr_t)write;
    Py_RETURN_NONE;
}

static PyObject *start(PyObject *Py_UNUSED(module), PyObject *args)
{
    unsigned long long uc, pc;
    int status;
    if (!PyArg_ParseTuple(args, "KK", &uc, &pc))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = unicorn.start((void *)(uintptr_t)uc, pc, 0, 0, 0);
    Py_END_ALLOW_THREADS
    return PyLong_FromLong(status);
}

static PyMethodDef functions[] = {
    {"start", start, METH_VARARGS, PyDoc_STR("Run from the PC; Unicorn's status.")},
    {"connect", (PyCFunction)(void (*)(void))connect, METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR("Unicorn's functions, by address.")},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "emu.native._hooks",
    .m_doc = PyDoc_STR("What Unicorn calls most often.  The twins in Python say what each is for."),
    .m_size = -1,
    .m_methods = functions,
};

PyMODINIT_FUNC PyInit__hooks(void)
{
    PyTypeObject *const types[] = {&MemoryType, &CounterType, &FillsType, &SvcType, &PlaceType, &BlocksType, &StacksType,
                                   &AccessesType};
    PyObject *module = PyModule_Create(&definition);
    for (size_t at = 0; module != NULL && at < sizeof types / sizeof *types; at++)
        if (PyModule_AddType(module, types[at]) < 0)
            Py_CLEAR(module);
    return module;
}
