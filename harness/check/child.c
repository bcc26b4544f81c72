/* prctl and anonymous mappings are not POSIX. */
#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "sanitized.h"

/* ---- verdicts ------------------------------------------------------------------------------- */

void verdict_say(verdict *v, check_outcome outcome, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    v->outcome = outcome;
    vsnprintf(v->text, sizeof v->text, format, args);
    va_end(args);
}

void verdict_doing(verdict *v, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(v->doing, sizeof v->doing, format, args);
    va_end(args);
}

/* ---- in the child: faults ------------------------------------------------------------------- */

enum { PLACES_MAX = 64 };

/* What the handler of faults knows; a process has one. */
static struct {
    verdict *verdict;
    struct {
        uintptr_t first, last;
        const char *name;
    } places[PLACES_MAX];
    size_t count;
} g_faults;

void child_protect(void *memory, size_t size, const char *name)
{
    mprotect(memory, size, PROT_READ);
    if (g_faults.count == PLACES_MAX)
        return;
    uintptr_t first = (uintptr_t)memory;
    g_faults.places[g_faults.count].first = first;
    g_faults.places[g_faults.count].last = first + size - 1;
    g_faults.places[g_faults.count].name = name;
    g_faults.count++;
}

/* strcpy without what a signal handler must not call. */
static char *append(char *to, const char *text)
{
    while (*text)
        *to++ = *text++;
    *to = '\0';
    return to;
}

/* Says what was touched, and ends the process as if nobody had listened. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)context;
    bool by_address = info->si_code > 0; /* and not sent by somebody */
    uintptr_t at = (uintptr_t)info->si_addr;
    char *text = g_faults.verdict->text;
    *text = '\0';
    for (size_t i = 0; by_address && i < g_faults.count; i++)
        if (at >= g_faults.places[i].first && at <= g_faults.places[i].last) {
            text = append(text, "it wrote to ");
            text = append(text, g_faults.places[i].name);
            text = append(text, ", which belongs to the host and is read-only");
        }
    if (number == SIGSEGV && info->si_code == SEGV_MAPERR && at < 4096)
        append(text, "it used a NULL pointer; memory here is limited to " CHILD_MEMORY_TEXT
                     ", and an allocation may fail");
    signal(number, SIG_DFL);
    raise(number); /* comes when this handler is left */
}

static void watch_faults(verdict *v)
{
    const int plain[] = {SIGFPE, SIGILL, SIGABRT, SIGINT, SIGTERM, SIGPIPE};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        signal(plain[i], SIG_DFL);
    g_faults.verdict = v;
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = on_fault;
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

/* ---- in the child: limits ------------------------------------------------------------------- */

/* Bytes of address space in use; 0 when the system does not say. */
static size_t address_space(void)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file)
        return 0;
    if (fscanf(file, "%zu", &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void set_limits(void)
{
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    rlim_t bytes = address_space() + CHILD_MEMORY_BYTES;
    struct rlimit memory = {bytes, bytes};
    if (!HAS_ADDRESS_SANITIZER)
        setrlimit(RLIMIT_AS, &memory);
}

static void silence(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
}

/* Never returns into the parent's code, and never flushes the parent's buffers. */
FB_NORETURN static void run_child(void (*body)(void *context, verdict *v), void *context,
                                  verdict *v, pid_t parent)
{
    setpgid(0, 0); /* so that what a plugin starts ends with the check */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    silence();
    watch_faults(v);
    set_limits();
    body(context, v);
    v->said = 1;
    _exit(0);
}

/* ---- in the parent -------------------------------------------------------------------------- */

/* Waits for the child to end; SIGCHLD is blocked. False when the time is up. */
static bool wait_for(pid_t child, const sigset_t *ended, double limit_seconds, int *ret_status)
{
    double deadline = fb_clock_seconds() + limit_seconds;
    for (;;) {
        if (waitpid(child, ret_status, WNOHANG) == child)
            return true;
        double left = deadline - fb_clock_seconds();
        if (left <= 0)
            return false;
        struct timespec time = {.tv_sec = (time_t)left};
        time.tv_nsec = (long)((left - (double)time.tv_sec) * 1e9);
        sigtimedwait(ended, NULL, &time);
    }
}

/* Puts "doing: " before the sentence, if anything was being done. */
static void place(verdict *v)
{
    char text[sizeof v->text];
    if (!*v->doing || v->outcome == CHECK_PASSED)
        return;
    memcpy(text, v->text, sizeof text);
    snprintf(v->text, sizeof v->text, "%s: %.800s", v->doing, text);
}

/* What a check that did not run to its end came to. */
static void judge_end(verdict *v, int status)
{
    char more[sizeof v->text];
    memcpy(more, v->text, sizeof more);
    more[sizeof more - 1] = '\0';
    if (!WIFSIGNALED(status))
        verdict_say(v, CHECK_CRASHED, "it ends the process, with status %d", WEXITSTATUS(status));
    else if (*more)
        verdict_say(v, CHECK_CRASHED, "signal %d (%s): %.900s", WTERMSIG(status),
                    strsignal(WTERMSIG(status)), more);
    else
        verdict_say(v, CHECK_CRASHED, "signal %d (%s)", WTERMSIG(status),
                    strsignal(WTERMSIG(status)));
}

static void finish(pid_t child, bool ended, int status, double limit_seconds, verdict *v)
{
    kill(-child, SIGKILL); /* what it has started */
    if (!ended) {
        kill(child, SIGKILL); /* when it had no time to make its group */
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            continue;
        verdict_say(v, CHECK_TIMED_OUT, "it was not done within %g s", limit_seconds);
    } else if (!v->said) {
        judge_end(v, status);
    }
    v->text[sizeof v->text - 1] = '\0';
    v->doing[sizeof v->doing - 1] = '\0';
    place(v);
}

int child_run(void (*body)(void *context, verdict *v), void *context, double limit_seconds,
              verdict *ret_verdict, double *ret_seconds, fb_error *err)
{
    sigset_t ended, before;
    int status = 0;
    double start = fb_clock_seconds();
    verdict *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return fb_fail(err, FB_ENOMEM, "no memory to share with a check's process");
    *shared = (verdict){.outcome = CHECK_PASSED};
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ended, &before);
    fflush(stdout); /* a plugin that calls exit would write it a second time */
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        run_child(body, context, shared, parent);
    }
    if (child > 0) {
        bool in_time = wait_for(child, &ended, limit_seconds, &status);
        finish(child, in_time, status, limit_seconds, shared);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (child > 0) {
        *ret_verdict = *shared;
        *ret_seconds = fb_clock_seconds() - start;
    }
    munmap(shared, sizeof *shared);
    return child > 0 ? FB_OK
                     : fb_fail(err, FB_EIO, "cannot start a process for a check: %s",
                               strerror(errno));
}
