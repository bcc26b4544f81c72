#include "costs.h"

#include "average.h"

typedef struct cost_sum {
    average train, services, own, evaluate, cell;
    uint64_t peak_bytes;
    size_t trials, complete;
} cost_sum;

static cost mean_cost(const cost_sum *sum)
{
    return (cost){.train = average_mean(sum->train), .evaluate = average_mean(sum->evaluate),
                  .services = average_mean(sum->services), .own = average_mean(sum->own),
                  .peak_bytes = sum->peak_bytes, .cell_seconds = average_mean(sum->cell),
                  .trials = sum->trials, .complete = sum->complete};
}

static void add_cell(cost_sum *sum, const report_cell *cell)
{
    double seconds = 0;
    sum->trials += cell->round_count > 0;
    for (size_t i = 0; i < cell->round_count; i++) {
        const report_round *round = &cell->rounds[i];
        average_add(&sum->train, round->train_seconds);
        average_add(&sum->evaluate, round->evaluate_seconds);
        seconds += round->train_seconds + round->evaluate_seconds;
        if (round->selected_sha256[0]) {
            average_add(&sum->services, round->service_seconds);
            average_add(&sum->own, round->query_seconds);
            seconds += round->service_seconds + round->query_seconds;
        }
        if (round->peak_rss_bytes > sum->peak_bytes)
            sum->peak_bytes = round->peak_rss_bytes;
    }
    if (cell->round_count > 0 && cell->round_count == cell->planned_rounds) {
        average_add(&sum->cell, seconds);
        sum->complete++;
    }
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
        average_add(&sum.train, c.train);
        average_add(&sum.evaluate, c.evaluate);
        average_add(&sum.services, c.services);
        average_add(&sum.own, c.own);
        average_add(&sum.cell, c.cell_seconds);
        sum.trials += c.trials;
        sum.complete += c.complete;
        if (c.peak_bytes > sum.peak_bytes)
            sum.peak_bytes = c.peak_bytes;
    }
    return mean_cost(&sum);
}

double cost_query(const cost *c)
{
    return c->services + c->own;
}
