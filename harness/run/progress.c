#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "clock.h"

const char *progress_duration(double seconds, char *out, size_t size)
{
    unsigned long whole = seconds > 0 ? (unsigned long)(seconds + 0.5) : 0;
    if (whole < 60)
        snprintf(out, size, "%lu s", whole);
    else if (whole < 3600)
        snprintf(out, size, "%lu m %02lu s", whole / 60, whole % 60);
    else
        snprintf(out, size, "%lu h %02lu m", whole / 3600, whole % 3600 / 60);
    return out;
}

void progress_start(struct progress *progress, bool quiet)
{
    *progress = (struct progress){
        .terminal = isatty(STDERR_FILENO) == 1, .quiet = quiet, .started = fb_clock_seconds()};
}

void progress_draw(struct progress *progress)
{
    double now = fb_clock_seconds();
    if (progress->quiet || !progress->terminal || now - progress->drawn < 0.1)
        return;
    progress->drawn = now;
    char eta[32] = "?";
    if (progress->work_done > 0)
        progress_duration((now - progress->started) * (progress->work_total - progress->work_done) /
                              progress->work_done,
                          eta, sizeof eta);
    fprintf(stderr, "\r\033[K%zu/%zu rounds, %zu/%zu cells, ETA %s", progress->rounds_done,
            progress->rounds_total, progress->cells_done, progress->cells_total, eta);
    fflush(stderr);
}

void progress_round(struct progress *progress, double work)
{
    progress->rounds_done++;
    progress->work_done += work;
    progress_draw(progress);
}

void progress_say(struct progress *progress, const char *sentence)
{
    if (progress->quiet)
        return;
    if (progress->terminal)
        fputs("\r\033[K", stderr);
    fprintf(stderr, "[%zu/%zu] %s\n", progress->cells_done, progress->cells_total, sentence);
    progress->drawn = 0;
    progress_draw(progress);
}

void progress_end(struct progress *progress)
{
    if (!progress->quiet && progress->terminal)
        fputs("\r\033[K", stderr);
}
