#include "feature_file.h"

#include <math.h>

#include "strbuf.h"

static int check_shape(const char *path, const npy_array *rows, size_t sample_count, fb_error *err)
{
    if (rows->ndim == 2 && rows->shape[0] == sample_count && rows->shape[1] > 0)
        return FB_OK;
    fb_strbuf shape = FB_STRBUF_INIT;
    for (size_t i = 0; i < rows->ndim; i++)
        fb_strbuf_printf(&shape, "%s%zu", i ? ", " : "", rows->shape[i]);
    int rc = fb_fail(err, FB_EFORMAT,
                     "%s has the shape (%s); expected (%zu, width), one row for each training "
                     "sample of the data set, in its order",
                     path, shape.text, sample_count);
    fb_strbuf_finish(&shape);
    return rc;
}

static int check_numbers(const char *path, const npy_array *rows, fb_error *err)
{
    for (size_t i = 0; i < rows->count; i++)
        if (!isfinite(rows->f32[i]))
            return fb_fail(err, FB_ENUMERIC,
                           "%s holds %g in row %zu, column %zu; features must be finite as "
                           "float32: put right what made the file",
                           path, (double)rows->f32[i], i / rows->shape[1], i % rows->shape[1]);
    return FB_OK;
}

int feature_file_read(const char *path, size_t sample_count, feature_file *ret_features,
                      fb_error *err)
{
    feature_file features = {.path = path};
    npy_array *rows = &features.rows;
    int rc = npy_read_floats(path, rows, err);
    if (!rc)
        rc = check_shape(path, rows, sample_count, err);
    if (!rc)
        rc = check_numbers(path, rows, err);
    if (rc) {
        npy_finish(rows);
        return rc;
    }
    fb_digest digest;
    fb_digest_init(&digest);
    fb_digest_u64(&digest, rows->shape[0]);
    fb_digest_u64(&digest, rows->shape[1]);
    fb_digest_bytes(&digest, rows->f32, rows->count * sizeof *rows->f32);
    fb_digest_end_hex(&digest, features.digest);
    *ret_features = features;
    return FB_OK;
}

void feature_file_finish(feature_file *features)
{
    if (!features)
        return;
    npy_finish(&features->rows);
    *features = (feature_file){0};
}
