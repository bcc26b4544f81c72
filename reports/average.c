#include "average.h"

#include <math.h>

void average_add(average *seen, double value)
{
    if (isnan(value))
        return;
    seen->sum += value;
    seen->count++;
}

double average_mean(average seen)
{
    return seen.count ? seen.sum / (double)seen.count : (double)NAN;
}
