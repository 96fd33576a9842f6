/* Counting instructions, block by block.  The twin, emu/cpu/counter.py, says what for. */

#include "hooks.h"

#include <stdlib.h>
#include <string.h>

#define NO_LIMIT UINT64_MAX

RARELY static bool ask_for_state(const Counter *counter)
{
    uint32_t cpsr = 0;
    counter->unicorn->read(counter->uc, counter->cpsr, &cpsr);
    return cpsr >> 5 & 1;
}

static inline bool is_thumb(const Counter *counter)
{
    if (counter->thumb_bit)
        return *(const uint8_t *)(uintptr_t)counter->thumb_bit & 1;
    return ask_for_state(counter);
}

/* How many Thumb instructions begin in [va, va + size), or fewer where `most` come first;
 * *after is the address after them. */
static uint64_t thumb_instructions(Counter *counter, uint64_t va, uint64_t size, uint64_t most,
                                   uint64_t *after)
{
    uint64_t at = va, end = va + size, number = 0;
    while (at < end && number < most) {
        const uint8_t *code = counter->memory ? memory_at(counter->memory, (uint32_t)at) : NULL;
        uint64_t page_end = (at | PAGE_OFFSET_) + 1;
        uint64_t stop = end < page_end ? end : page_end;
        if (code == NULL) { /* it cannot be: it is being executed */
            at = end;
            break;
        }
        for (uint64_t start = at; at < stop && number < most; number++) {
            uint8_t high = code[at - start + 1];
            at += high >= 0xE8 ? 4 : 2; /* Arm ARM DDI 0406C, A6.1 */
        }
    }
    *after = at;
    return number;
}

static uint64_t instructions(Counter *counter, uint64_t va, uint64_t size)
{
    uint64_t after;
    if (!counter->thumb)
        return size / 4;
    return thumb_instructions(counter, va, size, NO_LIMIT, &after);
}

/* Up to this count no block is beyond what the run may do. */
static uint64_t first_bound(const Counter *counter)
{
    uint64_t limit = shared(&counter->limit);
    return limit < counter->turn_end ? limit : counter->turn_end;
}

/* Look at all blocks above the first bound; where blocks are watched, at all. */
static void share_bound(Counter *counter)
{
    share(&counter->unseen, counter->watched ? 0 : first_bound(counter));
}

/* The block under way may be beyond what the run may do. */
RARELY static void look_at_bounds(Counter *counter)
{
    uint32_t cpsr = 0;
    if (counter->passing) {
        counter->passing = false;
        share_bound(counter);
        return;
    }
    if (counter->thumb) {
        counter->unicorn->read(counter->uc, counter->cpsr, &cpsr);
        if (cpsr & IT_STATE)
            return;
    }
    bool jumped = counter->va != counter->next_before || !(counter->va & PAGE_OFFSET_);
    counter->turn_over = jumped && counter->before >= counter->turn_end;
    if (counter->count > shared(&counter->limit) || counter->turn_over)
        counter->unicorn->stop(counter->uc);
}

static uint64_t key_of(const Memory *memory, uint32_t va)
{
    return va | (uint64_t)memory->changes << 32;
}

bool code_is_plain(const Counter *counter, uint32_t va)
{
    Memory *memory = counter->memory;
    uint32_t page = va & ~(uint32_t)PAGE_OFFSET_;
    const uint8_t *host = counter->fills == NULL ? NULL : memory_at(memory, page);
    return host != NULL
        && fills_have_plain(counter->fills, page, (uint32_t)(host - memory->host) + memory->base);
}

static bool is_known(const Known *known, uint64_t key, uint32_t size)
{
    return known->key == key && known->size == size;
}

/* To compare a block with what it was is quicker than to find its instructions again; to know that
 * nothing has changed is quicker still. */
