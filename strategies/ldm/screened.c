/* SPDX-License-Identifier: 0BSD */
#include "screened.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

enum {
    PANEL = KERNELS_SCREEN_PANEL,
    HEADS = KERNELS_SCREEN_HEADS,
    LOOP_GRAIN = 256 /* rows that a thread prepares at least */
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The chain of each listed row with a head: logits (count, C). 0 or FB_ENOMEM. */
static int find_logits(const kit_matrix *x, const uint32_t *rows, size_t count, size_t classes,
                       const float *weights, const float *bias, float *ret_logits)
{
    for (size_t i = 0; i < count; i++)
        memcpy(ret_logits + i * classes, bias, classes * sizeof *bias);
    return kernels_gemm_rows(rows, count, classes, x->columns, x->data, x->columns, weights,
                             classes, ret_logits, classes);
}

/* ---- memory --------------------------------------------------------------------------------- */

int ldm_screen_heads_init(const fb_host *host, const ldm_head *head,
                          kernels_screen_heads *ret_heads)
{
    size_t classes = head->weights.columns, depth = kernels_screen_depth(head->weights.rows);
    size_t size = classes * HEADS;
    kernels_screen_heads heads = {
        .inputs = head->weights.rows,
        .classes = classes,
        .weights = head->weights.data,
        .bias = head->bias.data,
        .coarse = host->alloc(host, size, depth),
        .fine = host->alloc(host, size, depth * sizeof(int16_t)),
        .rest = host->alloc(host, size, depth * sizeof(int16_t)),
        .sums = host->alloc(host, size, sizeof(int32_t)),
        .shifts = host->alloc(host, size, sizeof(float)),
    };
    if (!heads.coarse || !heads.fine || !heads.rest || !heads.sums || !heads.shifts)
        return kit_fail_memory(host, "hypotheses as integers");
    *ret_heads = heads;
    return FB_PLUGIN_OK;
}

static int alloc_screen(const fb_host *host, const ldm_head *head, const kit_matrix *x, bool given,
                        ldm_screen *ret_screen)
{
    size_t n = x->rows, classes = head->weights.columns, padded = (n + PANEL - 1) / PANEL * PANEL;
    size_t depth = kernels_screen_depth(x->columns);
    ldm_screen screen = {
        .rows =
            {
                .inputs = x->columns,
                .classes = classes,
                .weights = head->weights.data,
                .bias = head->bias.data,
                .coarse = host->alloc(host, padded, depth),
                .fine = host->alloc(host, padded, depth * sizeof(int16_t)),
                .bounds = host->alloc(host, padded, sizeof(kernels_screen_bound)),
                .logits = host->alloc(host, padded, classes * sizeof(float)),
                .labels = host->alloc(host, padded, sizeof(uint32_t)),
            },
        .steadiness = host->alloc(host, n, sizeof(double)),
        .unsure = host->alloc(host, n, sizeof(uint16_t)),
        .wrong_from = given ? host->alloc(host, n + 1, sizeof(size_t)) : NULL,
    };
    if (!screen.rows.coarse || !screen.rows.fine || !screen.rows.bounds || !screen.rows.logits ||
        !screen.rows.labels || !screen.steadiness || !screen.unsure ||
        (given && !screen.wrong_from))
        return kit_fail_memory(host, "samples as integers");
    *ret_screen = screen;
    return FB_PLUGIN_OK;
}

/* ---- the order of samples ------------------------------------------------------------------- */

typedef struct ranked {
    double steadiness;
    uint32_t row;
} ranked;

static int by_steadiness(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->steadiness != y->steadiness)
        return x->steadiness < y->steadiness ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Samples to be sorted. */
typedef struct sort_task {
    const ldm_samples *samples;
    ranked *ranking;
} sort_task;

/* fb_loop_body */
static void rank_rows(void *argument, size_t first, size_t count)
{
    const sort_task *task = argument;
    const ldm_samples *samples = task->samples;
    for (size_t i = first; i < first + count; i++) {
        double steadiness = kernels_screen_steadiness(
            &samples->screen->rows, kit_row(&samples->x, i), samples->labels[i]);
        task->ranking[i] = (ranked){steadiness, (uint32_t)i};
    }
}

/* Sorts positions by steadiness. */
static int sort_samples(const fb_host *host, ldm_samples *samples)
{
    size_t n = samples->x.rows;
    sort_task task = {samples, host->alloc(host, n, sizeof(ranked))};
    if (!task.ranking)
        return kit_fail_memory(host, "an order");
    host->parallel_for(host, n, LOOP_GRAIN, rank_rows, &task);
    qsort(task.ranking, n, sizeof *task.ranking, by_steadiness);
    for (size_t i = 0; i < n; i++) {
        samples->order[i] = task.ranking[i].row;
        samples->screen->steadiness[i] = task.ranking[i].steadiness;
    }
    return FB_PLUGIN_OK;
}

/* fb_loop_body: rounds the samples of some positions. */
static void load_rows(void *argument, size_t first, size_t count)
{
    ldm_samples *samples = argument;
    for (size_t i = first; i < first + count; i++) {
        samples->screen->rows.labels[i] = samples->labels[samples->order[i]];
        kernels_screen_load_row(&samples->screen->rows, i, kit_row(&samples->x, samples->order[i]));
    }
}

static bool has_negative(const kit_matrix *x)
{
    for (size_t i = 0; i < x->rows * x->columns; i++)
        if (x->data[i] < 0)
            return true;
    return false;
}

int ldm_screen_init(const fb_host *host, const ldm_head *head, bool given, ldm_samples *samples)
{
    const kit_matrix *x = &samples->x;
    size_t n = x->rows, classes = head->weights.columns;
    ldm_screen *screen = host->alloc(host, 1, sizeof *screen);
    int rc = screen ? alloc_screen(host, head, x, given, screen)
                    : kit_fail_memory(host, "a screen");
    if (rc != FB_PLUGIN_OK)
        return rc;
    samples->screen = screen;
    rc = sort_samples(host, samples);
    if (rc != FB_PLUGIN_OK)
        return rc;
    screen->rows.zero = has_negative(x) ? 128 : 0;
    host->parallel_for(host, n, LOOP_GRAIN, load_rows, samples);
    for (size_t i = n; given && i-- > 0;) {
        const float *logits = screen->rows.logits + i * classes;
        bool wrong = kit_argmax(logits, classes) != screen->rows.labels[i];
        screen->wrong_from[i] = screen->wrong_from[i + 1] + wrong;
    }
    return FB_PLUGIN_OK;
}

/* ---- trials --------------------------------------------------------------------------------- */

typedef struct screen_task {
    const ldm_batch *batch;
    const uint32_t *least; /* NULL: nobody is left out */
    size_t enough;
    ldm_samples *samples;
    size_t pieces;
    int status[LDM_PIECES];
} screen_task;

/* The positions whose steadiness `reach` can change: those below the answer. */
static size_t count_shaky(const double *steadiness, size_t n, double reach)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (steadiness[middle] > reach)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Whether all of a panel's samples may be left out. */
static bool can_skip(const screen_task *task, size_t first, size_t count)
{
    if (!task->least)
        return false;
    for (size_t i = first; i < first + count; i++)
        if (task->least[i] > task->enough)
            return false;
    return true;
}

/* Puts the panels of some positions through the screen, but those that can be left out. */
static int screen_positions(const screen_task *task, size_t first, size_t count)
{
    ldm_samples *samples = task->samples;
    size_t end = first + count;
    while (first < end) {
        size_t from = first;
        while (first < end && !can_skip(task, first, smaller(PANEL, end - first)))
            first += smaller(PANEL, end - first);
        if (first > from) {
            int rc = kernels_screen_run(&samples->screen->rows, &task->batch->screen, from,
                                        first - from, samples->differs, samples->screen->unsure);
            if (rc)
                return rc;
        }
        while (first < end && can_skip(task, first, smaller(PANEL, end - first))) {
            size_t skipped = smaller(PANEL, end - first);
            memset(samples->differs + first, 0, skipped * sizeof *samples->differs);
            memset(samples->screen->unsure + first, 0, skipped * sizeof(uint16_t));
            first += skipped;
        }
    }
    return 0;
}

/* Some unsure samples of one hypothesis, by position and row. */
typedef struct unsure_list {
    size_t count, limit;
    size_t positions[48];
    uint32_t rows[48];
} unsure_list;

/* Decides for a list by the chain of floats, and empties it. */
static int decide(const screen_task *task, size_t h, float *logits, unsure_list *list)
{
    ldm_samples *samples = task->samples;
    size_t d = samples->x.columns, classes = task->batch->classes;
    const float *weights = task->batch->heads + h * (d + 1) * classes;
    int rc = find_logits(&samples->x, list->rows, list->count, classes, weights,
                         weights + d * classes, logits);
    for (size_t i = 0; rc == 0 && i < list->count; i++)
        if (kit_argmax(logits + i * classes, classes) != samples->labels[list->rows[i]])
            samples->differs[list->positions[i]] |= (uint16_t)(1u << h);
    list->count = 0;
    return rc;
}

/* Decides what the screen left unsure at some positions about hypothesis h. */
static int decide_positions(const screen_task *task, size_t h, size_t first, size_t count,
                            float *logits)
{
    unsure_list list = {.limit = smaller(48, task->batch->logit_count / task->batch->classes)};
    int rc = 0;
    for (size_t i = first; rc == 0 && i < first + count; i++) {
        if (!(task->samples->screen->unsure[i] & 1u << h))
            continue;
        list.positions[list.count] = i;
        list.rows[list.count++] = task->samples->order[i];
        if (list.count == list.limit)
            rc = decide(task, h, logits, &list);
    }
    return rc == 0 && list.count > 0 ? decide(task, h, logits, &list) : rc;
}

/* fb_loop_body */
static void try_pieces(void *argument, size_t first, size_t count)
{
    screen_task *task = argument;
    for (size_t piece = first; piece < first + count; piece++) {
        float *logits = task->batch->logits + piece * task->batch->logit_count;
        size_t from, positions;
        ldm_piece(task->samples->tried, task->pieces, piece, &from, &positions);
        int rc = screen_positions(task, from, positions);
        for (size_t h = 0; rc == 0 && h < task->batch->count; h++)
            rc = decide_positions(task, h, from, positions, logits);
        task->status[piece] = rc;
    }
}

int ldm_try_screened(const fb_host *host, const ldm_batch *batch, const uint32_t *least,
                     size_t enough, ldm_samples *samples)
{
    screen_task task = {.batch = batch, .least = least, .enough = enough, .samples = samples};
    samples->tried = count_shaky(samples->screen->steadiness, samples->x.rows, batch->reach);
    task.pieces = ldm_pieces(samples->tried);
    host->parallel_for(host, task.pieces, 1, try_pieces, &task);
    for (size_t piece = 0; piece < task.pieces; piece++)
        if (task.status[piece])
            return kit_fail_memory(host, "a matrix product");
    return FB_PLUGIN_OK;
}
