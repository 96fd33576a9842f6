/* Alignment checks that Unicorn's own code makes, asked for while it translates.
 *
 * Unicorn's translated code can check the alignment of an access for nothing, with its look at the
 * TLB, and raises an exact alignment fault where that fails; but its Arm translator asks for that
 * at exclusive loads and SWP only.  So three of the functions by which the translator works are
 * interposed: those that fetch an instruction, which tell what is translated; those that emit a
 * load or store, to which the check is added; and, where an exclusive store begins, the comparison
 * with the monitor, which must not let a misaligned one pass.  A fourth, which translated code calls
 * where the TLB does not answer, adds the check for memory of a type that wants all accesses
 * aligned.  The same functions tell exit_checks.c what is translated, and end runs for it.
 * Instances of Unicorn that are not ours do what they did. */

#include "alignment.h"
#include "exit_checks.h"
#include "hooks.h"
#include "interpose.h"

/* The kind of an access in QEMU 5.0, on which Unicorn 2.1 is built ("exec/memop.h"). */
enum {
    SIZE = 3,          /* log2 of bytes */
    ALIGN_SHIFT = 4,
    ALIGNED = 7 << 4,  /* as its size wants, or this field says another alignment */
    ELEMENT_SHIFT = 8, /* ours: 1 + log2 of an element's bytes; beyond what QEMU uses */
    INDEX_BITS = 4,    /* in a helper's argument the kind comes after the number of an MMU */
    NOT_EQUAL = 9,     /* "tcg/tcg-cond.h" */
};

typedef struct {
    PyObject_HEAD
    const struct unicorn *unicorn;
    void *uc;
    Memory *memory;
    const void *env;   /* the core's state in Unicorn; NULL until it has fetched once */
    ExitChecks exits;
} Alignment;

/* What this thread runs and translates. */
static _Thread_local struct {
    Alignment *running;
    bool ours;           /* whether what is translated is of the core that runs */
    bool half;           /* whether `word` is the first half of a Thumb instruction, at va */
    uint32_t va, word;
    Wanted wanted;
    bool compared;       /* the exclusive store has been compared with the monitor */
    void *cpu;           /* Unicorn's, for which a block is translated */
    bool finding;        /* the request for an end of the run is to be found */
} now;

/* Unicorn's functions.  context: what it translates with; a value is a place in it. */
typedef void *Context;
typedef uintptr_t Value;

static void (*generate)(void *cpu, void *block, int most);
static uint32_t (*fetch_half)(const void *env, uint32_t va);
static uint32_t (*fetch_word)(const void *env, uint32_t va);
static void (*load_32)(Context, Value value, Value address, uintptr_t index, uint32_t kind);
static void (*load_64)(Context, Value value, Value address, uintptr_t index, uint32_t kind);
static void (*store_32)(Context, Value value, Value address, uintptr_t index, uint32_t kind);
static void (*store_64)(Context, Value value, Value address, uintptr_t index, uint32_t kind);
static void (*branch)(Context, int condition, Value first, Value second, void *label);
static Value (*constant)(Context, int64_t value);
static void (*and_constant)(Context, Value result, Value value, int64_t constant);
static void (*move_if)(Context, int condition, Value result, Value first, Value second, Value yes,
                       Value no);
static void (*free_value)(Context, void *value);

static const Wanted NOTHING = {0, -1, false, false};

static void translate(uint32_t word, bool thumb)
{
    now.wanted = wanted_by(word, thumb);
    now.half = now.compared = false;
}

/* Whether the core that fetches is the one that this thread runs. */
static bool is_ours(const void *env)
{
    if (now.running == NULL)
        return false;
    if (now.running->env == NULL) {
        now.running->env = now.running->exits.env = env;
        now.running->exits.cpu = now.cpu;
    }
    if (now.running->env != env)
        return false;
    if (now.finding)
        exit_checks_find(&now.running->exits);
    now.finding = false;
    return true;
}

