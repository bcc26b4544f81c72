#include "strategy_probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "plugin.h"

/* host_provider.compute; the context is the list of services. */
static int compute(void *context, const char *name, uint64_t count, const char *kind,
                   fb_array *ret_array, void **ret_owned, fb_error *err)
{
    const probe_service *service = context;
    while (service->name &&
           (strcmp(service->name, name) != 0 ||
            (service->kind && (!kind || strcmp(service->kind, kind) != 0)) ||
            (count && count != service->shape[0])))
        service++;
    if (!service->name)
        return fb_fail(err, FB_ENOENT, "the test has no service %s", name);
    bool integers = strcmp(name, "labels") == 0 || strcmp(name, "labeled_ids") == 0;
    fb_array array = {.struct_size = sizeof array,
                      .data = service->data,
                      .dtype = integers ? FB_UINT32 : FB_FLOAT32};
    while (array.ndim < 3 && service->shape[array.ndim]) {
        array.shape[array.ndim] = service->shape[array.ndim];
        array.ndim++;
    }
    *ret_array = array;
    *ret_owned = NULL;
    return FB_OK;
}

/* A plugin that is open, and the round that it is asked for. */
typedef struct session {
    struct plugin *plugin;
    fb_value *values;
    uint32_t *ids;
    fb_round round;
} session;

static int open_session(const strategy_probe *probe, session *s, fb_error *err)
{
    int rc = plugin_open(probe->plugin, &s->plugin, err);
    if (!rc)
        rc = plugin_values(plugin_strategy(s->plugin, 0), probe->names, probe->values,
                           probe->param_count, &s->values, err);
    if (rc)
        return rc;
    s->ids = fb_calloc(probe->n, sizeof *s->ids);
    assert_non_null(s->ids);
    for (size_t i = 0; i < probe->n; i++)
        s->ids[i] = (uint32_t)i;
    s->round = (fb_round){.struct_size = sizeof s->round,
                          .trial = probe->trial,
                          .round = probe->round,
                          .pool_ids = s->ids,
                          .pool_count = probe->n,
                          .batch = probe->batch,
                          .labeled_count = probe->labeled,
                          .class_count = (uint32_t)probe->classes};
    return FB_OK;
}

static void close_session(session *s)
{
    fb_free(s->ids);
    fb_free(s->values);
    plugin_close(s->plugin);
}

static int select_once(const strategy_probe *probe, const session *s, uint64_t seed, int scores,
                       host_answer *ret_answer, fb_error *err)
{
    host_call call = {
        .strategy = plugin_strategy(s->plugin, 0),
        .values = s->values,
        .round = &s->round,
        .provider = {(void *)(uintptr_t)probe->services, compute},
        .stream = fb_stream_make(seed, FB_STREAM_STRATEGY, NULL, 0),
        .pool = probe->pool,
        .want_scores = scores,
    };
    return host_select(&call, ret_answer, err);
}

int strategy_probe_run(const strategy_probe *probe, host_answer *ret_answer, fb_error *err)
{
    session s = {0};
    int rc = open_session(probe, &s, err);
    if (!rc)
        rc = select_once(probe, &s, probe->seed, 1, ret_answer, err);
    close_session(&s);
    return rc;
}

int strategy_probe_repeat(const strategy_probe *probe, size_t runs, uint32_t *ret_ids,
                          fb_error *err)
{
    session s = {0};
    int rc = open_session(probe, &s, err);
    for (size_t run = 0; !rc && run < runs; run++) {
        host_answer answer = {0};
        rc = select_once(probe, &s, probe->seed + run, 0, &answer, err);
        if (!rc)
            memcpy(ret_ids + run * probe->batch, answer.ids, probe->batch * sizeof *ret_ids);
        host_answer_finish(&answer);
    }
    close_session(&s);
    return rc;
}

int strategy_probe_count(const strategy_probe *probe, size_t runs, uint32_t *ret_chosen,
                         fb_error *err)
{
    uint32_t *ids = fb_calloc(runs * probe->batch, sizeof *ids);
    assert_non_null(ids);
    int rc = strategy_probe_repeat(probe, runs, ids, err);
    memset(ret_chosen, 0, probe->n * sizeof *ret_chosen);
    for (size_t i = 0; !rc && i < runs * probe->batch; i++)
        ret_chosen[ids[i]]++;
    fb_free(ids);
    return rc;
}

static const char *golden_path(const char *golden_dir, const char *folder, const char *name,
                               char *out, size_t size)
{
    snprintf(out, size, "%s/%s/%s.npy", golden_dir, folder, name);
    return out;
}

npy_array golden_floats(const char *golden_dir, const char *folder, const char *name)
{
    char path[1024];
    npy_array array = {0};
    fb_error err = {0};
    if (npy_read_floats(golden_path(golden_dir, folder, name, path, sizeof path), &array, &err))
        fail_msg("%s", err.text);
    return array;
}

npy_array golden_integers(const char *golden_dir, const char *folder, const char *name)
{
    char path[1024];
    npy_array array = {0};
    fb_error err = {0};
    if (npy_read_integers(golden_path(golden_dir, folder, name, path, sizeof path), &array, &err))
        fail_msg("%s", err.text);
    return array;
}
