/* The fit: which classes take part, the minimisation, and the head made of it. */
#include "linear.h"

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "cholesky.h"
#include "logistic.h"
#include "minimize.h"

enum {
    ITERATION_LIMIT = 20000,
    GROUP = 1024 /* features whose correlations L-BFGS is told */
};

static const double TOLERANCE = 1e-9;
static const double RELATIVE_TOLERANCE = 1e-12;

/* ---- the classes present --------------------------------------------------------------------- */

typedef struct fit {
    logistic model;
    const linear_problem *problem;
    uint32_t *present;  /* (present_count) the classes fitted, ascending */
    size_t present_count;
    uint32_t *targets;  /* (count) */
    double *theta;      /* (columns, width) */
    double *tolerance;  /* like theta */
    double *blocks;     /* L-BFGS: Cholesky factors of what logistic_blocks gives */
    minimize_result minimum;
} fit;

static void fit_finish(fit *f)
{
    logistic_finish(&f->model);
    fb_free(f->present);
    fb_free(f->targets);
    fb_free(f->theta);
    fb_free(f->blocks);
}

static int check_problem(const linear_problem *problem, fb_error *err)
{
    if (problem->count == 0 || problem->classes == 0)
        return fb_fail(err, FB_EINVAL, "a logistic regression needs samples and classes, not %zu "
                       "and %zu", problem->count, problem->classes);
    if (!(problem->c > 0.0 && problem->c < HUGE_VAL))
        return fb_fail(err, FB_EINVAL, "a logistic regression's C must be above 0, not %g",
                       problem->c);
    for (size_t i = 0; i < problem->count; i++) {
        if (problem->labels[i] >= problem->classes)
            return fb_fail(err, FB_EINVAL, "label %u of the sample at position %zu is not below "
                           "%zu, the number of classes", problem->labels[i], i, problem->classes);
        if (problem->weights && !(problem->weights[i] >= 0.0 && problem->weights[i] < HUGE_VAL))
            return fb_fail(err, FB_EINVAL, "the weight of the sample at position %zu must be at "
                           "least 0, not %g", i, problem->weights[i]);
    }
    return FB_OK;
}

/* Finds the classes with weight, and numbers the labels among them. A sample without weight may
 * be of another class: it counts as the first one. */
static int find_present(fit *f, fb_error *err)
{
    const linear_problem *problem = f->problem;
    f->present = fb_calloc(problem->classes, sizeof *f->present);
    f->targets = fb_calloc(problem->count, sizeof *f->targets);
    uint32_t *number = fb_calloc(problem->classes, sizeof *number);
    if (!f->present || !f->targets || !number) {
        fb_free(number);
        return fb_fail_memory(err, problem->classes + problem->count, sizeof *number,
                              "the labels of a logistic regression");
    }
    for (size_t i = 0; i < problem->count; i++)
        if (!problem->weights || problem->weights[i] > 0.0)
            number[problem->labels[i]] = 1;
    for (size_t c = 0; c < problem->classes; c++)
        if (number[c]) {
            number[c] = (uint32_t)f->present_count;
            f->present[f->present_count++] = (uint32_t)c;
        }
    for (size_t i = 0; i < problem->count; i++)
        f->targets[i] = number[problem->labels[i]];
    fb_free(number);
    if (f->present_count == 0)
        return fb_fail(err, FB_EINVAL, "a logistic regression needs a sample whose weight is "
                       "above 0");
    return FB_OK;
}

/* ---- the fit --------------------------------------------------------------------------------- */

static double value(void *context, const double *theta, double *ret_gradient)
{
    return logistic_value(&((fit *)context)->model, theta, ret_gradient);
}

static void hessian(void *context, const double *theta, double *out)
{
    logistic_hessian(&((fit *)context)->model, theta, out);
}

static size_t group_size(const fit *f, size_t first)
{
    return f->model.width - first < GROUP ? f->model.width - first : GROUP;
}

static void prepare(void *context, const double *theta)
{
    fit *f = context;
    memset(f->blocks, 0, f->model.width * GROUP * sizeof *f->blocks);
    logistic_blocks(&f->model, theta, GROUP, f->blocks);
    for (size_t first = 0; first < f->model.width; first += GROUP)
        cholesky_factorize(group_size(f, first), f->blocks + first * GROUP);
}

static void precondition(void *context, double *vector)
{
    const fit *f = context;
    for (size_t k = 0; k < f->model.columns; k++)
        for (size_t first = 0; first < f->model.width; first += GROUP)
            cholesky_solve(group_size(f, first), f->blocks + first * GROUP,
                           vector + k * f->model.width + first);
}

