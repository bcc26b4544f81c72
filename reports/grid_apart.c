/* Which cells are not like the others, and take no part in comparisons. */
#include <math.h>
#include <string.h>

#include "alloc.h"
#include "grid.h"

/* How many cells of a setting are of a kind: have a fingerprint, or a version of a strategy. */
typedef struct kind {
    const char *fingerprint;
    uint32_t version;
    size_t count;
} kind;

static bool same_kind(const kind *a, const kind *b)
{
    return a->version == b->version && strcmp(a->fingerprint, b->fingerprint) == 0;
}

/* A cell's fingerprint, "" when none is known. */
static kind fingerprint_of(const grid_cell *cell)
{
    bool known = cell->source && cell->source->fingerprint;
    return (kind){.fingerprint = known ? cell->source->fingerprint : ""};
}

/* A cell's version of its strategy, 0 when none is known. */
static kind version_of(const grid_cell *cell)
{
    return (kind){.fingerprint = "", .version = cell->source ? cell->source->algo_version : 0};
}

/* Sets apart which of `count` cells are not of the most frequent kind, or of the earlier one of two
 * that are as frequent. Cells of unknown kind stay. `kinds` has room for all. */
static void keep_main_kind(grid_cell *cells, size_t count, kind (*kind_of)(const grid_cell *),
                           kind *kinds)
{
    const kind unknown = {.fingerprint = ""};
    size_t found = 0, best = 0;
    for (size_t i = 0; i < count; i++) {
        kind own = kind_of(&cells[i]);
        size_t k = 0;
        while (k < found && !same_kind(&kinds[k], &own))
            k++;
        if (same_kind(&own, &unknown))
            continue;
        if (k == found)
            kinds[found++] = own;
        kinds[k].count++;
    }
    for (size_t k = 1; k < found; k++)
        best = kinds[k].count > kinds[best].count ? k : best;
    for (size_t i = 0; found > 0 && i < count; i++) {
        kind own = kind_of(&cells[i]);
        if (!same_kind(&own, &unknown) && !same_kind(&own, &kinds[best]))
            cells[i].apart = true;
    }
}

int grid_set_apart(grid *g, fb_error *err)
{
    size_t trials = g->trial_count, strategies = g->data->strategy_count;
    kind *kinds = fb_calloc(strategies * trials, sizeof *kinds);
    if (!kinds)
        return fb_fail_memory(err, strategies * trials, sizeof *kinds, "fingerprints");
    for (size_t setting = 0; !g->data->mix && setting < g->data->setting_count; setting++) {
        grid_cell *cells = &g->cells[setting * strategies * trials];
        keep_main_kind(cells, strategies * trials, fingerprint_of, kinds);
        for (size_t s = 0; s < strategies; s++)
            keep_main_kind(cells + s * trials, trials, version_of, kinds);
    }
    fb_free(kinds);
    return FB_OK;
}

grid_cell grid_compared(const grid *g, size_t setting, size_t strategy, size_t trial)
{
    grid_cell cell = *grid_at(g, setting, strategy, trial);
    if (cell.apart)
        cell.count = 0;
    return cell;
}

size_t grid_apart(const grid *g)
{
    size_t count = g->data->setting_count * g->data->strategy_count * g->trial_count, apart = 0;
    for (size_t i = 0; i < count; i++)
        apart += g->cells[i].apart;
    return apart;
}

/* ---- networks trained on everything --------------------------------------------------------- */

/* The fingerprint of a setting's cells that are compared; NULL when none is known. */
static const char *main_fingerprint(const grid *g, size_t setting)
{
    size_t count = g->data->strategy_count * g->trial_count;
    const grid_cell *cells = &g->cells[setting * count];
    for (size_t i = 0; i < count; i++)
        if (!cells[i].apart && cells[i].source && cells[i].source->fingerprint)
            return cells[i].source->fingerprint;
    return NULL;
}

bool grid_reference_is_apart(const grid *g, const report_reference *reference)
{
    const char *cells = main_fingerprint(g, reference->setting);
    return !g->data->mix && cells && reference->fingerprint && !isnan(reference->accuracy) &&
           strcmp(cells, reference->fingerprint) != 0;
}

double grid_reference_accuracy(const grid *g, const report_reference *reference)
{
    return grid_reference_is_apart(g, reference) ? (double)NAN : reference->accuracy;
}

size_t grid_references_apart(const grid *g)
{
    size_t apart = 0;
    for (size_t i = 0; i < g->data->reference_count; i++)
        apart += grid_reference_is_apart(g, &g->data->references[i]);
    return apart;
}
