/* argp is a GNU extension. */
#define _GNU_SOURCE
#include <argp.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "datasets.h"
#include "nn.h"
#include "plugin.h"

enum { OPTION_JSON = 256, OPTION_PLUGIN };

typedef struct list_arguments {
    const char *words[2];
    size_t word_count, words_wanted;
    const char *question;
    text_list plugins;
    bool json;
} list_arguments;

static const struct argp_option options[] = {
    {"json", OPTION_JSON, NULL, 0, "As JSON", 0},
    {"plugin", OPTION_PLUGIN, "PATH", 0, "A strategy's .so, or a folder of them", 0},
    {0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    list_arguments *arguments = state->input;
    switch (key) {
    case OPTION_JSON:
        arguments->json = true;
        return 0;
    case OPTION_PLUGIN:
        return text_list_add(&arguments->plugins, value) ? ENOMEM : 0;
    case ARGP_KEY_ARG:
        if (arguments->word_count == arguments->words_wanted)
            argp_error(state, "%s", arguments->question);
        arguments->words[arguments->word_count++] = value;
        return 0;
    case ARGP_KEY_END:
        if (arguments->word_count < arguments->words_wanted)
            argp_error(state, "%s", arguments->question);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_json(json_t *value)
{
    char *text = json_dumps(value, JSON_INDENT(2));
    if (text)
        puts(text);
    free(text);
}

/* ---- list ---------------------------------------------------------------------------------- */

/* One line, or one JSON object, for each thing that has a name and a summary. */
static void print_item(bool json, json_t *array, const char *name, const char *summary)
{
    if (json)
        json_array_append_new(array, json_pack("{s:s, s:s}", "name", name, "summary", summary));
    else
        printf("%-16s %s\n", name, summary);
}

static int list_strategies(const list_arguments *arguments, json_t *array, fb_error *err)
{
    struct catalog catalog = {0};
    int rc = catalog_build(arguments->plugins.texts, arguments->plugins.count, &catalog, err);
    for (size_t i = 0; !rc && i < catalog.count; i++)
        print_item(arguments->json, array, catalog.strategies[i].id, catalog.strategies[i].rule);
    catalog_finish(&catalog);
    return rc;
}

static int list_networks(const list_arguments *arguments, json_t *array)
{
    size_t count;
    const nn_network_info *networks = nn_networks(&count);
    for (size_t i = 0; i < count; i++)
        print_item(arguments->json, array, networks[i].name, networks[i].summary);
    return FB_OK;
}

static int list_datasets(const list_arguments *arguments, json_t *array)
{
    size_t count;
    const data_registry_entry *entries = data_registry(&count);
    for (size_t i = 0; i < count; i++)
        print_item(arguments->json, array, entries[i].name, entries[i].summary);
    const data_generator_info *generators = data_generators(&count);
    for (size_t i = 0; i < count; i++) {
        char summary[512];
        snprintf(summary, sizeof summary, "synthetic: %s", generators[i].summary);
        print_item(arguments->json, array, generators[i].name, summary);
    }
    return FB_OK;
}

int cmd_list(int argc, char **argv)
{
    static const struct argp argp = {
        options, parse_option, "strategies|networks|datasets", "List what a spec can name.", NULL,
        NULL,    NULL};
    list_arguments arguments = {.words_wanted = 1,
                                .question = "expected one of: strategies, networks, datasets"};
    fb_error err = {0};
    argp_err_exit_status = EXIT_ERROR;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    json_t *array = json_array();
    int rc;
    if (strcmp(arguments.words[0], "strategies") == 0)
        rc = list_strategies(&arguments, array, &err);
    else if (strcmp(arguments.words[0], "networks") == 0)
        rc = list_networks(&arguments, array);
    else if (strcmp(arguments.words[0], "datasets") == 0)
        rc = list_datasets(&arguments, array);
    else
        rc = fb_fail(&err, FB_EINVAL, "list %s: %s", arguments.words[0], arguments.question);
    if (!rc && arguments.json)
        print_json(array);
    json_decref(array);
    text_list_finish(&arguments.plugins);
    return rc ? command_fail(&err) : EXIT_FINE;
}

/* ---- info ---------------------------------------------------------------------------------- */

static const char *param_type_name(fb_param_type type)
{
    switch (type) {
    case FB_PARAM_INT:
        return "integer";
    case FB_PARAM_FLOAT:
        return "number";
    case FB_PARAM_BOOL:
        return "true or false";
    case FB_PARAM_TEXT:
        return "text";
    }
    return "?";
}

static bool is_number(const catalog_param *param)
{
    return param->type == FB_PARAM_INT || param->type == FB_PARAM_FLOAT;
}

static void print_param(const catalog_param *param)
{
    const char *quote = *param->preset ? "" : "''";
    printf("  %s = %s%s  (%s", param->name, param->preset, quote, param_type_name(param->type));
    if (is_number(param))
        printf(", %.15g to %.15g", param->minimum, param->maximum);
    for (size_t i = 0; param->choices && param->choices[i]; i++)
        printf("%s%s", i ? " | " : ": ", param->choices[i]);
    printf(")\n      %s\n", param->help);
}

static void print_services(char *const *services)
{
    if (!services)
        printf("not said\n");
    else if (!services[0])
        printf("nothing\n");
    for (size_t i = 0; services && services[i]; i++)
        printf("%s%s", services[i], services[i + 1] ? ", " : "\n");
}

static void print_strategy(const catalog_strategy *strategy)
{
    printf("%s (%s), version %u\n%s\n\n", strategy->id, strategy->label, strategy->algo_version,
           strategy->rule);
    printf("citation    %s\n", strategy->citation);
    printf("deviations  %s\n", strategy->deviations ? strategy->deviations : "none known");
    if (strategy->score_name)
        printf("scores      %s, %s first\n", strategy->score_name,
               strategy->score_ascending ? "smallest" : "largest");
    printf("asks for    ");
    print_services(strategy->services);
    if (strategy->needs & FB_NEEDS_DROPOUT)
        printf("needs       a network with dropout\n");
    if (strategy->needs & FB_NEEDS_ENSEMBLE)
        printf("needs       an ensemble: each further member is trained in every round\n");
    printf("plugin      %s\n", strategy->path);
    printf("parameters%s\n", strategy->param_count ? "" : "  none");
    for (size_t i = 0; i < strategy->param_count; i++)
        print_param(&strategy->params[i]);
}

/* null where there is no list. */
static json_t *texts_json(char *const *texts)
{
    json_t *array = texts ? json_array() : json_null();
    for (size_t i = 0; texts && texts[i]; i++)
        json_array_append_new(array, json_string(texts[i]));
    return array;
}

/* An end of a parameter's range; null where it has none. */
static json_t *limit_json(const catalog_param *param, double limit)
{
    if (param->type == FB_PARAM_INT)
        return json_integer((json_int_t)limit);
    return is_number(param) ? json_real(limit) : json_null();
}

static json_t *param_json(const catalog_param *param)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:s}", "name", param->name, "type",
                     param_type_name(param->type), "default", param->preset, "minimum",
                     limit_json(param, param->minimum), "maximum",
                     limit_json(param, param->maximum), "choices", texts_json(param->choices),
                     "help", param->help);
}