RARELY static uint64_t look_at_block(Counter *counter, uint32_t va, uint32_t size)
{
    Memory *memory = counter->memory;
    const uint8_t *host = memory == NULL ? NULL : memory_at(memory, va);
    if (size < SHORT || size > LONG || (va & PAGE_OFFSET_) + size > PAGE_SIZE_ || host == NULL)
        return instructions(counter, va, size);
    uint64_t key = key_of(memory, va);
    Compared *compared = &counter->compared[va / 2 % KNOWN];
    if (is_known(&compared->known, key, size) && same_code(compared->code, compared->host, size))
        return compared->known.number;
    Known known = {key, size, (uint32_t)instructions(counter, va, size)};
    if (code_is_plain(counter, va)) {
        counter->known[va / 2 % KNOWN] = known;
    } else {
        *compared = (Compared){known, host, {0}};
        memcpy(compared->code, host, size);
    }
    return known.number;
}

static void enter(Counter *counter, uint64_t va, uint32_t size, bool thumb, uint64_t number)
{
    counter->thumb = thumb;
    counter->va = va;
    counter->size = size;
    counter->next_before = counter->next;
    counter->next = va + size;
    counter->before = counter->count;
    counter->count += number;
}

APART static void watch(void *uc, Counter *counter)
{
    for (unsigned at = 0; at < counter->watched; at++)
        counter->watchers[at].begins(uc, counter->va, counter->size, counter->watchers[at].data);
    if (counter->passing || counter->count > first_bound(counter))
        look_at_bounds(counter);
}

RARELY static void block_of_unknown_length(void *uc, Counter *counter, uint64_t va, uint32_t size)
{
    counter->thumb = is_thumb(counter);
    uint64_t number = counter->thumb ? look_at_block(counter, (uint32_t)va, size) : size / 4;
    enter(counter, va, size, counter->thumb, number);
    watch(uc, counter);
}

void counter_settle(Counter *counter)
{
    const Translated *now = counter->now, *last = counter->last;
    if (now == NULL)
        return;
    if (last != NULL)
        counter->next = last->va + last->size;
    counter->count -= now->number;
    enter(counter, now->va, now->size, now->thumb, now->number);
    counter->now = counter->last = NULL;
}

RARELY static void look_at_counted(void *uc, Counter *counter)
{
    counter_settle(counter);
    watch(uc, counter);
}

/* What Unicorn calls.  What is seldom done is in functions that are called last, so that this one
 * need not save a register. */
void counter_block_begins(void *uc, uint64_t va, uint32_t size, void *data)
{
    if ((uintptr_t)data & COUNTED) {
        look_at_counted(uc, (Counter *)((char *)data - COUNTED));
        return;
    }
    Counter *counter = data;
    if (counter->now != NULL)
        counter_settle(counter);
    const uint8_t *thumb_bit = (const uint8_t *)(uintptr_t)counter->thumb_bit;
    const Known *known = &counter->known[va / 2 % KNOWN];
    if (thumb_bit != NULL && !(*thumb_bit & 1)) {
        enter(counter, va, size, false, size / 4);
    } else if (thumb_bit != NULL && known->size == size
               && known->key == key_of(counter->memory, (uint32_t)va)) {
        enter(counter, va, size, true, known->number);
    } else {
        block_of_unknown_length(uc, counter, va, size);
        return;
    }
    if (counter->watched || counter->count > shared(&counter->unseen))
        watch(uc, counter);
}

static PyObject *counter_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    unsigned long long uc;
    int cpsr;
    static char *keywords[] = {"uc", "cpsr", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "Ki", keywords, &uc, &cpsr))
        return NULL;
    Counter *counter = (Counter *)type->tp_alloc(type, 0);
    if (counter == NULL)
        return NULL;
    counter->unicorn = &state_of(type)->unicorn;
    counter->uc = (void *)(uintptr_t)uc;
    counter->cpsr = cpsr;
    counter->turn_end = NO_LIMIT;
    share(&counter->limit, NO_LIMIT);
    share(&counter->unseen, NO_LIMIT);
    counter->va = counter->next = NOWHERE;
    return (PyObject *)counter;
}

static int counter_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((Counter *)self)->memory);
    Py_VISIT(((Counter *)self)->fills);
    return 0;
}

static int counter_clear(PyObject *self)
{
    Py_CLEAR(((Counter *)self)->memory);
    Py_CLEAR(((Counter *)self)->fills);
    return 0;
}

static void counter_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    counter_clear(self);
    free(((Counter *)self)->records);
    free_object(self);
}

