#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "probe.h"

/* The probe under way; tests run one at a time. */
static struct {
    probe_body body;
    void *argument;
    const fb_host *host;
    parallel *pool;
} g_probe;

void probe_use_pool(parallel *pool)
{
    g_probe.pool = pool;
}

static int create(const fb_host *host, const fb_value *values, void **ret_instance)
{
    (void)values;
    (void)ret_instance;
    g_probe.host = host;
    return 0;
}

static int select_first(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    (void)instance;
    for (size_t i = 0; i < round->batch; i++)
        ret_ids[i] = round->pool_ids[i];
    return g_probe.body(g_probe.host, round, g_probe.argument);
}

static void destroy(void *instance)
{
    (void)instance;
}

static int nothing(void *context, const char *name, uint64_t count, const char *kind,
                   fb_array *ret_array, void **ret_owned, fb_error *err)
{
    (void)context;
    (void)count;
    (void)kind;
    (void)ret_array;
    (void)ret_owned;
    return fb_fail(err, FB_ENOENT, "no service %s", name);
}

int probe_run(probe_body body, void *argument, size_t n, uint64_t seed,
              const host_provider *provider, host_answer *ret_answer, fb_error *err)
{
    static const fb_strategy strategy = {
        .struct_size = sizeof strategy,
        .id = "probe",
        .create = create,
        .select = select_first,
        .destroy = destroy,
    };
    uint32_t *ids = fb_calloc(n, sizeof *ids);
    assert_non_null(ids);
    for (size_t i = 0; i < n; i++)
        ids[i] = (uint32_t)i;
    fb_round round = {.struct_size = sizeof round,
                      .pool_ids = ids,
                      .pool_count = n,
                      .batch = 1,
                      .labeled_count = provider ? 1 : 0,
                      .class_count = 1000};
    host_call call = {
        .strategy = &strategy,
        .round = &round,
        .provider = provider ? *provider : (host_provider){NULL, nothing},
        .stream = fb_stream_make(seed, FB_STREAM_STRATEGY, NULL, 0),
        .pool = g_probe.pool,
    };
    host_answer answer = {0};
    g_probe.body = body;
    g_probe.argument = argument;
    int rc = host_select(&call, &answer, err);
    if (!rc && ret_answer)
        *ret_answer = answer;
    else
        host_answer_finish(&answer);
    fb_free(ids);
    return rc;
}

double probe_record(const host_answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->record_count; i++)
        if (strcmp(answer->records[i].name, name) == 0)
            return answer->records[i].value;
    fail_msg("nothing was recorded as %s", name);
    return NAN;
}
