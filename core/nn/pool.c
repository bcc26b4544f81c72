#include "pool.h"

int pool_resolve(nn_layer *layer, fb_error *err)
{
    nn_layer_spec *spec = &layer->spec;
    nn_shape in = layer->in;
    if (spec->kernel == 0)
        spec->kernel = 2;
    if (spec->stride == 0)
        spec->stride = spec->kernel;
    if (spec->kernel > in.height || spec->kernel > in.width)
        return fb_fail(err, FB_EINVAL, "the window of %zu x %zu is larger than its input of %zu x "
                       "%zu", spec->kernel, spec->kernel, in.height, in.width);
    layer->out = (nn_shape){(in.height - spec->kernel) / spec->stride + 1,
                            (in.width - spec->kernel) / spec->stride + 1, in.channels};
    return FB_OK;
}