/* What the core that this thread runs has left out, while its blocks are translated; or NULL. */
static const ExitChecks *left_out(const void *cpu)
{
    const ExitChecks *checks = now.running == NULL ? NULL : &now.running->exits;
    return checks != NULL && checks->left_out && checks->cpu == cpu ? checks : NULL;
}

static void our_generate(void *cpu, void *block, int most)
{
    now.wanted = NOTHING;
    now.half = false;
    now.cpu = cpu;
    exit_checks_begin_block(left_out(cpu), block);
    generate(cpu, block, most);
    exit_checks_end_block(block);
}

/* MSR that writes the byte x of the CPSR, which the translator does wrongly (see the twin,
 * emu/arm/statuswrites.py): it gets an undefined instruction with the same condition in its place,
 * and Python does what the program has there.  The MSR of banked registers is undefined in user
 * mode, and differs in one bit. */
static uint32_t without_status_write(uint32_t word, bool thumb)
{
    if (thumb)
        return (word & 0xFFF0D020) == 0xF3808000 && word & 0x200 ? word | 0x20 : word;
    if (word >> 28 == 15 || !(word & 0x20000))
        return word;
    if ((word & 0x0FF0FFF0) == 0x0120F000)
        return word | 0x200;
    return (word & 0x0FF0F000) == 0x0320F000 ? (word & 0xF0000000) | 0x07F000F0 : word;
}

static uint32_t our_fetch_word(const void *env, uint32_t va)
{
    uint32_t word = fetch_word(env, va);
    exit_checks_fetched(false);
    now.wanted = NOTHING;
    if (!is_ours(env))
        return word;
    translate(word, false);
    return without_status_write(word, false);
}

static uint32_t our_fetch_half(const void *env, uint32_t va)
{
    uint32_t half = fetch_half(env, va);
    bool second = now.half && now.va + 2 == va;
    uint32_t first = now.word;
    exit_checks_fetched(true);
    now.wanted = NOTHING;
    now.half = false;
    if (!is_ours(env))
        return half;
    if (second) {
        uint32_t word = first << 16 | (half & 0xFFFF);
        translate(word, true);
        return without_status_write(word, true) & 0xFFFF;
    } else if ((half & 0xFFFF) >= 0xE800) { /* Arm ARM DDI 0406C, A6.1 */
        now.half = true;
        now.va = va;
        now.word = half;
    } else {
        translate(half & 0xFFFF, true);
    }
    return half;
}

/* The kind of an access that the instruction makes, with the check that it wants. */
static uint32_t checked(uint32_t kind)
{
    if (now.wanted.exclusive)
        return kind;
    if (now.wanted.bits)
        kind = (kind & ~(uint32_t)ALIGNED) | (uint32_t)now.wanted.bits << ALIGN_SHIFT;
    else if (now.wanted.element >= 0)
        kind |= (uint32_t)(now.wanted.element + 1) << ELEMENT_SHIFT;
    if (!now.wanted.all)
        now.wanted.bits = 0;
    return kind;
}

static void our_load_32(Context context, Value value, Value address, uintptr_t index, uint32_t kind)
{
    exit_checks_in_access(true);
    load_32(context, value, address, index, checked(kind));
    exit_checks_in_access(false);
}

static void our_load_64(Context context, Value value, Value address, uintptr_t index, uint32_t kind)
{
    exit_checks_in_access(true);
    load_64(context, value, address, index, checked(kind));
    exit_checks_in_access(false);
}

static void our_store_32(Context context, Value value, Value address, uintptr_t index,
                         uint32_t kind)
{
    exit_checks_in_access(true);
    store_32(context, value, address, index, checked(kind));
    exit_checks_in_access(false);
}

static void our_store_64(Context context, Value value, Value address, uintptr_t index,
                         uint32_t kind)
{
    exit_checks_in_access(true);
    store_64(context, value, address, index, checked(kind));
    exit_checks_in_access(false);
}

