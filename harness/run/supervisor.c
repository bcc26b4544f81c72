/* signalfd is Linux. */
#define _GNU_SOURCE
#include "supervisor.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "alloc.h"
#include "clock.h"
#include "message.h"
#include "round_message.h"
#include "state_text.h"

/* A worker's place: the cell that it is running. */
struct worker {
    bool busy;
    size_t cell;
    int socket;
    message_reader reader;
    size_t round;            /* the one in progress */
    char phase[16];          /* what the cell last said that it was doing */
    double deadline;         /* monotonic seconds */
    bool closed;             /* its socket has ended */
    bool ended;              /* its process has ended */
    bool done;               /* it said `done` */
    bool *available;         /* (train count) samples that the cell may still query */
    size_t available_count, labeled;
    double accuracy;         /* of the last finished round */
    char failure[1200];      /* why it failed; "" so far */
    int exit_status, signal; /* how its process ended */
};

/* A cell that has said its last word has so long to end. */
static const double GRACE_SECONDS = 5;

struct supervisor {
    const struct plan *plan;
    struct store *store;
    struct zygote *zygote;
    const supervisor_options *options;
    struct progress *progress;
    supervisor_summary summary;
    message_reader control; /* what the zygote says */
    struct worker *workers;
    size_t next_cell;
    int signals;
};

/* For progress: so many passes over the samples are usual until L-BFGS converges. */
enum { LBFGS_PASSES = 100 };

/* Networks that a round trains. */
static double members_of(const plan_strategy *strategy)
{
    const char *members = json_string_value(json_object_get(strategy->params, "members"));
    bool ensemble = strategy->plugin && (strategy->plugin->needs & FB_NEEDS_ENSEMBLE);
    return ensemble && members ? strtod(members, NULL) : 1;
}

/* What a round costs, in images through the network: three for a training step's image, one for an
 * image that is only looked at. */
static double round_work(const struct plan *plan, const plan_cell *cell, size_t round)
{
    const plan_setting *setting = &plan->settings[cell->setting];
    const data_split *split = &setting->splits[cell->trial_index];
    const nn_recipe *recipe = &setting->spec->recipe;
    double epochs = (double)(recipe->optimizer == NN_LBFGS ? LBFGS_PASSES : recipe->epochs);
    bool reference = plan_is_reference(plan, cell);
    double labeled = (double)(split->initial_count + (reference ? split->pool_count
                                                                : round * setting->spec->query));
    double tested = (double)(split->test ? split->test_count : setting->data->test.count);
    double offered = (double)(setting->spec->subpool ? setting->spec->subpool : split->pool_count);
    if (reference)
        offered = 0;
    double validated = recipe->keep == NN_KEEP_BEST_VALIDATION
                           ? (double)split->validation_count * epochs
                           : 0;
    double members = members_of(&plan->strategies[cell->strategy]);
    return members * (3 * labeled * epochs + validated + offered) + tested + offered;
}

/* ---- starting a cell ----------------------------------------------------------------------- */

/* The first round that a cell must compute. A stored last round without a query is computed again
 * when more rounds are wanted, to make the query. */
static size_t first_round(const store_progress *progress, const plan_cell *cell)
{
    size_t stored = progress->round_count;
    if (stored >= cell->rounds)
        return cell->rounds;
    if (stored > 0 && progress->batch[stored - 1] == 0)
        return stored - 1;
    return stored;
}

static json_t *labels_of(const struct plan *plan, const plan_cell *cell, const uint32_t *ids,
                         size_t count)
{
    const uint32_t *labels = plan->settings[cell->setting].data->train.labels;
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_integer(labels[ids[i]]));
    return array;
}

