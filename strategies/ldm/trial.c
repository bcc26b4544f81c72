/* SPDX-License-Identifier: 0BSD */
#include "trial.h"

#include <string.h>

#include "kernels.h"
#include "plain.h"
#include "screened.h"

enum { PIECE_FLOATS = 1 << 16 }; /* logits held at once by a piece: 256 KB, for a cache */

/* ---- hypotheses ----------------------------------------------------------------------------- */

static size_t head_size(const ldm_head *head)
{
    return (head->weights.rows + 1) * head->weights.columns;
}

int ldm_batch_alloc(const fb_host *host, const ldm_head *head, size_t size, bool screened,
                    ldm_batch *ret_batch)
{
    size_t d = head->weights.rows, classes = head->weights.columns, width = classes * size;
    ldm_batch made = {
        .classes = classes,
        .heads = host->alloc(host, size, head_size(head) * sizeof(float)),
        .screened = screened,
        .logit_count = width < PIECE_FLOATS ? PIECE_FLOATS : width,
    };
    made.logits = host->alloc(host, LDM_PIECES, made.logit_count * sizeof(float));
    if (!made.heads || !made.logits)
        return kit_fail_memory(host, "hypotheses");
    if (screened) {
        int rc = ldm_screen_heads_init(host, head, &made.screen);
        if (rc != FB_PLUGIN_OK)
            return rc;
    } else {
        made.weights = host->alloc(host, d * width, sizeof(float));
        made.bias = host->alloc(host, width, sizeof(float));
        if (!made.weights || !made.bias)
            return kit_fail_memory(host, "hypotheses");
    }
    *ret_batch = made;
    return FB_PLUGIN_OK;
}

/* Which hypotheses a batch is to hold. */
typedef struct draw_task {
    const fb_host *host;
    const ldm_head *head;
    uint32_t scale, first;
    float sd;
    ldm_batch *batch;
} draw_task;

/* Puts hypothesis h among the columns of the batch's one wide matrix. */
static void spread(const ldm_head *head, size_t h, ldm_batch *batch)
{
    size_t count = head->weights.rows * head->weights.columns, classes = head->weights.columns;
    const float *own = batch->heads + h * head_size(head);
    for (size_t e = 0; e < count; e++)
        batch->weights[e * batch->count + h] = own[e];
    for (size_t c = 0; c < classes; c++)
        batch->bias[c * batch->count + h] = own[count + c];
}

/* fb_loop_body: draws some of the batch's hypotheses: the head plus sd times the noise. */
static void draw_heads(void *argument, size_t first, size_t count)
{
    const draw_task *task = argument;
    const ldm_head *head = task->head;
    size_t size = head_size(head), weights = size - head->weights.columns;
    for (size_t h = first; h < first + count; h++) {
        float *own = task->batch->heads + h * size;
        task->host->random_normal(task->host, task->scale, task->first + (uint32_t)h, 0, size, own);
        for (size_t e = 0; e < weights; e++)
            own[e] = head->weights.data[e] + task->sd * own[e];
        for (size_t e = weights; e < size; e++)
            own[e] = head->bias.data[e - weights] + task->sd * own[e];
        if (task->batch->screened)
            kernels_screen_load_head(&task->batch->screen, h, own, own + weights);
        else
            spread(head, h, task->batch);
    }
}

void ldm_batch_draw(const fb_host *host, const ldm_head *head, uint32_t scale, float sd,
                    uint32_t first, size_t count, ldm_batch *batch)
{
    draw_task task = {host, head, scale, first, sd, batch};
    batch->count = count;
    host->parallel_for(host, count, 1, draw_heads, &task);
    batch->reach = 0;
    for (size_t h = 0; batch->screened && h < count; h++)
        if (batch->screen.reach[h] > batch->reach)
            batch->reach = batch->screen.reach[h];
}

/* ---- samples -------------------------------------------------------------------------------- */

int ldm_samples_init(const fb_host *host, const ldm_head *head, const kit_matrix *x,
                     const uint32_t *labels, bool screened, ldm_samples *ret_samples)
{
    size_t n = x->rows;
    ldm_samples samples = {
        .x = *x,
        .labels = labels,
        .order = host->alloc(host, n, sizeof(uint32_t)),
        .differs = host->alloc(host, n, sizeof(uint16_t)),
    };
    uint32_t *own = labels ? NULL : host->alloc(host, n, sizeof *own);
    if (!samples.order || !samples.differs || !(labels || own))
        return kit_fail_memory(host, "samples");
    for (size_t i = 0; i < n; i++)
        samples.order[i] = (uint32_t)i;
    if (own) {
        int rc = ldm_predict(host, head, x, own);
        if (rc != FB_PLUGIN_OK)
            return rc;
        samples.labels = own;
    }
    if (screened) {
        int rc = ldm_screen_init(host, head, labels != NULL, &samples);
        if (rc != FB_PLUGIN_OK)
            return rc;
    }
    *ret_samples = samples;
    return FB_PLUGIN_OK;
}

size_t ldm_pieces(size_t count)
{
    /* Each piece packs the weights of each hypothesis of which something is unsure. */
    enum { WORTH_IT = 1000 };
    size_t pieces = count / WORTH_IT;
    return pieces < 1 ? 1 : pieces < LDM_PIECES ? pieces : LDM_PIECES;
}

void ldm_piece(size_t count, size_t pieces, size_t piece, size_t *ret_first, size_t *ret_count)
{
    const size_t unit = KERNELS_SCREEN_PANEL, units = (count + unit - 1) / unit;
    size_t first = units * piece / pieces * unit, end = units * (piece + 1) / pieces * unit;
    *ret_first = first < count ? first : count;
    *ret_count = (end < count ? end : count) - *ret_first;
}

/* ---- trials --------------------------------------------------------------------------------- */

static void count_changes(size_t hypotheses, ldm_samples *samples)
{
    size_t wrong = 0;
    if (samples->screen && samples->screen->wrong_from)
        wrong = samples->screen->wrong_from[samples->tried];
    uint32_t counts[LDM_BATCH_MAX] = {0};
    for (size_t i = 0; i < samples->tried; i++)
        for (size_t h = 0; h < LDM_BATCH_MAX; h++)
            counts[h] += (samples->differs[i] & (1u << h)) != 0;
    for (size_t h = 0; h < hypotheses; h++)
        samples->counts[h] = counts[h] + wrong;
}

int ldm_batch_try(const fb_host *host, const ldm_batch *batch, const uint32_t *least,
                  size_t enough, ldm_samples *samples)
{
    int rc = samples->screen ? ldm_try_screened(host, batch, least, enough, samples)
                             : ldm_try_plainly(host, batch, samples);
    if (rc == FB_PLUGIN_OK)
        count_changes(batch->count, samples);
    return rc;
}
