#include "describe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc.h"
#include "clock.h"
#include "confine.h"
#include "descriptor.h"
#include "plugin.h"
#include "sanitized.h"
#include "strbuf.h"

enum { ANSWER_MAX = 16 << 20 }; /* bytes that a plugin's description may have */

/* ---- in the child --------------------------------------------------------------------------- */

/* The array of strategies, or {status, error}. */
static json_t *describe(const char *path)
{
    struct plugin *plugin = NULL;
    fb_error err = {0};
    if (plugin_open(path, &plugin, &err) != FB_OK)
        return json_pack("{s:i, s:s}", "status", err.status, "error", err.text);
    json_t *array = json_array();
    for (size_t i = 0; array && i < plugin_strategy_count(plugin); i++) {
        if (json_array_append_new(array, descriptor_json(plugin_strategy(plugin, i))) < 0) {
            json_decref(array);
            array = NULL;
        }
    }
    plugin_close(plugin);
    return array ? array
                 : json_pack("{s:i, s:s+}", "status", FB_ENOMEM, "error", path,
                             ": out of memory while describing this plugin");
}

/* The child's whole life: never returns into the parent's code, and never flushes the parent's
 * buffers. */
FB_NORETURN static void run_child(const char *path, int answer)
{
    const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGINT, SIGTERM, SIGPIPE};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    if (!HAS_ADDRESS_SANITIZER) /* it looks for leaks by ptrace when a plugin calls exit */
        confine_process();
    json_t *description = describe(path);
    int rc = description ? json_dumpfd(description, answer, JSON_ENSURE_ASCII) : -1;
    _exit(rc == 0 ? 0 : 1);
}

/* ---- in the parent -------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    return (int64_t)(fb_clock_seconds() * 1000);
}

/* Reads until the child closes its end or the time is up. */
static int read_answer(const char *path, int from, int limit_ms, fb_strbuf *answer, fb_error *err)
{
    int64_t deadline = now_ms() + limit_ms;
    char bytes[4096];
    for (;;) {
        int64_t left = deadline - now_ms();
        struct pollfd watched = {.fd = from, .events = POLLIN};
        int ready = poll(&watched, 1, left > 0 ? (int)left : 0);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0)
            return fb_fail(err, FB_ETIMEOUT,
                           "%s did not say what it offers within %d ms; it hangs when it is loaded",
                           path, limit_ms);
        ssize_t count = ready < 0 ? -1 : read(from, bytes, sizeof bytes);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fb_fail(err, FB_EIO, "%s: cannot read its description: %s", path,
                           strerror(errno));
        if (count == 0)
            return fb_strbuf_check(answer, "a plugin's description", err);
        fb_strbuf_add_bytes(answer, bytes, (size_t)count);
        if (answer->length > ANSWER_MAX)
            return fb_fail(err, FB_EPLUGIN, "%s: its description exceeds %d bytes", path,
                           ANSWER_MAX);
    }
}

static int check_exit(const char *path, int status, fb_error *err)
{
    if (WIFSIGNALED(status))
        return fb_fail(err, FB_EPLUGIN, "%s crashes when it is loaded: signal %d (%s)", path,
                       WTERMSIG(status), strsignal(WTERMSIG(status)));
    if (WEXITSTATUS(status) != 0)
        return fb_fail(err, FB_EPLUGIN, "%s ends the process with status %d when it is loaded",
                       path, WEXITSTATUS(status));
    return FB_OK;
}

static int parse_answer(const char *path, const fb_strbuf *answer, json_t **ret_strategies,
                        fb_error *err)
{
    const char *sentence;
    int status;
    json_t *json = json_loadb(answer->text, answer->length, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_array(json)) {
        *ret_strategies = json;
        return FB_OK;
    }
    if (json && json_unpack(json, "{s:i, s:s}", "status", &status, "error", &sentence) == 0)
        status = fb_fail(err, status < 0 ? status : FB_EPLUGIN, "%s", sentence);
    else
        status = fb_fail(err, FB_EPLUGIN,
                         "%s gave no description: it ends the process when it is loaded", path);
    json_decref(json);
    return status;
}

/* Starts the child; *ret_from is where its answer comes from. */
static int start_child(const char *path, pid_t *ret_child, int *ret_from, fb_error *err)
{
    int ends[2];
    if (pipe(ends) != 0)
        return fb_fail(err, FB_EIO, "cannot make a pipe to describe %s: %s", path, strerror(errno));
    fflush(stdout); /* a plugin that calls exit would write it a second time */
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        run_child(path, ends[1]);
    }
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return fb_fail(err, FB_EIO, "cannot start a process to describe %s: %s", path,
                       strerror(errno));
    }
    *ret_child = child;
    *ret_from = ends[0];
    return FB_OK;
}

int describe_plugin(const char *path, int limit_ms, json_t **ret_strategies, fb_error *err)
{
    pid_t child = 0;
    int from = -1, status = 0;
    fb_strbuf answer = FB_STRBUF_INIT;
    int rc = start_child(path, &child, &from, err);
    if (rc)
        return rc;
    rc = read_answer(path, from, limit_ms, &answer, err);
    close(from);
    if (rc)
        kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!rc)
        rc = check_exit(path, status, err);
    if (!rc)
        rc = parse_answer(path, &answer, ret_strategies, err);
    fb_strbuf_finish(&answer);
    return rc;
}