/* An exclusive store compares its address, which it does not need any more, with the monitor's.
 * Let a misaligned one be found equal: the access then fails by its alignment. */
static void our_branch(Context context, int condition, Value address, Value monitor, void *label)
{
    if (now.wanted.exclusive && !now.compared && condition == NOT_EQUAL) {
        now.compared = true;
        Value odd = constant(context, 0), zero = constant(context, 0);
        and_constant(context, odd, address, (1 << now.wanted.bits) - 1);
        move_if(context, NOT_EQUAL, address, odd, zero, monitor, address);
        free_value(context, (char *)context + odd);
        free_value(context, (char *)context + zero);
    }
    branch(context, condition, address, monitor, label);
}

/* Whether an access is to memory that wants it aligned, and is not aligned. */
static bool is_misaligned(const void *env, uint32_t va, uint32_t size, int access)
{
    return now.running != NULL && now.running->env == env && now.running->memory != NULL
        && va & (size - 1) && memory_is_device(now.running->memory, va, access);
}

/* The last argument but one of a helper, for an access that is not aligned to its size.  A store
 * of two words that need not be is split into bytes, each of which would be held to the same. */
RARELY static uint32_t unaligned(const void *env, uint32_t va, uint32_t index, uint32_t size,
                                 int access)
{
    uint32_t kind = index >> INDEX_BITS, element = kind >> ELEMENT_SHIFT;
    uint32_t bits = (kind & ALIGNED) >> ALIGN_SHIFT;
    if (bits && va & ((1u << bits) - 1))
        return index;
    if (bits)
        return index & ~((uint32_t)ALIGNED << INDEX_BITS);
    if (is_misaligned(env, va, element ? 1u << (element - 1) : size, access))
        index |= ALIGNED << INDEX_BITS;
    return index;
}

static inline uint32_t looked_at(const void *env, uint32_t va, uint32_t index, uint32_t size,
                                 int access)
{
    return va & (size - 1) ? unaligned(env, va, index, size, access) : index;
}

/* An access that came here has been made: the run may be about to end. */
RARELY static void leave(const void *env, uintptr_t from)
{
    if (now.running != NULL && now.running->env == env && now.running->exits.left_out)
        exit_checks_leave(&now.running->exits, from);
}

static inline void accessed(const void *env, uintptr_t from)
{
    if (is_exit_requested(env))
        leave(env, from);
}

/* What translated code calls for accesses that its look at the TLB does not answer. */
#define LOAD(name, size) \
    static uint64_t (*name)(const void *, uint32_t, uint32_t, uintptr_t); \
    static uint64_t our_##name(const void *env, uint32_t va, uint32_t index, uintptr_t from) \
    { \
        uint64_t value = name(env, va, looked_at(env, va, index, size, READ), from); \
        accessed(env, from); \
        return value; \
    }
#define STORE(name, type, size) \
    static void (*name)(const void *, uint32_t, type, uint32_t, uintptr_t); \
    static void our_##name(const void *env, uint32_t va, type value, uint32_t index, \
                           uintptr_t from) \
    { \
        name(env, va, value, looked_at(env, va, index, size, WRITE), from); \
        if (size > 1 || !(index >> INDEX_BITS & SIZE)) /* not a part of another store */ \
            accessed(env, from); \
    }

LOAD(ret_ldub, 1)
LOAD(le_lduw, 2)
LOAD(le_ldul, 4)
LOAD(le_ldq, 8)
LOAD(be_lduw, 2)
LOAD(be_ldul, 4)
LOAD(be_ldq, 8)
STORE(ret_stb, uint8_t, 1)
STORE(le_stw, uint32_t, 2)
STORE(le_stl, uint32_t, 4)
STORE(le_stq, uint64_t, 8)
STORE(be_stw, uint32_t, 2)
STORE(be_stl, uint32_t, 4)
STORE(be_stq, uint64_t, 8)

