#include "minimize.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "alloc.h"
#include "cholesky.h"
#include "double_vector.h"

enum {
    HISTORY = 40,       /* pairs of steps that L-BFGS remembers */
    PREPARE_EVERY = 20, /* iterations, after which the preconditioner is made anew */
    SEARCH_LIMIT = 80   /* points tried along one direction */
};

/* A step is long enough when the slope at its end is flatter than this share of the first one. */
static const double FLATNESS = 0.9;

/* Values that differ by less than this, relatively, count as equal. */
static const double VALUE_SLACK = 1e-12;

typedef struct point {
    double *x, *gradient; /* (size) */
    double value;
} point;

typedef struct minimizer {
    const minimize_problem *problem;
    size_t size;
    double *memory;    /* what the arrays below are parts of */
    point here, next;  /* the iterate, and the last point that a search tried */
    double *direction; /* (size) */
    double *hessian;   /* Newton: (size, size) */
    /* L-BFGS: a ring of the last `pairs` steps (HISTORY, size) and changes of the gradient. */
    double *steps, *changes;
    double products[HISTORY]; /* step . change */
    size_t pairs, newest;
} minimizer;

static int minimizer_init(minimizer *m, const minimize_problem *problem, double *x, fb_error *err)
{
    size_t size = problem->size;
    size_t rows = problem->hessian ? 4 + size : 4 + 2 * HISTORY;
    *m = (minimizer){.problem = problem, .size = size};
    m->memory = size <= SIZE_MAX / sizeof(double) / rows ? fb_calloc(rows * size, sizeof(double))
                                                         : NULL;
    if (!m->memory)
        return fb_fail_memory(err, size, rows * sizeof(double), "the minimisation");
    m->here = (point){.x = x, .gradient = m->memory};
    m->next = (point){.x = m->memory + size, .gradient = m->memory + 2 * size};
    m->direction = m->memory + 3 * size;
    if (problem->hessian) {
        m->hessian = m->memory + 4 * size;
    } else {
        m->steps = m->memory + 4 * size;
        m->changes = m->steps + HISTORY * size;
    }
    return FB_OK;
}

static bool converged(const minimizer *m)
{
    for (size_t i = 0; i < m->size; i++)
        if (!(fabs(m->here.gradient[i]) <= m->problem->tolerance[i]))
            return false;
    return true;
}

/* ---- directions ------------------------------------------------------------------------------ */

static void newton_direction(minimizer *m)
{
    memset(m->hessian, 0, m->size * m->size * sizeof *m->hessian);
    m->problem->hessian(m->problem->context, m->here.x, m->hessian);
    cholesky_factorize(m->size, m->hessian);
    for (size_t i = 0; i < m->size; i++)
        m->direction[i] = -m->here.gradient[i];
    cholesky_solve(m->size, m->hessian, m->direction);
}

/* What makes the preconditioner fit the newest step: the ratio of step . change to change . P
 * change. Uses next.x, which is free between two searches. */
static double newest_scale(minimizer *m)
{
    const double *change = m->changes + m->newest * m->size;
    double *preconditioned = m->next.x;
    if (m->pairs == 0)
        return 1.0;
    memcpy(preconditioned, change, m->size * sizeof *change);
    m->problem->precondition(m->problem->context, preconditioned);
    return m->products[m->newest] / double_dot(m->size, change, preconditioned);
}

/* The two loops of L-BFGS round the preconditioner. */
static void lbfgs_direction(minimizer *m)
{
    double *d = m->direction, shares[HISTORY], scale = newest_scale(m);
    size_t size = m->size;
    for (size_t i = 0; i < size; i++)
        d[i] = -m->here.gradient[i];
    for (size_t k = 0; k < m->pairs; k++) {
        size_t at = (m->newest + HISTORY - k) % HISTORY;
        shares[at] = double_dot(size, m->steps + at * size, d) / m->products[at];
        double_add_scaled(size, -shares[at], m->changes + at * size, d);
    }
    m->problem->precondition(m->problem->context, d);
    for (size_t i = 0; i < size; i++)
        d[i] *= scale;
    for (size_t k = m->pairs; k-- > 0;) {
        size_t at = (m->newest + HISTORY - k) % HISTORY;
        double share = double_dot(size, m->changes + at * size, d) / m->products[at];
        double_add_scaled(size, shares[at] - share, m->steps + at * size, d);
    }
}