static PyObject *counter_see(PyObject *self, PyObject *memory)
{
    if (!PyObject_TypeCheck(memory, state_of(Py_TYPE(self))->memory))
        return PyErr_Format(PyExc_TypeError, "Counter.see: a Memory is needed");
    Counter *counter = (Counter *)self;
    Py_INCREF(memory);
    Py_XSETREF(counter->memory, (Memory *)memory);
    Py_RETURN_NONE;
}

static PyObject *counter_trust(PyObject *self, PyObject *fills)
{
    if (!PyObject_TypeCheck(fills, state_of(Py_TYPE(self))->fills))
        return PyErr_Format(PyExc_TypeError, "Counter.trust: Fills are needed");
    Py_INCREF(fills);
    Py_XSETREF(((Counter *)self)->fills, fills);
    Py_RETURN_NONE;
}

static PyObject *counter_tell(PyObject *self, PyObject *args)
{
    Counter *counter = (Counter *)self;
    unsigned long long function, data;
    if (!PyArg_ParseTuple(args, "KK", &function, &data))
        return NULL;
    if (counter->watched == WATCHERS)
        return PyErr_Format(PyExc_OverflowError, "Counter.tell: %d watch already", WATCHERS);
    counter->watchers[counter->watched].begins = (BlockHook)(uintptr_t)function;
    counter->watchers[counter->watched].data = (void *)(uintptr_t)data;
    counter->watched++;
    share_bound(counter);
    Py_RETURN_NONE;
}

static PyObject *counter_begin(PyObject *self, PyObject *args)
{
    Counter *counter = (Counter *)self;
    unsigned long long limit;
    long long turn;
    if (!PyArg_ParseTuple(args, "KL", &limit, &turn))
        return NULL;
    counter_settle(counter);
    counter->runs++;
    share(&counter->limit, limit ? counter->count + limit : NO_LIMIT);
    counter->turn_end = turn == INT64_MAX ? NO_LIMIT
        : turn > 0 ? counter->count + (uint64_t)turn : counter->count;
    share_bound(counter);
    counter->va = NOWHERE;
    counter->passing = counter->turn_over = false;
    Py_RETURN_NONE;
}

static PyObject *counter_spend(PyObject *self, PyObject *number)
{
    Counter *counter = (Counter *)self;
    unsigned long long spent = PyLong_AsUnsignedLongLong(number);
    if (spent == UINT64_MAX && PyErr_Occurred())
        return NULL;
    if (counter->turn_end != NO_LIMIT)
        counter->turn_end -= spent < counter->turn_end ? spent : counter->turn_end;
    if (first_bound(counter) < shared(&counter->unseen))
        share_bound(counter);
    Py_RETURN_NONE;
}

static PyObject *counter_exhaust(PyObject *self, PyObject *Py_UNUSED(none))
{
    Counter *counter = (Counter *)self;
    share(&counter->limit, 0);
    share(&counter->unseen, 0);
    Py_RETURN_NONE;
}

static PyObject *counter_end(PyObject *self, PyObject *address)
{
    Counter *counter = (Counter *)self;
    uint64_t pc = PyLong_AsUnsignedLongLong(address);
    if (pc == UINT64_MAX && PyErr_Occurred())
        return NULL;
    counter_settle(counter);
    uint64_t va = counter->va;
    bool over = counter->count > shared(&counter->limit) || counter->turn_over;
    if (pc == va) {
        counter->count = counter->before;
        counter->next = counter->next_before;
    } else if (va != NOWHERE && va < pc && pc < va + counter->size
               && (counter->thumb || !(pc & 3))) {
        counter->count = counter->before + instructions(counter, va, pc - va);
        counter->next = pc;
    }
    counter->va = NOWHERE;
    return PyBool_FromLong(over);
}

static PyObject *counter_pass_block(PyObject *self, PyObject *args)
{
    Counter *counter = (Counter *)self;
    unsigned long long pc;
    int thumb;
    if (!PyArg_ParseTuple(args, "Kp", &pc, &thumb))
        return NULL;
    uint64_t left = shared(&counter->limit) - counter->count;
    counter->passing = true;
    share(&counter->unseen, 0); /* the next block is looked at */
    if (!thumb)
        return PyLong_FromUnsignedLongLong(pc + 4 * left);
    uint64_t after;
    thumb_instructions(counter, pc, PAGE_SIZE_, left, &after);
    return PyLong_FromUnsignedLongLong(after);
}

