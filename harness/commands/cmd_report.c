/* argp is a GNU extension. */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "commands.h"
#include "reports.h"
#include "results.h"

typedef struct report_arguments {
    text_list directories;
    const char *output, *baseline, *title;
    unsigned parts;
    report_style style;
    bool mix, all_pairs;
} report_arguments;

enum { KEY_MIX = 1000, KEY_ALL_PAIRS, KEY_ONLY, KEY_TITLE, KEY_STYLE };

static const char help[] =
    "Write a report about the results in one folder or several: index.html, a page that is complete "
    "in itself; tables.md, its words and tables; statistics.csv and rounds.csv, all numbers in "
    "full; figures/, each figure as SVG, CSV and, with librsvg, PDF; latex/, tables and figures for "
    "a paper."
    "\vA later report into the same folder replaces what an older one wrote, and removes figures "
    "that there are no more; report.sha256 lists what belongs to it. Files that are on no such "
    "list, or were changed since, are not removed. docs/results.md says more.";

static const struct argp_option options[] = {
    {"output", 'o', "OUT", 0, "Folder for the report's files", 0},
    {"only", KEY_ONLY, "PART,...", 0,
     "Write only these parts, and leave the files of others: html, tables, csv, figures, latex", 0},
    {"style", KEY_STYLE, "full|paper", 0,
     "What to show: everything (default), or the LDM-Seeding paper's figures and tables", 0},
    {"title", KEY_TITLE, "TEXT", 0, "Heading of the report (default: the experiment's name)", 0},
    {"baseline", 'b', "LABEL", 0, "Strategy to compare with (default: the spec's)", 0},
    {"all-pairs", KEY_ALL_PAIRS, NULL, 0, "Also test every two strategies against each other", 0},
    {"mix", KEY_MIX, NULL, 0, "Compare cells whose data, recipe, engine or version differ", 0},
    {0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    report_arguments *arguments = state->input;
    fb_error err;
    switch (key) {
    case 'o':
        arguments->output = value;
        return 0;
    case 'b':
        arguments->baseline = value;
        return 0;
    case KEY_ONLY:
        if (report_parse_parts(value, &arguments->parts, &err))
            argp_error(state, "--only %s: %s", value, err.text);
        return 0;
    case KEY_STYLE:
        if (report_parse_style(value, &arguments->style, &err))
            argp_error(state, "--style %s: %s", value, err.text);
        return 0;
    case KEY_TITLE:
        arguments->title = value;
        return 0;
    case KEY_MIX:
        arguments->mix = true;
        return 0;
    case KEY_ALL_PAIRS:
        arguments->all_pairs = true;
        return 0;
    case ARGP_KEY_ARG:
        return text_list_add(&arguments->directories, value) ? ENOMEM : 0;
    case ARGP_KEY_END:
        if (arguments->directories.count == 0)
            argp_error(state, "which results? Name the folder that 'flipbench run' wrote");
        if (!arguments->output)
            argp_error(state, "where to? Add -o OUT");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* A baseline from the command line must be there; one from the spec that is missing is said in the
 * report. */
static int choose_baseline(report_data *data, const char *wanted, fb_error *err)
{
    for (size_t i = 0; i < data->strategy_count; i++) {
        const report_strategy *strategy = &data->strategies[i];
        if (strcmp(strategy->label, wanted) == 0 || strcmp(strategy->id, wanted) == 0) {
            data->baseline = wanted;
            return FB_OK;
        }
    }
    return fb_fail(err, FB_ENOENT,
                   "--baseline %s: no strategy of these results has this label or id; 'flipbench "
                   "export DIR --what cells' lists them",
                   wanted);
}

int cmd_report(int argc, char **argv)
{
    static const struct argp argp = {.options = options,
                                     .parser = parse_option,
                                     .args_doc = "DIR...",
                                     .doc = help};
    report_arguments arguments = {0};
    struct results results = {0};
    fb_error err = {0};
    argp_err_exit_status = EXIT_ERROR;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    int rc = results_load(arguments.directories.texts, arguments.directories.count, true, &results,
                          &err);
    if (!rc && arguments.baseline)
        rc = choose_baseline(&results.data, arguments.baseline, &err);
    if (arguments.title)
        results.data.name = arguments.title;
    results.data.parts = arguments.parts;
    results.data.style = arguments.style;
    results.data.mix = arguments.mix;
    results.data.all_pairs = arguments.all_pairs;
    if (!rc)
        rc = report_write(&results.data, arguments.output, &err);
    int status = rc ? command_fail(&err) : EXIT_FINE;
    if (!rc)
        printf("%s%s\n", arguments.output, arguments.parts ? "" : "/index.html");
    results_finish(&results);
    text_list_finish(&arguments.directories);
    return status;
}
