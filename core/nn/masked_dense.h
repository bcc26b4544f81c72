/* masked_dense.h - Monte-Carlo dropout followed by a dense layer: several passes at once (internal
 * to nn).
 *
 * A mask is shared by all rows, so a pass leaves whole inputs out. Passes are taken in groups of a
 * fixed size, pass p being in group p / group, and an input that several of them keep is multiplied
 * once for all (see kernels_masked_run, which also says in which order sums run). A group is always
 * whole, so that a pass does not depend on how many there are. */
#ifndef FB_NN_MASKED_DENSE_H
#define FB_NN_MASKED_DENSE_H

#include "network.h"

typedef struct masked_dense {
    const nn_layer *dropout, *dense;
    kernels_masked shape; /* shape.masks is the size of a group */
    uint8_t *keep;        /* (inputs) */
    uint8_t *patterns;    /* (inputs) bit b: kept in pass b of the group */
    float *y;             /* (group, rows, units): the output of the dense layer, after its ReLU */
    float *scratch;
} masked_dense;

/* For these two layers and as many rows at a time as memory of a moderate size holds, at most
 * `rows`: shape.rows, a multiple of INFER_ROWS when it is less than `rows`. FB_ENOMEM. */
int masked_dense_init(masked_dense *product, const nn_layer *dropout, const nn_layer *dense,
                      size_t rows, fb_error *err);

/* Takes a zeroed struct. */
void masked_dense_finish(masked_dense *product);

/* Takes x (count, inputs) as rows first .. first+count-1. */
void masked_dense_load(masked_dense *product, size_t first, size_t count, const float *x);

/* Computes y for the rows loaded, 0 .. rows-1: y[b] (rows, units) under the mask of pass number
 * first_pass + b of `stream`; first_pass is a multiple of the group. */
void masked_dense_run(masked_dense *product, const nn_network *network, fb_stream stream,
                      size_t first_pass, size_t rows);

#endif
