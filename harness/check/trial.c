#include "trial.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "fpmode.h"
#include "parallel.h"

enum { THREADS = 3 };

/* What lies between strategy and host. `create` is told of no context, so there is but one. */
static struct {
    fb_host host; /* what the strategy sees: the real one's callbacks, some of them replaced */
    const fb_host *real;
    const trial *trial;
    trial_facts *facts;
    parallel *pool;     /* TRIAL_THREADS */
    uint32_t *chosen;   /* (batch) what select wrote */
    atomic_bool mode_changed; /* in the body of a loop */
} g_layer;

/* ---- callbacks ------------------------------------------------------------------------------ */

static void note_service(const char *name)
{
    trial_facts *facts = g_layer.facts;
    for (size_t i = 0; i < facts->service_count; i++)
        if (strcmp(facts->services[i], name) == 0)
            return;
    if (facts->service_count < TRIAL_SERVICES_MAX)
        snprintf(facts->services[facts->service_count++], TRIAL_NAME_SIZE, "%s", name);
}

static int layer_get(const fb_host *host, const fb_request *request, fb_array *ret_array)
{
    (void)host;
    if (request->struct_size >= sizeof *request && request->name)
        note_service(request->name);
    int rc = g_layer.real->get(g_layer.real, request, ret_array);
    if (rc)
        g_layer.facts->gave_reason = true;
    return rc;
}

static void *layer_alloc(const fb_host *host, size_t count, size_t size)
{
    (void)host;
    void *memory = g_layer.real->alloc(g_layer.real, count, size);
    if (memory)
        g_layer.facts->arena_bytes += count * size;
    return memory;
}

FB_PRINTF(3, 4)
static int layer_fail(const fb_host *host, int code, const char *format, ...)
{
    char text[1024];
    va_list args;
    (void)host;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    g_layer.facts->gave_reason = *text != '\0';
    return g_layer.real->fail(g_layer.real, code, "%s", text);
}

/* ---- loops ---------------------------------------------------------------------------------- */

typedef struct cut_loop {
    fb_loop_body body;
    void *argument;
    size_t *starts; /* (pieces + 1) */
    size_t pieces;
} cut_loop;

/* The end of the piece that starts at `start`: at least `grain` items, 1 to 4 times as many. */
static size_t piece_end(size_t start, size_t piece, size_t grain, size_t items)
{
    size_t length = grain * (1 + piece % 4);
    return items - start < length + grain ? items : start + length; /* no rest below `grain` */
}

/* The last piece comes first. */
static void run_piece(void *context, size_t index)
{
    const cut_loop *loop = context;
    size_t piece = loop->pieces - 1 - index, first = loop->starts[piece];
    uint64_t mode = fpmode_get();
    loop->body(loop->argument, first, loop->starts[piece + 1] - first);
    if (fpmode_get() != mode) {
        fpmode_set(mode);
        atomic_store(&g_layer.mode_changed, true);
    }
}

static void layer_parallel_for(const fb_host *host, size_t items, size_t grain, fb_loop_body body,
                               void *argument)
{
    (void)host;
    size_t least = grain ? grain : 1;
    cut_loop loop = {body, argument, fb_calloc(items / least + 2, sizeof(size_t)), 0};
    if (!loop.starts) { /* as one piece, then */
        g_layer.real->parallel_for(g_layer.real, items, grain, body, argument);
        return;
    }
    while (loop.starts[loop.pieces] < items) {
        size_t start = loop.starts[loop.pieces];
        loop.starts[loop.pieces + 1] = piece_end(start, loop.pieces, least, items);
        loop.pieces++;
    }
    if (g_layer.pool)
        parallel_run(g_layer.pool, loop.pieces, run_piece, &loop);
    else
        for (size_t i = 0; i < loop.pieces; i++)
            run_piece(&loop, i);
    fb_free(loop.starts);
}

/* ---- the strategy --------------------------------------------------------------------------- */

static int layer_create(const fb_host *host, const fb_value *values, void **ret_instance)
{
    g_layer.real = host;
    g_layer.host = *host;
    g_layer.host.get = layer_get;
    g_layer.host.alloc = layer_alloc;
    g_layer.host.fail = layer_fail;
    if (g_layer.trial->loops != TRIAL_HOST)
        g_layer.host.parallel_for = layer_parallel_for;
    return g_layer.trial->strategy->create(&g_layer.host, values, ret_instance);
}

