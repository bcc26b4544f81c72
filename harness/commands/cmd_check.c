/* argp is a GNU extension. */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "plan.h"
#include "plugin.h"
#include "spec.h"

enum { OPTION_SET = 256, OPTION_PLUGIN, OPTION_DATA, OPTION_RESOLVED };

typedef struct check_arguments {
    const char *spec, *data;
    text_list overrides, plugins;
    bool resolved;
} check_arguments;

static const struct argp_option options[] = {
    {"set", OPTION_SET, "PATH=VALUE", 0, "Override a value of the spec", 0},
    {"plugin", OPTION_PLUGIN, "PATH", 0, "A strategy's .so, or a folder of them", 0},
    {"data", OPTION_DATA, "DIR", 0, "Where data sets are looked for first", 0},
    {"resolved", OPTION_RESOLVED, NULL, 0, "Print the spec with every default written out", 0},
    {0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    check_arguments *arguments = state->input;
    switch (key) {
    case OPTION_SET:
        if (!strchr(value, '='))
            argp_error(state, "--set %s: expected PATH=VALUE, such as train.epochs=5", value);
        return text_list_add(&arguments->overrides, value) ? ENOMEM : 0;
    case OPTION_PLUGIN:
        return text_list_add(&arguments->plugins, value) ? ENOMEM : 0;
    case OPTION_DATA:
        arguments->data = value;
        return 0;
    case OPTION_RESOLVED:
        arguments->resolved = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->spec)
            argp_error(state, "one spec at a time, please");
        arguments->spec = value;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->spec)
            argp_error(state, "which spec?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* One line for the whole, one for each setting: what it trains on what, and for how long. */
static void print_plan(const char *path, const struct plan *plan)
{
    printf("%s: ok, ", path);
    command_print_cells(plan);
    for (size_t i = 0; i < plan->spec->setting_count; i++) {
        const plan_setting *setting = &plan->settings[i];
        const spec_setting *spec = setting->spec;
        const dataset *data = setting->data;
        size_t initial = setting->splits[0].initial_count, pool = setting->splits[0].pool_count;
        size_t queried = setting->query_rounds * spec->query;
        if (queried > pool) /* the last query of `rounds: all` */
            queried = pool;
        printf("  %s: %s, %zu x %zu x %zu, %zu classes; %s, %zu parameters; %zu rounds, %zu to %zu "
               "labels of %zu\n", spec->name, spec->dataset_label, data->height, data->width,
               data->channels, data->class_count, spec->network.name, setting->parameter_count,
               setting->query_rounds + 1, initial, initial + queried, initial + pool);
    }
}

int cmd_check(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse_option,
        "SPEC",
        "Check a spec down to its data files, plugins, parameters and budgets, and run nothing.",
        NULL,
        NULL,
        NULL};
    check_arguments arguments = {0};
    struct spec spec = {0};
    struct catalog catalog = {0};
    struct plan plan = {0};
    fb_error err = {0};
    argp_err_exit_status = EXIT_ERROR;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    int rc = spec_read(arguments.spec, arguments.overrides.texts, arguments.overrides.count, &spec,
                       &err);
    if (!rc)
        rc = catalog_build(arguments.plugins.texts, arguments.plugins.count, &catalog, &err);
    if (!rc)
        rc = plan_build(&spec, &catalog, spec.trial_first, spec.trial_count, arguments.data, &plan,
                        &err);
    if (rc)
        command_fail(&err);
    else if (arguments.resolved)
        fputs(spec.resolved, stdout);
    else
        print_plan(arguments.spec, &plan);
    plan_finish(&plan);
    catalog_finish(&catalog);
    spec_finish(&spec);
    text_list_finish(&arguments.overrides);
    text_list_finish(&arguments.plugins);
    return rc ? EXIT_ERROR : EXIT_FINE;
}
