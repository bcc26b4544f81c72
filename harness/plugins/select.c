#include "select.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "descriptor.h"
#include "host.h"
#include "plugin.h"
#include "select_input.h"
#include "strbuf.h"
#include "stream.h"

struct selection {
    const select_options *options;
    select_input input;
    struct plugin *plugin;
    const fb_strategy *strategy;
    fb_value *values;
    parallel *threads; /* NULL: one */
    size_t runs;
    host_answer *answers; /* (runs); NULL before run_all */
    FILE *log;
};

static void log_line(void *context, const char *text)
{
    const selection *s = context;
    fprintf(s->log, "flipbench: %s: %s\n", s->strategy->id, text);
}

static int open_strategy(selection *s, fb_error *err)
{
    const select_options *o = s->options;
    struct catalog catalog = {0};
    char hint[512];
    int rc = catalog_build(o->plugins, o->plugin_count, &catalog, err);
    if (rc)
        return rc;
    const catalog_strategy *entry = catalog_find(&catalog, o->strategy);
    if (!entry)
        rc = fb_fail(err, FB_ENOENT, "unknown strategy '%s'%s", o->strategy,
                     catalog_suggest(&catalog, o->strategy, hint, sizeof hint));
    else
        rc = plugin_open(entry->path, &s->plugin, err);
    if (!rc && !(s->strategy = plugin_find(s->plugin, o->strategy)))
        rc = fb_fail(err, FB_EPLUGIN, "%s no longer offers %s", entry->path, o->strategy);
    catalog_finish(&catalog);
    if (!rc)
        rc = plugin_values(s->strategy, o->param_names, o->param_values, o->param_count, &s->values,
                           err);
    return rc;
}

static int check_options(const selection *s, fb_error *err)
{
    const select_options *o = s->options;
    if (o->query < 1 || o->query > s->input.n)
        return fb_fail(err, FB_ERANGE, "--query %zu: expected 1 to %zu, the rows of %s", o->query,
                       s->input.n, o->pool_embeddings);
    if (o->scores && !s->strategy->scores)
        return fb_fail(err, FB_EINVAL, "--scores %s: strategy %s gives no scores", o->scores,
                       o->strategy);
    return FB_OK;
}

static int run_one(selection *s, uint64_t seed, host_answer *ret_answer, fb_error *err)
{
    const select_options *o = s->options;
    fb_axis axis = {"strategy", o->strategy};
    fb_round round = {
        .struct_size = sizeof round,
        .pool_ids = s->input.pool_ids,
        .pool_count = s->input.n,
        .batch = o->query,
        .labeled_count = s->input.m,
        .class_count = (uint32_t)s->input.classes,
    };
    s->input.reference_stream = fb_stream_make(seed, FB_STREAM_REFERENCE, NULL, 0);
    host_call call = {
        .strategy = s->strategy,
        .values = s->values,
        .round = &round,
        .provider = {&s->input, select_input_compute},
        .stream = fb_stream_make(seed, FB_STREAM_STRATEGY, &axis, 1),
        .pool = s->threads,
        .log = log_line,
        .log_context = s,
        .want_scores = o->scores != NULL,
    };
    return host_select(&call, ret_answer, err);
}

static int run_all(selection *s, fb_error *err)
{
    s->answers = fb_calloc(s->runs, sizeof *s->answers);
    if (!s->answers)
        return fb_fail_memory(err, s->runs, sizeof *s->answers, "selections");
    int rc = FB_OK;
    for (size_t run = 0; !rc && run < s->runs; run++)
        rc = run_one(s, s->options->seed + run, &s->answers[run], err);
    return rc;
}

static int write_scores(const selection *s, fb_error *err)
{
    size_t n = s->input.n;
    size_t shape[2] = {s->runs, n};
    double *all = fb_calloc(s->runs, n * sizeof *all);
    if (!all)
        return fb_fail_memory(err, s->runs, n * sizeof *all, "scores");
    for (size_t run = 0; run < s->runs; run++)
        memcpy(all + run * n, s->answers[run].scores, n * sizeof *all);
    int rc = s->options->repeat ? npy_write_doubles(s->options->scores, all, shape, 2, err)
                                : npy_write_doubles(s->options->scores, all, &n, 1, err);
    fb_free(all);
    return rc;
}

