/* argp is a GNU extension. */
#define _GNU_SOURCE
#include <argp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "alloc.h"
#include "commands.h"
#include "facts.h"
#include "files.h"
#include "plan.h"
#include "plugin.h"
#include "progress.h"
#include "spec.h"
#include "store.h"
#include "strbuf.h"
#include "supervisor.h"
#include "zygote.h"

enum { OPTION_SET = 256, OPTION_TRIALS, OPTION_DRY_RUN, OPTION_FRESH, OPTION_PLUGIN, OPTION_DATA };

typedef struct run_arguments {
    const char *spec, *directory, *data;
    text_list overrides, plugins;
    size_t workers;
    bool trials_given;
    uint32_t trial_first, trial_end;
    bool dry_run, fresh, quiet;
} run_arguments;

static const struct argp_option run_options[] = {
    {"output", 'o', "DIR", 0, "Results folder; one that is there already is carried on with", 0},
    {"jobs", 'j', "N", 0,
     "Cells at a time, each a process (default: the cores, less with train.threads)",
     0},
    {"set", OPTION_SET, "PATH=VALUE", 0,
     "Override a value of the spec: trials=2, train.epochs=5 (in every setting), "
     "settings.0.budget.query=10",
     0},
    {"trials", OPTION_TRIALS, "A:B", 0, "Only the trials A to B-1, to share a run among machines",
     0},
    {"dry-run", OPTION_DRY_RUN, NULL, 0, "Check everything, print the cells, run nothing", 0},
    {"fresh", OPTION_FRESH, NULL, 0, "Delete the results in DIR first", 0},
    {"plugin", OPTION_PLUGIN, "PATH", 0, "A strategy's .so, or a folder of them", 0},
    {"data", OPTION_DATA, "DIR", 0, "Where data sets are looked for first", 0},
    {"quiet", 'q', NULL, 0, "No progress", 0},
    {0},
};

/* Reads a whole decimal number up to `limit`; false when it is none. */
static bool parse_count(const char *text, unsigned long long limit, unsigned long long *ret_value)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    unsigned long long value = strtoull(text, &end, 10);
    *ret_value = value;
    return *end == '\0' && value <= limit;
}

static bool parse_trials(const char *text, run_arguments *arguments)
{
    char first[24] = "";
    const char *colon = strchr(text, ':');
    unsigned long long a = 0, b = 0;
    if (!colon || (size_t)(colon - text) >= sizeof first)
        return false;
    memcpy(first, text, (size_t)(colon - text));
    if (!parse_count(first, UINT32_MAX, &a) || !parse_count(colon + 1, UINT32_MAX, &b) || a >= b)
        return false;
    arguments->trials_given = true;
    arguments->trial_first = (uint32_t)a;
    arguments->trial_end = (uint32_t)b;
    return true;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    run_arguments *arguments = state->input;
    unsigned long long count = 0;
    switch (key) {
    case 'o':
        arguments->directory = value;
        return 0;
    case 'j':
        if (!parse_count(value, 256, &count) || count == 0)
            argp_error(state, "-j %s: expected a number of processes from 1 to 256", value);
        arguments->workers = (size_t)count;
        return 0;
    case OPTION_SET:
        if (!strchr(value, '='))
            argp_error(state, "--set %s: expected PATH=VALUE, such as train.epochs=5", value);
        return text_list_add(&arguments->overrides, value) ? ENOMEM : 0;
    case OPTION_TRIALS:
        if (!parse_trials(value, arguments))
            argp_error(state, "--trials %s: expected A:B with A < B, such as 0:5", value);
        return 0;
    case OPTION_DRY_RUN:
        arguments->dry_run = true;
        return 0;
    case OPTION_FRESH:
        arguments->fresh = true;
        return 0;
    case OPTION_PLUGIN:
        return text_list_add(&arguments->plugins, value) ? ENOMEM : 0;
    case OPTION_DATA:
        arguments->data = value;
        return 0;
    case 'q':
        arguments->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->spec)
            argp_error(state, "one spec at a time, please: %s or %s?", arguments->spec, value);
        arguments->spec = value;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->spec)
            argp_error(state,
                       "which spec? Try: flipbench run experiments/quickstart.yaml -o results");
        if (!arguments->directory && !arguments->dry_run)
            argp_error(state, "where to? Add -o DIR");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- the steps of a run -------------------------------------------------------------------- */

struct session {
    run_arguments arguments;
    struct spec spec;
    struct catalog catalog;
    struct plan plan;
    struct zygote zygote;
    struct store *store;
    int lock;
    char *logs; /* DIR/logs */
};

static int prepare(struct session *session, fb_error *err)
{
    run_arguments *arguments = &session->arguments;
    int rc = spec_read(arguments->spec, arguments->overrides.texts, arguments->overrides.count,
                       &session->spec, err);
    if (!rc && !arguments->dry_run)
        rc = store_lock(arguments->directory, &session->lock, err);
    if (!rc)
        rc = catalog_build(arguments->plugins.texts, arguments->plugins.count, &session->catalog,
                           err);
    if (rc)
        return rc;
    if (!arguments->trials_given) {
        arguments->trial_first = session->spec.trial_first;
        arguments->trial_end = session->spec.trial_first + session->spec.trial_count;
    }
    return plan_build(&session->spec, &session->catalog, arguments->trial_first,
                      arguments->trial_end - arguments->trial_first, arguments->data,
                      &session->plan, err);
}

