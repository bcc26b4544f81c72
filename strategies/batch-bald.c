/* SPDX-License-Identifier: 0BSD
 *
 * batch-bald: the batch whose labels, taken together, say the most about the network. */
#include <math.h>

#include "batch_bald/joint.h"

/* ---- parameters ----------------------------------------------------------------------------- */

static const fb_param passes = { /* fewer than the kit's: a matrix has samples x passes */
    .struct_size = sizeof(fb_param),
    .name = "passes",
    .type = FB_PARAM_INT,
    .preset.i = 100,
    .minimum.i = 1,
    .maximum.i = 10000,
    .help = "Dropout passes, each with one mask that all samples share.",
};
static const fb_param samples = {
    .struct_size = sizeof(fb_param),
    .name = "samples",
    .type = FB_PARAM_INT,
    .preset.i = 10000,
    .minimum.i = 1,
    .maximum.i = 1000000,
    .help = "Joint entropies are exact while those chosen have at most this many configurations of "
            "labels, and estimated from so many drawn ones beyond; rounded up to a multiple of "
            "the passes.",
};

enum { PASSES, SAMPLES };

static const fb_param *const params[] = {[PASSES] = &passes, [SAMPLES] = &samples};

/* ---- the greedy search ---------------------------------------------------------------------- */

/* A row's gain is what it adds to the mutual information of those chosen. It can only shrink while
 * more are chosen (the mutual information is submodular), so an old gain is a bound, and most rows
 * need not be tried again in most steps (Minoux 1978, accelerated greedy algorithms). */
typedef struct search {
    const fb_host *host;
    kit_stack p; /* (passes, n, C) */
    joint joint;
    double *gains;   /* (n); -infinity for those chosen */
    uint32_t *tried; /* (n): how many had been chosen when the gain was computed */
    uint32_t *best;  /* (n): the rows with the largest gains, as many as are looked at */
    size_t trials;
} search;

static int search_init(search *s, const fb_round *round, size_t configurations)
{
    const fb_host *host = s->host;
    s->gains = host->alloc(host, s->p.rows, sizeof *s->gains);
    s->tried = host->alloc(host, s->p.rows, sizeof *s->tried);
    s->best = host->alloc(host, s->p.rows, sizeof *s->best);
    if (!s->gains || !s->tried || !s->best)
        return kit_fail_memory(host, "gains");
    int rc = joint_init(host, &s->p, configurations, round->batch, &s->joint);
    if (rc == FB_PLUGIN_OK)
        rc = kit_score_rows(host, &s->p, kit_mutual_information, s->gains);
    return rc;
}

/* Computes the gains of rows, at most a panel of them, anew. */
static int try_rows(search *s, const uint32_t *rows, size_t count)
{
    const fb_host *host = s->host;
    double gains[JOINT_COLUMNS];
    if (host->cancelled(host))
        return host->fail(host, FB_PLUGIN_ECANCELLED, "stopped after %zu choices",
                          s->joint.chosen_count);
    int rc = joint_gains(host, &s->joint, rows, count, gains);
    for (size_t i = 0; rc == FB_PLUGIN_OK && i < count; i++) {
        s->gains[rows[i]] = gains[i];
        s->tried[rows[i]] = (uint32_t)s->joint.chosen_count;
    }
    s->trials += count;
    return rc;
}

/* Computes those of the first `count` best rows anew whose gains are old. */
static int refresh(search *s, size_t count)
{
    uint32_t rows[JOINT_COLUMNS];
    size_t waiting = 0;
    int rc = FB_PLUGIN_OK;
    for (size_t i = 0; rc == FB_PLUGIN_OK && i < count; i++) {
        if (s->tried[s->best[i]] != s->joint.chosen_count)
            rows[waiting++] = s->best[i];
        if (waiting == s->joint.panel || (waiting > 0 && i + 1 == count)) {
            rc = try_rows(s, rows, waiting);
            waiting = 0;
        }
    }
    return rc;
}

/* Finds the row of the largest gain: the best bound of all, once it is new. */
static int find_next(search *s, uint32_t *ret_row)
{
    const size_t left = s->p.rows - s->joint.chosen_count;
    for (size_t width = s->joint.panel;; width *= 2) {
        size_t count = width < left ? width : left;
        int rc = kit_top_k(s->host, s->gains, s->p.rows, count, KIT_LARGEST_FIRST, s->best);
        if (rc == FB_PLUGIN_OK && s->tried[s->best[0]] == s->joint.chosen_count) {
            *ret_row = s->best[0];
            return rc;
        }
        if (rc == FB_PLUGIN_OK)
            rc = refresh(s, count);
        if (rc != FB_PLUGIN_OK)
            return rc;
    }
}

static int select_batch_bald(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    const kit_instance *self = instance;
    search s = {.host = self->host};
    int rc = kit_get_stack(s.host, "mc_probabilities", (uint64_t)self->values[PASSES].i, &s.p);
    if (rc == FB_PLUGIN_OK)
        rc = search_init(&s, round, (size_t)self->values[SAMPLES].i);
    for (size_t i = 0; rc == FB_PLUGIN_OK && i < round->batch; i++) {
        uint32_t row = 0;
        rc = find_next(&s, &row);
        if (rc != FB_PLUGIN_OK)
            break;
        ret_ids[i] = round->pool_ids[row];
        s.gains[row] = -(double)INFINITY;
        if (i + 1 < round->batch)
            rc = joint_add(s.host, &s.joint, row);
    }
    s.host->record(s.host, "trials", (double)s.trials);
    return rc;
}

static const char *const services[] = {"mc_probabilities", NULL};

static const fb_strategy strategy = {
    .struct_size = sizeof strategy,
    .id = "batch-bald",
    .label = "BatchBALD",
    .algo_version = 1,
    .needs = FB_NEEDS_DROPOUT,
    .rule = "Greedily the batch with the largest mutual information between its labels, taken "
            "together, and the network, over dropout passes.",
    .citation = "Kirsch, A., van Amersfoort, J., & Gal, Y. (2019). BatchBALD: Efficient and "
                "diverse batch acquisition for deep Bayesian active learning. NeurIPS, 7024-7035.",
    .deviations = "Drawn configurations are kept and extended by each sample that is chosen, where "
                  "the authors draw new ones in each step, and the entropies of the passes are "
                  "weighed as the drawn configurations believe in them. A candidate is tried again "
                  "only while its last gain is among the largest: that changes nothing where "
                  "entropies are exact, because gains only shrink; where they are estimated, a "
                  "candidate may be passed over whose last estimate was too small. Predictions are "
                  "mixed in float32. In a pass all samples share one dropout mask, and batch "
                  "normalisation works as in evaluation.",
    .params = params,
    .param_count = 2,
    .create = kit_create,
    .select = select_batch_bald,
    .destroy = kit_destroy,
    .services = services,
};

FB_PLUGIN_ONE(strategy);
