#include "logistic.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "double_vector.h"
#include "kernels.h"

/* An intercept's curvature is up to a quarter of the samples' weight, and vanishes where all
 * probabilities are 0 or 1. This share of the weight keeps it above 0. */
static const double VANISHING = 1e-14;

static double sample_weight(const linear_problem *problem, size_t i)
{
    return problem->weights ? problem->weights[i] : 1.0;
}

/* Makes the samples from `first` on the current ones; returns how many there are. */
static size_t read_rows(logistic *model, size_t first)
{
    const linear_problem *problem = model->problem;
    size_t left = problem->count - first, rows = left < LOGISTIC_ROWS ? left : LOGISTIC_ROWS;
    for (size_t r = 0; r < rows; r++) {
        double *row = model->rows + r * model->width;
        problem->row(problem->context, first + r, row);
        for (size_t j = 0; j < problem->features; j++)
            row[j] -= model->mean[j];
        row[problem->features] = 1.0;
        model->factors[r] = problem->c * sample_weight(problem, first + r);
    }
    for (size_t r = rows; r < LOGISTIC_ROWS; r++) {
        memset(model->rows + r * model->width, 0, model->width * sizeof *model->rows);
        model->factors[r] = 0.0;
    }
    return rows;
}

/* ---- what is known of the data --------------------------------------------------------------- */

static int measure_means(logistic *model, fb_error *err)
{
    const linear_problem *problem = model->problem;
    double *sum = model->magnitude, *row = model->rows;
    for (size_t i = 0; i < problem->count; i++) {
        problem->row(problem->context, i, row);
        for (size_t j = 0; j < problem->features; j++)
            if (!isfinite(row[j]))
                return fb_fail(err, FB_ENUMERIC, "feature %zu of the training sample at position "
                               "%zu is not a finite number", j, i);
        double_add_scaled(problem->features, sample_weight(problem, i), row, sum);
        model->weight += sample_weight(problem, i);
    }
    for (size_t j = 0; j < problem->features; j++)
        model->mean[j] = sum[j] / model->weight;
    return FB_OK;
}

static void measure_magnitudes(logistic *model)
{
    memset(model->magnitude, 0, model->width * sizeof *model->magnitude);
    for (size_t i = 0; i < model->problem->count; i += LOGISTIC_ROWS) {
        size_t rows = read_rows(model, i);
        for (size_t r = 0; r < rows; r++)
            for (size_t j = 0; j < model->width; j++)
                model->magnitude[j] += model->factors[r] * fabs(model->rows[r * model->width + j]);
    }
}

int logistic_init(logistic *model, const linear_problem *problem, size_t columns,
                  const uint32_t *targets, fb_error *err)
{
    size_t width = problem->features + 1;
    size_t count = (LOGISTIC_ROWS + 2) * width + LOGISTIC_ROWS * columns;
    *model = (logistic){.problem = problem, .columns = columns, .width = width,
                        .targets = targets};
    model->memory = fb_calloc(count, sizeof(double));
    if (!model->memory)
        return fb_fail_memory(err, count, sizeof(double), "samples and their logits");
    model->mean = model->memory;
    model->magnitude = model->mean + width;
    model->rows = model->magnitude + width;
    model->probabilities = model->rows + LOGISTIC_ROWS * width;
    int rc = measure_means(model, err);
    if (!rc)
        measure_magnitudes(model);
    return rc;
}

void logistic_finish(logistic *model)
{
    fb_free(model->memory);
}

/* ---- probabilities --------------------------------------------------------------------------- */

/* log(1 + x) for x of at least 0, with a small relative error where x is small too: what rounding
 * has made of 1 + x is in the quotient as well (Kahan). Where all samples are classified well, the
 * loss is small, and the search for its minimum needs its digits. */
static double log_beyond_one(double x)
{
    double sum = 1.0 + x;
    return sum == 1.0 ? x : kernels_log_double(sum) * (x / (sum - 1.0));
}

/* The logit z of the second of two classes becomes its probability. The cross-entropy is log(1 +
 * exp(z)) - target z. */
static double sigmoid(uint32_t target, double *z)
{
    double logit = *z, e = kernels_exp_double(-fabs(logit));
    *z = (logit < 0.0 ? e : 1.0) / (1.0 + e);
    return log_beyond_one(e) + ((logit > 0.0 ? logit : 0.0) - (target ? logit : 0.0));
}

/* The logits z become probabilities; returns the cross-entropy. */
static double softmax(size_t columns, uint32_t target, double *z)
{
    size_t top = 0;
    double others = 0.0; /* beside exp(0) of the largest */
    for (size_t k = 1; k < columns; k++)
        top = z[k] > z[top] ? k : top;
    const double largest = z[top], above = largest - z[target];
    for (size_t k = 0; k < columns; k++) {
        z[k] = kernels_exp_double(z[k] - largest);
        others += k == top ? 0.0 : z[k];
    }
    for (size_t k = 0; k < columns; k++)
        z[k] /= 1.0 + others;
    return log_beyond_one(others) + above;
}

/* Makes the samples from `first` on the current ones, with their probabilities. Returns the sum of
 * their losses. */
static double predict(logistic *model, const double *theta, size_t first)
{
    size_t columns = model->columns, width = model->width, rows = read_rows(model, first);
    double sum = 0.0;
    for (size_t k = 0; k < columns; k++)
        for (size_t r = 0; r < rows; r++)
            model->probabilities[r * columns + k] =
                double_dot(width, theta + k * width, model->rows + r * width);
    for (size_t r = 0; r < rows; r++) {
        double *p = model->probabilities + r * columns;
        uint32_t target = model->targets[first + r];
        sum += model->factors[r] * (columns == 1 ? sigmoid(target, p)
                                                 : softmax(columns, target, p));
    }
    return sum;
}