static void print_cells(const struct plan *plan)
{
    for (size_t i = 0; i < plan->cell_count; i++) {
        const plan_cell *cell = &plan->cells[i];
        const plan_setting *setting = &plan->settings[cell->setting];
        const data_split *split = &setting->splits[cell->trial_index];
        size_t first = split->initial_count;
        size_t last = first + setting->query_rounds * setting->spec->query;
        if (plan_is_reference(plan, cell))
            first = last = split->initial_count + split->pool_count;
        printf("%s\t%s\ttrial %u\t%zu rounds\t%zu to %zu labels\t%.12s\n", setting->spec->name,
               plan->strategies[cell->strategy].label, cell->trial, cell->rounds, first, last,
               cell->key);
    }
    command_print_cells(plan);
}

static int write_text(const char *directory, const char *name, const char *text, fb_error *err)
{
    fb_strbuf path = FB_STRBUF_INIT;
    fb_strbuf_printf(&path, "%s/%s", directory, name);
    int rc = fb_strbuf_check(&path, name, err);
    if (!rc)
        rc = fb_file_write(path.text, text, strlen(text), err);
    fb_strbuf_finish(&path);
    return rc;
}

/* Makes the folder's files; the zygote is started before the database is opened, so that no cell
 * holds it. */
static int open_folder(struct session *session, size_t workers, int argc, char **argv,
                       fb_error *err)
{
    const char *directory = session->arguments.directory;
    fb_strbuf logs = FB_STRBUF_INIT;
    fb_strbuf_printf(&logs, "%s/logs", directory);
    session->logs = fb_strbuf_take(&logs);
    fb_strbuf_finish(&logs);
    if (!session->logs)
        return fb_fail(err, FB_ENOMEM, "out of memory for a path");
    zygote_options options = {session->logs, session->spec.limits.memory, session->lock};
    int rc = fb_make_directories(session->logs, err);
    if (!rc && session->arguments.fresh)
        rc = store_remove(directory, err);
    if (!rc)
        rc = zygote_start(&session->plan, &options, &session->zygote, err);
    if (!rc)
        rc = store_open(directory, true, &session->store, err);
    if (!rc)
        rc = store_enter_plan(session->store, &session->plan, err);
    if (!rc)
        rc = write_text(directory, "spec.yaml", session->spec.source, err);
    if (!rc)
        rc = write_text(directory, "resolved.yaml", session->spec.resolved, err);
    json_t *facts = facts_collect(&session->spec, workers, argc, argv);
    if (!rc)
        rc = store_begin_run(session->store, facts, err);
    json_decref(facts);
    return rc;
}

/* As many cells at a time as the machine's cores carry. */
static size_t usual_workers(const struct spec *spec)
{
    size_t cores = (size_t)sysconf(_SC_NPROCESSORS_ONLN), threads = 1;
    for (size_t i = 0; i < spec->setting_count; i++)
        if (spec->settings[i].threads > threads)
            threads = spec->settings[i].threads;
    return threads < cores ? cores / threads : 1;
}

static int execute(struct session *session, int argc, char **argv, fb_error *err)
{
    struct progress progress;
    supervisor_summary summary = {0};
    size_t workers = session->arguments.workers;
    if (workers == 0)
        workers = usual_workers(&session->spec);
    if (workers > session->plan.cell_count)
        workers = session->plan.cell_count;
    int rc = open_folder(session, workers, argc, argv, err);
    if (rc)
        return rc;
    supervisor_options options = {workers, session->spec.limits.seconds};
    signal(SIGPIPE, SIG_IGN); /* nobody reading our progress is no reason to stop */
    progress_start(&progress, session->arguments.quiet);
    rc = supervisor_run(&session->plan, session->store, &session->zygote, &options, &progress,
                        &summary, err);
    progress_end(&progress);
    printf("%s: %zu of %zu cells complete, %zu failed; %zu rounds computed, %zu reused\n",
           session->arguments.directory, summary.cells_finished, session->plan.cell_count,
           summary.cells_failed, summary.rounds_computed, summary.rounds_reused);
    if (rc)
        return rc;
    if (summary.cells_failed)
        printf("The failed cells' causes: flipbench export %s --what cells\n",
               session->arguments.directory);
    printf("Next: flipbench report %s -o %s/report\n", session->arguments.directory,
           session->arguments.directory);
    return summary.cells_failed ? EXIT_FAILED_CELLS : EXIT_FINE;
}

static void finish(struct session *session)
{
    zygote_stop(&session->zygote);
    store_close(session->store);
    plan_finish(&session->plan);
    catalog_finish(&session->catalog);
    spec_finish(&session->spec);
    text_list_finish(&session->arguments.overrides);
    text_list_finish(&session->arguments.plugins);
    fb_free(session->logs);
    if (session->lock >= 0)
        close(session->lock);
}

int cmd_run(int argc, char **argv)
{
    static const struct argp argp = {
        run_options,
        parse_option,
        "SPEC",
        "Run an experiment: every setting x strategy x trial of SPEC is a cell; every finished "
        "round "
        "is stored at once. The same command carries on after a stop of any kind."
        "\vExit status: 0 all cells complete, 1 some cells failed, 2 error, 130 interrupted.",
        NULL,
        NULL,
        NULL};
    struct session session = {.lock = -1};
    fb_error err = {0};
    argp_err_exit_status = EXIT_ERROR;
    argp_parse(&argp, argc, argv, 0, NULL, &session.arguments);
    int rc = prepare(&session, &err);
    int status = EXIT_FINE;
    if (!rc && session.arguments.dry_run) {
        print_cells(&session.plan);
    } else if (!rc) {
        rc = execute(&session, argc, argv, &err);
        status = rc < 0 ? EXIT_FINE : rc;
    }
    if (rc < 0)
        status = command_fail(&err);
    if (rc == FB_ECANCELLED)
        status = EXIT_INTERRUPTED;
    finish(&session);
    return status;
}
