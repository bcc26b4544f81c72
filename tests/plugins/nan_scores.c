/* Scores its last sample with NaN. */
#include <math.h>

#include "working.h"

static int scores_wrong(void *instance, const fb_round *round, double *ret_scores)
{
    (void)instance;
    for (size_t i = 0; i < round->pool_count; i++)
        ret_scores[i] = i + 1 < round->pool_count ? 0 : NAN;
    return FB_PLUGIN_OK;
}

static const fb_strategy strategy = {
    WORKING("nan-scores"),
    .score_name = "nothing",
    .scores = scores_wrong,
};

FB_PLUGIN_ONE(strategy);
