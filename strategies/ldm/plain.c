/* SPDX-License-Identifier: 0BSD */
#include "plain.h"

#include <string.h>

#include "kernels.h"

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

int ldm_predict(const fb_host *host, const ldm_head *head, const kit_matrix *x,
                uint32_t *ret_labels)
{
    enum { TOGETHER = 1024 };
    size_t classes = head->weights.columns;
    float *logits = host->alloc(host, smaller(x->rows, TOGETHER), classes * sizeof *logits);
    if (!logits)
        return kit_fail_memory(host, "logits");
    for (size_t first = 0; first < x->rows; first += TOGETHER) {
        size_t count = smaller(TOGETHER, x->rows - first);
        int rc = kit_dense(host, kit_row(x, first), count, x->columns, head->weights.data,
                           head->bias.data, classes, logits);
        if (rc != FB_PLUGIN_OK)
            return rc;
        for (size_t i = 0; i < count; i++)
            ret_labels[first + i] = kit_argmax(logits + i * classes, classes);
    }
    return FB_PLUGIN_OK;
}

/* For one sample with logits (C, H): bit h where some other class beats `label`. A tie goes to the
 * smaller class, so the classes before it need only be as large. The inner loops run over the
 * hypotheses, which lie side by side. */
static uint16_t compare_label(const float *logits, size_t classes, size_t hypotheses,
                              uint32_t label)
{
    const float *own = logits + label * hypotheses;
    uint8_t differs[LDM_BATCH_MAX] = {0};
    for (size_t c = 0; c < label; c++)
        for (size_t h = 0; h < hypotheses; h++)
            differs[h] |= (uint8_t)(logits[c * hypotheses + h] >= own[h]);
    for (size_t c = label + 1; c < classes; c++)
        for (size_t h = 0; h < hypotheses; h++)
            differs[h] |= (uint8_t)(logits[c * hypotheses + h] > own[h]);
    uint32_t bits = 0;
    for (size_t h = 0; h < hypotheses; h++)
        bits |= (uint32_t)differs[h] << h;
    return (uint16_t)bits;
}

typedef struct plain_task {
    const ldm_batch *batch;
    ldm_samples *samples;
    size_t pieces;
    int status[LDM_PIECES];
} plain_task;

static int try_piece(const plain_task *task, size_t piece)
{
    const ldm_batch *batch = task->batch;
    const kit_matrix *x = &task->samples->x;
    size_t hypotheses = batch->count, width = batch->classes * hypotheses, first, left;
    size_t together = batch->logit_count / width;
    float *logits = batch->logits + piece * batch->logit_count;
    ldm_piece(x->rows, task->pieces, piece, &first, &left);
    while (left > 0) {
        size_t count = smaller(together, left);
        for (size_t i = 0; i < count; i++)
            memcpy(logits + i * width, batch->bias, width * sizeof *logits);
        int rc = kernels_gemm(false, false, count, width, x->columns, kit_row(x, first),
                              x->columns, batch->weights, width, 1, logits, width);
        if (rc)
            return rc;
        for (size_t i = 0; i < count; i++)
            task->samples->differs[first + i] = compare_label(
                logits + i * width, batch->classes, hypotheses, task->samples->labels[first + i]);
        first += count;
        left -= count;
    }
    return 0;
}

static void try_pieces(void *argument, size_t first, size_t count)
{
    plain_task *task = argument;
    for (size_t piece = first; piece < first + count; piece++)
        task->status[piece] = try_piece(task, piece);
}

int ldm_try_plainly(const fb_host *host, const ldm_batch *batch, ldm_samples *samples)
{
    plain_task task = {.batch = batch, .samples = samples, .pieces = ldm_pieces(samples->x.rows)};
    host->parallel_for(host, task.pieces, 1, try_pieces, &task);
    for (size_t piece = 0; piece < task.pieces; piece++)
        if (task.status[piece])
            return kit_fail_memory(host, "a matrix product");
    samples->tried = samples->x.rows;
    return FB_PLUGIN_OK;
}
