/* SPDX-License-Identifier: 0BSD
 *
 * Layers lie far apart in memory, so a part of a few cache lines is taken through all of them
 * before the next. */
#include <math.h>
#include <string.h>

#include "kernels.h"
#include "kit.h"

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

void kit_part_mean(const kit_stack *part, double *ret_means)
{
    size_t count = part->rows * part->columns;
    size_t layer = 0;
    memset(ret_means, 0, count * sizeof *ret_means);
    for (; layer + 4 <= part->layers; layer += 4) {
        const float *p0 = kit_stack_row(part, layer, 0), *p1 = kit_stack_row(part, layer + 1, 0);
        const float *p2 = kit_stack_row(part, layer + 2, 0);
        const float *p3 = kit_stack_row(part, layer + 3, 0);
        for (size_t i = 0; i < count; i++)
            ret_means[i] = (((ret_means[i] + (double)p0[i]) + (double)p1[i]) + (double)p2[i]) +
                           (double)p3[i];
    }
    for (; layer < part->layers; layer++) {
        const float *p = kit_stack_row(part, layer, 0);
        for (size_t i = 0; i < count; i++)
            ret_means[i] += (double)p[i];
    }
    for (size_t i = 0; i < count; i++)
        ret_means[i] /= (double)part->layers;
}

/* Rows first .. first+count-1 of the classes first_class .. first_class+classes-1. */
static kit_stack take_part(const kit_stack *stack, size_t first, size_t count, size_t first_class,
                           size_t classes)
{
    kit_stack part = *stack;
    part.data = kit_stack_row(stack, 0, first) + first_class;
    part.rows = count;
    part.columns = classes;
    return part;
}

/* The rows of a part: as many as fit, or one when not even that does. */
static size_t rows_of_part(const kit_stack *stack)
{
    return stack->columns < KIT_PART ? KIT_PART / stack->columns : 1;
}

void kit_sum_classes(const kit_stack *stack, void (*function)(const kit_stack *part, double *out),
                     double *ret_sums)
{
    double numbers[KIT_PART];
    memset(ret_sums, 0, stack->rows * sizeof *ret_sums);
    for (size_t row = 0; row < stack->rows; row += rows_of_part(stack)) {
        size_t rows = smaller(rows_of_part(stack), stack->rows - row);
        for (size_t c = 0; c < stack->columns; c += KIT_PART) {
            kit_stack part = take_part(stack, row, rows, c, smaller(KIT_PART, stack->columns - c));
            function(&part, numbers);
            for (size_t i = 0; i < rows; i++)
                for (size_t k = 0; k < part.columns; k++)
                    ret_sums[row + i] += numbers[i * part.columns + k];
        }
    }
}

/* ---- entropies ------------------------------------------------------------------------------ */

/* The mean over layers of -p log p. */
static void mean_terms(const kit_stack *part, double *ret_terms)
{
    size_t count = part->rows * part->columns;
    double terms[KIT_PART];
    memset(ret_terms, 0, count * sizeof *ret_terms);
    for (size_t layer = 0; layer < part->layers; layer++) {
        const float *p = kit_stack_row(part, layer, 0);
        for (size_t i = 0; i < count; i++)
            terms[i] = (double)p[i];
        kernels_entropy_terms(count, terms);
        for (size_t i = 0; i < count; i++)
            ret_terms[i] += terms[i];
    }
    for (size_t i = 0; i < count; i++)
        ret_terms[i] /= (double)part->layers;
}

/* -m log m of the mean m over layers. */
static void terms_of_mean(const kit_stack *part, double *ret_terms)
{
    kit_part_mean(part, ret_terms);
    kernels_entropy_terms(part->rows * part->columns, ret_terms);
}

/* The difference of the two. */
static void information_terms(const kit_stack *part, double *ret_terms)
{
    double conditional[KIT_PART];
    mean_terms(part, conditional);
    terms_of_mean(part, ret_terms);
    for (size_t i = 0; i < part->rows * part->columns; i++)
        ret_terms[i] -= conditional[i];
}

void kit_mean_entropy(const kit_stack *stack, double *ret_scores)
{
    kit_sum_classes(stack, mean_terms, ret_scores);
}

void kit_entropy_of_mean(const kit_stack *stack, double *ret_scores)
{
    kit_sum_classes(stack, terms_of_mean, ret_scores);
}

void kit_mutual_information(const kit_stack *stack, double *ret_scores)
{
    kit_sum_classes(stack, information_terms, ret_scores);
    for (size_t i = 0; i < stack->rows; i++)
        ret_scores[i] = fmax(ret_scores[i], 0); /* rounding */
}

/* ---- the variation ratio -------------------------------------------------------------------- */

/* Counts how many layers name each of the classes first .. first+classes-1, for some rows:
 * (rows, classes). */
static void count_labels(const kit_stack *rows, size_t first, size_t classes, uint32_t *ret_counts)
{
    memset(ret_counts, 0, rows->rows * classes * sizeof *ret_counts);
    for (size_t layer = 0; layer < rows->layers; layer++)
        for (size_t i = 0; i < rows->rows; i++) {
            size_t label = kit_argmax(kit_stack_row(rows, layer, i), rows->columns);
            if (label - first < classes)
                ret_counts[i * classes + (label - first)]++;
        }
}

/* How many layers name the class that most of them name; `most` (rows). */
static void count_modes(const kit_stack *rows, uint32_t *ret_most)
{
    uint32_t counts[KIT_PART];
    memset(ret_most, 0, rows->rows * sizeof *ret_most);
    for (size_t c = 0; c < rows->columns; c += KIT_PART) {
        size_t classes = smaller(KIT_PART, rows->columns - c);
        count_labels(rows, c, classes, counts);
        for (size_t i = 0; i < rows->rows; i++)
            for (size_t k = 0; k < classes; k++)
                if (counts[i * classes + k] > ret_most[i])
                    ret_most[i] = counts[i * classes + k];
    }
}

void kit_variation_ratio(const kit_stack *stack, double *ret_scores)
{
    double layers = (double)stack->layers;
    double largest = stack->columns > 1 ? kernels_log_double((double)stack->columns) : 1;
    uint32_t most[KIT_PART];
    kit_entropy_of_mean(stack, ret_scores);
    for (size_t row = 0; row < stack->rows; row += rows_of_part(stack)) {
        size_t count = smaller(rows_of_part(stack), stack->rows - row);
        kit_stack rows = take_part(stack, row, count, 0, stack->columns);
        count_modes(&rows, most);
        for (size_t i = 0; i < count; i++) {
            double share = ret_scores[row + i] / largest;
            ret_scores[row + i] = (layers - most[i] + share / 2) / layers;
        }
    }
}
