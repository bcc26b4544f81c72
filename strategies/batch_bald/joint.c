/* SPDX-License-Identifier: 0BSD */
#include "joint.h"

#include <stdatomic.h>
#include <string.h>

#include "kernels.h"

enum { BLOCK = 64 }; /* configurations whose sums are made together; bits depend on it */

static size_t block_count(size_t configurations)
{
    return (configurations + BLOCK - 1) / BLOCK;
}

int joint_init(const fb_host *host, const kit_stack *p, size_t samples, size_t batch,
               joint *ret_joint)
{
    const size_t classes = p->columns, passes = p->layers;
    joint j = {.p = p, .count = 1};
    j.samples = (samples + passes - 1) / passes * passes;
    j.panel = classes < JOINT_COLUMNS ? JOINT_COLUMNS / classes : 1;
    const size_t columns = j.panel * classes;
    j.beliefs = host->alloc(host, j.samples, passes * sizeof *j.beliefs);
    j.shares = host->alloc(host, j.samples, sizeof *j.shares);
    j.chosen = host->alloc(host, batch, sizeof *j.chosen);
    j.likelihoods = host->alloc(host, classes, passes * sizeof *j.likelihoods);
    j.draws = host->alloc(host, j.samples, sizeof *j.draws);
    j.panel_p = host->alloc(host, passes, columns * sizeof *j.panel_p);
    j.products = host->alloc(host, j.samples, columns * sizeof *j.products);
    j.sums = host->alloc(host, block_count(j.samples), columns * sizeof *j.sums);
    j.weights = host->alloc(host, passes, sizeof *j.weights);
    if (!j.beliefs || !j.shares || !j.chosen || !j.likelihoods || !j.draws || !j.panel_p ||
        !j.products || !j.sums || !j.weights)
        return kit_fail_memory(host, "configurations of labels");
    j.shares[0] = 1;
    for (size_t t = 0; t < passes; t++) {
        j.beliefs[t] = 1 / (float)passes;
        j.weights[t] = (double)j.beliefs[t];
    }
    *ret_joint = j;
    return FB_PLUGIN_OK;
}

/* ---- adding a sample ------------------------------------------------------------------------ */

/* Lays out the likelihoods of a row's labels, pass by pass. */
static void turn_over(joint *j, uint32_t row)
{
    for (size_t t = 0; t < j->p->layers; t++)
        for (size_t c = 0; c < j->p->columns; c++)
            j->likelihoods[c * j->p->layers + t] = kit_stack_row(j->p, t, row)[c];
}

/* Bayes: returns p(label | configuration), and the belief once the label is known; an impossible
 * label changes none. In place is fine. */
static double update_belief(const float *belief, const float *likelihood, size_t passes,
                            float *ret_belief)
{
    double sum = 0;
    for (size_t t = 0; t < passes; t++)
        sum += (double)belief[t] * (double)likelihood[t];
    for (size_t t = 0; t < passes; t++)
        ret_belief[t] = sum > 0 ? (float)((double)belief[t] * (double)likelihood[t] / sum)
                                : belief[t];
    return sum;
}

/* Each configuration becomes C, from the last to the first: the new ones of s come to lie at s C
 * and after, where only those were that are done with, and its own label 0 comes last. */
static void add_exactly(joint *j)
{
    const size_t classes = j->p->columns, passes = j->p->layers;
    for (size_t s = j->count; s-- > 0;) {
        const double share = j->shares[s];
        for (size_t c = classes; c-- > 0;) {
            const size_t to = s * classes + c;
            j->shares[to] = share * update_belief(j->beliefs + s * passes,
                                                  j->likelihoods + c * passes, passes,
                                                  j->beliefs + to * passes);
        }
    }
    j->count *= classes;
}

/* A label of a row as a pass predicts it: the first at which the running sum exceeds u times the
 * total. */
static size_t draw_label(const float *p, size_t classes, double u)
{
    double total = 0, sum = 0;
    for (size_t c = 0; c < classes; c++)
        total += (double)p[c];
    size_t label = 0;
    for (size_t c = 0; c < classes; c++) {
        if (!(p[c] > 0))
            continue;
        label = c;
        sum += (double)p[c];
        if (sum > u * total)
            break;
    }
    return label;
}

/* Draws another label for each configuration from the pass that it comes from, s mod passes. */
static void add_sampled(const fb_host *host, joint *j, size_t position)
{
    const size_t classes = j->p->columns, passes = j->p->layers;
    const uint32_t row = j->chosen[position];
    turn_over(j, row);
    host->random_uniform(host, 0, (uint32_t)position, 0, j->count, j->draws);
    for (size_t s = 0; s < j->count; s++) {
        const size_t label = draw_label(kit_stack_row(j->p, s % passes, row), classes, j->draws[s]);
        float *belief = j->beliefs + s * passes;
        update_belief(belief, j->likelihoods + label * passes, passes, belief);
    }
}

