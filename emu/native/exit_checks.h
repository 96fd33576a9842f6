/* Leaving out the checks for an end of the run that Unicorn puts behind every load and store. */

#ifndef EMU_EXIT_CHECKS_H
#define EMU_EXIT_CHECKS_H

#include "hooks.h"
#include "interpose.h"

/* Of one core.  cpu, env: Unicorn's own objects; NULL until the core has run once.
 * cpsr: Unicorn's number of that register.  left_out: whether its checks are left out.
 * counter: has the hook for blocks, and is used for as long as the core is; or NULL. */
typedef struct {
    const struct unicorn *unicorn;
    void *uc, *cpu;
    const void *env;
    int cpsr;
    bool left_out;
    Counter *counter;
} ExitChecks;

/* What is to be interposed for it. */
enum { EXIT_CHECKS_INTERPOSED = 3 };
extern const Interposed exit_checks_interposed[EXIT_CHECKS_INTERPOSED];

/* Find what is needed besides; false: it is not all there.  inside: an address in the library. */
bool exit_checks_need(const void *inside);

/* While the core translates: find where Unicorn notes a request.  This ends the run. */
void exit_checks_find(const ExitChecks *checks);
bool exit_checks_found(void);

/* A block begins to be translated, and has been; checks: its core's, or NULL if it keeps all. */
void exit_checks_begin_block(const ExitChecks *checks, const void *block);
void exit_checks_end_block(const void *block);

/* An instruction has been fetched. */
void exit_checks_fetched(bool thumb);

/* A load or store is emitted from now on, or no longer. */
void exit_checks_in_access(bool inside);

/* End the run, unless in an IT block.  from: where translated code called for the access. */
void exit_checks_leave(const ExitChecks *checks, uintptr_t from);

/* Bytes from a core's state to where Unicorn notes a request; 0: not known. */
extern ptrdiff_t exit_request_place;

/* Whether the run is to end. */
static inline bool is_exit_requested(const void *env)
{
    const _Atomic int32_t *requested
        = (const _Atomic int32_t *)((const char *)env + exit_request_place);
    return exit_request_place && atomic_load_explicit(requested, memory_order_relaxed) < 0;
}

#endif
