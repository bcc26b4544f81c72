#include "commands.h"

#include <string.h>

#include "alloc.h"
#include "plan.h"

const command *command_table(size_t *ret_count)
{
    static const command table[] = {
        {"run", "run an experiment from a spec, or carry on with one", cmd_run},
        {"report", "write tables, curves and a web page from results", cmd_report},
        {"export", "print results as CSV or JSON lines", cmd_export},
        {"merge", "join the results of several machines", cmd_merge},
        {"select", "one selection from .npy arrays, without training", cmd_select},
        {"check", "check a spec without running it", cmd_check},
        {"check-plugin", "check whether a plugin keeps the rules", cmd_check_plugin},
        {"list", "list strategies, networks or data sets", cmd_list},
        {"bench", "how fast this machine trains, evaluates or selects", cmd_bench},
        {"new-strategy", "write a project for a strategy of your own", cmd_new_strategy},
        {"info", "describe a strategy: rule, citation, parameters", cmd_info},
    };
    *ret_count = sizeof table / sizeof *table;
    return table;
}

int command_fail(const fb_error *err)
{
    fflush(stdout);
    fprintf(stderr, "flipbench: %s\n", err->text);
    return EXIT_ERROR;
}

void command_print_cells(const struct plan *plan)
{
    size_t references = plan_count_references(plan);
    printf("%zu cells: %zu settings x %zu strategies x %u trials", plan->cell_count,
           plan->spec->setting_count, plan->spec->strategy_count, plan->trial_count);
    if (references)
        printf(", and %zu references", references);
    printf("\n");
}

const char *flipbench_version(void)
{
    return FLIPBENCH_VERSION;
}

int text_list_add(text_list *list, const char *text)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity * 2 + 8;
        const char **grown = fb_grow(list->texts, list->count, capacity, sizeof *grown);
        if (!grown)
            return FB_ENOMEM;
        list->texts = grown;
        list->capacity = capacity;
    }
    list->texts[list->count++] = text;
    return FB_OK;
}

void text_list_finish(text_list *list)
{
    fb_free(list->texts);
    *list = (text_list){0};
}