static json_t *needs_json(uint32_t needs)
{
    json_t *array = json_array();
    if (needs & FB_NEEDS_DROPOUT)
        json_array_append_new(array, json_string("dropout"));
    if (needs & FB_NEEDS_ENSEMBLE)
        json_array_append_new(array, json_string("ensemble"));
    return array;
}

static json_t *score_json(const catalog_strategy *strategy)
{
    if (!strategy->score_name)
        return json_null();
    return json_pack("{s:s, s:s}", "name", strategy->score_name, "first",
                     strategy->score_ascending ? "smallest" : "largest");
}

static json_t *strategy_json(const catalog_strategy *strategy)
{
    json_t *params = json_array();
    for (size_t i = 0; i < strategy->param_count; i++)
        json_array_append_new(params, param_json(&strategy->params[i]));
    return json_pack("{s:s, s:s, s:I, s:s, s:s, s:s?, s:o, s:o, s:o, s:s, s:o}", "id",
                     strategy->id, "label", strategy->label, "algo_version",
                     (json_int_t)strategy->algo_version, "rule", strategy->rule, "citation",
                     strategy->citation, "deviations", strategy->deviations, "score",
                     score_json(strategy), "services", texts_json(strategy->services), "needs",
                     needs_json(strategy->needs), "plugin", strategy->path, "parameters", params);
}

int cmd_info(int argc, char **argv)
{
    static const struct argp argp = {
        options,       parse_option,
        "strategy ID", "Describe a strategy: rule, citation, what it asks for, parameters, deviations.",
        NULL,          NULL,
        NULL};
    list_arguments arguments = {.words_wanted = 2, .question = "expected: info strategy ID"};
    struct catalog catalog = {0};
    fb_error err = {0};
    char hint[512];
    argp_err_exit_status = EXIT_ERROR;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    const catalog_strategy *strategy = NULL;
    int rc = FB_OK;
    if (strcmp(arguments.words[0], "strategy") != 0)
        rc = fb_fail(&err, FB_EINVAL, "info %s: %s", arguments.words[0], arguments.question);
    if (!rc)
        rc = catalog_build(arguments.plugins.texts, arguments.plugins.count, &catalog, &err);
    if (!rc && !(strategy = catalog_find(&catalog, arguments.words[1])))
        rc = fb_fail(&err, FB_ENOENT, "unknown strategy '%s'%s", arguments.words[1],
                     catalog_suggest(&catalog, arguments.words[1], hint, sizeof hint));
    if (!rc && arguments.json) {
        json_t *object = strategy_json(strategy);
        print_json(object);
        json_decref(object);
    } else if (!rc) {
        print_strategy(strategy);
    }
    catalog_finish(&catalog);
    text_list_finish(&arguments.plugins);
    return rc ? command_fail(&err) : EXIT_FINE;
}
