#include "costs.h"

#include <math.h>

/* The mean of what was seen; NaN when nothing was. */
typedef struct tally {
    double sum;
    size_t count;
} tally;

static void tally_add(tally *seen, double value)
{
    if (isnan(value))
        return;
    seen->sum += value;
    seen->count++;
}

static double tally_mean(tally seen)
{
    return seen.count ? seen.sum / (double)seen.count : (double)NAN;
}

typedef struct cost_sum {
    tally train, services, own, evaluate, cell;
    uint64_t peak_bytes;
} cost_sum;

static cost mean_cost(const cost_sum *sum)
{
    return (cost){.train = tally_mean(sum->train), .evaluate = tally_mean(sum->evaluate),
                  .services = tally_mean(sum->services), .own = tally_mean(sum->own),
                  .peak_bytes = sum->peak_bytes, .cell_seconds = tally_mean(sum->cell)};
}

static void add_cell(cost_sum *sum, const report_cell *cell)
{
    double seconds = 0;
    for (size_t i = 0; i < cell->round_count; i++) {
        const report_round *round = &cell->rounds[i];
        tally_add(&sum->train, round->train_seconds);
        tally_add(&sum->evaluate, round->evaluate_seconds);
        seconds += round->train_seconds + round->evaluate_seconds;
        if (round->selected_sha256[0]) {
            tally_add(&sum->services, round->service_seconds);
            tally_add(&sum->own, round->query_seconds);
            seconds += round->service_seconds + round->query_seconds;
        }
        if (round->peak_rss_bytes > sum->peak_bytes)
            sum->peak_bytes = round->peak_rss_bytes;
    }
    if (cell->round_count > 0 && cell->round_count == cell->planned_rounds)
        tally_add(&sum->cell, seconds);
}

cost cost_of(const grid *g, size_t setting, size_t strategy)
{
    cost_sum sum = {0};
    for (size_t t = 0; t < g->trial_count; t++) {
        const report_cell *cell = grid_at(g, setting, strategy, t)->source;
        if (cell)
            add_cell(&sum, cell);
    }
    return mean_cost(&sum);
}

cost cost_overall(const grid *g, size_t strategy)
{
    cost_sum sum = {0};
    for (size_t i = 0; i < g->data->setting_count; i++) {
        cost c = cost_of(g, i, strategy);
        tally_add(&sum.train, c.train);
        tally_add(&sum.evaluate, c.evaluate);
        tally_add(&sum.services, c.services);
        tally_add(&sum.own, c.own);
        tally_add(&sum.cell, c.cell_seconds);
        if (c.peak_bytes > sum.peak_bytes)
            sum.peak_bytes = c.peak_bytes;
    }
    return mean_cost(&sum);
}

double cost_query(const cost *c)
{
    return c->services + c->own;
}