static int progress(void *context, size_t iteration, double function)
{
    const fit *f = context;
    return f->problem->progress(f->problem->context, iteration,
                                logistic_loss(&f->model, f->theta, function));
}

static int prepare_minimum(fit *f, size_t columns, bool newton, fb_error *err)
{
    size_t width = f->problem->features + 1, size = columns * width;
    f->theta = size <= SIZE_MAX / 2 / sizeof(double) ? fb_calloc(2 * size, sizeof(double)) : NULL;
    if (!f->theta)
        return fb_fail_memory(err, size, 2 * sizeof(double), "the weights");
    f->tolerance = f->theta + size;
    if (!newton) {
        f->blocks = fb_calloc(width, GROUP * sizeof *f->blocks);
        if (!f->blocks)
            return fb_fail_memory(err, width, GROUP * sizeof *f->blocks, "second derivatives");
    }
    int rc = logistic_init(&f->model, f->problem, columns, f->targets, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < size; i++) {
        double relative = RELATIVE_TOLERANCE * f->model.magnitude[i % width];
        f->tolerance[i] = relative > TOLERANCE ? relative : TOLERANCE;
    }
    return FB_OK;
}

static int minimize(fit *f, fb_error *err)
{
    const linear_problem *problem = f->problem;
    size_t columns = f->present_count == 2 ? 1 : f->present_count;
    size_t size = columns * (problem->features + 1);
    bool newton = problem->solver ? problem->solver == LINEAR_NEWTON : size <= LINEAR_NEWTON_SIZE;
    int rc = prepare_minimum(f, columns, newton, err);
    if (rc)
        return rc;
    minimize_problem function = {
        .size = size,
        .context = f,
        .value = value,
        .hessian = newton ? hessian : NULL,
        .prepare = prepare,
        .precondition = precondition,
        .tolerance = f->tolerance,
        .limit = ITERATION_LIMIT,
        .progress = problem->progress ? progress : NULL,
    };
    rc = minimize_convex(&function, f->theta, &f->minimum, err);
    if (rc == FB_ENUMERIC && err)
        return fb_fail_prefix(err, "logistic regression with C = %g (a smaller one, or "
                              "standardised features, would be easier)", problem->c);
    return rc;
}

/* The same number added to a weight or intercept of all columns changes no probability. At the
 * optimum the columns' sum is 0; takes away what rounding has left of it. */
static void center_columns(fit *f)
{
    size_t width = f->model.width, columns = f->model.columns;
    for (size_t j = 0; columns > 1 && j < width; j++) {
        double sum = 0.0;
        for (size_t k = 0; k < columns; k++)
            sum += f->theta[k * width + j];
        for (size_t k = 0; k < columns; k++)
            f->theta[k * width + j] -= sum / (double)columns;
    }
}

/* Writes factor times a logit's weights, for features that are not centred, as a class. */
static void write_class(const fit *f, size_t column, double factor, uint32_t class,
                        double *weights, double *bias)
{
    size_t features = f->problem->features, classes = f->problem->classes;
    const double *theta = f->theta + column * f->model.width;
    double intercept = theta[features];
    for (size_t j = 0; j < features; j++) {
        weights[j * classes + class] = factor * theta[j];
        intercept -= theta[j] * f->model.mean[j];
    }
    bias[class] = factor * intercept;
}

static void write_head(fit *f, double *weights, double *bias)
{
    size_t classes = f->problem->classes;
    center_columns(f);
    memset(weights, 0, f->problem->features * classes * sizeof *weights);
    for (size_t c = 0; c < classes; c++)
        bias[c] = LINEAR_ABSENT;
    if (f->present_count == 1)
        bias[f->present[0]] = 0.0;
    for (size_t k = 0; f->present_count > 1 && k < f->present_count; k++) {
        if (f->present_count == 2)
            write_class(f, 0, k == 0 ? -0.5 : 0.5, f->present[k], weights, bias);
        else
            write_class(f, k, 1.0, f->present[k], weights, bias);
    }
}

int linear_fit(const linear_problem *problem, double *ret_weights, double *ret_bias,
               linear_result *ret_result, fb_error *err)
{
    fit f = {.problem = problem};
    linear_result result = {0};
    int rc = check_problem(problem, err);
    if (!rc)
        rc = find_present(&f, err);
    if (!rc && f.present_count > 1) {
        rc = minimize(&f, err);
        if (!rc)
            result = (linear_result){
                .loss = logistic_loss(&f.model, f.theta, f.minimum.value),
                .iterations = f.minimum.iterations,
                .gradient = f.minimum.gradient,
            };
    }
    if (rc)
        goto done;
    write_head(&f, ret_weights, ret_bias);
    *ret_result = result;
done:
    fit_finish(&f);
    return rc;
}
