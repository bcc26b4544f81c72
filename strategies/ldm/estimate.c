/* SPDX-License-Identifier: 0BSD */
#include "estimate.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "kernels.h"
#include "kit.h"
#include "trial.h"

enum {
    LARGE_POOL = 20000,     /* beyond it a scale's draws are limited by default ... */
    LARGE_POOL_DRAWS = 400, /* ... to this many */
};

/* An estimation under way. */
typedef struct estimation {
    const fb_host *host;
    const ldm_options *options;
    uint64_t limit; /* draws a scale, at most */
    ldm_head head;
    ldm_batch batch;
    ldm_samples pool;
    ldm_samples *reference; /* `pool` when they are the same rows */
    ldm_samples own_reference;
    ldm_samples labeled; /* with their true labels; no rows when there are none */
    uint32_t *least; /* (n) by position: the smallest count of a hypothesis that flips the sample */
    bool screened;
    uint64_t draws;
    uint64_t scales_cut;
} estimation;

/* What one scale has come to. */
typedef struct scale_state {
    uint64_t draws;
    uint64_t idle;    /* draws in a row that lowered nobody */
    uint64_t differs; /* over its draws, of the reference set */
    uint64_t errors;  /* over its draws, of the labelled samples */
} scale_state;

/* Whether two matrices hold the same rows. */
static bool same_rows(const kit_matrix *a, const kit_matrix *b)
{
    return a->rows == b->rows && a->columns == b->columns &&
           (a->data == b->data ||
            memcmp(a->data, b->data, a->rows * a->columns * sizeof(float)) == 0);
}

static int check_shapes(const estimation *e, const kit_matrix *pool, const kit_matrix *reference)
{
    size_t d = e->head.weights.rows;
    if (pool->columns == d && reference->columns == d &&
        e->head.bias.columns == e->head.weights.columns)
        return FB_PLUGIN_OK;
    return e->host->fail(e->host, FB_PLUGIN_EINVAL,
                         "the head is (%zu, %zu) with %zu biases, but embeddings are %zu wide and "
                         "reference embeddings %zu",
                         d, e->head.weights.columns, e->head.bias.columns, pool->columns,
                         reference->columns);
}

/* The labelled samples, where the run has any: they are only looked at for the record. */
static int take_labeled(estimation *e, const fb_round *round)
{
    kit_matrix x;
    const uint32_t *labels;
    size_t count;
    if (round->labeled_count == 0)
        return FB_PLUGIN_OK;
    int rc = kit_get_numbers(e->host, "labels", &labels, &count);
    if (rc == FB_PLUGIN_OK)
        rc = kit_get_matrix(e->host, "labeled_embeddings", 0, &x);
    if (rc == FB_PLUGIN_ENOENT)
        return FB_PLUGIN_OK;
    if (rc != FB_PLUGIN_OK)
        return rc;
    return ldm_samples_init(e->host, &e->head, &x, labels, e->screened, &e->labeled);
}

static bool can_screen(const estimation *e)
{
    if (!kernels_screen_fits(e->head.weights.rows, e->head.weights.columns))
        return false;
    return e->options->way == LDM_SCREENED ||
           (e->options->way == LDM_FASTEST && kernels_screen_fast());
}

static int start(estimation *e, const fb_round *round)
{
    const fb_host *host = e->host;
    kit_matrix pool, reference;
    int rc = kit_get_matrix(host, "head_weights", 0, &e->head.weights);
    if (rc == FB_PLUGIN_OK)
        rc = kit_get_matrix(host, "head_bias", 0, &e->head.bias);
    if (rc == FB_PLUGIN_OK)
        rc = kit_get_matrix(host, "embeddings", 0, &pool);
    if (rc == FB_PLUGIN_OK)
        rc = kit_get_matrix(host, "reference_embeddings", e->options->reference, &reference);
    if (rc == FB_PLUGIN_OK)
        rc = check_shapes(e, &pool, &reference);
    if (rc != FB_PLUGIN_OK)
        return rc;
    e->screened = can_screen(e);
    rc = ldm_samples_init(host, &e->head, &pool, NULL, e->screened, &e->pool);
    e->reference = &e->pool;
    if (rc == FB_PLUGIN_OK && !same_rows(&pool, &reference)) {
        e->reference = &e->own_reference;
        rc = ldm_samples_init(host, &e->head, &reference, NULL, e->screened, &e->own_reference);
    }
    if (rc == FB_PLUGIN_OK)
        rc = take_labeled(e, round);
    if (rc == FB_PLUGIN_OK)
        rc = ldm_batch_alloc(host, &e->head, e->options->batch, e->screened, &e->batch);
    if (rc != FB_PLUGIN_OK)
        return rc;
    e->least = host->alloc(host, pool.rows, sizeof *e->least);
    if (!e->least)
        return kit_fail_memory(host, "LDM");
    for (size_t i = 0; i < pool.rows; i++)
        e->least[i] = (uint32_t)reference.rows; /* L = 1 until a hypothesis flips the sample */
    return FB_PLUGIN_OK;
}

/* The smallest count of the batch's hypotheses. */
static size_t smallest_count(const estimation *e)
{
    size_t smallest = SIZE_MAX;
    for (size_t h = 0; h < e->batch.count; h++)
        if (e->reference->counts[h] < smallest)
            smallest = e->reference->counts[h];
    return smallest;
}

/* Tries the batch on all samples. Where the pool is not the reference set, its samples that no
 * hypothesis of the batch can lower are left out. */
