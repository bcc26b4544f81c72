#include "schedule.h"

#include "kernels.h"

/* From `start` at share 0 to `end` at share 1, along half a period of the cosine. */
static double anneal(double start, double end, double share)
{
    return end + (start - end) / 2.0 * (1.0 + kernels_cos_pi_double(share));
}

/* By repeated multiplication: pow differs between machines. */
static double step_rate(const nn_recipe *recipe, size_t epoch)
{
    double rate = recipe->learning_rate;
    for (size_t i = recipe->step_epochs; i <= epoch; i += recipe->step_epochs)
        rate *= recipe->step_factor;
    return rate;
}

/* Smith & Topin 2018. The peak may lie between two steps. */
static double one_cycle_rate(double peak, double step, double steps)
{
    const double rising_share = 0.3, first = peak / 25.0, last = first / 1e4;
    double top = rising_share * steps - 1.0;
    if (step <= top)
        return anneal(first, peak, step / top);
    return anneal(peak, last, (step - top) / (steps - 1.0 - top));
}

double schedule_rate(const nn_recipe *recipe, size_t epoch, uint64_t step, uint64_t steps)
{
    switch (recipe->schedule) {
    case NN_CONSTANT:
        break;
    case NN_STEP:
        return step_rate(recipe, epoch);
    case NN_COSINE:
        return anneal(recipe->learning_rate, 0.0, (double)epoch / (double)recipe->epochs);
    case NN_ONE_CYCLE:
        return one_cycle_rate(recipe->learning_rate, (double)step, (double)steps);
    }
    return recipe->learning_rate;
}
