/* SPDX-License-Identifier: 0BSD
 *
 * Which of a file's experiments is meant. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "trace.h"

/* What rows are told apart by. */
typedef const char *text_of(const trace_row *row);

static const char *setting_of(const trace_row *row)
{
    return row->setting;
}

static const char *strategy_of(const trace_row *row)
{
    return row->strategy;
}

static const char *params_of(const trace_row *row)
{
    return row->params;
}

static bool same(const trace *t, size_t a, size_t b, text_of *of)
{
    return strcmp(of(&t->rows[a]), of(&t->rows[b])) == 0;
}

static bool is_first(const trace *t, size_t row, text_of *of)
{
    if (row > 0 && same(t, row - 1, row, of)) /* so it is nearly always */
        return false;
    size_t i = 0;
    while (!same(t, i, row, of))
        i++;
    return i == row;
}

/* The different texts of the rows, "a, b, c", as far as there is room. */
static const char *list(const trace *t, text_of *of, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < t->count && used < size; i++)
        if (is_first(t, i, of))
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "",
                                     of(&t->rows[i]));
    return out;
}

static bool all_same(const trace *t, text_of *of)
{
    size_t i = 0;
    while (i < t->count && same(t, 0, i, of))
        i++;
    return i == t->count;
}

/* Leaves the rows whose `what` is the one wanted, or all where none is and they agree. */
static int filter(const fb_host *host, trace *t, const char *what, text_of *of, const char *wanted)
{
    char known[400];
    size_t kept = 0;
    if (!*wanted && all_same(t, of))
        return FB_PLUGIN_OK;
    if (!*wanted)
        return host->fail(host, FB_PLUGIN_EINVAL,
                          "%s holds traces of more than one %s: name one by the parameter '%s'; "
                          "there are: %s",
                          t->file, what, what, list(t, of, known, sizeof known));
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(of(&t->rows[i]), wanted) == 0)
            t->rows[kept++] = t->rows[i];
    if (kept == 0)
        return host->fail(host, FB_PLUGIN_EINVAL, "%s has no %s '%s'; it names: %s", t->file, what,
                          wanted, list(t, of, known, sizeof known));
    t->count = kept;
    return FB_PLUGIN_OK;
}

int trace_choose(const fb_host *host, const char *setting, const char *strategy, trace *t)
{
    char known[400];
    int rc = filter(host, t, "setting", setting_of, setting);
    if (!rc)
        rc = filter(host, t, "strategy", strategy_of, strategy);
    if (!rc && !all_same(t, params_of))
        rc = host->fail(host, FB_PLUGIN_EINVAL,
                        "%s holds '%s' with more than one set of parameters, of which it has to "
                        "have one: %s",
                        t->file, t->rows[0].strategy, list(t, params_of, known, sizeof known));
    return rc;
}
