/* zygote.h - the process that forks cells.
 *
 * Forked once from the supervisor, after the data are loaded and before the database is opened;
 * stays single-threaded, so that a fork is safe and cheap: every cell shares the data with it.
 * Cells die with the zygote, and the zygote with the supervisor, whatever ends them. */
#ifndef FB_ZYGOTE_H
#define FB_ZYGOTE_H

#include <sys/types.h>

#include "plan.h"

struct zygote {
    pid_t pid;
    int control; /* socket; the zygote sends {type: ended, cell, exit | signal} or
                    {type: no process, cell, errno} */
};

typedef struct zygote_options {
    const char *log_directory; /* a cell's stdout and stderr go to LOG/<cell key>.log */
    uint64_t memory_limit;     /* RLIMIT_AS of a cell; 0: none */
    int close_fd;              /* a descriptor that the zygote must not hold (the lock), or -1 */
} zygote_options;

int zygote_start(const struct plan *plan, const zygote_options *options, struct zygote *ret_zygote,
                 fb_error *err);

/* Starts a cell's process; *ret_socket is the supervisor's end of its connection. */
int zygote_spawn(struct zygote *zygote, size_t cell, int *ret_socket, fb_error *err);

/* Kills a cell's process; its end is reported like any other. */
int zygote_kill(struct zygote *zygote, size_t cell, fb_error *err);

/* Kills every cell and the zygote, and waits for it. Takes a zeroed struct. */
void zygote_stop(struct zygote *zygote);

#endif
