/* SPDX-License-Identifier: 0BSD */
#include "trial.h"

#include <string.h>

#include "kernels.h"

enum { BLOCK_FLOATS = 1 << 18 }; /* logits held at once: 1 MB, so that they stay in a cache */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

int ldm_batch_alloc(const fb_host *host, const ldm_head *head, size_t batch, ldm_batch *ret_batch)
{
    size_t d = head->weights.rows, classes = head->weights.columns, width = classes * batch;
    size_t rows = width < BLOCK_FLOATS ? BLOCK_FLOATS / width : 1;
    ldm_batch made = {
        .weights = host->alloc(host, d * width, sizeof(float)),
        .bias = host->alloc(host, width, sizeof(float)),
        .noise = host->alloc(host, (d + 1) * classes, sizeof(float)),
        .logits = host->alloc(host, rows * width, sizeof(float)),
        .block_rows = rows,
    };
    if (!made.weights || !made.bias || !made.noise || !made.logits)
        return kit_fail_memory(host, "hypotheses");
    *ret_batch = made;
    return FB_PLUGIN_OK;
}

/* Writes hypothesis h: the head plus sd times the noise. */
static void perturb(const ldm_head *head, float sd, size_t h, ldm_batch *batch)
{
    size_t count = head->weights.rows * head->weights.columns, classes = head->weights.columns;
    const float *bias_noise = batch->noise + count;
    for (size_t e = 0; e < count; e++)
        batch->weights[e * batch->count + h] = head->weights.data[e] + sd * batch->noise[e];
    for (size_t c = 0; c < classes; c++)
        batch->bias[c * batch->count + h] = head->bias.data[c] + sd * bias_noise[c];
}

void ldm_batch_draw(const fb_host *host, const ldm_head *head, uint32_t scale, float sd,
                    uint32_t first, size_t count, ldm_batch *batch)
{
    size_t elements = (head->weights.rows + 1) * head->weights.columns;
    batch->count = count;
    for (size_t h = 0; h < count; h++) {
        host->random_normal(host, scale, first + (uint32_t)h, 0, elements, batch->noise);
        perturb(head, sd, h, batch);
    }
}

/* The labels of the unperturbed head. */
static int predict(const fb_host *host, const ldm_head *head, const kit_matrix *x,
                   uint32_t *ret_labels)
{
    size_t classes = head->weights.columns, rows = smaller(x->rows, BLOCK_FLOATS / classes + 1);
    float *logits = host->alloc(host, rows * classes, sizeof *logits);
    if (!logits)
        return kit_fail_memory(host, "logits");
    for (size_t first = 0; first < x->rows; first += rows) {
        size_t count = smaller(rows, x->rows - first);
        int rc = kit_dense(host, kit_row(x, first), count, x->columns, head->weights.data,
                           head->bias.data, classes, logits);
        if (rc != FB_PLUGIN_OK)
            return rc;
        for (size_t i = 0; i < count; i++)
            ret_labels[first + i] = kit_argmax(logits + i * classes, classes);
    }
    return FB_PLUGIN_OK;
}

int ldm_samples_init(const fb_host *host, const ldm_head *head, const kit_matrix *x,
                     const uint32_t *labels, size_t batch, ldm_samples *ret_samples)
{
    ldm_samples samples = {
        .x = *x,
        .labels = labels,
        .differs = host->alloc(host, x->rows * batch, 1),
    };
    if (!samples.differs)
        return kit_fail_memory(host, "label changes");
    if (!labels) {
        uint32_t *predicted = host->alloc(host, x->rows, sizeof *predicted);
        int rc = predicted ? predict(host, head, x, predicted) : kit_fail_memory(host, "labels");
        if (rc != FB_PLUGIN_OK)
            return rc;
        samples.labels = predicted;
    }
    *ret_samples = samples;
    return FB_PLUGIN_OK;
}

/* For one sample with logits (C, H): whether some other class beats `label`. A tie goes to the
 * smaller class, so the classes before it need only be as large. The inner loops run over the
 * hypotheses, which lie side by side. */
static void compare_label(const float *logits, size_t classes, size_t hypotheses, uint32_t label,
                          uint8_t *differs)
{
    const float *own = logits + label * hypotheses;
    memset(differs, 0, hypotheses);
    for (size_t c = 0; c < label; c++)
        for (size_t h = 0; h < hypotheses; h++)
            differs[h] |= (uint8_t)(logits[c * hypotheses + h] >= own[h]);
    for (size_t c = label + 1; c < classes; c++)
        for (size_t h = 0; h < hypotheses; h++)
            differs[h] |= (uint8_t)(logits[c * hypotheses + h] > own[h]);
}

int ldm_batch_try(const fb_host *host, const ldm_head *head, const ldm_batch *batch,
                  ldm_samples *samples)
{
    size_t classes = head->weights.columns, hypotheses = batch->count, width = classes * hypotheses;
    memset(samples->counts, 0, sizeof samples->counts);
    for (size_t first = 0; first < samples->x.rows; first += batch->block_rows) {
        size_t count = smaller(batch->block_rows, samples->x.rows - first);
        int rc = kit_dense(host, kit_row(&samples->x, first), count, samples->x.columns,
                           batch->weights, batch->bias, width, batch->logits);
        if (rc != FB_PLUGIN_OK)
            return rc;
        for (size_t i = 0; i < count; i++) {
            uint8_t *differs = samples->differs + (first + i) * hypotheses;
            compare_label(batch->logits + i * width, classes, hypotheses,
                          samples->labels[first + i], differs);
            for (size_t h = 0; h < hypotheses; h++)
                samples->counts[h] += differs[h];
        }
    }
    return FB_PLUGIN_OK;
}
