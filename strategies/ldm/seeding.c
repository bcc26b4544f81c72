/* SPDX-License-Identifier: 0BSD */
#include "seeding.h"

#include <math.h>

#include "cosine.h"
#include "kernels.h"

/* The power of gamma_i D_i in the drawing probability. The tests also build a plugin with a wrong
 * one, to see that they can tell. */
#ifndef SEEDING_POWER
#define SEEDING_POWER 2
#endif

/* The random stream of the picks; those of the noise count up from 0, one a scale. */
#define SEEDING_STREAM UINT32_MAX

/* The (batch+1)-th smallest LDM, or the smallest positive one when that is 0; 0 when none is
 * positive. */
static double reference_ldm(const double *ldm, const uint32_t *order, size_t n, size_t batch)
{
    size_t at = batch;
    while (at + 1 < n && ldm[order[at]] == 0)
        at++;
    return ldm[order[at]];
}

void ldm_gammas(const double *ldm, const uint32_t *order, size_t n, size_t batch,
                double *ret_gammas)
{
    double at = reference_ldm(ldm, order, n, batch);
    double rest = 0; /* sum of gamma over all but the `batch` smallest */
    for (size_t rank = 0; rank < n; rank++) {
        uint32_t i = order[rank];
        ret_gammas[i] = at > 0 ? kernels_exp_double(-fmax(0, ldm[i] - at) / at) : 1;
        if (rank >= batch)
            rest += ret_gammas[i];
    }
    if (!(at > 0))
        return;
    for (size_t rank = batch; rank < n; rank++) {
        uint32_t i = order[rank];
        ret_gammas[i] = fmin(1, ret_gammas[i] * ((double)batch / rest));
    }
}

/* (gamma D)^SEEDING_POWER, 0 for a chosen row. */
static double weight(double gamma, double distance)
{
    double product = gamma * distance, power = 1;
    for (int i = 0; i < SEEDING_POWER; i++)
        power *= product;
    return power;
}

/* What the picks so far leave. A chosen row's gamma is set to 0. */
typedef struct seeding {
    double *gammas, *norms, *nearest, *weights; /* (n) */
} seeding;

static int seeding_alloc(const fb_host *host, size_t n, seeding *ret_seeding)
{
    seeding made = {
        .gammas = host->alloc(host, n, sizeof(double)),
        .norms = host->alloc(host, n, sizeof(double)),
        .nearest = host->alloc(host, n, sizeof(double)),
        .weights = host->alloc(host, n, sizeof(double)),
    };
    if (!made.gammas || !made.norms || !made.nearest || !made.weights)
        return kit_fail_memory(host, "LDM-Seeding");
    *ret_seeding = made;
    return FB_PLUGIN_OK;
}

static size_t draw(const seeding *s, size_t n, double u)
{
    for (size_t i = 0; i < n; i++)
        s->weights[i] = weight(s->gammas[i], s->nearest[i]);
    size_t row = kit_weighted_draw(s->weights, n, u);
    return row == KIT_NONE ? kit_weighted_draw(s->gammas, n, u) : row;
}

int ldm_seed(const fb_host *host, const kit_matrix *embeddings, const double *ldm, size_t batch,
             uint32_t *ret_rows)
{
    size_t n = embeddings->rows;
    if (batch >= n)
        return kit_top_k(host, ldm, n, n, KIT_SMALLEST_FIRST, ret_rows);
    seeding s = {0};
    uint32_t *order = host->alloc(host, n, sizeof *order);
    int rc = order ? kit_top_k(host, ldm, n, n, KIT_SMALLEST_FIRST, order)
                   : kit_fail_memory(host, "an order");
    if (rc == FB_PLUGIN_OK)
        rc = seeding_alloc(host, n, &s);
    if (rc != FB_PLUGIN_OK)
        return rc;
    ldm_gammas(ldm, order, n, batch, s.gammas);
    ldm_norms(embeddings, s.norms);
    for (size_t i = 0; i < n; i++)
        s.nearest[i] = INFINITY;

    size_t row = order[0];
    for (size_t pick = 0; pick < batch; pick++) {
        if (pick > 0) {
            double u;
            host->random_uniform(host, SEEDING_STREAM, 0, pick, 1, &u);
            row = draw(&s, n, u);
        }
        ret_rows[pick] = (uint32_t)row;
        s.gammas[row] = 0;
        ldm_cosine_nearest(embeddings, s.norms, row, s.nearest);
        if (host->cancelled(host))
            return FB_PLUGIN_ECANCELLED;
    }
    return FB_PLUGIN_OK;
}
