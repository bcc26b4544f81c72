/* argp is a GNU extension. */
#define _GNU_SOURCE
#include <argp.h>
#include <string.h>

#include "commands.h"
#include "results.h"
#include "rows.h"
#include "store.h"

typedef struct export_arguments {
    const char *directory;
    store_view view;
    bool statistics; /* instead of a view */
    bool json;
} export_arguments;

static const struct argp_option options[] = {
    {"what", 'w', "WHAT", 0, "rounds (default), traces, cells, statistics, scores, records or runs",
     0},
    {"format", 'f', "FORMAT", 0, "csv (default) or jsonl", 0},
    {0},
};

static bool parse_what(const char *text, export_arguments *arguments)
{
    static const struct {
        const char *name;
        store_view view;
    } views[] = {{"rounds", STORE_ROUNDS}, {"traces", STORE_TRACES},   {"cells", STORE_CELLS},
                 {"scores", STORE_SCORES}, {"records", STORE_RECORDS}, {"runs", STORE_RUNS}};
    arguments->statistics = strcmp(text, "statistics") == 0;
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        if (strcmp(views[i].name, text) == 0) {
            arguments->view = views[i].view;
            return true;
        }
    }
    return arguments->statistics;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    export_arguments *arguments = state->input;
    switch (key) {
    case 'w':
        if (!parse_what(value, arguments))
            argp_error(state,
                       "--what %s: expected rounds, traces, cells, statistics, scores, records or "
                       "runs",
                       value);
        return 0;
    case 'f':
        arguments->json = strcmp(value, "jsonl") == 0;
        if (!arguments->json && strcmp(value, "csv") != 0)
            argp_error(state, "--format %s: expected csv or jsonl", value);
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->directory)
            argp_error(state, "one results folder at a time, please");
        arguments->directory = value;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->directory)
            argp_error(state, "which results? Name the folder that 'flipbench run' wrote");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int export_view(const export_arguments *arguments, row_writer *writer, fb_error *err)
{
    struct store *store = NULL;
    json_t *names = NULL;
    int rc = store_open(arguments->directory, false, &store, err);
    if (!rc)
        rc = store_columns(store, arguments->view, &names, err);
    if (!rc)
        rc = rows_begin(writer, names, err);
    if (!rc)
        rc = store_walk(store, arguments->view, rows_write, writer, err);
    store_close(store);
    json_decref(names);
    return rc;
}

/* ---- statistics ---------------------------------------------------------------------------- */

/* A field as JSON, null when it is missing; NULL when memory is short. */
static json_t *field_json(const report_field *field)
{
    switch (field->kind) {
    case REPORT_TEXT: return json_string(field->text);
    case REPORT_NUMBER: return json_real(field->number);
    case REPORT_COUNT: return json_integer((json_int_t)field->count);
    default: return json_null();
    }
}

/* A statistic as a row; NULL when memory is short. */
static json_t *statistic_json(const report_statistic *row)
{
    report_field fields[REPORT_FIELDS];
    json_t *object = json_object();
    report_statistic_fields(row, fields);
    for (size_t i = 0; object && i < REPORT_FIELDS; i++)
        if (json_object_set_new(object, fields[i].name, field_json(&fields[i])) < 0) {
            json_decref(object);
            return NULL;
        }
    return object;
}

static int write_statistic(void *writer, const report_statistic *statistic, fb_error *err)
{
    json_t *row = statistic_json(statistic);
    int rc = row ? rows_write(writer, row, err)
                 : fb_fail(err, FB_ENOMEM, "out of memory for a row");
    json_decref(row);
    return rc;
}

/* The names of a statistic's columns: those of any row. */
static int begin_statistics(row_writer *writer, fb_error *err)
{
    const report_statistic blank = {0};
    json_t *row = statistic_json(&blank), *names = json_array(), *value;
    const char *name;
    int rc = row && names ? FB_OK : fb_fail(err, FB_ENOMEM, "out of memory for a row");
    json_object_foreach (row, name, value)
        if (json_array_append_new(names, json_string(name)) < 0)
            rc = fb_fail(err, FB_ENOMEM, "out of memory for the columns' names");
    if (!rc)
        rc = rows_begin(writer, names, err);
    json_decref(row);
    json_decref(names);
    return rc;
}

static int export_statistics(const export_arguments *arguments, row_writer *writer, fb_error *err)
{
    struct results results = {0};
    int rc = results_load(&arguments->directory, 1, true, &results, err);
    if (!rc)
        rc = begin_statistics(writer, err);
    if (!rc)
        rc = report_statistics(&results.data, write_statistic, writer, err);
    results_finish(&results);
    return rc;
}

int cmd_export(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse_option,
        "DIR",
        "Print results, one row a round, queried sample, cell, scored sample, strategy's record, "
        "run or statistic, at full precision. The order is fixed; of the columns, and of the "
        "measures of statistics, only times (..._seconds) and memory (peak_rss_bytes) change from "
        "one run to the next. "
        "docs/results.md explains every column.",
        NULL,
        NULL,
        NULL};
    export_arguments arguments = {.view = STORE_ROUNDS};
    row_writer writer = {.line = FB_STRBUF_INIT};
    fb_error err = {0};
    argp_err_exit_status = EXIT_ERROR;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    writer.json = arguments.json;
    int rc = arguments.statistics ? export_statistics(&arguments, &writer, &err)
                                  : export_view(&arguments, &writer, &err);
    rows_finish(&writer);
    return rc ? command_fail(&err) : EXIT_FINE;
}
