/* check.h - `flipbench check-plugin`: whether a plugin keeps the rules of strategy.h.
 *
 * Each check runs in a process of its own, with limits on time and address space, on services that
 * are made up (synthetic.h): a check that crashes or hangs is told as such, and the next one runs.
 * What happens to be right on these services need not be right elsewhere; check_blind_spots says
 * what nobody looked at. */
#ifndef FB_CHECK_PLUGIN_H
#define FB_CHECK_PLUGIN_H

#include <stddef.h>

#include "status.h"

typedef enum check_outcome {
    CHECK_PASSED,
    CHECK_WARNING,
    CHECK_SKIPPED,
    CHECK_FAILED,
    CHECK_CRASHED,   /* a signal, or the process ended before its time */
    CHECK_TIMED_OUT
} check_outcome;

/* "passed", "warning", "skipped", "failed", "crashed", "timed out". */
const char *check_outcome_name(check_outcome outcome);

/* The last three. */
int check_is_failure(check_outcome outcome);

typedef struct check_result {
    char strategy[64];     /* its id; "" for a check of the file */
    const char *check;     /* its name */
    check_outcome outcome;
    char detail[1024];     /* a sentence; "" when there is nothing to say */
    double seconds;
} check_result;

/* The checks in the order in which they run. */
typedef struct check_info {
    const char *name, *summary;
} check_info;
const check_info *check_table(size_t *ret_count);

typedef struct check_options {
    const char *path;           /* the plugin */
    const char *strategy;       /* only this one's; NULL: all, and the checks of the file */
    const char *const *checks;  /* only these; none: all */
    size_t check_count;
    double limit_seconds;       /* for each check */
    const char *const *param_names, *const *param_values; /* where a strategy has them */
    size_t param_count;
} check_options;

/* Runs the checks and hands each result to `tell` as it comes. Fails only when something could not
 * be checked: FB_ENOENT for a file, a check, a strategy or a parameter that is not there, FB_EIO
 * when no process can be started. */
int check_plugin(const check_options *options,
                 void (*tell)(void *context, const check_result *result), void *context,
                 fb_error *err);

/* What is not checked, one phrase each, up to a NULL. */
const char *const *check_blind_spots(void);

#endif
