#include <string.h>

#include "network.h"

/* A source of one type that has the rows. */
static int check_rows(const nn_source *source, const uint32_t *ids, size_t count, const char *what,
                      fb_error *err)
{
    if (!source->u8 == !source->f32)
        return fb_fail(err, FB_EINVAL, "%s samples must be given as pixels or as floats, one of "
                       "them", what);
    if (!ids && count > source->count)
        return fb_fail(err, FB_EINVAL, "%zu %s samples were asked for, but there are %zu", count,
                       what, source->count);
    for (size_t i = 0; ids && i < count; i++)
        if (ids[i] >= source->count)
            return fb_fail(err, FB_EINVAL, "%s sample %u does not exist: there are %zu", what,
                           ids[i], source->count);
    return FB_OK;
}

int samples_check(const nn_network *network, const nn_source *source, const uint32_t *ids,
                  size_t count, const char *what, fb_error *err)
{
    nn_shape have = source->shape, want = network->input_shape;
    if (have.height != want.height || have.width != want.width || have.channels != want.channels)
        return fb_fail(err, FB_EINVAL, "%s samples are %zu x %zu x %zu, but the network takes %zu "
                       "x %zu x %zu", what, have.height, have.width, have.channels, want.height,
                       want.width, want.channels);
    return check_rows(source, ids, count, what, err);
}

int samples_check_labels(const nn_network *network, const uint32_t *labels, size_t count,
                         const char *what, fb_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (labels[i] >= network->class_count)
            return fb_fail(err, FB_EINVAL, "label %u of the %s sample at position %zu is not "
                           "below %zu, the number of classes", labels[i], what, i,
                           network->class_count);
    return FB_OK;
}

void samples_gather(const nn_source *source, const uint32_t *ids, size_t first, size_t rows,
                    float *out)
{
    size_t size = nn_shape_size(source->shape);
    for (size_t i = 0; i < rows; i++) {
        size_t row = ids ? ids[first + i] : first + i;
        if (source->u8)
            kernels_convert_u8(size, source->u8 + row * size, 1.0f / 255.0f, out + i * size);
        else
            memcpy(out + i * size, source->f32 + row * size, size * sizeof *out);
    }
}

int nn_inputs(const nn_source *source, const uint32_t *ids, size_t count, float *ret_inputs,
              fb_error *err)
{
    int rc = check_rows(source, ids, count, "requested", err);
    if (!rc)
        samples_gather(source, ids, 0, count, ret_inputs);
    return rc;
}