#define OURS(name, function) {name "_arm", (Function)our_##function, (Function *)&function}
#define HELPER(function) OURS("helper_" #function "_mmu", function)

static const Interposed interposed[] = {
    OURS("gen_intermediate_code", generate),
    OURS("cpu_lduw_code", fetch_half),
    OURS("cpu_ldl_code", fetch_word),
    OURS("tcg_gen_qemu_ld_i32", load_32),
    OURS("tcg_gen_qemu_ld_i64", load_64),
    OURS("tcg_gen_qemu_st_i32", store_32),
    OURS("tcg_gen_qemu_st_i64", store_64),
    OURS("tcg_gen_brcond_i64", branch),
    HELPER(ret_ldub), HELPER(ret_stb),
    HELPER(le_lduw), HELPER(le_ldul), HELPER(le_ldq),
    HELPER(be_lduw), HELPER(be_ldul), HELPER(be_ldq),
    HELPER(le_stw), HELPER(le_stl), HELPER(le_stq),
    HELPER(be_stw), HELPER(be_stl), HELPER(be_stq),
};

/* Interposing is done once in a process; it stays. */
static enum { NOT_YET, FAILED, ALIGNMENT, ALSO_EXIT_CHECKS } done; /* guarded by Python's lock */

enum { INTERPOSED = sizeof interposed / sizeof *interposed };

/* All at once where that can be done, because the library is searched each time. */
static void interpose_all(const void *inside)
{
    Interposed all[INTERPOSED + EXIT_CHECKS_INTERPOSED];
    memcpy(all, interposed, sizeof interposed);
    memcpy(all + INTERPOSED, exit_checks_interposed, sizeof exit_checks_interposed);
    if (exit_checks_need(inside) && interpose(inside, all, INTERPOSED + EXIT_CHECKS_INTERPOSED))
        done = ALSO_EXIT_CHECKS;
    else if (interpose(inside, interposed, INTERPOSED))
        done = ALIGNMENT;
}

static bool is_interposed(const struct unicorn *unicorn)
{
    const void *inside = NULL;
    memcpy(&inside, &unicorn->stop, sizeof inside);
    if (done != NOT_YET)
        return done != FAILED;
    done = FAILED;
    constant = (Value (*)(Context, int64_t))function_of(inside, "tcg_const_i64_arm");
    and_constant = (void (*)(Context, Value, Value, int64_t))
        function_of(inside, "tcg_gen_andi_i64_arm");
    move_if = (void (*)(Context, int, Value, Value, Value, Value, Value))
        function_of(inside, "tcg_gen_movcond_i64_arm");
    free_value = (void (*)(Context, void *))function_of(inside, "tcg_temp_free_internal_arm");
    if (constant && and_constant && move_if && free_value)
        interpose_all(inside);
    return done != FAILED;
}

static PyObject *alignment_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    unsigned long long uc;
    static char *keywords[] = {"uc", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "K", keywords, &uc))
        return NULL;
    if (!is_interposed(&state_of(type)->unicorn))
        return PyErr_Format(PyExc_NotImplementedError, "functions of Unicorn's are not found");
    Alignment *alignment = (Alignment *)type->tp_alloc(type, 0);
    if (alignment == NULL)
        return NULL;
    alignment->unicorn = &state_of(type)->unicorn;
    alignment->uc = (void *)(uintptr_t)uc;
    alignment->exits.unicorn = alignment->unicorn;
    alignment->exits.uc = alignment->uc;
    return (PyObject *)alignment;
}

static int alignment_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((Alignment *)self)->memory);
    Py_VISIT(((Alignment *)self)->exits.counter);
    return 0;
}

static int alignment_clear(PyObject *self)
{
    Py_CLEAR(((Alignment *)self)->memory);
    Py_CLEAR(((Alignment *)self)->exits.counter);
    return 0;
}

static void alignment_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    alignment_clear(self);
    free_object(self);
}

