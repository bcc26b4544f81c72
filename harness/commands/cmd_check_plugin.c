/* argp is a GNU extension. */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "check.h"
#include "commands.h"
#include "strbuf.h"

enum { OPTION_JSON = 256, OPTION_CHECK, OPTION_STRATEGY, OPTION_TIMEOUT, OPTION_PARAM };

#define DEFAULT_LIMIT 30.0

typedef struct check_command {
    check_options options;
    text_list checks;
    param_arguments params;
    bool json, colour;
    json_t *results; /* with --json */
    size_t counts[CHECK_TIMED_OUT + 1];
    char strategy[64]; /* whose results are being printed */
} check_command;

static const struct argp_option options[] = {
    {"strategy", OPTION_STRATEGY, "ID", 0, "Check only this strategy of the file", 1},
    {"check", OPTION_CHECK, "NAME", 0, "Make only this check; can be given several times", 1},
    {"param", OPTION_PARAM, "NAME=VALUE", 0, "A parameter of the strategy", 1},
    {"timeout", OPTION_TIMEOUT, "SECONDS", 0, "For each check (default 30)", 1},
    {"json", OPTION_JSON, NULL, 0, "As JSON", 1},
    {0},
};

static const char description[] =
    "Check whether a plugin keeps the rules of flipbench/strategy.h. Each check runs in a process "
    "of its own on made-up services, with a limit on its time and on its memory (2 GiB). Where a "
    "check says nothing else, 5 of the samples 1048576, 1048579, 1048582, ... are asked for, in "
    "trial 1, round 2."
    "\vExit status: 0 when all checks passed, perhaps with warnings; 1 when one failed, crashed or "
    "timed out; 2 when the plugin could not be checked.";