static json_t *start_message(const struct plan *plan, const plan_cell *cell,
                             const store_progress *progress, size_t round)
{
    const data_split *split = &plan->settings[cell->setting].splits[cell->trial_index];
    json_t *samples = json_array(), *labels = json_array();
    for (size_t q = 0; q < progress->query_count; q++) {
        json_array_append_new(samples, json_integer(progress->queries[q].sample));
        json_array_append_new(labels, json_integer(progress->queries[q].label));
    }
    return json_pack("{s:s, s:I, s:o, s:o, s:o, s:o, s:o}", "type", "start", "round",
                     (json_int_t)round, "initial",
                     labels_of(plan, cell, split->initial, split->initial_count), "validation",
                     labels_of(plan, cell, split->validation, split->validation_count), "test",
                     labels_of(plan, cell, split->test, split->test ? split->test_count : 0),
                     "samples", samples, "labels", labels);
}

/* Adds the weights that the round before left, from which a warm start goes on. */
static int add_state(const struct supervisor *s, const plan_cell *cell, size_t round,
                     json_t *message, fb_error *err)
{
    const plan_setting *setting = &s->plan->settings[cell->setting];
    if (!setting->spec->warm || round == 0)
        return FB_OK;
    float *state = fb_calloc(setting->state_size, sizeof *state);
    if (!state)
        return fb_fail_memory(err, setting->state_size, sizeof *state, "a network's state");
    int rc = store_load_state(s->store, cell->key, round - 1, state, setting->state_size, err);
    if (!rc && json_object_set_new(message, "state", state_text(state, setting->state_size)) < 0)
        rc = fb_fail_memory(err, setting->state_size, sizeof *state, "a network's state");
    fb_free(state);
    return rc;
}

/* How many numbers of state a round leaves to the next one. */
static size_t state_left(const struct plan *plan, const plan_cell *cell, size_t round)
{
    const plan_setting *setting = &plan->settings[cell->setting];
    return setting->spec->warm && round + 1 < cell->rounds ? setting->state_size : 0;
}

/* What the cell may query: the pool, less what it has queried. */
static int list_available(const struct plan *plan, struct worker *worker,
                          const store_progress *progress, fb_error *err)
{
    const plan_cell *cell = &plan->cells[worker->cell];
    const plan_setting *setting = &plan->settings[cell->setting];
    const data_split *split = &setting->splits[cell->trial_index];
    worker->available = fb_calloc(setting->data->train.count, sizeof *worker->available);
    if (!worker->available)
        return fb_fail_memory(err, setting->data->train.count, 1, "a cell's pool");
    for (size_t i = 0; i < split->pool_count; i++)
        worker->available[split->pool[i]] = true;
    for (size_t q = 0; q < progress->query_count; q++)
        worker->available[progress->queries[q].sample] = false;
    worker->available_count = split->pool_count - progress->query_count;
    worker->labeled = split->initial_count + progress->query_count;
    return FB_OK;
}

/* Condemns a cell: notes why, and has its process killed. */
FB_PRINTF(3, 4)
static void condemn(struct supervisor *s, struct worker *worker, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = snprintf(worker->failure, sizeof worker->failure, "round %zu: ", worker->round);
    vsnprintf(worker->failure + n, sizeof worker->failure - (size_t)n, format, arguments);
    va_end(arguments);
    zygote_kill(s->zygote, worker->cell, NULL); /* a zygote that is gone is noticed elsewhere */
}

static int start_cell(struct supervisor *s, struct worker *worker, size_t index,
                      const store_progress *progress, size_t round, fb_error *err)
{
    const plan_cell *cell = &s->plan->cells[index];
    int socket = -1;
    int rc = zygote_spawn(s->zygote, index, &socket, err);
    if (rc)
        return rc;
    *worker = (struct worker){.busy = true,
                              .cell = index,
                              .socket = socket,
                              .round = round,
                              .phase = "start",
                              .deadline = fb_clock_seconds() + s->options->round_seconds};
    rc = list_available(s->plan, worker, progress, err);
    json_t *message = start_message(s->plan, cell, progress, round);
    if (!rc)
        rc = add_state(s, cell, round, message, err);
    if (rc) {
        json_decref(message);
        return rc;
    }
    /* A cell that is already dead is explained when its end is reported. */
    if (message_send(socket, message, -1, NULL))
        zygote_kill(s->zygote, index, NULL);
    return FB_OK;
}