/* ---- the function ---------------------------------------------------------------------------- */

static double penalty(const logistic *model, const double *theta)
{
    double sum = 0.0;
    for (size_t k = 0; k < model->columns; k++) {
        const double *weights = theta + k * model->width;
        sum += double_dot(model->width - 1, weights, weights);
    }
    return 0.5 * sum;
}

/* The losses' derivatives by logit k are the probabilities less 1 for samples of its class. */
static void add_gradient(const logistic *model, size_t first, double *gradient)
{
    size_t columns = model->columns, width = model->width;
    size_t left = model->problem->count - first;
    for (size_t k = 0; k < columns; k++) {
        uint32_t class = columns == 1 ? 1 : (uint32_t)k;
        double slopes[LOGISTIC_ROWS] = {0};
        for (size_t r = 0; r < LOGISTIC_ROWS && r < left; r++) {
            double wanted = model->targets[first + r] == class ? 1.0 : 0.0;
            slopes[r] = model->factors[r] * (model->probabilities[r * columns + k] - wanted);
        }
        double_add_scaled4(width, slopes, model->rows, width, gradient + k * width);
    }
}

double logistic_value(logistic *model, const double *theta, double *ret_gradient)
{
    size_t width = model->width;
    double sum = 0.0;
    memset(ret_gradient, 0, model->columns * width * sizeof *ret_gradient);
    for (size_t i = 0; i < model->problem->count; i += LOGISTIC_ROWS) {
        sum += predict(model, theta, i);
        add_gradient(model, i, ret_gradient);
    }
    for (size_t k = 0; k < model->columns; k++)
        double_add_scaled(width - 1, 1.0, theta + k * width, ret_gradient + k * width);
    return sum + penalty(model, theta);
}

double logistic_loss(const logistic *model, const double *theta, double value)
{
    return (value - penalty(model, theta)) / (model->problem->c * model->weight);
}

/* ---- second derivatives ---------------------------------------------------------------------- */

/* The current samples' second derivatives of the loss by logits k and l, times feature j. */
static void curvatures(const logistic *model, size_t k, size_t l, size_t j,
                       double ret[LOGISTIC_ROWS])
{
    for (size_t r = 0; r < LOGISTIC_ROWS; r++) {
        const double *p = model->probabilities + r * model->columns;
        double curvature = k == l ? p[k] * (1.0 - p[k]) : -p[k] * p[l];
        ret[r] = model->factors[r] * curvature * model->rows[r * model->width + j];
    }
}

/* Adds the current samples' part, at row (k, j) and its columns (l, i) from the diagonal on. */
static void add_hessian(const logistic *model, double *hessian)
{
    size_t width = model->width, size = model->columns * width;
    double share[LOGISTIC_ROWS];
    for (size_t k = 0; k < model->columns; k++) {
        for (size_t j = 0; j < width; j++) {
            double *out = hessian + (k * width + j) * size + k * width;
            curvatures(model, k, k, j, share);
            double_add_scaled4(width - j, share, model->rows + j, width, out + j);
            for (size_t l = k + 1; l < model->columns; l++) {
                curvatures(model, k, l, j, share);
                double_add_scaled4(width, share, model->rows, width, out + (l - k) * width);
            }
        }
    }
}

void logistic_hessian(logistic *model, const double *theta, double *hessian)
{
    size_t width = model->width, size = model->columns * width;
    double total = model->problem->c * model->weight;
    for (size_t i = 0; i < model->problem->count; i += LOGISTIC_ROWS) {
        predict(model, theta, i);
        add_hessian(model, hessian);
    }
    for (size_t k = 0; k < model->columns; k++) {
        for (size_t j = 0; j + 1 < width; j++)
            hessian[(k * width + j) * (size + 1)] += 1.0;
        double *intercept = hessian + (k * width + width - 1) * size + width - 1;
        intercept[k * width] += VANISHING * total;
        for (size_t l = k; model->columns > 1 && l < model->columns; l++)
            intercept[l * width] += total / (double)(model->columns * model->columns);
    }
}

/* Adds the current samples' part of a block, for the features first .. first+count-1. */
static void add_block(const logistic *model, size_t first, size_t count, double *block)
{
    size_t columns = model->columns, width = model->width;
    double means[LOGISTIC_ROWS], share[LOGISTIC_ROWS];
    for (size_t r = 0; r < LOGISTIC_ROWS; r++) {
        const double *p = model->probabilities + r * columns;
        means[r] = 0.0;
        for (size_t k = 0; k < columns; k++)
            means[r] += p[k] * (1.0 - p[k]);
        means[r] *= model->factors[r] / (double)columns;
    }
    for (size_t j = 0; j < count; j++) {
        const double *rows = model->rows + first + j;
        for (size_t r = 0; r < LOGISTIC_ROWS; r++)
            share[r] = means[r] * rows[r * width];
        double_add_scaled4(count - j, share, rows, width, block + j * count + j);
    }
}

void logistic_blocks(logistic *model, const double *theta, size_t group, double *blocks)
{
    size_t width = model->width;
    for (size_t i = 0; i < model->problem->count; i += LOGISTIC_ROWS) {
        predict(model, theta, i);
        for (size_t first = 0; first < width; first += group) {
            size_t count = width - first < group ? width - first : group;
            add_block(model, first, count, blocks + first * group);
        }
    }
    for (size_t j = 0; j < width; j++) {
        size_t first = j / group * group;
        size_t count = width - first < group ? width - first : group;
        blocks[first * group + (j - first) * (count + 1)] +=
            j + 1 < width ? 1.0 : VANISHING * model->problem->c * model->weight;
    }
}