/* ---- arguments ------------------------------------------------------------------------------ */

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    check_command *c = state->input;
    switch (key) {
    case OPTION_JSON:
        c->json = true;
        return 0;
    case OPTION_CHECK:
        return text_list_add(&c->checks, value) ? ENOMEM : 0;
    case OPTION_STRATEGY:
        c->options.strategy = value;
        return 0;
    case OPTION_TIMEOUT:
        c->options.limit_seconds = argument_positive(state, "--timeout", value, 86400);
        return 0;
    case OPTION_PARAM:
        return argument_param(state, &c->params, value);
    case ARGP_KEY_ARG:
        if (c->options.path)
            argp_error(state, "one file at a time: %s or %s?", c->options.path, value);
        c->options.path = value;
        return 0;
    case ARGP_KEY_END:
        if (!c->options.path)
            argp_error(state, "the plugin's file is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The checks after the description, in --help. */
static char *add_checks(int key, const char *text, void *input)
{
    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)(uintptr_t)text;
    fb_strbuf help = FB_STRBUF_INIT;
    size_t count;
    const check_info *infos = check_table(&count);
    fb_strbuf_printf(&help, "%s\n\nThe checks:\n", text);
    for (size_t i = 0; i < count; i++)
        fb_strbuf_printf(&help, "  %-16s %s\n", infos[i].name, infos[i].summary);
    char *copy = strdup(help.text); /* argp frees it */
    fb_strbuf_finish(&help);
    return copy;
}

/* ---- how to repeat a check ------------------------------------------------------------------ */

/* A word as a shell reads it back. */
static void add_word(fb_strbuf *out, const char *word)
{
    bool plain = *word != '\0';
    for (const char *at = word; *at; at++)
        plain = plain && (strchr("-_./=+,:@%", *at) || (*at >= '0' && *at <= '9') ||
                          (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z'));
    fb_strbuf_add(out, plain ? " " : " '");
    for (const char *at = word; *at; at++)
        if (*at == '\'')
            fb_strbuf_add(out, "'\\''");
        else
            fb_strbuf_add_bytes(out, at, 1);
    fb_strbuf_add(out, plain ? "" : "'");
}

static void add_repeat(const check_command *c, const check_result *result, fb_strbuf *out)
{
    fb_strbuf_add(out, "flipbench check-plugin");
    add_word(out, c->options.path);
    if (*result->strategy)
        fb_strbuf_printf(out, " --strategy %s", result->strategy);
    fb_strbuf_printf(out, " --check %s", result->check);
    for (size_t i = 0; i < c->params.names.count; i++) {
        fb_strbuf param = FB_STRBUF_INIT;
        fb_strbuf_printf(&param, "%s=%s", c->params.names.texts[i], c->params.values.texts[i]);
        fb_strbuf_add(out, " --param");
        add_word(out, param.text);
        fb_strbuf_finish(&param);
    }
    if (c->options.limit_seconds != DEFAULT_LIMIT)
        fb_strbuf_printf(out, " --timeout %g", c->options.limit_seconds);
}

/* ---- results -------------------------------------------------------------------------------- */

static const char *colour_of(const check_command *c, check_outcome outcome)
{
    if (!c->colour)
        return "";
    return check_is_failure(outcome)  ? "\033[31m"
           : outcome == CHECK_WARNING ? "\033[33m"
           : outcome == CHECK_PASSED  ? "\033[32m"
                                      : "";
}

static void print_result(check_command *c, const check_result *result, const char *repeat)
{
    if (strcmp(c->strategy, result->strategy) != 0) {
        snprintf(c->strategy, sizeof c->strategy, "%s", result->strategy);
        printf("strategy %s\n", c->strategy);
    }
    printf("  %-16s %s%s%s", result->check, colour_of(c, result->outcome),
           check_outcome_name(result->outcome), c->colour ? "\033[0m" : "");
    if (*result->detail)
        printf("%*s%s", 11 - (int)strlen(check_outcome_name(result->outcome)), "", result->detail);
    putchar('\n');
    if (check_is_failure(result->outcome))
        printf("  %-16s repeat with: %s\n", "", repeat);
    fflush(stdout);
}

/* A plugin's sentence need not be text that JSON can carry. */
static json_t *detail_json(const char *detail)
{
    char plain[sizeof((check_result *)0)->detail];
    json_t *text = json_string(detail);
    if (text)
        return text;
    snprintf(plain, sizeof plain, "%s", detail);
    for (char *at = plain; *at; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    return json_string(plain);
}

static void add_result(check_command *c, const check_result *result, const char *repeat)
{
    json_t *object = json_pack(
        "{s:s?, s:s, s:s, s:o, s:f, s:s}", "strategy", *result->strategy ? result->strategy : NULL,
        "check", result->check, "outcome", check_outcome_name(result->outcome), "detail",
        detail_json(result->detail), "seconds", result->seconds, "repeat", repeat);
    json_array_append_new(c->results, object);
}

static void tell(void *context, const check_result *result)
{
    check_command *c = context;
    fb_strbuf repeat = FB_STRBUF_INIT;
    add_repeat(c, result, &repeat);
    c->counts[result->outcome]++;
    if (c->json)
        add_result(c, result, repeat.text);
    else
        print_result(c, result, repeat.text);
    fb_strbuf_finish(&repeat);
}

static size_t count_of(const check_command *c, bool failures_only)
{
    size_t count = 0;
    for (int i = CHECK_PASSED; i <= CHECK_TIMED_OUT; i++)
        if (!failures_only || check_is_failure((check_outcome)i))
            count += c->counts[i];
    return count;
}

/* "20 checks: 18 passed, 1 warning, 1 failed", and what nobody checked. */
static void print_summary(const check_command *c)
{
    const char *const *spots = check_blind_spots();
    printf("\n%zu checks:", count_of(c, false));
    const char *comma = "";
    for (int i = CHECK_PASSED; i <= CHECK_TIMED_OUT; i++)
        if (c->counts[i]) {
            printf("%s %zu %s", comma, c->counts[i], check_outcome_name((check_outcome)i));
            comma = ",";
        }
    printf("\nNot checked:\n");
    for (size_t i = 0; spots[i]; i++)
        printf("  - %s\n", spots[i]);
}

static int print_json(check_command *c, fb_error *err)
{
    json_t *summary = json_object(), *blind = json_array();
    const char *const *spots = check_blind_spots();
    for (int i = CHECK_PASSED; i <= CHECK_TIMED_OUT; i++)
        json_object_set_new(summary, check_outcome_name((check_outcome)i),
                            json_integer((json_int_t)c->counts[i]));
    for (size_t i = 0; spots[i]; i++)
        json_array_append_new(blind, json_string(spots[i]));
    json_t *object = json_pack("{s:o, s:O, s:o, s:o}", "plugin", detail_json(c->options.path),
                               "checks", c->results, "summary", summary, "not_checked", blind);
    bool written =
        object && json_dumpf(object, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
    json_decref(object);
    return written ? FB_OK : fb_fail(err, FB_EIO, "the results could not be written as JSON");
}

static int run(check_command *c, fb_error *err)
{
    const char *no_colour = getenv("NO_COLOR");
    c->options.checks = c->checks.texts;
    c->options.check_count = c->checks.count;
    c->options.param_names = c->params.names.texts;
    c->options.param_values = c->params.values.texts;
    c->options.param_count = c->params.names.count;
    c->colour = isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
    c->results = json_array();
    int rc = check_plugin(&c->options, tell, c, err);
    if (!rc && count_of(c, false) == 0)
        rc = fb_fail(err, FB_EINVAL,
                     "nothing to check: the checks of the file (load, symbols) do not go with "
                     "--strategy");
    if (!rc && c->json)
        rc = print_json(c, err);
    else if (!rc)
        print_summary(c);
    return rc;
}

int cmd_check_plugin(int argc, char **argv)
{
    static const struct argp argp = {options, parse_option, "FILE.so", description,
                                     NULL,    add_checks,   NULL};
    check_command c = {.options = {.limit_seconds = DEFAULT_LIMIT}};
    fb_error err = {0};
    int rc = FB_OK;
    argp_err_exit_status = EXIT_ERROR;
    if (argp_parse(&argp, argc, argv, 0, NULL, &c) != 0)
        rc = fb_fail(&err, FB_ENOMEM, "out of memory for the arguments");
    if (!rc)
        rc = run(&c, &err);
    size_t failures = count_of(&c, true);
    json_decref(c.results);
    text_list_finish(&c.checks);
    param_arguments_finish(&c.params);
    if (rc)
        return command_fail(&err);
    return failures ? EXIT_FAILED_CHECKS : EXIT_FINE;
}
