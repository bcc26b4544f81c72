/* masked_dense.h - Monte-Carlo dropout followed by a dense layer, many masks on the same inputs
 * (internal to nn).
 *
 * A mask is shared by all rows, so x * mask meets only some rows of the weights W. With rate <=
 * 1/2 the dropped ones are fewer: (x * mask) W = scale (x W - x_dropped W_dropped), where x W is
 * made once for all passes; otherwise it is scale x_kept W_kept. For rate 1/4 that is a quarter of
 * the work. */
#ifndef FB_NN_MASKED_DENSE_H
#define FB_NN_MASKED_DENSE_H

#include "network.h"

typedef struct masked_dense {
    const nn_layer *dropout, *dense;
    size_t rows;         /* capacity */
    float *memory;       /* what the others are parts of */
    float *x_transposed; /* (in, rows) */
    float *whole;        /* (rows, units): x W */
    float *mask;         /* (in) */
    float *some_x;       /* (in, rows): the rows of x_transposed that a pass uses */
    float *some_weights; /* (in, units): those of W */
    float *y;            /* (rows, units): the output of the dense layer, after its ReLU */
} masked_dense;

/* For up to `rows` rows and these two layers. FB_ENOMEM. */
int masked_dense_init(masked_dense *product, const nn_layer *dropout, const nn_layer *dense,
                      size_t rows, fb_error *err);

/* Takes a zeroed struct. */
void masked_dense_finish(masked_dense *product);

/* Takes x (count, in) as rows first .. first+count-1. Returns 0 or FB_ENOMEM. */
int masked_dense_load(masked_dense *product, const layer_pass *pass, size_t first, size_t count,
                      const float *x);

/* Computes y for the rows loaded, 0 .. count-1, under the mask of `pass`. Returns 0 or FB_ENOMEM. */
int masked_dense_run(masked_dense *product, const layer_pass *pass, size_t count);

#endif
