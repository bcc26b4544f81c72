/* short_memory.h - memory that runs short, for the code under test and every library that it calls:
 * malloc and its kin are replaced in a program that links this file (not with clang's sanitizers,
 * which replace them too). */
#ifndef FB_TEST_SHORT_MEMORY_H
#define FB_TEST_SHORT_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* The n-th allocation of this thread from now on fails (1 is the next one; 0: none), and with `on` every one after
 * it. Other threads have all they want: they begin with allocations of the sanitizers, which take no
 * refusal. */
void memory_fail_at(uint64_t n, bool on);

/* No allocation fails or is counted any more: what follows is the test's own. */
void memory_fail_no_more(void);

/* Allocations since the last call of memory_fail_at, until memory_fail_no_more. */
uint64_t memory_count(void);

#endif
