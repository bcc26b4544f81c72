/* The project's own kernels: the same bits on every machine. */
#include "engine.h"

static void prepare(void)
{
}

static size_t scratch_size(const kernels_conv *conv)
{
    (void)conv;
    return 0;
}

static int conv_forward(const kernels_conv *conv, size_t count, const float *x,
                        const float *weights, const float *bias, bool relu, float *y,
                        float *scratch)
{
    (void)scratch;
    return kernels_conv_forward(conv, count, x, weights, bias, relu, y);
}

static int conv_weight_gradient(const kernels_conv *conv, size_t count, const float *x,
                                const float *dy, float *d_weights, float *d_bias, float *scratch)
{
    (void)scratch;
    return kernels_conv_weight_gradient(conv, count, x, dy, d_weights, d_bias);
}

static int conv_input_gradient(const kernels_conv *conv, size_t count, const float *weights,
                               const float *dy, float *dx, float *scratch)
{
    (void)scratch;
    return kernels_conv_input_gradient(conv, count, weights, dy, dx);
}

const engine_ops engine_portable = {
    .name = "portable",
    .prepare = prepare,
    .scratch_size = scratch_size,
    .gemm = kernels_gemm,
    .conv_forward = conv_forward,
    .conv_weight_gradient = conv_weight_gradient,
    .conv_input_gradient = conv_input_gradient,
};
