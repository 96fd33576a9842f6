/* What the programs that check the kernel's calls share. */
#ifndef CALLCHECK_H
#define CALLCHECK_H

#include "check.h"
#include "frames.h"
#include "kernel.h"
#include "space.h"

#define READ_ONLY (F_MAP_READ | F_MAP_NOEXEC)
#define READ_WRITE (F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC)
#define NO_SUCH_ID 0x12345

/* All the frames we own as frame_info tells, and all entries of the tables that we see, as a number. */
unsigned visible_state(void);

/* That a call is refused for this reason, and has changed nothing that we can see. */
#define CHECK_REFUSED(call, error) \
	do { \
		unsigned state_before = visible_state(); \
		CHECK_RESULT(call, error); \
		check_that(visible_state() == state_before, "nothing changed: " #call, __FILE__, __LINE__); \
	} while (0)

/* A frame of ours as the kernel describes it. */
struct frame look(int f_id);

/* Free memory, so many pages of it. */
int take(unsigned pages);

/* See a frame somewhere in our vspace. */
void *see(int f_id, unsigned rights);

/* A table of so many pages, seen by us. */
int take_table(unsigned type, unsigned pages);

/* Write to every word what only this seed writes there, and check that it is still there. */
void fill(void *at, size_t len, unsigned seed);
void check_filled(const void *at, size_t len, unsigned seed);

/* That every byte is zero. */
void check_zero(const void *at, size_t len);

/* That our tables, which we read ourselves, say the same of a frame's view as the kernel does. */
void check_view(int f_id);

/* That nothing is mapped at va. */
void check_hole(const void *va);

/* Pointers at which len bytes may not be read or, from BAD_TO_READ on, may only not be written. */
enum { BAD_TO_READ = 6, BAD_TO_WRITE = 9 };
void *bad_pointer(unsigned which, size_t len);

/* Use up the kernel's pool, and tell how many objects there was room for; make room for so many
 * again; for all of them. */
unsigned pool_fill(void);
void pool_release(unsigned count);
void pool_empty(void);

/* A device's frame. */
int device_frame(void);

#endif
