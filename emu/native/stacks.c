/* Charging instructions to call stacks.  The twin, emu/execution/stacks.py, says how calls and
 * returns are recognised. */

#include "hooks.h"

#include <stdlib.h>

enum { PLAIN, CALL, JUMP }; /* how a block ends: emu.execution.stacks.ENDS */
enum { NAMELESS, UNKNOWN }; /* functions: "" and "?" */

typedef struct {
    uint32_t function;
    uint32_t parent;
    uint32_t child;     /* the first of them, or 0 */
    uint32_t sibling;   /* the next child of the parent, or 0 */
    uint64_t instructions;
} Node;

typedef struct {
    uint32_t back;      /* where the call returns to (va) */
    uint32_t sp;        /* when it was made */
    uint32_t caller;    /* the function that made it */
    uint32_t parent;    /* that function's caller in the tree: a node */
} Activation;

typedef struct {
    uint32_t parent, leaf; /* nodes */
    uint32_t depth, room;
    Activation *calls;
} Stack;

/* What is known of a block, by its number. */
typedef struct {
    uint32_t va;
    uint32_t back;      /* the address after it */
    uint32_t function;
    uint32_t called_as; /* the function, or its address where nothing names it */
    uint8_t end;
    bool is_entry;
} Place;

typedef struct {
    PyObject_HEAD
    Counter *counter;
    PyObject *fail;
    int sp_lr[2];       /* Unicorn's numbers of those registers */
    uint64_t charged;   /* instructions, so far */
    Place last;         /* of the block that began last */
    bool has_last;
    uint32_t current;   /* stack */
    Place *places;
    size_t places_room;
    Node *nodes;
    uint32_t used, room;
    Stack *stacks;
    uint32_t number;
} Stacks;

/* The node for a function that another calls; 0 where there is no memory. */
static uint32_t child(Stacks *stacks, uint32_t parent, uint32_t function)
{
    uint32_t *link = &stacks->nodes[parent].child;
    for (uint32_t at = *link; at; link = &stacks->nodes[at].sibling, at = *link) {
        if (stacks->nodes[at].function != function)
            continue;
        *link = stacks->nodes[at].sibling; /* first: it is likely to be called again */
        stacks->nodes[at].sibling = stacks->nodes[parent].child;
        stacks->nodes[parent].child = at;
        return at;
    }
    if (stacks->used == stacks->room) {
        Node *nodes = realloc(stacks->nodes, 2 * (size_t)stacks->room * sizeof *nodes);
        if (nodes == NULL)
            return 0;
        stacks->nodes = nodes;
        stacks->room *= 2;
    }
    uint32_t at = stacks->used++;
    stacks->nodes[at] = (Node){function, parent, 0, stacks->nodes[parent].child, 0};
    stacks->nodes[parent].child = at;
    return at;
}

static bool go_to(Stack *stack, uint32_t node)
{
    if (node)
        stack->leaf = node;
    return node;
}

static bool go_on(Stacks *stacks, Stack *stack, const Place *place)
{
    bool is_in = stack->leaf != stack->parent;
    uint32_t leaf = stacks->nodes[stack->leaf].function;
    if (is_in && (place->function == leaf || place->function == NAMELESS))
        return true;
    uint32_t function = place->function != NAMELESS ? place->function : UNKNOWN;
    return go_to(stack, child(stacks, stack->parent, function));
}

static bool call(Stacks *stacks, Stack *stack, const Place *place, uint32_t back, uint32_t sp)
{
    if (stack->depth == stack->room) {
        uint32_t room = stack->room ? 2 * stack->room : 16;
        Activation *calls = realloc(stack->calls, room * sizeof *calls);
        if (calls == NULL)
            return false;
        stack->calls = calls;
        stack->room = room;
    }
    stack->calls[stack->depth++]
        = (Activation){back, sp, stacks->nodes[stack->leaf].function, stack->parent};
    stack->parent = stack->leaf;
    return go_to(stack, child(stacks, stack->parent, place->called_as));
}

static bool drop(Stacks *stacks, Stack *stack, uint32_t depth)
{
    Activation call = stack->calls[depth];
    stack->depth = depth;
    stack->parent = call.parent;
    return go_to(stack, child(stacks, call.parent, call.caller));
}

