/* SPDX-License-Identifier: 0BSD
 *
 * double.c - exp, log and cosine in double precision, one number at a time, by the series of
 * elementary.c. */
#include "kernels.h"
#include "logarithm.h"

#include <float.h>
#include <math.h>

/* ln 2 in two parts: n * LN2_HIGH is exact for |n| < 2^20. */
static const double LN2_HIGH = 0x1.62e42feep-1;
static const double LN2_LOW = 0x1.a39ef35793c76p-33;
static const double LOG2_E = 0x1.71547652b82fep+0;

static const double INVERSE_FACTORIALS[] = {
    1,           1,            1 / 2.0,       1 / 6.0,        1 / 24.0,
    1 / 120.0,   1 / 720.0,    1 / 5040.0,    1 / 40320.0,    1 / 362880.0,
    1 / 3628800.0, 1 / 39916800.0, 1 / 479001600.0, 1 / 6227020800.0, 1 / 87178291200.0,
};

double kernels_log_double(double x)
{
    return log_double(x);
}

double kernels_exp_double(double x)
{
    if (isnan(x))
        return (double)NAN;
    if (x > 710)
        return (double)INFINITY;
    if (x < -746)
        return 0;

    const double rounder = 0x1.8p52; /* adding it rounds to the nearest integer */
    double n = fma(x, LOG2_E, rounder) - rounder;
    double r = fma(-n, LN2_LOW, fma(-n, LN2_HIGH, x));

    double p = 0;
    for (size_t k = sizeof INVERSE_FACTORIALS / sizeof *INVERSE_FACTORIALS; k-- > 0;)
        p = fma(p, r, INVERSE_FACTORIALS[k]);
    double y = ldexp(p, (int)n);
    return y < DBL_MIN ? 0 : y;
}

/* 1 - a2 / (k (k-1)) (1 - a2 / ((k-2) (k-3)) (1 - ...)) down to k = 2 or 3: the cosine of a for an
 * even k, the sine divided by a for an odd one. For |a| <= pi/4, k = 18 is enough. */
static double alternating_series(double a2, int k)
{
    double sum = 1;
    for (; k >= 2; k -= 2)
        sum = fma(-a2 / (k * (k - 1)), sum, 1);
    return sum;
}

double kernels_cos_pi_double(double x)
{
    const double pi = 0x1.921fb54442d18p+1;
    double turn = fmod(fabs(x), 2); /* exact, as are the steps up to the angle */
    if (turn > 1)
        turn = 2 - turn;
    bool negative = turn > 0.5;
    if (negative)
        turn = 1 - turn;
    bool sine = turn > 0.25;
    double angle = pi * (sine ? 0.5 - turn : turn), a2 = angle * angle;
    double y = sine ? angle * alternating_series(a2, 19) : alternating_series(a2, 18);
    return negative ? -y : y;
}
