#include "host.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "checksum.h"
#include "clock.h"
#include "descriptor.h"
#include "fpmode.h"
#include "host_loop.h"
#include "host_random.h"
#include "host_service.h"

/* A block of the arena; the memory itself. */
typedef struct arena_block {
    void *memory;
    struct arena_block *next;
} arena_block;

/* One round of one strategy. */
typedef struct session {
    fb_host host; /* what the plugin sees; its context is this session */
    const host_call *call;
    fb_round shown;         /* what the plugin sees of the round; the host does not read it */
    uint64_t pool_checksum; /* of the sub-pool's ids */
    host_services services;
    arena_block *arena;
    host_record *records;
    size_t record_count;
    bool out_of_memory; /* a record was lost */
    host_loop loop;
    fb_error reason; /* the last failure that was explained, and its code */
} session;

static session *session_of(const fb_host *host)
{
    return host->context;
}

/* ---- callbacks ------------------------------------------------------------------------------ */

/* Bodies of loops run on several threads, for which these callbacks are not made. */
static bool refuses(session *s, const char *fault)
{
    return host_loop_refuses(&s->loop, fault);
}

#define FROM_BODY(callback)                                                                        \
    "it called " callback " in the body of a parallel_for, where only random_... may be called"

static int check_mode(session *s, const char *when, fb_error *err)
{
    if (fpmode_get() == s->loop.fp_mode)
        return FB_OK;
    fpmode_set(s->loop.fp_mode);
    return fb_fail(err, FB_EPLUGIN,
                   "it changed the floating-point mode %s, which would change results; build it "
                   "without -ffast-math and restore what it sets",
                   when);
}

static int callback_get(const fb_host *host, const fb_request *request, fb_array *ret_array)
{
    session *s = session_of(host);
    if (refuses(s, FROM_BODY("get")))
        return FB_EPLUGIN;
    int rc = check_mode(s, "before it asked for a service", &s->reason);
    return rc ? rc : host_services_get(&s->services, request, ret_array, &s->reason);
}

static void callback_bits(const fb_host *host, uint32_t stream, uint32_t draw, uint64_t first,
                          size_t count, uint32_t *out)
{
    host_random_bits(session_of(host)->call->stream, stream, draw, first, count, out);
}

static void callback_uniform(const fb_host *host, uint32_t stream, uint32_t draw, uint64_t first,
                             size_t count, double *out)
{
    host_random_uniform(session_of(host)->call->stream, stream, draw, first, count, out);
}

static void callback_normal(const fb_host *host, uint32_t stream, uint32_t draw, uint64_t first,
                            size_t count, float *out)
{
    host_random_normal(session_of(host)->call->stream, stream, draw, first, count, out);
}

static void *callback_alloc(const fb_host *host, size_t count, size_t size)
{
    session *s = session_of(host);
    if (refuses(s, FROM_BODY("alloc")))
        return NULL;
    arena_block *block = fb_calloc(1, sizeof *block);
    void *memory = fb_calloc(count, size);
    if (!block || !memory) {
        fb_free(block);
        fb_free(memory);
        return NULL;
    }
    *block = (arena_block){memory, s->arena};
    s->arena = block;
    return memory;
}

static void callback_parallel_for(const fb_host *host, size_t items, size_t grain,
                                  fb_loop_body body, void *argument)
{
    session *s = session_of(host);
    if (!refuses(s, FROM_BODY("parallel_for")))
        host_loop_run(&s->loop, items, grain, body, argument);
}

static void callback_record(const fb_host *host, const char *name, double value)
{
    session *s = session_of(host);
    if (refuses(s, FROM_BODY("record")))
        return;
    host_record record = {.value = value};
    snprintf(record.name, sizeof record.name, "%s", name);
    size_t i = 0;
    while (i < s->record_count && strcmp(s->records[i].name, record.name) != 0)
        i++;
    if (i == s->record_count) {
        host_record *grown = fb_grow(s->records, i, i + 1, sizeof *grown);
        if (!grown) {
            s->out_of_memory = true;
            return;
        }
        s->records = grown;
        s->record_count++;
    }
    s->records[i] = record;
}