uint64_t counter_begun(Counter *counter, uint64_t pc)
{
    counter_settle(counter);
    uint64_t va = counter->va;
    if (va == NOWHERE || pc < va || pc >= va + counter->size)
        return counter->count;
    return counter->before + instructions(counter, va, pc - va) + 1;
}

static PyObject *counter_begun_at(PyObject *self, PyObject *address)
{
    uint64_t pc = PyLong_AsUnsignedLongLong(address);
    if (pc == UINT64_MAX && PyErr_Occurred())
        return NULL;
    return PyLong_FromUnsignedLongLong(counter_begun((Counter *)self, pc));
}

static PyObject *counter_left(PyObject *self, void *Py_UNUSED(closure))
{
    Counter *counter = (Counter *)self;
    uint64_t limit = shared(&counter->limit);
    uint64_t left = limit > counter->count ? limit - counter->count : 0;
    return PyLong_FromUnsignedLongLong(limit == NO_LIMIT ? 0 : left);
}

static PyObject *counter_before(PyObject *self, void *Py_UNUSED(closure))
{
    counter_settle((Counter *)self);
    return PyLong_FromUnsignedLongLong(((Counter *)self)->before);
}

static PyObject *counter_thumb(PyObject *self, void *Py_UNUSED(closure))
{
    counter_settle((Counter *)self);
    return PyBool_FromLong(((Counter *)self)->thumb);
}

static PyObject *counter_next(PyObject *self, void *Py_UNUSED(closure))
{
    counter_settle((Counter *)self);
    return PyLong_FromUnsignedLongLong(((Counter *)self)->next);
}

static int counter_set_next(PyObject *self, PyObject *value, void *Py_UNUSED(closure))
{
    uint64_t next = value == NULL ? UINT64_MAX : PyLong_AsUnsignedLongLong(value);
    if (next == UINT64_MAX && PyErr_Occurred())
        return -1;
    counter_settle((Counter *)self);
    ((Counter *)self)->next = next;
    return 0;
}

static PyMethodDef methods[] = {
    {"see", counter_see, METH_O, PyDoc_STR("Read code here.")},
    {"trust", counter_trust, METH_O, PyDoc_STR("See the twin.")},
    {"tell", counter_tell, METH_VARARGS, PyDoc_STR("See the twin.")},
    {"begin", counter_begin, METH_VARARGS, PyDoc_STR("See the twin.")},
    {"spend", counter_spend, METH_O, PyDoc_STR("See the twin.")},
    {"exhaust", counter_exhaust, METH_NOARGS, PyDoc_STR("See the twin.")},
    {"end", counter_end, METH_O, PyDoc_STR("See the twin.")},
    {"pass_block", counter_pass_block, METH_VARARGS, PyDoc_STR("See the twin.")},
    {"begun", counter_begun_at, METH_O, PyDoc_STR("See the twin.")},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef members[] = {
    {"count", T_ULONGLONG, offsetof(Counter, count), 0, NULL},
    {"thumb_bit", T_ULONGLONG, offsetof(Counter, thumb_bit), 0, NULL},
    {"runs", T_ULONGLONG, offsetof(Counter, runs), READONLY, NULL},
    {"turn_over", T_BOOL, offsetof(Counter, turn_over), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"left", counter_left, NULL, NULL, NULL},
    {"before", counter_before, NULL, NULL, NULL},
    {"next", counter_next, counter_set_next, NULL, NULL},
    {"thumb", counter_thumb, NULL, NULL, NULL},
    {"callback", address_of_hook, NULL, NULL, (void *)counter_block_begins},
    {"user_data", address_of_self, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc,
     (void *)PyDoc_STR("Counts the instructions that completed, and bounds how many may.")},
    {Py_tp_new, counter_new},
    {Py_tp_traverse, counter_traverse},
    {Py_tp_clear, counter_clear},
    {Py_tp_dealloc, counter_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {Py_tp_getset, properties},
    {0, NULL},
};

PyType_Spec counter_spec = {
    .name = "emu.native._hooks.Counter",
    .basicsize = sizeof(Counter),
    .flags = FIXED | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};
