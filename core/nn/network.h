/* network.h - what the files of this box share: layers, the network and its passes (internal to
 * nn). */
#ifndef FB_NN_NETWORK_H
#define FB_NN_NETWORK_H

#include "engine.h"
#include "nn.h"
#include "parallel.h"

typedef enum pass_kind {
    PASS_EVALUATE = 1, /* dropout is the identity */
    PASS_TRAIN,        /* a mask for each element of the batch's activation */
    PASS_MONTE_CARLO   /* a mask for each element of one sample's activation, shared by the rows */
} pass_kind;

typedef struct nn_layer nn_layer;

/* Updates the numbers first .. first+count-1 of a layer's weights by their gradient. */
typedef void layer_update(void *context, const nn_layer *layer, size_t first, size_t count,
                          const float *gradient);

/* What the layers need to know about the pass they are part of. */
typedef struct layer_pass {
    pass_kind kind;
    const engine_ops *engine;
    float *scratch;    /* of the engine's convolutions */
    size_t rows;       /* of the whole batch */
    size_t first_row;  /* of the batch: what the rows of a call begin with */
    fb_stream dropout; /* masks: sub-stream "layer", draw, element */
    uint64_t draw;     /* PASS_TRAIN: the step, counted from 0; PASS_MONTE_CARLO: 0 */
    /* PASS_TRAIN, not NULL: the backward pass of a dense layer updates its weights, not the bias,
     * by this; their gradient is then never stored, and d_weights holds nothing. */
    layer_update *update;
    void *update_context;
} layer_pass;

typedef struct layer_ops {
    const char *name;

    /* Computes `out`, the sizes of the parameters and `fan_in` from `spec` and `in`. */
    int (*resolve)(nn_layer *layer, fb_error *err);

    /* y (rows, out) from x (rows, in), the rows first_row ... of the batch. Dropout layers are left
     * out of evaluation passes. */
    int (*forward)(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x, float *y);

    /* From dy (rows, out), which it may overwrite: dx (rows, in) unless it is NULL, and the
     * parameters' gradients, written over what was there. x and y are those of the forward pass.
     * The rows of a layer that is by_row may come in chunks, in order: the gradients are the whole
     * batch's after the last. */
    int (*backward)(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x,
                    const float *y, float *dy, float *dx);

    /* Whether a row's output depends on its own input only, so that rows can be taken in chunks; a
     * dense layer's too, but its weights are too large to be read for a few rows. */
    bool by_row;
} layer_ops;

/* How the gradient of a layer's input comes to where it belongs. */
typedef enum gradient_way {
    GRADIENT_NONE = 0, /* nobody needs it */
    GRADIENT_WRITE,    /* the first: written into its buffer */
    GRADIENT_ADD,      /* added to what is there */
    GRADIENT_KEEP      /* it is the gradient of the output: the buffer changes its owner */
} gradient_way;

/* A layer's part of the backward pass: numbers of the network's gradient buffers. */
typedef struct gradient_step {
    bool wanted; /* false: neither this layer nor one before it is trained */
    size_t dy;   /* gradient of the output */
    size_t dx;   /* what the layer's backward function writes, unless way[0] is GRADIENT_NONE */
    gradient_way way[2]; /* of the input and, NN_ADD, of the second */
    size_t into[2];
} gradient_step;

/* Outputs have numbers: 0 is the network's input, k + 1 that of layer k. */
struct nn_layer {
    const layer_ops *ops;
    nn_layer_spec spec; /* resolved: the head's size is the number of classes */
    size_t index;       /* in the network */
    size_t reads;       /* number of the output that it reads */
    size_t adds;        /* NN_ADD: the other one */
    size_t readers;     /* layers that read its output */
    nn_shape in, out;
    kernels_conv conv; /* NN_CONV */
    bool pools;        /* NN_CONV: does the work of the pooling layer behind it too */
    bool done_before;  /* NN_MAX_POOL: the layer before pools; nothing is left to do */
    size_t weight_count, bias_count, fan_in;
    size_t state_count; /* numbers that are not trained: NN_BATCH_NORM, mean and variance */
    size_t saved_count; /* numbers from forward to backward: NN_BATCH_NORM */
    float *weights, *bias;     /* parts of the parameters */
    float *d_weights, *d_bias; /* parts of the gradient */
    float *state;              /* (state_count), part of the parameters' slab */
    float *saved;              /* (saved_count), part of the workspace */
    float *output;             /* (rows, out; pooled where it pools), part of the workspace */
    void *winner;              /* bytes like `output`, where it pools: see kernels.h */
    float *memory;             /* NN_CONV: the engine's, part of the workspace */
    void *keep;                /* NN_DROPOUT: bytes (rows, out), part of the workspace */
    const float *y;            /* output of the last pass: `output`, or what was handed through */
    const float *second;       /* NN_ADD: the other summand in this pass */
    gradient_step backward;
};

enum { NETWORK_MAX_GRADIENTS = 16 };

