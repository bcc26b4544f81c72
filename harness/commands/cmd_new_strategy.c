/* argp is a GNU extension. */
#define _GNU_SOURCE
#include <argp.h>
#include <stdio.h>

#include "commands.h"
#include "project.h"

static const struct argp_option options[] = {
    {"output", 'o', "DIR", 0, "The project's folder, new or empty (default: NAME)", 0},
    {0},
};

typedef struct new_arguments {
    const char *id, *folder;
} new_arguments;

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    new_arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->folder = value;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->id)
            argp_error(state, "one strategy at a time: %s or %s?", arguments->id, value);
        arguments->id = value;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->id)
            argp_error(state, "the strategy's name is missing");
        if (!arguments->folder)
            arguments->folder = arguments->id;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_next(const new_arguments *a)
{
    printf("%s: a working strategy. Next:\n\n"
           "  cd %s\n"
           "  meson setup build\n"
           "  meson test -C build    # builds %s.so, tests its rule and checks the plugin\n\n"
           "Then make %s.c your own; README.md says how to run and install it.\n",
           a->folder, a->folder, a->id, a->id);
}

int cmd_new_strategy(int argc, char **argv)
{
    static const struct argp argp = {
        options, parse_option, "NAME",
        "Write a small project for a query strategy of your own: C source, test, Meson, CI. It "
        "builds against the installed kit and works as it is. NAME is the strategy's id: "
        "lower-case letters, digits and hyphens.",
        NULL, NULL, NULL};
    new_arguments arguments = {0};
    fb_error err = {0};
    argp_err_exit_status = EXIT_ERROR;
    int rc = FB_OK;
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        rc = fb_fail(&err, FB_ENOMEM, "out of memory for the arguments");
    if (!rc)
        rc = project_write(arguments.id, arguments.folder, &err);
    if (rc)
        return command_fail(&err);
    print_next(&arguments);
    return EXIT_FINE;
}
