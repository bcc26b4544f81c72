#include "draws.h"

#include <stdbool.h>

double draws_uniform(draw_cursor *draws)
{
    return fb_stream_uniform(draws->stream, draws->draw, draws->next++);
}

double draws_between(draw_cursor *draws, double low, double high)
{
    return low + (high - low) * draws_uniform(draws);
}

size_t draws_below(draw_cursor *draws, size_t bound)
{
    return (size_t)fb_stream_below(draws->stream, draws->draw, draws->next++, bound);
}

/* True with probability exp(-p), 0 <= p <= 1 (von Neumann 1951): a run p > u1 > u2 > ... of
 * uniform numbers is at least n long with probability p^n / n!, so it is even with 1 - p +
 * p^2/2 - ... */
static bool with_exp(draw_cursor *draws, double p)
{
    bool even = true;
    double last = p;
    for (;;) {
        double u = draws_uniform(draws);
        if (!(u < last))
            return even;
        last = u;
        even = !even;
    }
}

/* True with probability exp(-p)^times. */
static bool with_exps(draw_cursor *draws, double p, size_t times)
{
    for (size_t i = 0; i < times; i++)
        if (!with_exp(draws, p))
            return false;
    return true;
}

double draws_normal(draw_cursor *draws)
{
    for (;;) {
        /* |result| = k + x. First k >= 0 with a probability proportional to exp(-k^2 / 2), ... */
        size_t k = 0;
        while (with_exp(draws, 0.5))
            k++;
        if (k > 1 && !with_exps(draws, 0.5, k * (k - 1)))
            continue;
        /* ... then x in [0, 1) with one proportional to exp(-x (2k + x) / 2). */
        double x = draws_uniform(draws);
        double n = (double)k;
        if (!with_exps(draws, x * (2 * n + x) / (2 * n + 2), k + 1))
            continue;
        return draws_below(draws, 2) ? n + x : -(n + x);
    }
}

size_t draws_weighted(draw_cursor *draws, const double *weights, size_t count)
{
    double total = 0;
    size_t last = 0; /* the answer when rounding leaves the target above the sum of all */
    for (size_t i = 0; i < count; i++)
        total += weights[i];
    double target = draws_uniform(draws) * total;
    for (size_t i = 0; i < count; i++) {
        if (weights[i] > 0) {
            if (target < weights[i])
                return i;
            last = i;
        }
        target -= weights[i];
    }
    return last;
}
