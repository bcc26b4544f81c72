/* engine.h - the arithmetic under the layers, so that it can be exchanged (internal to nn).
 *
 * Shapes and layouts are those of kernels.h: float32, row-major, images in NHWC, convolution
 * weights (kernel, kernel, channels, filters). Functions return 0 or FB_ENOMEM. */
#ifndef FB_NN_ENGINE_H
#define FB_NN_ENGINE_H

#include "kernels.h"
#include "nn.h"

/* A convolution, perhaps with ReLU and 2 x 2 max pooling after it, of some images: the batch comes
 * in parts, in order. */
typedef struct engine_conv {
    kernels_conv shape;
    bool relu, pool;
    const float *weights, *bias; /* bias NULL: none */
    size_t count;                /* images of this part */
    bool first, last;            /* the part begins, ends the batch */
    float *memory;  /* conv_memory floats, kept from the first part of a pass to the last */
    float *scratch; /* conv_scratch floats */
} engine_conv;

typedef struct engine_ops {
    const char *name;

    /* Called once for each network: settings that hold for the whole process. */
    void (*prepare)(void);

    /* Floats of scratch and of memory that the convolution functions want for this shape, and for
     * gradients too when `train`; may be 0. */
    size_t (*conv_scratch)(const kernels_conv *conv, bool train);
    size_t (*conv_memory)(const kernels_conv *conv, bool train);

    /* As kernels_dense_forward and kernels_dense_gradients. */
    int (*dense_forward)(const kernels_dense *dense, const float *x, const float *weights,
                         const float *bias, bool relu, float *y);
    int (*dense_gradients)(const kernels_dense *dense, const float *x, const float *dy,
                           const float *weights, float *dx, float *d_weights,
                           kernels_dense_update *update, void *context);

    /* Monte-Carlo dropout before a dense layer is done by kernels_masked_run, not by layers. */
    bool masks;

    /* Whether the two functions below can pool after this convolution. */
    bool (*pools)(const kernels_conv *conv);

    /* y, and where the largest were unless `winner` is NULL: see kernels_conv_forward and
     * kernels_winograd. */
    int (*conv_forward)(const engine_conv *conv, const float *x, float *y, uint8_t *winner);

    /* dx, unless it is NULL, from dy, to which the ReLU's mask has been applied unless it was
     * pooled; d_weights and, with a bias, d_bias are the batch's after its last part, and not to be
     * touched before. */
    int (*conv_gradients)(const engine_conv *conv, const float *x, const float *dy,
                          const uint8_t *winner, float *d_weights, float *d_bias, float *dx);
} engine_ops;

extern const engine_ops engine_portable;
extern const engine_ops engine_blas;

/* NULL for a number that is no engine. */
const engine_ops *engine_find(nn_engine engine);

/* The machine-dependent part of the blas engine's results; a static text. */
const char *engine_blas_fingerprint(void);

#endif