static int try_batch(estimation *e)
{
    int rc = ldm_batch_try(e->host, &e->batch, NULL, 0, e->reference);
    if (rc == FB_PLUGIN_OK && e->reference != &e->pool)
        rc = ldm_batch_try(e->host, &e->batch, e->least, smallest_count(e), &e->pool);
    if (rc == FB_PLUGIN_OK && e->labeled.x.rows)
        rc = ldm_batch_try(e->host, &e->batch, NULL, 0, &e->labeled);
    return rc;
}

/* Takes the hypotheses whose bits are in `flips` in order: L becomes a hypothesis' count where that
 * is smaller. Sets the bits of those that lowered it. */
static uint32_t lower_one(const estimation *e, uint32_t flips, uint32_t least, uint32_t *lowering)
{
    for (size_t h = 0; flips >> h; h++) {
        if (flips >> h & 1 && e->reference->counts[h] < least) {
            least = (uint32_t)e->reference->counts[h];
            *lowering |= 1u << h;
        }
    }
    return least;
}

/* Takes the first `count` hypotheses of the batch for all samples; which of them lower somebody's
 * L. `least` is only changed when `keep`. */
static uint32_t lower(estimation *e, size_t count, bool keep)
{
    uint32_t lowering = 0, mask = (1u << count) - 1;
    size_t smallest = smallest_count(e);
    for (size_t i = 0; i < e->pool.tried; i++) {
        uint32_t flips = e->pool.differs[i] & mask;
        if (!flips || e->least[i] <= smallest)
            continue;
        uint32_t least = lower_one(e, flips, e->least[i], &lowering);
        if (keep)
            e->least[i] = least;
    }
    return lowering;
}

static bool is_over(const estimation *e, const scale_state *scale)
{
    return scale->draws >= e->limit || (e->options->draws == 0 && scale->idle >= e->options->stop);
}

/* Uses the batch's hypotheses in order until the scale is over: as if they had been drawn one by
 * one. Whether one lowers anybody's L depends only on those before it. */
static void use_batch(estimation *e, scale_state *scale)
{
    uint32_t lowering = lower(e, e->batch.count, false);
    size_t h = 0;
    for (; h < e->batch.count && !is_over(e, scale); h++) {
        scale->idle = lowering & 1u << h ? 0 : scale->idle + 1;
        scale->draws++;
        scale->differs += e->reference->counts[h];
        scale->errors += e->labeled.counts[h];
    }
    if (lowering)
        lower(e, h, true);
}

static void record(const estimation *e, const char *what, size_t number, double value)
{
    char name[48];
    snprintf(name, sizeof name, "%s_%02zu", what, number);
    e->host->record(e->host, name, value);
}

static void record_scale(estimation *e, size_t number, const scale_state *scale)
{
    double draws = (double)scale->draws;
    record(e, "draws", number, draws);
    record(e, "disagreement", number,
           (double)scale->differs / (draws * (double)e->reference->x.rows));
    if (e->labeled.x.rows)
        record(e, "accuracy", number,
               1 - (double)scale->errors / (draws * (double)e->labeled.x.rows));
    e->draws += scale->draws;
    if (e->options->draws == 0 && scale->idle < e->options->stop)
        e->scales_cut++;
}

static int run_scale(estimation *e, size_t number)
{
    const double ln_10 = 2.302585092994045684;
    double exponent = e->options->sigma_min_exp + (double)number * e->options->sigma_step;
    float sd = (float)kernels_exp_double(exponent * ln_10);
    scale_state scale = {0};
    while (!is_over(e, &scale)) {
        if (e->host->cancelled(e->host))
            return FB_PLUGIN_ECANCELLED;
        uint64_t left = e->limit - scale.draws;
        size_t count = left < e->options->batch ? (size_t)left : e->options->batch;
        ldm_batch_draw(e->host, &e->head, (uint32_t)number, sd, (uint32_t)scale.draws, count,
                       &e->batch);
        int rc = try_batch(e);
        if (rc != FB_PLUGIN_OK)
            return rc;
        use_batch(e, &scale);
    }
    record_scale(e, number, &scale);
    return FB_PLUGIN_OK;
}

/* Draws a scale may use at most. */
static uint64_t draw_limit(const ldm_options *options, size_t pool_count)
{
    if (options->draws > 0)
        return options->draws;
    if (options->max_draws_per_scale > 0)
        return options->max_draws_per_scale;
    return pool_count > LARGE_POOL ? LARGE_POOL_DRAWS : UINT32_MAX;
}

static void finish(estimation *e)
{
    e->host->record(e->host, "draws", (double)e->draws);
    e->host->record(e->host, "scales_cut", (double)e->scales_cut);
    if (e->scales_cut == 0)
        return;
    char text[160];
    snprintf(text, sizeof text,
             "LDM: %llu noise scales were cut at %llu draws each; max_draws_per_scale raises the "
             "limit",
             (unsigned long long)e->scales_cut, (unsigned long long)e->limit);
    e->host->log(e->host, text);
}

int ldm_estimate(const fb_host *host, const fb_round *round, const ldm_options *options,
                 double *ret_ldm)
{
    estimation e = {
        .host = host,
        .options = options,
        .limit = draw_limit(options, round->pool_count),
    };
    int rc = start(&e, round);
    double range = options->sigma_max_exp - options->sigma_min_exp;
    size_t scales = 1 + (size_t)floor(range / options->sigma_step + 1e-9);
    for (size_t s = 0; rc == FB_PLUGIN_OK && s < scales; s++)
        rc = run_scale(&e, s);
    if (rc != FB_PLUGIN_OK)
        return rc;
    for (size_t i = 0; i < round->pool_count; i++)
        ret_ldm[e.pool.order[i]] = (double)e.least[i] / (double)e.reference->x.rows;
    finish(&e);
    return FB_PLUGIN_OK;
}
