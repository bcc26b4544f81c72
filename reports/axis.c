#include "axis.h"

#include <math.h>

/* So much of a step counts as nothing: an end that is a tick but for rounding is a tick. */
static const double SLACK = 1e-6;

axis axis_make(double low, double high, int ticks)
{
    static const double factors[] = {1, 2, 5, 10};
    if (!(high > low)) {
        double room = fmax(1, fabs(low) * 0.01);
        low -= room;
        high += room;
    }
    double rough = (high - low) / ticks;
    double power = pow(10, floor(log10(rough)));
    double step = 10 * power;
    for (int i = 3; i >= 0; i--)
        if (factors[i] * power >= rough * (1 - SLACK))
            step = factors[i] * power;
    return (axis){.low = low, .high = high, .step = step};
}

long axis_first(axis a)
{
    return lround(ceil(a.low / a.step - SLACK));
}

long axis_last(axis a)
{
    return lround(floor(a.high / a.step + SLACK));
}