/* Remembers the step from `here` to `next`; forgets all when rounding has eaten its curvature. */
static void remember(minimizer *m)
{
    size_t at = m->pairs > 0 ? (m->newest + 1) % HISTORY : 0;
    double *step = m->steps + at * m->size, *change = m->changes + at * m->size;
    for (size_t i = 0; i < m->size; i++) {
        step[i] = m->next.x[i] - m->here.x[i];
        change[i] = m->next.gradient[i] - m->here.gradient[i];
    }
    double product = double_dot(m->size, step, change);
    m->products[at] = product;
    m->newest = at;
    if (!(product > 0.0))
        m->pairs = 0;
    else if (m->pairs < HISTORY)
        m->pairs++;
}

static void find_direction(minimizer *m, size_t iteration)
{
    if (m->hessian) {
        newton_direction(m);
        return;
    }
    if (iteration % PREPARE_EVERY == 0)
        m->problem->prepare(m->problem->context, m->here.x);
    lbfgs_direction(m);
}

/* ---- the search along a direction ------------------------------------------------------------ */

/* Evaluates next = here + step * direction; returns the slope there. */
static double try_step(minimizer *m, double step)
{
    memcpy(m->next.x, m->here.x, m->size * sizeof *m->next.x);
    double_add_scaled(m->size, step, m->direction, m->next.x);
    m->next.value = m->problem->value(m->problem->context, m->next.x, m->next.gradient);
    return double_dot(m->size, m->next.gradient, m->direction);
}

/* Where a straight slope between two ends would be 0, but not too close to either. */
static double between(double low, double low_slope, double high, double high_slope)
{
    double width = high - low;
    double share = low_slope / (low_slope - high_slope);
    if (!(share >= 0.1))
        share = isnan(share) ? 0.5 : 0.1;
    return low + width * (share <= 0.9 ? share : 0.9);
}

/* Leaves in `next` a point where the function is lower and clearly flatter along the direction.
 * The slope of a convex function grows along a line, so its zero lies between a step with a
 * negative slope and one with a positive slope. False when rounding leaves no such point. */
static bool search(minimizer *m)
{
    double first = double_dot(m->size, m->here.gradient, m->direction);
    double low = 0.0, low_slope = first, high = HUGE_VAL, high_slope = 0.0, step = 1.0;
    if (!(first < 0.0))
        return false;
    for (size_t i = 0; i < SEARCH_LIMIT; i++) {
        double slope = try_step(m, step);
        bool lower = m->next.value <= m->here.value + VALUE_SLACK * fabs(m->here.value);
        if (lower && fabs(slope) <= -FLATNESS * first)
            return true;
        if (lower && slope < 0.0) {
            low = step;
            low_slope = slope;
        } else {
            high = step;
            high_slope = slope > 0.0 ? slope : (double)NAN;
        }
        step = high < HUGE_VAL ? between(low, low_slope, high, high_slope) : 4.0 * low;
    }
    return false;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static int fail_to_converge(const minimizer *m, size_t iterations, fb_error *err)
{
    return fb_fail(err, FB_ENUMERIC, "the minimisation did not converge in %zu iterations: the "
                   "largest component of the gradient is still %.3g", iterations,
                   double_largest(m->size, m->here.gradient));
}

static void step_forward(minimizer *m)
{
    double *gradient = m->here.gradient;
    memcpy(m->here.x, m->next.x, m->size * sizeof *m->here.x);
    m->here.gradient = m->next.gradient;
    m->here.value = m->next.value;
    m->next.gradient = gradient;
}

static int iterate(minimizer *m, minimize_result *ret_result, fb_error *err)
{
    const minimize_problem *problem = m->problem;
    size_t iteration = 0;
    m->here.value = problem->value(problem->context, m->here.x, m->here.gradient);
    for (; !converged(m); iteration++) {
        if (iteration == problem->limit)
            return fail_to_converge(m, iteration, err);
        find_direction(m, iteration);
        if (!search(m))
            return fail_to_converge(m, iteration, err);
        if (!m->hessian)
            remember(m);
        step_forward(m);
        if (problem->progress && problem->progress(problem->context, iteration, m->here.value))
            return fb_fail(err, FB_ECANCELLED, "the minimisation was cancelled after iteration "
                           "%zu", iteration);
    }
    *ret_result = (minimize_result){
        .value = m->here.value,
        .iterations = iteration,
        .gradient = double_largest(m->size, m->here.gradient),
    };
    return FB_OK;
}

int minimize_convex(const minimize_problem *problem, double *x, minimize_result *ret_result,
                    fb_error *err)
{
    minimizer m = {0};
    int rc = minimizer_init(&m, problem, x, err);
    if (!rc)
        rc = iterate(&m, ret_result, err);
    fb_free(m.memory);
    return rc;
}