/* Gives a reference the whole pool, as if it had queried all of it. */
static int grant_everything(const struct plan *plan, const plan_cell *cell,
                            store_progress *progress, fb_error *err)
{
    const plan_setting *setting = &plan->settings[cell->setting];
    const data_split *split = &setting->splits[cell->trial_index];
    store_query *queries = fb_calloc(split->pool_count, sizeof *queries);
    if (!queries)
        return fb_fail_memory(err, split->pool_count, sizeof *queries, "a reference's labels");
    for (size_t i = 0; i < split->pool_count; i++)
        queries[i] =
            (store_query){split->pool[i], setting->data->train.labels[split->pool[i]]};
    fb_free(progress->queries);
    progress->queries = queries;
    progress->query_count = split->pool_count;
    return FB_OK;
}

/* Gives the worker the next cell that is not complete. */
static int assign(struct supervisor *s, struct worker *worker, fb_error *err)
{
    while (s->next_cell < s->plan->cell_count) {
        size_t index = s->next_cell++;
        const plan_cell *cell = &s->plan->cells[index];
        store_progress progress = {0};
        int rc = store_load_progress(s->store, cell->key, &progress, err);
        if (rc)
            return rc;
        size_t round = first_round(&progress, cell);
        bool complete = round >= cell->rounds;
        if (!complete && plan_is_reference(s->plan, cell))
            rc = grant_everything(s->plan, cell, &progress, err);
        if (!rc && !complete)
            rc = start_cell(s, worker, index, &progress, round, err);
        store_progress_finish(&progress);
        if (rc || !complete)
            return rc;
    }
    return FB_OK;
}

/* Counts what is stored already and what there is to do. */
static int survey(struct supervisor *s, fb_error *err)
{
    struct progress *seen = s->progress;
    seen->cells_total = s->plan->cell_count;
    seen->workers = s->options->workers;
    for (size_t i = 0; i < s->plan->cell_count; i++) {
        const plan_cell *cell = &s->plan->cells[i];
        store_progress progress = {0};
        int rc = store_load_progress(s->store, cell->key, &progress, err);
        if (rc)
            return rc;
        size_t first = first_round(&progress, cell);
        seen->rounds_total += cell->rounds;
        seen->rounds_done += first;
        s->summary.rounds_reused += first;
        for (size_t r = first; r < cell->rounds; r++)
            seen->work_total += round_work(s->plan, cell, r);
        if (first >= cell->rounds) {
            seen->cells_done++;
            s->summary.cells_finished++;
        }
        store_progress_finish(&progress);
    }
    return FB_OK;
}

/* ---- what a cell says ---------------------------------------------------------------------- */

/* Takes the queried samples out of the pool; false when there are too many or too few of them, or
 * one that may not be queried (again). */
static bool take_queries(const struct supervisor *s, struct worker *worker,
                         const store_round *round)
{
    const plan_cell *cell = &s->plan->cells[worker->cell];
    size_t expected = s->plan->settings[cell->setting].spec->query;
    if (expected > worker->available_count)
        expected = worker->available_count; /* the last of `rounds: all` */
    if (worker->round + 1 == cell->rounds)
        expected = 0;
    if (worker->round >= cell->rounds || round->query_count != expected)
        return false;
    for (size_t i = 0; i < round->query_count; i++) {
        bool *available = &worker->available[round->queries[i].sample];
        if (!*available)
            return false;
        *available = false;
    }
    worker->available_count -= round->query_count;
    worker->labeled += round->query_count;
    return true;
}