/* Goes from all configurations to drawn ones: labels of all samples chosen so far. */
static int start_sampling(const fb_host *host, joint *j)
{
    j->sampled = true;
    j->count = j->samples;
    for (size_t i = 0; i < j->count * j->p->layers; i++)
        j->beliefs[i] = 1 / (float)j->p->layers;
    for (size_t s = 0; s < j->count; s++)
        j->shares[s] = 1 / (double)j->count;
    for (size_t position = 0; position < j->chosen_count; position++) {
        if (host->cancelled(host))
            return host->fail(host, FB_PLUGIN_ECANCELLED, "stopped while labels were drawn");
        add_sampled(host, j, position);
    }
    return FB_PLUGIN_OK;
}

/* The belief before any label is known, which in theory stays as it was. */
static void average_beliefs(joint *j)
{
    const size_t passes = j->p->layers;
    memset(j->weights, 0, passes * sizeof *j->weights);
    for (size_t s = 0; s < j->count; s++)
        for (size_t t = 0; t < passes; t++)
            j->weights[t] += j->shares[s] * (double)j->beliefs[s * passes + t];
}

int joint_add(const fb_host *host, joint *j, uint32_t row)
{
    int rc = FB_PLUGIN_OK;
    j->chosen[j->chosen_count++] = row;
    if (j->sampled) {
        add_sampled(host, j, j->chosen_count - 1);
    } else if (j->count <= j->samples / j->p->columns) {
        turn_over(j, row);
        add_exactly(j);
    } else {
        rc = start_sampling(host, j);
    }
    average_beliefs(j);
    return rc;
}

/* ---- gains ---------------------------------------------------------------------------------- */

typedef struct mixing {
    joint *j;
    size_t columns; /* of the panel: candidates times classes */
    atomic_int failed;
} mixing;

/* sums[i] += weight (-p[i] log p[i]). */
static void add_terms(const float *p, size_t count, double weight, double *sums)
{
    double terms[JOINT_COLUMNS];
    for (size_t first = 0; first < count; first += JOINT_COLUMNS) {
        size_t some = count - first < JOINT_COLUMNS ? count - first : JOINT_COLUMNS;
        for (size_t i = 0; i < some; i++)
            terms[i] = (double)p[first + i];
        kernels_entropy_terms(some, terms);
        for (size_t i = 0; i < some; i++)
            sums[first + i] += weight * terms[i];
    }
}

/* Of blocks of configurations: the predictions of each, and the sums of their entropies' terms. */
static void mix_blocks(void *argument, size_t first, size_t count)
{
    mixing *m = argument;
    const joint *j = m->j;
    const size_t passes = j->p->layers;
    for (size_t block = first; block < first + count; block++) {
        const size_t from = block * BLOCK;
        const size_t rows = j->count - from < BLOCK ? j->count - from : BLOCK;
        float *products = j->products + from * m->columns;
        double *sums = j->sums + block * m->columns;
        if (kernels_gemm(false, false, rows, m->columns, passes, j->beliefs + from * passes, passes,
                         j->panel_p, m->columns, 0, products, m->columns) != 0)
            m->failed = 1;
        memset(sums, 0, m->columns * sizeof *sums);
        for (size_t s = 0; s < rows; s++)
            add_terms(products + s * m->columns, m->columns, j->shares[from + s], sums);
    }
}

int joint_gains(const fb_host *host, joint *j, const uint32_t *rows, size_t count,
                double *ret_gains)
{
    const size_t classes = j->p->columns, blocks = block_count(j->count);
    mixing m = {.j = j, .columns = count * classes};
    for (size_t t = 0; t < j->p->layers; t++)
        for (size_t i = 0; i < count; i++)
            memcpy(j->panel_p + t * m.columns + i * classes, kit_stack_row(j->p, t, rows[i]),
                   classes * sizeof *j->panel_p);
    host->parallel_for(host, blocks, 1, mix_blocks, &m);
    if (m.failed)
        return kit_fail_memory(host, "a matrix product");
    for (size_t block = 1; block < blocks; block++)
        for (size_t i = 0; i < m.columns; i++)
            j->sums[i] += j->sums[block * m.columns + i];
    for (size_t t = 0; t < j->p->layers; t++)
        add_terms(j->panel_p + t * m.columns, m.columns, -j->weights[t], j->sums);
    for (size_t i = 0; i < count; i++) {
        ret_gains[i] = 0;
        for (size_t c = 0; c < classes; c++)
            ret_gains[i] += j->sums[i * classes + c];
    }
    return FB_PLUGIN_OK;
}
