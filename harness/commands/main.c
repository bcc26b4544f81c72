/* main.c - finds the subcommand and hands over. */
#include <fcntl.h>
#include <gsl/gsl_errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "kernels.h"

static void print_help(FILE *out)
{
    size_t count;
    const command *table = command_table(&count);
    fputs("flipbench - a benchmark harness for deep active learning\n\n"
          "usage: flipbench COMMAND [ARGUMENTS]\n\n",
          out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "  %-13s %s\n", table[i].name, table[i].summary);
    fputs("\n'flipbench COMMAND --help' explains a command; 'flipbench --version' prints the "
          "version.\nFirst steps: flipbench run experiments/quickstart.yaml -o results\n",
          out);
}

static int run_command(const command *chosen, int argc, char **argv)
{
    char name[64];
    snprintf(name, sizeof name, "flipbench %s", chosen->name);
    argv[1] = name;
    return chosen->run(argc - 1, argv + 1);
}

/* At exit, so that argp's help is seen to, too. */
static void check_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return;
    fputs("flipbench: cannot write to standard output; is the disk full or the pipe closed?\n",
          stderr);
    _exit(EXIT_ERROR);
}

/* What a parent may have left us that would break a run: closed standard descriptors, whose
 * numbers the next file would take, and an ignored SIGCHLD, which would swallow how cells end. */
static int make_sane(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
    return signal(SIGCHLD, SIG_DFL) == SIG_ERR;
}

int main(int argc, char **argv)
{
    if (make_sane() || atexit(check_output) != 0)
        return EXIT_ERROR;
    gsl_set_error_handler_off();
    fb_error err;
    if (kernels_use_isa(NULL, &err)) /* FLIPBENCH_ISA names one that is not there */
        return command_fail(&err);
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return EXIT_FINE;
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        printf("flipbench %s\n", flipbench_version());
        return EXIT_FINE;
    }
    size_t count;
    const command *table = command_table(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return run_command(&table[i], argc, argv);
    if (*name)
        fprintf(stderr, "flipbench: there is no command '%s'; 'flipbench --help' lists them\n",
                name);
    else
        print_help(stderr);
    return EXIT_ERROR;
}