static bool drop_left(Stacks *stacks, Stack *stack, const Place *place, uint32_t sp)
{
    uint32_t depth = stack->depth, leaf = stacks->nodes[stack->leaf].function;
    while (depth) {
        const Activation *call = &stack->calls[depth - 1];
        bool same = call->sp == sp && !place->is_entry && call->caller == place->function
            && leaf != place->function;
        if (call->sp >= sp && !same)
            break;
        depth--;
    }
    return depth == stack->depth || drop(stacks, stack, depth);
}

static bool jump(Stacks *stacks, Stack *stack, const Place *place, uint32_t sp)
{
    bool done = false, good = true;
    for (uint32_t depth = stack->depth; depth && !done; depth--) {
        const Activation *call = &stack->calls[depth - 1];
        done = call->back == place->va && sp >= call->sp;
        if (done)
            good = drop(stacks, stack, depth - 1);
    }
    if (!done)
        good = drop_left(stacks, stack, place, sp);
    return good && go_on(stacks, stack, place);
}

static bool transfer(Stacks *stacks, Stack *stack, const Place *place, const Place *last)
{
    uint32_t sp = 0, lr = 0;
    void *values[] = {&sp, &lr};
    stacks->counter->unicorn->read_batch(stacks->counter->uc, stacks->sp_lr, values, 2);
    if (last->end == CALL || (lr & ~1u) == last->back)
        return call(stacks, stack, place, last->back, sp);
    return jump(stacks, stack, place, sp);
}

static void charge(Stacks *stacks, uint64_t count)
{
    stacks->nodes[stacks->stacks[stacks->current].leaf].instructions += count - stacks->charged;
    stacks->charged = count;
}

void stacks_entered(PyObject *self, int number)
{
    Stacks *stacks = (Stacks *)self;
    Stack *stack = &stacks->stacks[stacks->current];
    const Place *place = &stacks->places[number], *last = &stacks->last;
    bool good;
    if (!stacks->has_last) {
        good = go_on(stacks, stack, place);
    } else {
        charge(stacks, stacks->counter->before);
        if (last->end == PLAIN || place->va == last->back)
            good = go_on(stacks, stack, place);
        else
            good = transfer(stacks, stack, place, last);
    }
    stacks->last = *place;
    stacks->has_last = true;
    if (!good) {
        PyGILState_STATE state = PyGILState_Ensure();
        PyErr_NoMemory();
        tell_error(stacks->fail);
        PyGILState_Release(state);
    }
}

static PyObject *stacks_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    PyObject *counter, *fail;
    int sp, lr;
    static char *keywords[] = {"counter", "sp", "lr", "fail", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "O!iiO", keywords, state_of(type)->counter,
                                     &counter, &sp, &lr, &fail))
        return NULL;
    Stacks *stacks = (Stacks *)type->tp_alloc(type, 0);
    if (stacks == NULL)
        return NULL;
    stacks->counter = (Counter *)Py_NewRef(counter);
    stacks->fail = Py_NewRef(fail);
    stacks->sp_lr[0] = sp;
    stacks->sp_lr[1] = lr;
    stacks->room = 1024;
    stacks->nodes = calloc(stacks->room, sizeof *stacks->nodes);
    if (stacks->nodes == NULL) {
        Py_DECREF(stacks);
        return PyErr_NoMemory();
    }
    stacks->used = 1; /* the root */
    return (PyObject *)stacks;
}

static int stacks_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((Stacks *)self)->counter);
    Py_VISIT(((Stacks *)self)->fail);
    return 0;
}

static int stacks_clear(PyObject *self)
{
    Py_CLEAR(((Stacks *)self)->counter);
    Py_CLEAR(((Stacks *)self)->fail);
    return 0;
}

static void stacks_dealloc(PyObject *self)
{
    Stacks *stacks = (Stacks *)self;
    PyObject_GC_UnTrack(self);
    stacks_clear(self);
    for (uint32_t at = 0; at < stacks->number; at++)
        free(stacks->stacks[at].calls);
    free(stacks->stacks);
    free(stacks->nodes);
    free(stacks->places);
    free_object(self);
}

