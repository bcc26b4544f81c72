/* The project's own kernels: the same bits on every machine. A convolution that can be done by
 * Winograd's method is. */
#include "engine.h"

static void prepare(void)
{
}

static size_t scratch_size(const kernels_conv *conv)
{
    return kernels_winograd_fits(conv) ? kernels_winograd_scratch(conv) : 0;
}

static int conv_forward(const kernels_conv *conv, size_t count, const float *x,
                        const float *weights, const float *bias, bool relu, float *y,
                        float *scratch)
{
    if (!kernels_winograd_fits(conv))
        return kernels_conv_forward(conv, count, x, weights, bias, relu, y);
    kernels_winograd_forward(conv, count, x, weights, bias, relu, y, scratch);
    return FB_OK;
}

static int conv_gradients(const kernels_conv *conv, size_t count, const float *x,
                          const float *weights, const float *dy, float *d_weights, float *d_bias,
                          float *dx, float *scratch)
{
    if (kernels_winograd_fits(conv)) {
        kernels_winograd_gradients(conv, count, x, weights, dy, d_weights, d_bias, dx, scratch);
        return FB_OK;
    }
    int rc = kernels_conv_weight_gradient(conv, count, x, dy, d_weights, d_bias);
    if (rc || !dx)
        return rc;
    return kernels_conv_input_gradient(conv, count, weights, dy, dx);
}

static int conv_pool_forward(const kernels_conv *conv, size_t count, const float *x,
                             const float *weights, const float *bias, bool relu, float *y,
                             uint8_t *winner, float *scratch)
{
    kernels_winograd_pool_forward(conv, count, x, weights, bias, relu, y, winner, scratch);
    return FB_OK;
}

static int conv_pool_gradients(const kernels_conv *conv, size_t count, const float *x,
                               const float *weights, const float *dy, const uint8_t *winner,
                               float *d_weights, float *d_bias, float *dx, float *scratch)
{
    kernels_winograd_pool_gradients(conv, count, x, weights, dy, winner, d_weights, d_bias, dx,
                                    scratch);
    return FB_OK;
}

const engine_ops engine_portable = {
    .name = "portable",
    .prepare = prepare,
    .scratch_size = scratch_size,
    .gemm = kernels_gemm,
    .dense_gradients = kernels_dense_gradients,
    .masks = true,
    .conv_forward = conv_forward,
    .conv_gradients = conv_gradients,
    .pools = kernels_winograd_fits,
    .conv_pool_forward = conv_pool_forward,
    .conv_pool_gradients = conv_pool_gradients,
};
