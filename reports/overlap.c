#include "overlap.h"

#include <math.h>

double overlap_jaccard(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count)
{
    size_t i = 0, j = 0, common = 0;
    while (i < a_count && j < b_count) {
        uint32_t x = a[i], y = b[j];
        if (x == y)
            common++;
        if (x <= y)
            i++;
        if (y <= x)
            j++;
    }
    size_t either = a_count + b_count - common;
    return either ? (double)common / (double)either : (double)NAN;
}

double overlap_by_chance(size_t a_count, size_t b_count, size_t pool)
{
    double common = (double)a_count * (double)b_count / (double)pool;
    return common / ((double)a_count + (double)b_count - common);
}

double overlap_by_chance_rounds(size_t batch, size_t rounds, size_t subpool, size_t pool)
{
    if (pool == 0)
        return (double)NAN;
    double offered = subpool && subpool < pool ? (double)subpool : (double)pool;
    double share = offered / (double)pool, missed = fmax(0, 1 - (double)batch / offered);
    double once = pow(1 - share + share * missed, (double)rounds);
    double twice = pow(1 - share + share * missed * missed, (double)rounds);
    double common = (double)pool * (1 - 2 * once + twice);
    double each = (double)pool * (1 - once);
    return common / (2 * each - common);
}

double overlap_class_balance(const size_t *counts, size_t classes)
{
    double total = 0, entropy = 0;
    for (size_t c = 0; c < classes; c++)
        total += (double)counts[c];
    for (size_t c = 0; c < classes; c++)
        if (counts[c] > 0)
            entropy -= (double)counts[c] / total * log((double)counts[c] / total);
    return total > 0 ? fabs(entropy) / log((double)classes) : (double)NAN;
}
