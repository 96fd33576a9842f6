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
 * The calls behind hooks for instructions stay.
 *
 * The hook for blocks that counts instructions is called from translated code, too.  In its place
 * that counts itself, from a record that is filled when the block has been translated; only where
 * the counter wants to look at a block it is called. */

#include "exit_checks.h"

#include <stdlib.h>

/* Operations ("tcg/tcg-opc.h" of QEMU 5.0), and conditions ("tcg/tcg-cond.h"). */
enum { SET_LABEL = 1, BRANCH = 3, LOAD_32 = 13, STORE_32 = 16, LOAD_64 = 73, STORE_64 = 77,
       ADD_64 = 78 };
enum { LESS = 2, ABOVE = 13 }; /* signed; unsigned */
enum { REQUESTED = 3 };                              /* how a block is left: "exec/exec-all.h" */
enum { PC = 15, SEARCHED = 16 };

ptrdiff_t exit_request_place;

/* What this thread translates. */
static _Thread_local struct {
    const ExitChecks *checks;
    uint32_t va;
    bool begins, in_access, thumb;
    void *label;
    unsigned fetched;        /* instructions, or halfwords of them */
    Translated *record;      /* of the block, if it counts itself */
    void *to_look, *looked;  /* labels: where the counter is called, and where that goes on */
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
static void (*branch_if_64)(Context, int condition, Value first, Value second, void *label);
static void (*branch_if)(Context, int condition, Value value, int32_t constant, void *label);
static void (*free_temporary)(Context, Temporary);
static bool (*restore_state)(void *cpu, uintptr_t from, bool will_exit);
static void (*leave_loop)(void *cpu);
static Function helper; /* what is called to look */

/* The start of Unicorn's TranslationBlock. */
typedef struct {
    uint32_t va, cs_base, flags;
    uint16_t size, number;
} Block;

/* The first blocks are those of the trial (emu/cpu/exit_checks.py), whose instructions take one
 * fetch each: by them it is known whether a Block is as it is thought to be. */
enum { TRIED = 4 };

static unsigned blocks_tried, blocks_known;

static void try_block(const Block *block)
{
    bool as_fetched = block->number == now.fetched && block->va == now.va
        && block->size == now.fetched * (now.thumb ? 2 : 4);
    blocks_tried++;
    blocks_known += as_fetched;
}

/* More than there can be blocks of translated code at once: each takes 256 bytes and more of the
 * buffer for code (emu.cpu.binding.CODE_BUFFER), which is emptied as a whole. */
enum { RECORDS = 1 << 19 };

static Translated *new_record(Counter *counter)
{
    if (counter->records == NULL) {
        counter->records = calloc(RECORDS, sizeof *counter->records);
        if (counter->records == NULL)
            return NULL;
    }
    return &counter->records[counter->recorded++ % RECORDS];
}

void exit_checks_begin_block(const ExitChecks *checks, const void *block)
{
    now.checks = checks;
    now.va = ((const Block *)block)->va;
    now.begins = checks != NULL;
    now.fetched = 0;
    now.in_access = false;
    now.label = now.to_look = now.looked = NULL;
    now.record = NULL;
}

void exit_checks_fetched(bool thumb)
{
    now.begins = false;
    now.thumb = thumb;
    now.fetched++;
}

void exit_checks_end_block(const void *block)
{
    const Block *made = block;
    if (now.record != NULL)
        *now.record = (Translated){made->number, made->va, made->size, now.thumb};
    now.record = NULL;
    if (now.checks != NULL && blocks_tried < TRIED)
        try_block(made);
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

/* A label begins with a word: bit 0 says that it is set somewhere; from bit 16 on, how often it is
 * referred to. */
enum { REFERENCES = 16 };

static void set_label(Context context, void *label)
{
    *(unsigned *)label |= 1;
    operation_1(context, SET_LABEL, (uintptr_t)label);
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

static Temporary address(Context context, const void *place)
{
    return temporary(context, constant_64(context, (int64_t)(intptr_t)place));
}

static void load(Context context, Temporary value, Temporary base, size_t offset)
{
    operation_3(context, LOAD_64, (uintptr_t)value, (uintptr_t)base, offset);
}

static void store(Context context, Temporary value, Temporary base, size_t offset)
{
    operation_3(context, STORE_64, (uintptr_t)value, (uintptr_t)base, offset);
}

/* count += record.number; last = now; now = &record; if count > unseen, let the counter look. */
static void count_block(Context context)
{
    Temporary counter = address(context, now.checks->counter);
    Temporary record = address(context, now.record);
    Temporary count = address(context, NULL), other = address(context, NULL);
    now.to_look = new_label(context);
    now.looked = new_label(context);
    load(context, other, counter, offsetof(Counter, now));
    store(context, other, counter, offsetof(Counter, last));
    store(context, record, counter, offsetof(Counter, now));
    load(context, count, counter, offsetof(Counter, count));
    load(context, other, record, offsetof(Translated, number));
    operation_3(context, ADD_64, (uintptr_t)count, (uintptr_t)count, (uintptr_t)other);
    store(context, count, counter, offsetof(Counter, count));
    load(context, other, counter, offsetof(Counter, unseen));
    branch_if_64(context, ABOVE, (Value)((char *)count - (char *)context),
                 (Value)((char *)other - (char *)context), now.to_look);
    set_label(context, now.looked);
    free_temporary(context, other);
    free_temporary(context, count);
    free_temporary(context, record);
    free_temporary(context, counter);
}

/* Behind the block: the call that the counter's hook is, and back. */
static void let_look(Context context)
{
    void (*hook)(void *, uint64_t, uint32_t, void *) = counter_block_begins;
    void *function;
    memcpy(&function, &hook, sizeof function);
    set_label(context, now.to_look);
    Temporary arguments[] = {
        address(context, now.checks->uc),
        temporary(context, constant_64(context, now.va)),
        temporary(context, constant_32(context, 0)),
        address(context, (char *)now.checks->counter + COUNTED),
    };
    call(context, function, NULL, 4, arguments);
    *(unsigned *)now.looked += 1 << REFERENCES;
    operation_1(context, BRANCH, (uintptr_t)now.looked);
    for (int at = 0; at < 4; at++)
        free_temporary(context, arguments[at]);
}

/* Whether this is the call of the counter's hook. */
static bool is_counting(void *function, int number)
{
    void (*hook)(void *, uint64_t, uint32_t, void *) = counter_block_begins;
    return now.begins && now.checks->counter != NULL && blocks_known == TRIED && number == 4
        && !memcmp(&function, &hook, sizeof function);
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
    if (is_counting(function, number) && (now.record = new_record(now.checks->counter)) != NULL) {
        count_block(context);
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
    if (how != REQUESTED || now.label == NULL) {
        exit_block(context, block, how);
        return;
    }
    set_label(context, now.label);
    write_pc(context);
    now.label = NULL;
    exit_block(context, block, how);
    if (now.to_look != NULL)
        let_look(context);
    now.to_look = NULL;
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

const Interposed exit_checks_interposed[EXIT_CHECKS_INTERPOSED] = {
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
    {"tcg_gen_brcond_i64_arm", (Function *)&branch_if_64},
    {"tcg_gen_brcondi_i32_arm", (Function *)&branch_if},
    {"tcg_temp_free_internal_arm", (Function *)&free_temporary},
    {"cpu_restore_state_arm", (Function *)&restore_state},
    {"cpu_loop_exit_arm", (Function *)&leave_loop},
    {"helper_check_exit_request_arm", &helper},
};

bool exit_checks_need(const void *inside)
{
    for (size_t at = 0; at < sizeof needed / sizeof *needed; at++) {
        *needed[at].function = function_of(inside, needed[at].name);
        if (*needed[at].function == NULL)
            return false;
    }
    return true;
}
