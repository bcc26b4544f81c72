#include "standardize.h"

#include <math.h>

#include "alloc.h"
#include "parts.h"

/* Statistics of each feature over the training rows. */
typedef struct moments {
    size_t features;
    double *mean, *deviation; /* (features) */
    bool *varies;             /* (features) not the same in all rows */
} moments;

static void moments_finish(moments *m)
{
    fb_free(m->mean);
    fb_free(m->deviation);
    fb_free(m->varies);
}

/* The rows that are not in the test set, ascending. */
static int list_training_rows(const dataset *data, size_t **ret_rows, size_t *ret_count,
                              fb_error *err)
{
    const data_ids *test = &data->test_ids;
    size_t count = data->train.count - test->count, used = 0, held = 0;
    if (count == 0)
        return fb_fail(err, FB_ERANGE, "every sample is in the test set: there is no training "
                       "sample to standardize by");
    size_t *rows = fb_calloc(count, sizeof *rows);
    if (!rows)
        return fb_fail_memory(err, count, sizeof *rows, "training rows");
    for (size_t i = 0; i < data->train.count; i++) {
        if (held < test->count && test->ids[held] == i)
            held++;
        else
            rows[used++] = i;
    }
    FB_CHECK(used == count);
    *ret_rows = rows;
    *ret_count = count;
    return FB_OK;
}

static double value_at(const data_part *part, size_t index)
{
    return part->u8 ? (double)part->u8[index] : (double)part->f32[index];
}

static void compute(const data_part *part, const size_t *rows, size_t count, moments *m)
{
    for (size_t i = 0; i < count; i++)
        for (size_t f = 0; f < m->features; f++) {
            double value = value_at(part, rows[i] * m->features + f);
            m->mean[f] += value;
            m->varies[f] |= value != value_at(part, rows[0] * m->features + f);
        }
    for (size_t f = 0; f < m->features; f++)
        m->mean[f] /= (double)count;
    for (size_t i = 0; i < count; i++)
        for (size_t f = 0; f < m->features; f++) {
            double apart = value_at(part, rows[i] * m->features + f) - m->mean[f];
            m->deviation[f] += apart * apart;
        }
    for (size_t f = 0; f < m->features; f++)
        m->deviation[f] = sqrt(m->deviation[f] / (double)count);
}

static int find_moments(const dataset *data, moments *ret_moments, fb_error *err)
{
    moments m = {.features = data->height * data->width * data->channels};
    size_t *rows = NULL, count = 0;
    int rc = list_training_rows(data, &rows, &count, err);
    if (rc)
        return rc;
    m.mean = fb_calloc(m.features, sizeof *m.mean);
    m.deviation = fb_calloc(m.features, sizeof *m.deviation);
    m.varies = fb_calloc(m.features, sizeof *m.varies);
    if (m.mean && m.deviation && m.varies) {
        compute(&data->train, rows, count, &m);
        *ret_moments = m;
    } else {
        moments_finish(&m);
        rc = fb_fail_memory(err, m.features, sizeof *m.mean, "means and deviations");
    }
    fb_free(rows);
    return rc;
}

/* Pixels give way to floats; floats are changed where they are. */
static int apply(const moments *m, data_part *part, fb_error *err)
{
    float *out = part->f32;
    bool finite = true;
    if (part->u8) {
        int rc = part_check_size("standardized pixels", part->count, m->features, sizeof *out, err);
        if (rc)
            return rc;
        out = fb_calloc(part->count * m->features, sizeof *out);
        if (!out)
            return fb_fail_memory(err, part->count * m->features, sizeof *out, "features");
    }
    for (size_t i = 0; i < part->count; i++)
        for (size_t f = 0; f < m->features; f++) {
            size_t at = i * m->features + f;
            double value = value_at(part, at) - m->mean[f];
            out[at] = m->varies[f] ? (float)(value / m->deviation[f]) : 0;
            finite &= (bool)isfinite(out[at]);
        }
    fb_free(part->u8);
    part->u8 = NULL;
    part->f32 = out;
    if (!finite)
        return fb_fail(err, FB_ENUMERIC, "a feature's values lie too far apart, or too close, to "
                       "be standardized");
    return FB_OK;
}

int standardize_dataset(dataset *data, fb_error *err)
{
    moments m = {0};
    int rc = find_moments(data, &m, err);
    if (rc)
        return rc;
    rc = apply(&m, &data->train, err);
    if (!rc && data->test.count)
        rc = apply(&m, &data->test, err);
    moments_finish(&m);
    return rc;
}
