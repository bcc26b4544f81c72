/* prctl and signalfd are Linux. */
#define _GNU_SOURCE
#include "zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc.h"
#include "cell.h"
#include "confine.h"
#include "message.h"
#include "sanitized.h"

/* Asks to be killed when the parent ends, and ends at once when it already has. */
static void die_with_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
}

/* ---- in a cell's process ------------------------------------------------------------------- */

static void redirect_output(const char *directory, const char *key)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%.12s.log", directory, key);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0)
        fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    close(fd);
    close(null);
}

static void limit_memory(uint64_t bytes)
{
    if (bytes == 0 || HAS_ADDRESS_SANITIZER)
        return;
    struct rlimit limit = {.rlim_cur = (rlim_t)bytes, .rlim_max = (rlim_t)bytes};
    setrlimit(RLIMIT_AS, &limit);
}

FB_NORETURN static void become_cell(const struct plan *plan, const zygote_options *options,
                                    size_t cell, int socket, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    die_with_parent(parent);
    setpgid(0, 0); /* so that what a plugin starts ends with its cell */
    redirect_output(options->log_directory, plan->cells[cell].key);
    limit_memory(options->memory_limit);
    confine_process();
    int status = cell_run(plan, cell, socket);
    fflush(NULL);
    _exit(status);
}

/* ---- in the zygote ------------------------------------------------------------------------- */

struct child {
    pid_t pid; /* 0: a free place */
    size_t cell;
};

struct nursery {
    const struct plan *plan;
    const zygote_options *options;
    int control, signals;
    struct child *children;
    size_t child_count; /* places */
};

static struct child *free_place(struct nursery *nursery)
{
    for (size_t i = 0; i < nursery->child_count; i++)
        if (nursery->children[i].pid == 0)
            return &nursery->children[i];
    size_t count = nursery->child_count * 2 + 8;
    struct child *grown = fb_grow(nursery->children, nursery->child_count, count, sizeof *grown);
    if (!grown)
        return NULL;
    struct child *place = &grown[nursery->child_count];
    nursery->children = grown;
    nursery->child_count = count;
    return place;
}

static void spawn(struct nursery *nursery, size_t cell, int socket)
{
    struct child *place = free_place(nursery);
    pid_t parent = getpid();
    errno = ENOMEM;
    pid_t pid = place ? fork() : -1;
    int problem = errno;
    if (pid == 0) {
        close(nursery->control);
        close(nursery->signals);
        become_cell(nursery->plan, nursery->options, cell, socket, parent);
    }
    close(socket);
    if (pid > 0)
        *place = (struct child){pid, cell};
    else
        message_send(nursery->control,
                     json_pack("{s:s, s:I, s:i}", "type", "no process", "cell", (json_int_t)cell,
                               "errno", problem),
                     -1, NULL);
}

/* A cell's process and all that it has started, if the plugin did not put them out of reach. */
static void end_group(pid_t pid)
{
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL); /* when it had no time to make its group */
}

static void kill_cell(const struct nursery *nursery, size_t cell)
{
    for (size_t i = 0; i < nursery->child_count; i++)
        if (nursery->children[i].pid && nursery->children[i].cell == cell)
            end_group(nursery->children[i].pid);
}

/* Reaps what has ended and tells the supervisor how. */
static void reap(struct nursery *nursery)
{
    struct signalfd_siginfo info;
    while (read(nursery->signals, &info, sizeof info) > 0)
        ;
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < nursery->child_count; i++) {
            struct child *child = &nursery->children[i];
            if (child->pid != pid)
                continue;
            bool killed = WIFSIGNALED(status);
            kill(-pid, SIGKILL); /* its children, if any are left */
            message_send(nursery->control,
                         json_pack("{s:s, s:I, s:i}", "type", "ended", "cell",
                                   (json_int_t)child->cell, killed ? "signal" : "exit",
                                   killed ? WTERMSIG(status) : WEXITSTATUS(status)),
                         -1, NULL);
            child->pid = 0;
        }
    }
}

/* Obeys one message; non-zero when the supervisor is gone. */
static int obey(struct nursery *nursery)
{
    json_t *message = NULL;
    int socket = -1;
    if (message_receive(nursery->control, &message, &socket, NULL))
        return 1;
    size_t cell = (size_t)json_integer_value(json_object_get(message, "cell"));
    json_decref(message);
    FB_CHECK(cell < nursery->plan->cell_count);
    if (socket >= 0) /* only `spawn` brings a descriptor */
        spawn(nursery, cell, socket);
    else
        kill_cell(nursery, cell);
    return 0;
}

FB_NORETURN static void zygote_main(struct plan *plan, const zygote_options *options, int control,
                                    pid_t parent)
{
    sigset_t children;
    setpgid(0, 0); /* Ctrl-C on the terminal is the supervisor's to handle */
    die_with_parent(parent);
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL);
    struct nursery nursery = {plan, options, control, -1, NULL, 0};
    nursery.signals = signalfd(-1, &children, SFD_NONBLOCK | SFD_CLOEXEC);
    plan_hide_labels(plan);
    struct pollfd events[2] = {{control, POLLIN, 0}, {nursery.signals, POLLIN, 0}};
    for (;;) {
        if (poll(events, 2, -1) < 0 && errno != EINTR)
            _exit(1);
        if (events[1].revents)
            reap(&nursery);
        if (events[0].revents && obey(&nursery))
            break;
    }
    _exit(0); /* the cells die with us */
}

/* ---- in the supervisor --------------------------------------------------------------------- */

int zygote_start(const struct plan *plan, const zygote_options *options, struct zygote *ret_zygote,
                 fb_error *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return fb_fail(err, FB_EIO, "cannot make a socket pair: %s", strerror(errno));
    pid_t parent = getpid();
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        close(pair[0]);
        close(pair[1]);
        return fb_fail(err, FB_EIO, "cannot start a process: %s", strerror(errno));
    }
    if (pid == 0) {
        close(pair[0]);
        if (options->close_fd >= 0)
            close(options->close_fd);
        /* This process has its own copy of the plan: hiding the labels in it is its own affair. */
        struct plan own = *plan;
        zygote_main(&own, options, pair[1], parent);
    }
    close(pair[1]);
    *ret_zygote = (struct zygote){pid, pair[0]};
    return FB_OK;
}

int zygote_spawn(struct zygote *zygote, size_t cell, int *ret_socket, fb_error *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return fb_fail(err, FB_EIO, "cannot make a socket pair: %s", strerror(errno));
    /* A cell that has stopped reading must not stop the supervisor: its deadline will end it. */
    struct timeval limit = {.tv_sec = 10};
    setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    json_t *message = json_pack("{s:s, s:I}", "type", "spawn", "cell", (json_int_t)cell);
    int rc = message_send(zygote->control, message, pair[1], err);
    close(pair[1]);
    if (rc)
        close(pair[0]);
    else
        *ret_socket = pair[0];
    return rc;
}

int zygote_kill(struct zygote *zygote, size_t cell, fb_error *err)
{
    json_t *message = json_pack("{s:s, s:I}", "type", "kill", "cell", (json_int_t)cell);
    return message_send(zygote->control, message, -1, err);
}

void zygote_stop(struct zygote *zygote)
{
    if (!zygote->pid)
        return;
    close(zygote->control);
    kill(zygote->pid, SIGKILL);
    while (waitpid(zygote->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *zygote = (struct zygote){0};
}