/* One row a line, or with --repeat one selection a line. */
static void print_lines(const selection *s, FILE *out)
{
    for (size_t run = 0; run < s->runs; run++)
        for (size_t rank = 0; rank < s->options->query; rank++) {
            bool ends = !s->options->repeat || rank + 1 == s->options->query;
            fprintf(out, "%" PRIu32 "%c", s->answers[run].ids[rank], ends ? '\n' : ' ');
        }
}

static json_t *answer_json(const selection *s, size_t run)
{
    const host_answer *answer = &s->answers[run];
    json_t *rows = json_array(), *records = json_object();
    for (size_t rank = 0; rank < s->options->query; rank++)
        json_array_append_new(rows, json_integer(answer->ids[rank]));
    for (size_t i = 0; i < answer->record_count; i++)
        json_object_set_new(records, answer->records[i].name, json_real(answer->records[i].value));
    return json_pack("{s:I, s:o, s:o}", "seed", (json_int_t)(s->options->seed + run), "rows", rows,
                     "records", records);
}

static int print_json(const selection *s, FILE *out, fb_error *err)
{
    json_t *selections = json_array();
    for (size_t run = 0; run < s->runs; run++)
        json_array_append_new(selections, answer_json(s, run));
    json_t *object = json_pack("{s:s, s:I, s:o}", "strategy", s->strategy->id, "algo_version",
                               (json_int_t)s->strategy->algo_version, "selections", selections);
    bool written =
        object && json_dumpf(object, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF;
    json_decref(object);
    return written ? FB_OK : fb_fail(err, FB_EIO, "the selection could not be written as JSON");
}

/* Turns stdout to stderr while plugin code runs; gives a copy of it to put back, -1 without a
 * stdout. */
static int stdout_aside(void)
{
    fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    return kept;
}

static void stdout_back(int kept)
{
    fflush(stdout); /* what the plugin has printed */
    if (kept < 0)
        return;
    dup2(kept, STDOUT_FILENO);
    close(kept);
}

int select_open(const select_options *options, FILE *log, selection **ret_selection,
                fb_error *err)
{
    selection *s = fb_calloc(1, sizeof *s);
    if (!s)
        return fb_fail_memory(err, 1, sizeof *s, "a selection");
    *s = (selection){.options = options, .runs = options->repeat ? options->repeat : 1, .log = log};
    int kept = stdout_aside();
    int rc = open_strategy(s, err);
    if (!rc)
        rc = select_input_read(options, descriptor_services(s->strategy), &s->input, err);
    if (!rc)
        rc = check_options(s, err);
    if (!rc && options->threads > 1)
        rc = parallel_create(options->threads, &s->threads, err);
    stdout_back(kept);
    if (rc)
        select_close(s);
    else
        *ret_selection = s;
    return rc;
}

int select_again(selection *s, uint64_t seed, fb_error *err)
{
    host_answer answer = {0};
    int kept = stdout_aside();
    int rc = run_one(s, seed, &answer, err);
    stdout_back(kept);
    host_answer_finish(&answer);
    return rc;
}

select_sizes select_sizes_of(const selection *s)
{
    const select_input *in = &s->input;
    return (select_sizes){.n = in->n, .d = in->d, .classes = in->classes, .labeled = in->m,
                          .passes = in->mc.ndim ? in->mc.shape[0] : 0,
                          .members = in->ensemble.ndim ? in->ensemble.shape[0] : 0};
}

void select_close(selection *s)
{
    if (!s)
        return;
    for (size_t run = 0; s->answers && run < s->runs; run++)
        host_answer_finish(&s->answers[run]);
    fb_free(s->answers);
    fb_free(s->values);
    parallel_destroy(s->threads); /* before the plugin: a thread may hold something of its code's */
    plugin_close(s->plugin);
    select_input_finish(&s->input);
    fb_free(s);
}

/* Plugin code runs in here. */
static int select_all(selection *s, fb_error *err)
{
    int kept = stdout_aside();
    int rc = run_all(s, err);
    stdout_back(kept);
    return rc;
}

int select_run(const select_options *options, FILE *out, FILE *log, fb_error *err)
{
    selection *s = NULL;
    int rc = select_open(options, log, &s, err);
    if (rc)
        return rc;
    rc = select_all(s, err);
    if (!rc && options->scores)
        rc = write_scores(s, err);
    if (!rc && options->json)
        rc = print_json(s, out, err);
    else if (!rc)
        print_lines(s, out);
    if (!rc && (fflush(out) != 0 || ferror(out)))
        rc = fb_fail(err, FB_EIO, "the selection could not be written: %s", strerror(errno));
    select_close(s);
    return rc;
}
