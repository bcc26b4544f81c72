/* SPDX-License-Identifier: 0BSD */
#include "kit.h"

const fb_param kit_param_passes = {
    .struct_size = sizeof(fb_param),
    .name = "passes",
    .type = FB_PARAM_INT,
    .preset.i = 100,
    .minimum.i = 1,
    .maximum.i = 100000,
    .help = "Dropout passes, each with one mask that all samples share.",
};

const fb_param kit_param_members = {
    .struct_size = sizeof(fb_param),
    .name = "members",
    .type = FB_PARAM_INT,
    .preset.i = 5,
    .minimum.i = 2,
    .maximum.i = 100,
    .help = "Networks of the ensemble, the one whose accuracy counts included; each further one is "
            "trained anew in every round.",
};

enum {
    PIECE = 256,  /* rows that a score is given at once */
    SLAB = 65536, /* rows between two looks at host->cancelled */
};

typedef struct scoring {
    const kit_stack *stack;
    kit_score *score;
    double *scores;
    size_t first; /* the slab's first row */
} scoring;

static void score_slab(void *argument, size_t first, size_t count)
{
    const scoring *s = argument;
    for (size_t done = 0; done < count; done += PIECE) {
        size_t row = s->first + first + done;
        kit_stack piece = *s->stack;
        piece.data = kit_stack_row(s->stack, 0, row);
        piece.rows = count - done < PIECE ? count - done : PIECE;
        s->score(&piece, s->scores + row);
    }
}

int kit_score_rows(const fb_host *host, const kit_stack *stack, kit_score *score,
                   double *ret_scores)
{
    for (size_t first = 0; first < stack->rows; first += SLAB) {
        if (host->cancelled(host))
            return host->fail(host, FB_PLUGIN_ECANCELLED, "stopped after %zu of %zu samples",
                              first, stack->rows);
        scoring s = {stack, score, ret_scores, first};
        size_t rows = stack->rows - first < SLAB ? stack->rows - first : SLAB;
        host->parallel_for(host, rows, PIECE, score_slab, &s);
    }
    return FB_PLUGIN_OK;
}

int kit_rank(kit_instance *self, const fb_round *round, const char *service, uint64_t count,
             kit_score *score, kit_order order, uint32_t *ret_ids)
{
    kit_stack stack;
    int rc = kit_get_stack(self->host, service, count, &stack);
    if (rc == FB_PLUGIN_OK)
        rc = kit_scores_alloc(self, round);
    if (rc == FB_PLUGIN_OK)
        rc = kit_score_rows(self->host, &stack, score, self->scores);
    if (rc == FB_PLUGIN_OK)
        rc = kit_select_top(self->host, round, self->scores, order, ret_ids);
    return rc;
}
