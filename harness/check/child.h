/* child.h - one check in a process of its own. */
#ifndef FB_CHECK_CHILD_H
#define FB_CHECK_CHILD_H

#include <stddef.h>

#include "check.h"

/* What a check came to, in memory that the child and its parent share, so that a crash leaves what
 * was known before it. */
typedef struct verdict {
    int said;         /* the check ran to its end */
    check_outcome outcome;
    char doing[160];  /* what is being tried, "with a batch of 1"; "" at first */
    char text[1024];  /* the sentence */
} verdict;

/* The outcome and its sentence; what is said last counts, and nothing said is CHECK_PASSED. */
void verdict_say(verdict *v, check_outcome outcome, const char *format, ...) FB_PRINTF(3, 4);
void verdict_doing(verdict *v, const char *format, ...) FB_PRINTF(2, 3);

/* The address space that a check may use beyond what the program has anyway; without limit under
 * the address sanitizer, which reserves terabytes. */
#define CHILD_MEMORY_TEXT "2 GiB"
#define CHILD_MEMORY_BYTES ((size_t)2 << 30)

/* Runs `body` in a child whose stdin and stdout lead nowhere, and ends it, with all that it has
 * started, after `limit_seconds`. */
int child_run(void (*body)(void *context, verdict *v), void *context, double limit_seconds,
              verdict *ret_verdict, double *ret_seconds, fb_error *err);

/* In the child: memory that nobody may write to from now on. A write there is told by `name`, which
 * must live on. At most 64 such places; the rest are protected without a name. */
void child_protect(void *memory, size_t size, const char *name);

#endif
