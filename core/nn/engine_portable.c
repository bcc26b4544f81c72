/* The project's own kernels: the same bits on every machine. A convolution that can be done by
 * Winograd's method is. */
#include "engine.h"

static void prepare(void)
{
}

static size_t conv_scratch(const kernels_conv *conv, bool train)
{
    return kernels_winograd_fits(conv) ? kernels_winograd_scratch(conv, train) : 0;
}

static size_t conv_memory(const kernels_conv *conv, bool train)
{
    return kernels_winograd_fits(conv) ? kernels_winograd_memory(conv, train) : 0;
}

static kernels_winograd winograd_of(const engine_conv *c)
{
    return (kernels_winograd){.conv = c->shape, .relu = c->relu, .pool = c->pool,
                              .bias = c->bias != NULL, .memory = c->memory,
                              .scratch = c->scratch};
}

static int conv_forward(const engine_conv *c, const float *x, float *y, uint8_t *winner)
{
    if (!kernels_winograd_fits(&c->shape))
        return kernels_conv_forward(&c->shape, c->count, x, c->weights, c->bias, c->relu, y);
    const kernels_winograd winograd = winograd_of(c);
    if (c->first)
        kernels_winograd_begin_forward(&winograd, c->weights);
    kernels_winograd_forward(&winograd, c->count, x, c->bias, y, winner);
    return FB_OK;
}

static int direct_gradients(const engine_conv *c, const float *x, const float *dy,
                            float *d_weights, float *d_bias, float *dx)
{
    int rc = kernels_conv_weight_gradient(&c->shape, c->count, x, dy, !c->first, d_weights,
                                          c->bias ? d_bias : NULL);
    if (rc || !dx)
        return rc;
    return kernels_conv_input_gradient(&c->shape, c->count, c->weights, dy, dx);
}

static int conv_gradients(const engine_conv *c, const float *x, const float *dy,
                          const uint8_t *winner, float *d_weights, float *d_bias, float *dx)
{
    if (!kernels_winograd_fits(&c->shape))
        return direct_gradients(c, x, dy, d_weights, d_bias, dx);
    const kernels_winograd winograd = winograd_of(c);
    if (c->first)
        kernels_winograd_begin_gradients(&winograd, dx ? c->weights : NULL);
    kernels_winograd_gradients(&winograd, c->count, x, dy, winner, dx);
    if (c->last)
        kernels_winograd_end_gradients(&winograd, d_weights, d_bias);
    return FB_OK;
}

const engine_ops engine_portable = {
    .name = "portable",
    .prepare = prepare,
    .conv_scratch = conv_scratch,
    .conv_memory = conv_memory,
    .dense_forward = kernels_dense_forward,
    .dense_gradients = kernels_dense_gradients,
    .masks = true,
    .pools = kernels_winograd_fits,
    .conv_forward = conv_forward,
    .conv_gradients = conv_gradients,
};