static void callback_log(const fb_host *host, const char *text)
{
    const host_call *call = session_of(host)->call;
    if (!refuses(session_of(host), FROM_BODY("log")) && call->log)
        call->log(call->log_context, text);
}

static int callback_cancelled(const fb_host *host)
{
    const host_call *call = session_of(host)->call;
    if (refuses(session_of(host), FROM_BODY("cancelled")))
        return 0;
    return call->cancelled ? call->cancelled(call->cancelled_context) : 0;
}

FB_PRINTF(3, 4)
static int callback_fail(const fb_host *host, int code, const char *format, ...)
{
    session *s = session_of(host);
    if (refuses(s, FROM_BODY("fail")))
        return FB_EPLUGIN;
    va_list args;
    va_start(args, format);
    s->reason.status = code < 0 ? code : FB_EPLUGIN;
    vsnprintf(s->reason.text, sizeof s->reason.text, format, args);
    va_end(args);
    return s->reason.status;
}

static void session_init(session *s, const host_call *call)
{
    *s = (session){
        .host = {.struct_size = sizeof s->host,
                 .context = s,
                 .get = callback_get,
                 .random_bits = callback_bits,
                 .random_uniform = callback_uniform,
                 .random_normal = callback_normal,
                 .alloc = callback_alloc,
                 .parallel_for = callback_parallel_for,
                 .record = callback_record,
                 .log = callback_log,
                 .cancelled = callback_cancelled,
                 .fail = callback_fail},
        .call = call,
        .shown = *call->round,
        .pool_checksum = checksum_of(call->round->pool_ids, call->round->pool_count),
        .services = {.provider = &call->provider,
                     .round = call->round,
                     .declared = descriptor_services(call->strategy)},
        .loop = {.pool = call->pool, .fp_mode = fpmode_get()},
    };
}

static void session_finish(session *s)
{
    while (s->arena) {
        arena_block *block = s->arena;
        s->arena = block->next;
        fb_free(block->memory);
        fb_free(block);
    }
    host_services_finish(&s->services);
    fb_free(s->records);
}

/* ---- the answer ----------------------------------------------------------------------------- */