/* Parameters, gradient and moments are four equal parts of one slab, behind which the untrained
 * state lies; each tensor starts at a multiple of 64 bytes, and the gaps between them are always
 * 0. */
struct nn_network {
    nn_layer layers[NN_MAX_LAYERS];
    size_t layer_count;
    nn_shape input_shape;
    size_t class_count;
    const engine_ops *engine;

    size_t slab_count;  /* floats in each of the four parts */
    size_t state_count; /* floats of untrained state */
    float *parameters, *gradient, *first_moment, *second_moment, *state;

    /* The workspace: input (rows, in), outputs, masks, what the engine's convolutions need and, for
     * training, buffers for the gradients of activations, as many as are alive at once. */
    float *workspace;
    size_t rows;
    bool trains;
    float *input;
    const float *x; /* output number 0 of the last pass */
    float *gradients[NETWORK_MAX_GRADIENTS]; /* the first begins as that of the logits */
    size_t gradient_count;
    float *scratch;

    /* The first layers take the rows of a batch in chunks, all of them one chunk after the other,
     * so that what one writes the next finds in the cache: forward and, with two buffers for the
     * gradients between them, backward. */
    size_t chunk_layers, chunk_rows;
    float *chunk_gradients[2];

    kernels_team team; /* its threads are a pool of parallel.h, NULL for one thread */
};

extern const layer_ops layer_conv_ops, layer_pool_ops, layer_average_pool_ops,
    layer_global_pool_ops, layer_batch_norm_ops, layer_relu_ops, layer_dropout_ops,
    layer_dense_ops, layer_add_ops;

/* gamma 1, beta 0; running mean 0, running variance 1. */
void batch_norm_initialize(nn_layer *layer);

/* a * b * c, or 0 when the product is 0 or above 2^31 - 1. Sizes of single tensors are kept below
 * that bound, so that products with a few small numbers cannot overflow. */
size_t checked_size(size_t a, size_t b, size_t c);

/* Tensors start at multiples of a cache line, 16 floats. */
static inline size_t network_aligned(size_t floats)
{
    return (floats + 15) / 16 * 16;
}

/* Number of an output's floats for one row, as the layer's output in memory. */
static inline size_t layer_output_size(const nn_layer *layer)
{
    return nn_shape_size(layer->pools ? layer[1].out : layer->out);
}

/* The layer's input in the last pass. */
const float *network_input_of(const nn_network *network, const nn_layer *layer);

/* ---- gradients.c ---- */

/* Decides which buffer holds which gradient in the backward pass. FB_ERANGE when more of them are
 * alive at once than there may be. */
int gradients_plan(nn_network *network, fb_error *err);

/* ---- workspace.c ---- */

/* Makes the workspace ready for passes over up to `rows` rows; `train`: backward passes too. */
int network_reserve(nn_network *network, size_t rows, bool train, fb_error *err);

/* ---- pass.c ---- */

/* A pass of `kind` on this network. */
layer_pass network_pass(const nn_network *network, pass_kind kind, fb_stream dropout,
                        uint64_t draw);

/* Runs the layers first .. end-1 on x, which is the input (first 0) or the output of the layer
 * before `first`, and gives the last one's output, which is valid until the next pass. The
 * workspace must have been reserved before network_pass, which notes where it lies. */
int network_forward(nn_network *network, const layer_pass *pass, size_t first, size_t end,
                    size_t rows, const float *x, const float **ret_y, fb_error *err);

/* After a forward pass over all layers: the gradient of every parameter. The gradient of the
 * logits, (rows, C), is expected in gradients[0]. */
int network_backward(nn_network *network, const layer_pass *pass, size_t rows, fb_error *err);

/* Index of the last layer. */
static inline size_t network_head(const nn_network *network)
{
    return network->layer_count - 1;
}

/* Which of the elements first .. first+count-1 a dropout layer keeps in a pass (1) or not (0), and
 * what the kept ones are multiplied by, 1 / (1 - rate). */
void dropout_draw(const nn_layer *layer, const layer_pass *pass, size_t first, size_t count,
                  uint8_t *keep);
float dropout_scale(const nn_layer *layer);

/* Index of the first dropout layer; layer_count when there is none. */
size_t network_first_dropout(const nn_network *network);

/* Checks that the source fits the network and that every id is one of its rows; `what` names the
 * samples in the sentence ("training"). */
int samples_check(const nn_network *network, const nn_source *source, const uint32_t *ids,
                  size_t count, const char *what, fb_error *err);

/* Checks that every label is below the number of classes. */
int samples_check_labels(const nn_network *network, const uint32_t *labels, size_t count,
                         const char *what, fb_error *err);

/* Rows ids[first] .. ids[first + rows - 1] (ids NULL: first .. first + rows - 1) as floats. */
void samples_gather(const nn_source *source, const uint32_t *ids, size_t first, size_t rows,
                    float *out);

#endif