static PyObject *alignment_see(PyObject *self, PyObject *memory)
{
    if (!PyObject_TypeCheck(memory, state_of(Py_TYPE(self))->memory))
        return PyErr_Format(PyExc_TypeError, "Alignment.see: a Memory is needed");
    Py_INCREF(memory);
    Py_XSETREF(((Alignment *)self)->memory, (Memory *)memory);
    Py_RETURN_NONE;
}

static PyObject *alignment_start(PyObject *self, PyObject *address)
{
    Alignment *alignment = (Alignment *)self, *before = now.running;
    uint64_t pc = PyLong_AsUnsignedLongLong(address);
    int status;
    if (pc == UINT64_MAX && PyErr_Occurred())
        return NULL;
    now.running = alignment;
    Py_BEGIN_ALLOW_THREADS
    status = alignment->unicorn->start(alignment->uc, pc, 0, 0, 0);
    Py_END_ALLOW_THREADS
    now.running = before;
    return PyLong_FromLong(status);
}

static PyObject *alignment_wanted(PyObject *Py_UNUSED(type), PyObject *args)
{
    unsigned int word;
    int thumb;
    if (!PyArg_ParseTuple(args, "Ip", &word, &thumb))
        return NULL;
    Wanted wanted = wanted_by(word, thumb);
    return Py_BuildValue("iiNN", wanted.bits, wanted.element, PyBool_FromLong(wanted.all),
                         PyBool_FromLong(wanted.exclusive));
}

static PyObject *alignment_find_exit_requests(PyObject *self, PyObject *address)
{
    if (done != ALSO_EXIT_CHECKS)
        Py_RETURN_FALSE;
    now.finding = true;
    PyObject *status = alignment_start(self, address);
    now.finding = false;
    if (status == NULL)
        return NULL;
    Py_DECREF(status);
    return PyBool_FromLong(exit_checks_found());
}

static PyObject *alignment_leave_out_exit_checks(PyObject *self, PyObject *cpsr)
{
    ExitChecks *checks = &((Alignment *)self)->exits;
    checks->cpsr = (int)PyLong_AsLong(cpsr);
    checks->left_out = checks->cpsr > 0 && exit_checks_found();
    return PyErr_Occurred() ? NULL : PyBool_FromLong(checks->left_out);
}

static PyObject *alignment_count(PyObject *self, PyObject *counter)
{
    if (!PyObject_TypeCheck(counter, state_of(Py_TYPE(self))->counter))
        return PyErr_Format(PyExc_TypeError, "Alignment.count: a Counter is needed");
    Py_INCREF(counter);
    Py_XSETREF(((Alignment *)self)->exits.counter, (Counter *)counter);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"count", alignment_count, METH_O,
     PyDoc_STR("Let translated code do what the hook of this Counter does, if it can.")},
    {"find_exit_requests", alignment_find_exit_requests, METH_O,
     PyDoc_STR("Run from the PC; whether it is known since where Unicorn notes requests to end.")},
    {"leave_out_exit_checks", alignment_leave_out_exit_checks, METH_O,
     PyDoc_STR("Translate without Unicorn's exit checks; takes its number of the CPSR.")},
    {"see", alignment_see, METH_O, PyDoc_STR("Find the types of memory here.")},
    {"start", alignment_start, METH_O, PyDoc_STR("Run from the PC; Unicorn's status.")},
    {"wanted", alignment_wanted, METH_VARARGS | METH_STATIC,
     PyDoc_STR("What an instruction wants: (bits, element, all, exclusive).")},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)PyDoc_STR("Lets translated code check the alignment of accesses.")},
    {Py_tp_new, alignment_new},
    {Py_tp_traverse, alignment_traverse},
    {Py_tp_clear, alignment_clear},
    {Py_tp_dealloc, alignment_dealloc},
    {Py_tp_methods, methods},
    {0, NULL},
};

PyType_Spec alignment_spec = {
    .name = "emu.native._hooks.Alignment",
    .basicsize = sizeof(Alignment),
    .flags = FIXED | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};
