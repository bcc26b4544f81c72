/* argp is a GNU extension. */
#define _GNU_SOURCE
#include <argp.h>
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "commands.h"
#include "store.h"
#include "strbuf.h"

typedef struct export_arguments {
    const char *directory;
    store_view view;
    bool json;
} export_arguments;

static const struct argp_option options[] = {
    {"what", 'w', "WHAT", 0, "rounds (default), traces, cells, scores, records or runs", 0},
    {"format", 'f', "FORMAT", 0, "csv (default) or jsonl", 0},
    {0},
};

static bool parse_view(const char *text, store_view *ret_view)
{
    static const struct {
        const char *name;
        store_view view;
    } views[] = {{"rounds", STORE_ROUNDS}, {"traces", STORE_TRACES},   {"cells", STORE_CELLS},
                 {"scores", STORE_SCORES}, {"records", STORE_RECORDS}, {"runs", STORE_RUNS}};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        if (strcmp(views[i].name, text) == 0) {
            *ret_view = views[i].view;
            return true;
        }
    }
    return false;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    export_arguments *arguments = state->input;
    switch (key) {
    case 'w':
        if (!parse_view(value, &arguments->view))
            argp_error(state, "--what %s: expected rounds, traces, cells, scores, records or runs",
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

/* ---- CSV (RFC 4180) ------------------------------------------------------------------------ */

static void csv_text(fb_strbuf *line, const char *text)
{
    if (!strpbrk(text, "\",\r\n")) {
        fb_strbuf_add(line, text);
        return;
    }
    fb_strbuf_add(line, "\"");
    for (; *text; text++) {
        if (*text == '"')
            fb_strbuf_add(line, "\"");
        fb_strbuf_add_bytes(line, text, 1);
    }
    fb_strbuf_add(line, "\"");
}

static void csv_value(fb_strbuf *line, const json_t *value)
{
    if (json_is_string(value))
        csv_text(line, json_string_value(value));
    else if (json_is_integer(value))
        fb_strbuf_printf(line, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        fb_strbuf_add_double(line, json_real_value(value));
}

/* The columns' names; they stand there also when there is no row. */
static void write_header(const json_t *names)
{
    fb_strbuf line = FB_STRBUF_INIT;
    size_t i;
    json_t *name;
    json_array_foreach (names, i, name) {
        fb_strbuf_add(&line, i ? "," : "");
        csv_text(&line, json_string_value(name));
    }
    puts(line.text);
    fb_strbuf_finish(&line);
}

static int write_csv(void *context, const json_t *row, fb_error *err)
{
    fb_strbuf *line = context;
    const char *name, *separator = "";
    json_t *value;
    fb_strbuf_reset(line);
    json_object_foreach ((json_t *)row, name, value) {
        fb_strbuf_add(line, separator);
        csv_value(line, value);
        separator = ",";
    }
    puts(line->text);
    return fb_strbuf_check(line, "a row", err);
}

static int write_json(void *context, const json_t *row, fb_error *err)
{
    (void)context;
    char *text = json_dumps(row, JSON_COMPACT | JSON_REAL_PRECISION(17));
    if (!text)
        return fb_fail(err, FB_ENOMEM, "out of memory for a row");
    puts(text);
    free(text);
    return FB_OK;
}

static int export_view(const export_arguments *arguments, fb_error *err)
{
    struct store *store = NULL;
    json_t *names = NULL;
    fb_strbuf line = FB_STRBUF_INIT;
    int rc = store_open(arguments->directory, false, &store, err);
    if (!rc)
        rc = store_columns(store, arguments->view, &names, err);
    if (!rc && !arguments->json)
        write_header(names);
    if (!rc)
        rc = store_walk(store, arguments->view, arguments->json ? write_json : write_csv, &line,
                        err);
    store_close(store);
    json_decref(names);
    fb_strbuf_finish(&line);
    return rc;
}

int cmd_export(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse_option,
        "DIR",
        "Print results, one row a round, queried sample, cell, scored sample, strategy's record or "
        "run, at full precision. The order "
        "is fixed; of the columns, only times (..._seconds) and memory (peak_rss_bytes) change "
        "from one run to the next.",
        NULL,
        NULL,
        NULL};
    export_arguments arguments = {.view = STORE_ROUNDS};
    fb_error err = {0};
    argp_err_exit_status = EXIT_ERROR;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    return export_view(&arguments, &err) ? command_fail(&err) : EXIT_FINE;
}