static int layer_select(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    int rc = g_layer.trial->strategy->select(instance, round, ret_ids);
    memcpy(g_layer.chosen, ret_ids, round->batch * sizeof *ret_ids);
    if (!rc && atomic_load(&g_layer.mode_changed))
        return g_layer.real->fail(g_layer.real, FB_EPLUGIN,
                                  "it changed the floating-point mode in the body of a "
                                  "parallel_for");
    return rc;
}

static int select_first(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    (void)instance;
    memcpy(ret_ids, round->pool_ids, round->batch * sizeof *ret_ids);
    return FB_OK;
}

/* The strategy with the layer's functions. It may be of an older minor version, and shorter. */
static fb_strategy layered(const trial *t)
{
    fb_strategy s = {0};
    size_t size = t->strategy->struct_size < sizeof s ? t->strategy->struct_size : sizeof s;
    memcpy(&s, t->strategy, size);
    s.create = layer_create;
    s.select = t->only_create ? select_first : layer_select;
    if (t->only_create)
        s.scores = NULL;
    return s;
}

/* ---- a trial -------------------------------------------------------------------------------- */

/* What the wrong ids of a sentence look like, for their author; "" when they look like nothing. */
static const char *explain(const char *text, const synthetic *s, const uint32_t *chosen,
                           size_t batch)
{
    bool rows = true, labeled = false;
    if (!strstr(text, "not in the sub-pool"))
        return "";
    for (size_t i = 0; i < batch; i++) {
        rows = rows && chosen[i] < s->options.n;
        labeled = labeled || synthetic_is_labeled(s, chosen[i]);
    }
    if (rows)
        return "; it seems to give rows, but asked for are sample ids: round->pool_ids[row]";
    if (labeled)
        return "; that sample has a label already";
    return "";
}

/* The host's sentence without "strategy ID: ", which is clear here. */
static const char *without_id(const char *text, const char *id)
{
    char prefix[96];
    int length = snprintf(prefix, sizeof prefix, "strategy %s: ", id);
    return strncmp(text, prefix, (size_t)length) == 0 ? text + length : text;
}

static int run(const trial *t, synthetic *services, host_answer *ret_answer, fb_error *err)
{
    const fb_strategy strategy = layered(t);
    const fb_round round = {
        .struct_size = sizeof round,
        .trial = 1,
        .round = 2,
        .pool_ids = services->pool_ids,
        .pool_count = t->services.n,
        .batch = t->batch,
        .labeled_count = t->services.labeled,
        .class_count = (uint32_t)t->services.classes,
    };
    const host_call call = {
        .strategy = &strategy,
        .values = t->values,
        .round = &round,
        .provider = {services, synthetic_compute},
        .stream = fb_stream_make(1, FB_STREAM_STRATEGY, NULL, 0),
        .want_scores = 1,
    };
    fb_error told = {0};
    int rc = host_select(&call, ret_answer, &told);
    if (!rc && memcmp(ret_answer->ids, g_layer.chosen, t->batch * sizeof *g_layer.chosen) != 0 &&
        !t->only_create) {
        host_answer_finish(ret_answer);
        rc = fb_fail(&told, FB_EPLUGIN, "it changed its answer after select had returned");
    }
    if (rc)
        fb_fail(err, rc, "%s%s", without_id(told.text, strategy.id),
                explain(told.text, services, g_layer.chosen, t->batch));
    return rc;
}

int trial_run(const trial *t, host_answer *ret_answer, trial_facts *ret_facts, fb_error *err)
{
    synthetic services = {0};
    *ret_facts = (trial_facts){0};
    memset(&g_layer, 0, sizeof g_layer);
    g_layer.trial = t;
    g_layer.facts = ret_facts;
    g_layer.chosen = fb_calloc(t->batch, sizeof *g_layer.chosen);
    int rc = g_layer.chosen ? synthetic_init(&t->services, &services, err)
                            : fb_fail_memory(err, t->batch, sizeof *g_layer.chosen, "an answer");
    if (g_layer.chosen)
        memset(g_layer.chosen, 0xff, t->batch * sizeof *g_layer.chosen);
    if (!rc && t->loops == TRIAL_THREADS)
        rc = parallel_create(THREADS, &g_layer.pool, err);
    if (!rc)
        rc = run(t, &services, ret_answer, err);
    parallel_destroy(g_layer.pool);
    synthetic_finish(&services);
    fb_free(g_layer.chosen);
    return rc;
}

trial trial_make(const fb_strategy *strategy, const fb_value *values)
{
    return (trial){
        .strategy = strategy,
        .values = values,
        .services = {.n = 40, .width = 8, .classes = 4, .labeled = 12},
        .batch = 5,
    };
}