/* The position of a sample in the sub-pool, pool_count when it is not there. */
static size_t find_sample(const fb_round *round, uint32_t id)
{
    size_t low = 0, high = round->pool_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (round->pool_ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < round->pool_count && round->pool_ids[low] == id ? low : round->pool_count;
}

/* What the ids are filled with beforehand: no sample has this number. */
#define UNWRITTEN UINT32_MAX

static int check_ids(const fb_round *round, const uint32_t *ids, fb_error *err)
{
    bool *chosen = fb_calloc(round->pool_count, sizeof *chosen);
    if (!chosen)
        return fb_fail_memory(err, round->pool_count, sizeof *chosen, "the check of an answer");
    int rc = FB_OK;
    for (size_t rank = 0; !rc && rank < round->batch; rank++) {
        size_t at = find_sample(round, ids[rank]);
        if (ids[rank] == UNWRITTEN)
            rc = fb_fail(err, FB_EPLUGIN,
                         "it was asked for %zu samples and left rank %zu unwritten", round->batch,
                         rank);
        else if (at == round->pool_count)
            rc = fb_fail(err, FB_EPLUGIN,
                         "it chose sample %" PRIu32 " at rank %zu, which is not in the sub-pool",
                         ids[rank], rank);
        else if (chosen[at])
            rc = fb_fail(err, FB_EPLUGIN, "it chose sample %" PRIu32 " twice, again at rank %zu",
                         ids[rank], rank);
        else
            chosen[at] = true;
    }
    fb_free(chosen);
    return rc;
}

static int check_scores(const fb_round *round, const double *scores, fb_error *err)
{
    for (size_t i = 0; i < round->pool_count; i++)
        if (!isfinite(scores[i]))
            return fb_fail(err, FB_EPLUGIN,
                           "its score of sample %" PRIu32 " (row %zu) is %g; scores must be finite",
                           round->pool_ids[i], i, scores[i]);
    return FB_OK;
}

/* ---- the calls ------------------------------------------------------------------------------ */

/* What a plugin function's return means: 0, or the reason that it gave, or one made up for it. */
static int check_call(session *s, const char *function, int returned, fb_error *err)
{
    char when[48];
    snprintf(when, sizeof when, "in %s", function);
    int rc = check_mode(s, when, err);
    const char *fault = atomic_load(&s->loop.fault);
    if (!rc && fault)
        rc = fb_fail(err, FB_EPLUGIN, "%s", fault);
    if (rc || returned == 0)
        return rc;
    if (returned > 0)
        return fb_fail(err, FB_EPLUGIN, "%s returned %d; expected 0 or a negative code", function,
                       returned);
    if (s->reason.status != returned)
        return fb_fail(err, returned, "%s returned %d (%s) and gave no reason", function, returned,
                       fb_status_text(returned));
    return fb_fail(err, returned, "%s", s->reason.text);
}

static int call_select(session *s, void *instance, uint32_t *ids, fb_error *err)
{
    const fb_round *round = s->call->round;
    for (size_t i = 0; i < round->batch; i++)
        ids[i] = UNWRITTEN;
    int rc = check_call(s, "select", s->call->strategy->select(instance, &s->shown, ids), err);
    return rc ? rc : check_ids(round, ids, err);
}

static int call_scores(session *s, void *instance, double *scores, fb_error *err)
{
    const fb_round *round = s->call->round;
    for (size_t i = 0; i < round->pool_count; i++)
        scores[i] = NAN;
    int rc = check_call(s, "scores", s->call->strategy->scores(instance, &s->shown, scores), err);
    return rc ? rc : check_scores(round, scores, err);
}

/* Whether what the host lent to the strategy is as it was. */
static int check_inputs(session *s, fb_error *err)
{
    const fb_round *round = s->call->round;
    if (checksum_of(round->pool_ids, round->pool_count) != s->pool_checksum)
        return fb_fail(err, FB_EPLUGIN,
                       "it changed round->pool_ids, which belongs to the host and must stay as it "
                       "is; work on a copy");
    return host_services_check(&s->services, err);
}

/* create, select, scores and destroy; `scores` may be NULL. */
static int call_all(session *s, uint32_t *ids, double *scores, fb_error *err)
{
    const fb_strategy *strategy = s->call->strategy;
    void *instance = NULL;
    int returned = strategy->create(&s->host, s->call->values, &instance);
    int rc = check_call(s, "create", returned, err);
    if (!rc)
        rc = call_select(s, instance, ids, err);
    if (!rc && scores)
        rc = call_scores(s, instance, scores, err);
    if (returned == 0) {
        strategy->destroy(instance);
        fb_error late;
        if (check_call(s, "destroy", 0, &late) != FB_OK && !rc)
            rc = fb_fail(err, late.status, "%s", late.text);
    }
    if (!rc)
        rc = check_inputs(s, err);
    if (!rc && s->out_of_memory)
        rc = fb_fail_memory(err, s->record_count + 1, sizeof *s->records, "records");
    return rc;
}

int host_select(const host_call *call, host_answer *ret_answer, fb_error *err)
{
    const fb_round *round = call->round;
    bool scored = call->want_scores && call->strategy->scores;
    session s;
    session_init(&s, call);
    double start = fb_clock_seconds();
    host_answer answer = {
        .ids = fb_calloc(round->batch, sizeof *answer.ids),
        .scores = scored ? fb_calloc(round->pool_count, sizeof *answer.scores) : NULL,
    };
    int rc = FB_OK;
    if (!answer.ids || (scored && !answer.scores))
        rc = fb_fail_memory(err, round->pool_count, sizeof *answer.scores, "an answer");
    if (!rc)
        rc = call_all(&s, answer.ids, answer.scores, err);
    if (rc) {
        fb_fail_prefix(err, "strategy %s", call->strategy->id);
        host_answer_finish(&answer);
    } else {
        answer.records = s.records;
        answer.record_count = s.record_count;
        s.records = NULL;
        answer.service_seconds = s.services.seconds;
        answer.query_seconds = fb_clock_seconds() - start - s.services.seconds;
        *ret_answer = answer;
    }
    session_finish(&s);
    return rc;
}

void host_answer_finish(host_answer *answer)
{
    if (!answer)
        return;
    fb_free(answer->ids);
    fb_free(answer->scores);
    fb_free(answer->records);
    *answer = (host_answer){0};
}
