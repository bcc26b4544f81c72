/* engine.h - the arithmetic under the layers, so that it can be exchanged (internal to nn).
 *
 * Shapes and layouts are those of kernels.h: float32, row-major, images in NHWC, convolution
 * weights (kernel, kernel, channels, filters). Functions return 0 or FB_ENOMEM. */
#ifndef FB_NN_ENGINE_H
#define FB_NN_ENGINE_H

#include "kernels.h"
#include "nn.h"

typedef struct engine_ops {
    const char *name;

    /* Called once for each network: settings that hold for the whole process. */
    void (*prepare)(void);

    /* Floats of scratch that the convolution functions want for this shape; may be 0. */
    size_t (*scratch_size)(const kernels_conv *conv);

    /* As kernels_gemm. */
    int (*gemm)(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, const float *a,
                size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);

    /* As kernels_dense_gradients. */
    int (*dense_gradients)(const kernels_dense *dense, const float *x, const float *dy,
                           const float *weights, float *dx, float *d_weights,
                           kernels_dense_update *update, void *context);

    /* Monte-Carlo dropout before a dense layer is done by kernels_masked_run, not by layers. */
    bool masks;

    /* As kernels_conv_forward. */
    int (*conv_forward)(const kernels_conv *conv, size_t count, const float *x,
                        const float *weights, const float *bias, bool relu, float *y,
                        float *scratch);

    /* As kernels_conv_weight_gradient and, unless dx is NULL, kernels_conv_input_gradient. */
    int (*conv_gradients)(const kernels_conv *conv, size_t count, const float *x,
                          const float *weights, const float *dy, float *d_weights, float *d_bias,
                          float *dx, float *scratch);

    /* Whether the two functions below can do this convolution; they may be NULL where it is never
     * so. */
    bool (*pools)(const kernels_conv *conv);

    /* As kernels_winograd_pool_forward and kernels_winograd_pool_gradients: a convolution and the
     * 2 x 2 max pooling after it in one, with the bits of the two. */
    int (*conv_pool_forward)(const kernels_conv *conv, size_t count, const float *x,
                             const float *weights, const float *bias, bool relu, float *y,
                             uint8_t *winner, float *scratch);
    int (*conv_pool_gradients)(const kernels_conv *conv, size_t count, const float *x,
                               const float *weights, const float *dy, const uint8_t *winner,
                               float *d_weights, float *d_bias, float *dx, float *scratch);
} engine_ops;

extern const engine_ops engine_portable;
extern const engine_ops engine_blas;

/* NULL for a number that is no engine. */
const engine_ops *engine_find(nn_engine engine);

/* The machine-dependent part of the blas engine's results; a static text. */
const char *engine_blas_fingerprint(void);

#endif