static void say_finished(struct supervisor *s, const struct worker *worker)
{
    const plan_cell *cell = &s->plan->cells[worker->cell];
    char sentence[1600];
    int n = snprintf(sentence, sizeof sentence,
                     "%s %s trial %u: ", s->plan->settings[cell->setting].spec->name,
                     s->plan->strategies[cell->strategy].label, cell->trial);
    if (n < 0 || (size_t)n >= sizeof sentence)
        n = 0;
    if (*worker->failure)
        snprintf(sentence + n, sizeof sentence - (size_t)n, "FAILED: %s", worker->failure);
    else
        snprintf(sentence + n, sizeof sentence - (size_t)n, "%zu round%s, final accuracy %.4f",
                 cell->rounds, cell->rounds == 1 ? "" : "s", worker->accuracy);
    progress_say(s->progress, sentence);
}

/* Sends the labels of a query that is stored. */
static int pay(const struct worker *worker, const store_round *round)
{
    json_t *labels = json_array();
    for (size_t i = 0; i < round->query_count; i++)
        json_array_append_new(labels, json_integer(round->queries[i].label));
    return message_send(worker->socket,
                        json_pack("{s:s, s:o}", "type", "labels", "labels", labels), -1, NULL);
}

/* Stores a finished round and pays for its query with the labels. Only a fault of the store is
 * returned. */
static int take_round(struct supervisor *s, struct worker *worker, const json_t *message,
                      fb_error *err)
{
    const plan_cell *cell = &s->plan->cells[worker->cell];
    struct round_message read = {0};
    fb_error reason = {0};
    int rc = FB_OK;
    if (round_message_read(message, worker->round, worker->labeled,
                           &s->plan->settings[cell->setting].data->train,
                           state_left(s->plan, cell, worker->round), &read, &reason)) {
        condemn(s, worker, "%s", reason.text);
        return FB_OK;
    }
    if (!take_queries(s, worker, &read.round)) {
        condemn(s, worker,
                "the cell's process asked for samples that are not in the pool, or not for as many "
                "as it should");
        goto done;
    }
    rc = store_put_round(s->store, cell->key, &read.round, err);
    if (rc)
        goto done;
    if (read.round.query_count && pay(worker, &read.round))
        condemn(s, worker, "the cell's process does not take the labels of its query");
    s->summary.rounds_computed++;
    progress_round(s->progress, round_work(s->plan, cell, worker->round));
    worker->accuracy = read.round.metrics.accuracy;
    worker->round++;
    worker->deadline = fb_clock_seconds() + s->options->round_seconds;
done:
    round_message_finish(&read);
    return rc;
}

static int take_message(struct supervisor *s, struct worker *worker, const json_t *message,
                        fb_error *err)
{
    const char *type = json_string_value(json_object_get(message, "type"));
    if (!type || *worker->failure || worker->done)
        return FB_OK;
    if (strcmp(type, "round") == 0)
        return take_round(s, worker, message, err);
    if (strcmp(type, "working") == 0) {
        const char *phase = json_string_value(json_object_get(message, "phase"));
        snprintf(worker->phase, sizeof worker->phase, "%s", phase ? phase : "?");
    } else if (strcmp(type, "done") == 0) {
        worker->done = true;
        worker->deadline = fb_clock_seconds() + GRACE_SECONDS;
    } else if (strcmp(type, "failed") == 0) {
        const char *text = json_string_value(json_object_get(message, "text"));
        snprintf(worker->failure, sizeof worker->failure, "round %zu: %s", worker->round,
                 text ? text : "no reason given");
        worker->deadline = fb_clock_seconds() + GRACE_SECONDS;
    }
    return FB_OK;
}

/* Reads what a cell has sent. Bytes that are no message condemn the cell, not the run. */
static int listen_to(struct supervisor *s, struct worker *worker, fb_error *err)
{
    json_t *message = NULL;
    fb_error reason = {0};
    size_t before;
    int rc;
    do { /* what a process that has ended left behind is read to its end */
        before = worker->reader.used;
        rc = message_fill(&worker->reader, worker->socket, &worker->closed, err);
    } while (!rc && worker->ended && worker->reader.used > before);
    if (rc)
        return rc;
    while (!rc) {
        if (message_next(&worker->reader, &message, &reason)) {
            worker->closed = true;
            condemn(s, worker, "%s", reason.text);
            return FB_OK;
        }
        if (!message)
            break;
        rc = take_message(s, worker, message, err);
        json_decref(message);
    }
    return rc;
}

