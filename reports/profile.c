#include "profile.h"

#include <math.h>

static const double ROUNDING = 1e-12;

double profile_ratio(const double *costs, size_t problems, size_t solvers, size_t solver,
                     double tau)
{
    size_t tried = 0, within = 0;
    for (size_t p = 0; p < problems; p++) {
        const double *row = costs + p * solvers;
        double best = (double)INFINITY;
        for (size_t s = 0; s < solvers; s++)
            best = fmin(best, row[s]); /* a NaN is passed over */
        if (isnan(row[solver]))
            continue;
        tried++;
        within += isfinite(row[solver]) && row[solver] <= tau * best * (1 + ROUNDING);
    }
    return tried ? (double)within / (double)tried : (double)NAN;
}

double profile_gap(const double *gaps, size_t points, double delta)
{
    size_t measured = 0, within = 0;
    for (size_t i = 0; i < points; i++) {
        if (isnan(gaps[i]))
            continue;
        measured++;
        if (gaps[i] <= delta + ROUNDING)
            within++;
    }
    return measured ? (double)within / (double)measured : (double)NAN;
}

double profile_gap_area(const double *gaps, size_t points, double limit)
{
    size_t measured = 0;
    double sum = 0;
    for (size_t i = 0; i < points; i++) {
        if (isnan(gaps[i]))
            continue;
        measured++;
        sum += fmax(0, 1 - gaps[i] / limit);
    }
    return measured ? sum / (double)measured : (double)NAN;
}
