/* argp is a GNU extension. */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>

#include "commands.h"
#include "merge.h"

typedef struct merge_arguments {
    text_list directories;
    const char *output;
} merge_arguments;

static const struct argp_option options[] = {
    {"output", 'o', "DIR", 0,
     "Folder for the whole; results that are there already are merged with the others", 0},
    {0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    merge_arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->output = value;
        return 0;
    case ARGP_KEY_ARG:
        return text_list_add(&arguments->directories, value) ? ENOMEM : 0;
    case ARGP_KEY_END:
        if (arguments->directories.count == 0)
            argp_error(state, "which results? Name the folders that 'flipbench run' wrote");
        if (!arguments->output || !*arguments->output)
            argp_error(state, "where to? Add -o DIR");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cmd_merge(int argc, char **argv)
{
    static const struct argp argp = {
        options,
        parse_option,
        "DIR...",
        "Join the results of several machines: different trials, strategies or settings of one "
        "experiment. What contradicts is refused; merging again what is there already changes "
        "nothing.",
        NULL,
        NULL,
        NULL};
    merge_arguments arguments = {0};
    fb_error err = {0};
    argp_err_exit_status = EXIT_ERROR;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    int rc = merge_folders(arguments.directories.texts, arguments.directories.count,
                           arguments.output, &err);
    if (!rc)
        printf("%s: merged; next: flipbench report %s -o %s/report\n", arguments.output,
               arguments.output, arguments.output);
    text_list_finish(&arguments.directories);
    return rc ? command_fail(&err) : EXIT_FINE;
}