/* ---- the end of a cell --------------------------------------------------------------------- */

static void explain_end(const struct supervisor *s, struct worker *worker)
{
    const plan_cell *cell = &s->plan->cells[worker->cell];
    if (*worker->failure || (worker->done && worker->round == cell->rounds))
        return;
    char how[64];
    if (worker->signal)
        snprintf(how, sizeof how, "signal %d (%s)", worker->signal, strsignal(worker->signal));
    else
        snprintf(how, sizeof how, "exit status %d", worker->exit_status);
    snprintf(worker->failure, sizeof worker->failure,
             "round %zu: the cell's process ended by %s in phase '%s'; what it printed is in "
             "logs/%.12s.log",
             worker->round, how, worker->phase, cell->key);
}

static void release_worker(struct worker *worker)
{
    if (!worker->busy)
        return;
    close(worker->socket);
    message_reader_finish(&worker->reader);
    fb_free(worker->available);
    worker->busy = false;
}

/* Closes the books on a cell whose process and socket have both ended. */
static int settle(struct supervisor *s, struct worker *worker, fb_error *err)
{
    int rc = FB_OK;
    explain_end(s, worker);
    if (*worker->failure) {
        s->summary.cells_failed++;
        rc = store_put_failure(s->store, s->plan->cells[worker->cell].key, (int64_t)worker->round,
                               worker->failure, err);
    } else {
        s->summary.cells_finished++;
    }
    s->progress->cells_done++;
    say_finished(s, worker);
    release_worker(worker);
    return rc;
}

/* Reads the zygote's reports of ended processes. */
static int listen_to_zygote(struct supervisor *s, fb_error *err)
{
    bool closed = false;
    int rc = message_fill(&s->control, s->zygote->control, &closed, err);
    json_t *message = NULL;
    while (!rc && !(rc = message_next(&s->control, &message, err)) && message) {
        size_t cell = (size_t)json_integer_value(json_object_get(message, "cell"));
        json_int_t problem = json_integer_value(json_object_get(message, "errno"));
        if (problem)
            rc = fb_fail(err, FB_EIO,
                         "cannot start a process for a cell: %s; run the same command again with a "
                         "smaller -j, finished rounds are kept",
                         strerror((int)problem));
        for (size_t i = 0; i < s->options->workers; i++) {
            struct worker *worker = &s->workers[i];
            if (!worker->busy || worker->cell != cell)
                continue;
            worker->ended = true;
            worker->signal = (int)json_integer_value(json_object_get(message, "signal"));
            worker->exit_status = (int)json_integer_value(json_object_get(message, "exit"));
        }
        json_decref(message);
    }
    if (!rc && closed)
        rc = fb_fail(err, FB_EIO,
                     "the process that starts cells ended unexpectedly; run the same command "
                     "again, finished rounds are kept");
    return rc;
}

static void enforce_deadline(struct supervisor *s, struct worker *worker, double now)
{
    if (worker->ended || now < worker->deadline)
        return;
    worker->deadline = INFINITY;
    if (*worker->failure || worker->done) /* it has said why, or all; it only does not end */
        zygote_kill(s->zygote, worker->cell, NULL);
    else
        condemn(s, worker, "not finished within %g s (limits.seconds); it was in phase '%s'",
                s->options->round_seconds, worker->phase);
}

/* ---- the loop ------------------------------------------------------------------------------ */

