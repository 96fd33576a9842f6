/* Leaving out the checks for an end of the run that Unicorn puts behind every load and store.
 *
 * Behind each load and store, and where each block begins, Unicorn's translated code calls a
 * function that looks whether the run is to end.  For that call all registers are written back and
 * read again.  Here the functions that emit these calls are interposed:
 *
 * - Behind an access nothing is emitted.  A run ends inside an access only if that comes to a
 *   function in C: for a device, a hook, a fill of the TLB.  After those the request is looked at
 *   (see translation.c), and the run ends there as it would by Unicorn's call.
 * - Where a block begins, the request is tested in the translated code itself, as QEMU does.  If
 *   there is one, the PC is written and the block left, at the label that is set behind it.
 *
 * The calls behind hooks for instructions stay. */

#include "exit_checks.h"
#include "interpose.h"

enum { SET_LABEL = 1, LOAD_32 = 13, STORE_32 = 16 }; /* operations: "tcg/tcg-opc.h" of QEMU 5.0 */
enum { LESS = 2 };                                   /* signed: "tcg/tcg-cond.h" */
enum { REQUESTED = 3 };                              /* how a block is left: "exec/exec-all.h" */
enum { PC = 15, SEARCHED = 16 };

ptrdiff_t exit_request_place;

/* What this thread translates. */
static _Thread_local struct {
    const ExitChecks *checks;
    uint32_t va;
    bool begins, in_access;
    void *label;
} now;

typedef void *Context;
typedef uintptr_t Value;
typedef void *Temporary; /* a value, by its address: the context and the place in it */

static void (*check_exit)(Context);
static void (*call)(Context, void *function, Temporary result, int number, Temporary *arguments);
static void (*exit_block)(Context, void *block, unsigned how);
static void *(*new_label)(Context);
static Value (*constant_32)(Context, int32_t value);
static Value (*constant_64)(Context, int64_t value);
static void (*operation_1)(Context, int operation, uintptr_t argument);
static void (*operation_3)(Context, int operation, uintptr_t first, uintptr_t second,
                           uintptr_t third);
static void (*branch_if)(Context, int condition, Value value, int32_t constant, void *label);
static void (*free_temporary)(Context, Temporary);
static bool (*restore_state)(void *cpu, uintptr_t from, bool will_exit);
static void (*leave_loop)(void *cpu);
static Function helper; /* what is called to look */

void exit_checks_begin_block(const ExitChecks *checks, uint32_t va)
{
    now.checks = checks;
    now.va = va;
    now.begins = checks != NULL;
    now.in_access = false;
    now.label = NULL;
}

void exit_checks_fetched(void)
{
    now.begins = false;
}

void exit_checks_in_access(bool inside)
{
    now.in_access = inside;
}

static void our_check_exit(Context context)
{
    if (now.checks == NULL || !now.in_access)
        check_exit(context);
}

static Temporary temporary(Context context, Value value)
{
    return (char *)context + value;
}

static void test_request(Context context, Temporary value)
{
    intptr_t place = (intptr_t)now.checks->env + exit_request_place;
    Temporary at = temporary(context, constant_64(context, place));
    now.label = new_label(context);
    operation_3(context, LOAD_32, (uintptr_t)value, (uintptr_t)at, 0);
    branch_if(context, LESS, (Value)((char *)value - (char *)context), 0, now.label);
    free_temporary(context, at);
}

/* The call where a block begins is the only one before its first instruction is fetched. */
static void our_call(Context context, void *function, Temporary result, int number,
                     Temporary *arguments)
{
    if (now.begins && number == 2 && !memcmp(&function, &helper, sizeof function)) {
        now.begins = false;
        test_request(context, arguments[1]);
        return;
    }
    call(context, function, result, number, arguments);
}

/* Unicorn does not write the PC itself here where it has a hook for instructions. */
static void write_pc(Context context)
{
    intptr_t place = (intptr_t)now.checks->env + PC * (intptr_t)sizeof(uint32_t);
    Temporary at = temporary(context, constant_64(context, place));
    Temporary pc = temporary(context, constant_32(context, (int32_t)now.va));
    operation_3(context, STORE_32, (uintptr_t)pc, (uintptr_t)at, 0);
    free_temporary(context, pc);
    free_temporary(context, at);
}

static void our_exit_block(Context context, void *block, unsigned how)
{
    if (how == REQUESTED && now.label != NULL) {
        *(unsigned *)now.label |= 1; /* it is set somewhere */
        operation_1(context, SET_LABEL, (uintptr_t)now.label);
        write_pc(context);
        now.label = NULL;
    }
    exit_block(context, block, how);
}

/* In an IT block Unicorn's code has no check: the run goes on to the block's end. */
void exit_checks_leave(const ExitChecks *checks, uintptr_t from)
{
    uint32_t cpsr = 0;
    if (!restore_state(checks->cpu, from, true))
        return;
    checks->unicorn->read(checks->uc, checks->cpsr, &cpsr);
    if (cpsr & IT_STATE)
        leave_it_block(checks->unicorn, checks->uc, checks->cpsr);
    else
        leave_loop(checks->cpu);
}

/* The word before a core's state that a request makes negative. */
void exit_checks_find(const ExitChecks *checks)
{
    const uint32_t *words = (const uint32_t *)checks->env - SEARCHED;
    uint32_t before[SEARCHED], after[SEARCHED];
    ptrdiff_t found = 0;
    int changed = 0;
    memcpy(before, words, sizeof before);
    checks->unicorn->stop(checks->uc);
    memcpy(after, words, sizeof after);
    for (int at = 0; at < SEARCHED; at++) {
        if (after[at] == before[at])
            continue;
        changed++;
        if (after[at] == (before[at] | 0xFFFF0000) && !(before[at] >> 31))
            found = (at - SEARCHED) * (ptrdiff_t)sizeof(uint32_t);
    }
    exit_request_place = changed == 1 ? found : 0;
}

bool exit_checks_found(void)
{
    return exit_request_place != 0;
}

static const Interposed interposed[] = {
    {"check_exit_request_arm", (Function)our_check_exit, (Function *)&check_exit},
    {"tcg_gen_callN_arm", (Function)our_call, (Function *)&call},
    {"tcg_gen_exit_tb_arm", (Function)our_exit_block, (Function *)&exit_block},
};

static const struct {
    const char *name;
    Function *function;
} needed[] = {
    {"gen_new_label_arm", (Function *)&new_label},
    {"tcg_const_i32_arm", (Function *)&constant_32},
    {"tcg_const_i64_arm", (Function *)&constant_64},
    {"tcg_gen_op1_arm", (Function *)&operation_1},
    {"tcg_gen_op3_arm", (Function *)&operation_3},
    {"tcg_gen_brcondi_i32_arm", (Function *)&branch_if},
    {"tcg_temp_free_internal_arm", (Function *)&free_temporary},
    {"cpu_restore_state_arm", (Function *)&restore_state},
    {"cpu_loop_exit_arm", (Function *)&leave_loop},
    {"helper_check_exit_request_arm", &helper},
};

bool exit_checks_interpose(const void *inside)
{
    static enum { NOT_YET, DONE, FAILED } state; /* guarded by Python's lock */
    if (state != NOT_YET)
        return state == DONE;
    state = FAILED;
    for (size_t at = 0; at < sizeof needed / sizeof *needed; at++) {
        *needed[at].function = function_of(inside, needed[at].name);
        if (*needed[at].function == NULL)
            return false;
    }
    if (interpose(inside, interposed, sizeof interposed / sizeof *interposed))
        state = DONE;
    return state == DONE;
}
