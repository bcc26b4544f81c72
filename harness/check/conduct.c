/* What a strategy must leave alone: the floating-point mode, its inputs, stdout. */

/* memfd_create is Linux. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checks.h"
#include "fpmode.h"

/* Opens the plugin, selects, and closes it again. */
static void select_once(check_subject *s, trial_loops loops, verdict *v)
{
    fb_error err = {0};
    int rc = subject_open(s, &err);
    if (rc) {
        verdict_say(v, CHECK_FAILED, "%s", err.text);
    } else {
        trial t = trial_make(s->strategy, s->values);
        t.loops = loops;
        subject_try(&t, false, v, NULL);
    }
    subject_close(s);
}

/* The host looks after each call, and the trial after each piece of a loop. */
void check_floating_point(check_subject *s, verdict *v)
{
    uint64_t mode = fpmode_get();
    select_once(s, TRIAL_THREADS, v);
    if (!check_is_failure(v->outcome) && fpmode_get() != mode)
        verdict_say(v, CHECK_FAILED, "it leaves the floating-point mode changed when it is closed");
}

void check_inputs(check_subject *s, verdict *v)
{
    trial t = trial_make(s->strategy, s->values);
    t.services.read_only = true;
    subject_try(&t, false, v, NULL);
}

/* The first line of what was written, for a sentence. */
static void read_line(int fd, char *line, size_t size)
{
    ssize_t count = pread(fd, line, size - 1, 0);
    line[count > 0 ? count : 0] = '\0';
    for (char *at = line; *at; at++) {
        if (*at == '\n') {
            *at = '\0';
            break;
        }
        if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
            *at = '?';
    }
}

void check_stdout(check_subject *s, verdict *v)
{
    char line[64];
    int fd = memfd_create("stdout", MFD_CLOEXEC);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0) {
        verdict_say(v, CHECK_SKIPPED, "there is no place to catch what it writes");
        return;
    }
    select_once(s, TRIAL_HOST, v);
    fflush(stdout);
    off_t written = lseek(fd, 0, SEEK_END);
    if (check_is_failure(v->outcome) || written <= 0)
        return;
    read_line(fd, line, sizeof line);
    verdict_say(v, CHECK_FAILED,
                "it writes to stdout, which is the program's: \"%s\"; use host->log", line);
}
