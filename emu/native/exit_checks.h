/* Leaving out the checks for an end of the run that Unicorn puts behind every load and store. */

#ifndef EMU_EXIT_CHECKS_H
#define EMU_EXIT_CHECKS_H

#include "hooks.h"

/* Of one core.  cpu, env: Unicorn's own objects; NULL until the core has run once.
 * cpsr: Unicorn's number of that register.  left_out: whether its checks are left out. */
typedef struct {
    const struct unicorn *unicorn;
    void *uc, *cpu;
    const void *env;
    int cpsr;
    bool left_out;
} ExitChecks;

/* Interpose what is needed; false: it cannot be done.  inside: an address in Unicorn's library. */
bool exit_checks_interpose(const void *inside);

/* While the core translates: find where Unicorn notes a request.  This ends the run. */
void exit_checks_find(const ExitChecks *checks);
bool exit_checks_found(void);

/* The block at va begins to be translated; checks: its core's, or NULL if it keeps all of them. */
void exit_checks_begin_block(const ExitChecks *checks, uint32_t va);

/* An instruction has been fetched. */
void exit_checks_fetched(void);

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