static PyObject *stacks_place(PyObject *self, PyObject *args)
{
    Stacks *stacks = (Stacks *)self;
    unsigned int number, va, back, function, called_as;
    int end, is_entry;
    if (!PyArg_ParseTuple(args, "I(IIIIip)", &number, &va, &back, &function, &called_as, &end,
                          &is_entry))
        return NULL;
    if (number >= stacks->places_room) {
        size_t room = 2 * (size_t)number + 64;
        Place *places = realloc(stacks->places, room * sizeof *places);
        if (places == NULL)
            return PyErr_NoMemory();
        stacks->places = places;
        stacks->places_room = room;
    }
    stacks->places[number] = (Place){va, back, function, called_as, (uint8_t)end, is_entry};
    Py_RETURN_NONE;
}

static PyObject *stacks_begin(PyObject *self, PyObject *function)
{
    Stacks *stacks = (Stacks *)self;
    unsigned long name = PyLong_AsUnsignedLong(function);
    if (PyErr_Occurred())
        return NULL;
    Stack *all = realloc(stacks->stacks, ((size_t)stacks->number + 1) * sizeof *all);
    if (all == NULL)
        return PyErr_NoMemory();
    stacks->stacks = all;
    uint32_t root = child(stacks, 0, (uint32_t)name);
    if (!root)
        return PyErr_NoMemory();
    stacks->stacks[stacks->number] = (Stack){root, root, 0, 0, NULL};
    return PyLong_FromUnsignedLong(stacks->number++);
}

static PyObject *stacks_use(PyObject *self, PyObject *number)
{
    Stacks *stacks = (Stacks *)self;
    unsigned long at = PyLong_AsUnsignedLong(number);
    if (PyErr_Occurred())
        return NULL;
    if (at >= stacks->number)
        return PyErr_Format(PyExc_IndexError, "Stacks: there is no stack %lu", at);
    stacks->current = (uint32_t)at;
    Py_RETURN_NONE;
}

static PyObject *stacks_left(PyObject *self, PyObject *Py_UNUSED(none))
{
    Stacks *stacks = (Stacks *)self;
    charge(stacks, stacks->counter->count);
    stacks->has_last = false;
    Py_RETURN_NONE;
}

static PyObject *stacks_restored(PyObject *self, PyObject *Py_UNUSED(none))
{
    Stacks *stacks = (Stacks *)self;
    stacks->charged = stacks->counter->count;
    stacks->has_last = false;
    Py_RETURN_NONE;
}

static PyObject *stacks_tree(PyObject *self, PyObject *Py_UNUSED(none))
{
    Stacks *stacks = (Stacks *)self;
    PyObject *found = PyList_New(0);
    for (uint32_t at = 1; found != NULL && at < stacks->used; at++) {
        const Node *node = &stacks->nodes[at];
        PyObject *row = Py_BuildValue("kkK", (unsigned long)node->parent,
                                      (unsigned long)node->function,
                                      (unsigned long long)node->instructions);
        if (row == NULL || PyList_Append(found, row) < 0)
            Py_CLEAR(found);
        Py_XDECREF(row);
    }
    return found;
}

static PyMethodDef methods[] = {
    {"place", stacks_place, METH_VARARGS,
     PyDoc_STR("place(number, (va, back, function, called_as, end, is_entry)): of a block.")},
    {"begin", stacks_begin, METH_O, PyDoc_STR("A stack under this function; its number.")},
    {"use", stacks_use, METH_O, PyDoc_STR("What executes now belongs to this stack.")},
    {"left", stacks_left, METH_NOARGS, PyDoc_STR("The block that began last is over.")},
    {"restored", stacks_restored, METH_NOARGS, PyDoc_STR("The count has been set.")},
    {"tree", stacks_tree, METH_NOARGS,
     PyDoc_STR("(parent, function, instructions) of each node from 1 on; 0 is the root.")},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)PyDoc_STR("Charges instructions to call stacks.")},
    {Py_tp_new, stacks_new},
    {Py_tp_traverse, stacks_traverse},
    {Py_tp_clear, stacks_clear},
    {Py_tp_dealloc, stacks_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec stacks_spec = {
    .name = "emu.native._hooks.Stacks",
    .basicsize = sizeof(Stacks),
    .flags = FIXED | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};