static int catch_signals(sigset_t *ret_before, int *ret_fd, fb_error *err)
{
    static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t stop;
    sigemptyset(&stop);
    for (size_t i = 0; i < sizeof stopping / sizeof *stopping; i++) {
        struct sigaction action;
        if (sigaction(stopping[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&stop, stopping[i]); /* nohup ignores SIGHUP: so do we */
    }
    sigprocmask(SIG_BLOCK, &stop, ret_before);
    *ret_fd = signalfd(-1, &stop, SFD_NONBLOCK | SFD_CLOEXEC);
    return *ret_fd < 0 ? fb_fail(err, FB_EIO, "cannot watch for signals: %s", strerror(errno))
                       : FB_OK;
}

/* Waits until something happens, a deadline passes, or half a second is over (to redraw). */
static int wait_for_events(struct supervisor *s, struct pollfd *events, fb_error *err)
{
    size_t n = s->options->workers;
    events[0] = (struct pollfd){s->signals, POLLIN, 0};
    events[1] = (struct pollfd){s->zygote->control, POLLIN, 0};
    for (size_t i = 0; i < n; i++) {
        bool open = s->workers[i].busy && !s->workers[i].closed;
        events[2 + i] = (struct pollfd){open ? s->workers[i].socket : -1, POLLIN, 0};
    }
    if (poll(events, (nfds_t)(2 + n), 500) < 0 && errno != EINTR)
        return fb_fail(err, FB_EIO, "cannot wait for the cells: %s", strerror(errno));
    struct signalfd_siginfo info;
    if (events[0].revents && read(s->signals, &info, sizeof info) > 0)
        return fb_fail(err, FB_ECANCELLED,
                       "stopped by a signal; run the same command again to carry on, finished "
                       "rounds are kept");
    return FB_OK;
}

static int handle_events(struct supervisor *s, const struct pollfd *events, fb_error *err)
{
    int rc = events[1].revents ? listen_to_zygote(s, err) : FB_OK;
    double now = fb_clock_seconds();
    for (size_t i = 0; !rc && i < s->options->workers; i++) {
        struct worker *worker = &s->workers[i];
        if (!worker->busy)
            continue;
        if (events[2 + i].revents || (worker->ended && !worker->closed))
            rc = listen_to(s, worker, err);
        if (worker->ended) /* all that it said is read; what it started may still hold the socket */
            worker->closed = true;
        enforce_deadline(s, worker, now);
        if (!rc && worker->ended && worker->closed)
            rc = settle(s, worker, err);
    }
    return rc;
}

static int loop(struct supervisor *s, struct pollfd *events, fb_error *err)
{
    for (;;) {
        bool busy = false;
        for (size_t i = 0; i < s->options->workers; i++) {
            int rc = s->workers[i].busy ? FB_OK : assign(s, &s->workers[i], err);
            if (!rc) /* or the zygote and we might each wait for the other to listen */
                rc = listen_to_zygote(s, err);
            if (rc)
                return rc;
            busy |= s->workers[i].busy;
        }
        if (!busy)
            return FB_OK;
        progress_draw(s->progress);
        int rc = wait_for_events(s, events, err);
        if (!rc)
            rc = handle_events(s, events, err);
        if (rc)
            return rc;
    }
}

int supervisor_run(const struct plan *plan, struct store *store, struct zygote *zygote,
                   const supervisor_options *options, struct progress *progress,
                   supervisor_summary *ret_summary, fb_error *err)
{
    struct supervisor s = {plan, store, zygote, options, progress, {0}, {0}, NULL, 0, -1};
    sigset_t before;
    struct pollfd *events = fb_calloc(options->workers + 2, sizeof *events);
    s.workers = fb_calloc(options->workers, sizeof *s.workers);
    int rc = catch_signals(&before, &s.signals, err);
    if (!rc && (!events || !s.workers))
        rc = fb_fail_memory(err, options->workers, sizeof *s.workers, "workers");
    if (!rc)
        rc = survey(&s, err);
    if (!rc)
        rc = loop(&s, events, err);
    for (size_t i = 0; s.workers && i < options->workers; i++)
        release_worker(&s.workers[i]);
    if (s.signals >= 0)
        close(s.signals);
    sigprocmask(SIG_SETMASK, &before, NULL);
    message_reader_finish(&s.control);
    fb_free(s.workers);
    fb_free(events);
    *ret_summary = s.summary;
    return rc;
}
