#include "datasets.h"

#include <math.h>
#include <string.h>

bool datasets_same(const report_data *data, size_t a, size_t b)
{
    return strcmp(data->settings[a].dataset, data->settings[b].dataset) == 0;
}

bool datasets_is_first(const report_data *data, size_t setting)
{
    for (size_t i = 0; i < setting; i++)
        if (datasets_same(data, i, setting))
            return false;
    return true;
}

size_t datasets_count(const report_data *data)
{
    size_t count = 0;
    for (size_t i = 0; i < data->setting_count; i++)
        count += datasets_is_first(data, i);
    return count;
}

double datasets_mean(const report_data *data, size_t first, size_t strategy, datasets_value *value,
                     const void *context)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = first; i < data->setting_count; i++) {
        double v = datasets_same(data, first, i) ? value(context, i, strategy) : (double)NAN;
        if (!isnan(v)) {
            sum += v;
            count++;
        }
    }
    return count ? sum / (double)count : (double)NAN;
}

double datasets_grand_mean(const report_data *data, size_t strategy, datasets_value *value,
                           const void *context)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < data->setting_count; i++) {
        double v = datasets_is_first(data, i) ? datasets_mean(data, i, strategy, value, context)
                                              : (double)NAN;
        if (!isnan(v)) {
            sum += v;
            count++;
        }
    }
    return count ? sum / (double)count : (double)NAN;
}
