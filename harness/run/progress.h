/* progress.h - how far a run is, on stderr: one line that is redrawn on a terminal, plain lines
 * elsewhere. */
#ifndef FB_PROGRESS_H
#define FB_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct progress {
    bool terminal;
    bool quiet;
    size_t rounds_total, rounds_done; /* those of earlier runs included */
    size_t cells_total, cells_done;
    double work_total; /* to be done in this run, in units proportional to time */
    double work_done;
    double started; /* seconds, monotonic */
    double drawn;   /* when the line was last drawn */
    size_t workers;
};

void progress_start(struct progress *progress, bool quiet);

/* A round is finished that was worth `work`. */
void progress_round(struct progress *progress, double work);

/* A sentence about a cell ("fashion LDM-S trial 0: 6 rounds, accuracy 0.8123"). */
void progress_say(struct progress *progress, const char *sentence);

/* Redraws the line when there is a terminal and the last drawing is old enough. */
void progress_draw(struct progress *progress);

/* Leaves the terminal's line. */
void progress_end(struct progress *progress);

/* Seconds as a person says them: "42 s", "3 m 05 s", "2 h 10 m". Returns `out`. */
const char *progress_duration(double seconds, char *out, size_t size);

#endif
