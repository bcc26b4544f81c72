/* supervisor.h - runs a plan's unfinished cells on n workers and stores what they report. */
#ifndef FB_SUPERVISOR_H
#define FB_SUPERVISOR_H

#include <stddef.h>

#include "plan.h"
#include "progress.h"
#include "store.h"
#include "zygote.h"

typedef struct supervisor_options {
    size_t workers;
    double round_seconds; /* a cell that finishes no round for so long is stopped */
} supervisor_options;

typedef struct supervisor_summary {
    size_t cells_finished; /* complete at the end, those of earlier runs included */
    size_t cells_failed;   /* in this run; each is recorded with its cause */
    size_t rounds_reused;  /* found in the store */
    size_t rounds_computed;
} supervisor_summary;

/* Returns 0 when every cell was run to its end or failed on its own; FB_ECANCELLED after SIGINT,
 * SIGTERM or SIGHUP (the rounds in progress are dropped, everything finished is stored); otherwise
 * the fault of the store or of the zygote that ended the run. */
int supervisor_run(const struct plan *plan, struct store *store, struct zygote *zygote,
                   const supervisor_options *options, struct progress *progress,
                   supervisor_summary *ret_summary, fb_error *err);

#endif
