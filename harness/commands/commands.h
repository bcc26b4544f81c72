/* commands.h - the subcommands. Each takes its own arguments (argv[0] is "flipbench NAME") and
 * returns the process's exit status; it may print, the libraries below it never do. */
#ifndef FB_COMMANDS_H
#define FB_COMMANDS_H

#include <stddef.h>
#include <stdio.h>

#include "status.h"

enum {
    EXIT_FINE = 0,
    EXIT_FAILED_CELLS = 1, /* run: the run is through, some cells failed */
    EXIT_FAILED_CHECKS = 1, /* check-plugin: some checks failed */
    EXIT_ERROR = 2,        /* something is wrong with what was asked for, or with the machine */
    EXIT_INTERRUPTED = 130 /* run: stopped by a signal, resumable */
};

typedef struct command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} command;

/* The table that main and the help text use. */
const command *command_table(size_t *ret_count);

int cmd_run(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_select(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_bench_strategy(int argc, char **argv); /* the half of cmd_bench that needs plugins */
int cmd_check(int argc, char **argv);
int cmd_check_plugin(int argc, char **argv);
int cmd_new_strategy(int argc, char **argv);

/* Prints "flipbench: SENTENCE" on stderr and returns EXIT_ERROR. */
int command_fail(const fb_error *err);

/* Prints "20 cells: 2 settings x 5 strategies x 2 trials" and a newline. */
struct plan;
void command_print_cells(const struct plan *plan);

/* The version, "0.1.0". */
const char *flipbench_version(void);

/* A growing list of texts for options that may be given several times (the texts are argv's). */
typedef struct text_list {
    const char **texts;
    size_t count, capacity;
} text_list;

int text_list_add(text_list *list, const char *text);
void text_list_finish(text_list *list);

#endif
