/* nn.h - networks and their training.
 *
 * A network is a list of layers over images in NHWC (or feature vectors: height = width = 1). It
 * ends in a dense layer of class_count outputs, the head; what enters the head, before its dropout
 * and in evaluation mode, is the embedding. */
#ifndef FB_NN_H
#define FB_NN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parallel.h"
#include "status.h"
#include "stream.h"

/* Raised whenever the trainer's numbers change: it is part of every stored result's key. */
enum { NN_NUMERICS_VERSION = 3 };

typedef struct nn_shape {
    size_t height, width, channels;
} nn_shape;

static inline size_t nn_shape_size(nn_shape shape)
{
    return shape.height * shape.width * shape.channels;
}

typedef enum nn_layer_kind {
    NN_CONV = 1,     /* kernel x kernel, then ReLU when relu */
    NN_MAX_POOL,     /* kernel x kernel; rows and columns that fill no window are dropped */
    NN_DROPOUT,      /* inverted: kept values are scaled by 1 / (1 - rate) */
    NN_DENSE,        /* flattens its input; bias, then ReLU when relu */
    NN_AVERAGE_POOL, /* as NN_MAX_POOL */
    NN_GLOBAL_POOL,  /* the mean over all pixels: 1 x 1 x channels */
    NN_BATCH_NORM,   /* over batch and pixels, by channel (Ioffe & Szegedy 2015), ReLU when relu */
    NN_RELU,
    NN_ADD           /* the sum of two layers' outputs, ReLU when relu: a residual connection */
} nn_layer_kind;

/* A layer reads the output of the one before it, unless `from` says otherwise. Members that are 0
 * have the meaning given here, so that a short initialiser is a usual layer. */
typedef struct nn_layer_spec {
    nn_layer_kind kind;
    size_t size;     /* filters or units; 0 for the head: the number of classes */
    size_t kernel;   /* NN_CONV; pooling: 0 is 2 */
    size_t stride;   /* NN_CONV: 0 is 1; pooling: 0 is the kernel's size */
    bool same;       /* NN_CONV: zero padding of kernel / 2 (odd kernels) */
    bool no_bias;    /* NN_CONV */
    bool relu;
    double rate;     /* NN_DROPOUT: probability of being set to zero, [0, 1) */
    double momentum; /* NN_BATCH_NORM: running = (1 - momentum) running + momentum batch; 0 is .1 */
    double epsilon;  /* NN_BATCH_NORM: added to the variance; 0 is 1e-5 */
    size_t from;     /* 0: reads the layer before; k: reads layer k - 1 */
    size_t other;    /* NN_ADD: the second summand is layer other - 1's output; 0: the input */
} nn_layer_spec;

enum { NN_MAX_LAYERS = 128 };

typedef struct nn_network_spec {
    char name[32];
    size_t layer_count;
    nn_layer_spec layers[NN_MAX_LAYERS];
} nn_network_spec;

/* The registry of named networks, each with a line that says what it is. */
typedef struct nn_network_info {
    const char *name;
    const char *summary;
} nn_network_info;
const nn_network_info *nn_networks(size_t *ret_count);

/* Fills a spec by name; `hidden` (hidden_count sizes, may be 0: the preset) is for "mlp" only.
 * FB_ENOENT for an unknown name (the sentence lists the known ones). */
int nn_network_named(const char *name, const size_t *hidden, size_t hidden_count,
                     nn_network_spec *ret_spec, fb_error *err);

/* Whether Monte-Carlo dropout makes sense for it. */
bool nn_network_has_dropout(const nn_network_spec *spec);

/* SHA-256 (64 hexadecimal digits) of the resolved layer list for an input shape and a number of
 * classes; the name does not enter. */
void nn_network_digest(const nn_network_spec *spec, nn_shape input, size_t class_count,
                       char ret_hex[65]);

/* Which code does the arithmetic. NN_PORTABLE: our kernels, the same bits on every machine.
 * NN_BLAS: OpenBLAS on one thread, whose bits depend on the machine. */
typedef enum nn_engine { NN_PORTABLE = 1, NN_BLAS = 2 } nn_engine;

/* "portable" or "blas". */
const char *nn_engine_name(nn_engine engine);

/* For NN_BLAS the machine-dependent part of a result's identity: OpenBLAS's configuration, its
 * kernels and the CPU ("OpenBLAS 0.3.21 ... SkylakeX on <cpu>"); "" for NN_PORTABLE. */
const char *nn_engine_fingerprint(nn_engine engine);

/* Samples as they were loaded: uint8 pixels (a float is pixel/255) or float features, row i is
 * sample i, nn_shape_size(shape) numbers a row. The arrays are the caller's and outlive the
 * source's use. */
typedef struct nn_source {
    nn_shape shape;
    const uint8_t *u8;  /* one of the two is not NULL */
    const float *f32;
    size_t count;
} nn_source;

typedef struct nn_network nn_network;

/* Builds a network with all parameters 0. FB_EINVAL for layers that do not fit each other, the
 * input or the number of classes (at least 2), FB_ERANGE for sizes that are too large; the
 * sentence names the layer. One thread at a time may use a network. NN_BLAS sets OpenBLAS to one
 * thread, for the whole process. */
int nn_create(const nn_network_spec *spec, nn_shape input, size_t class_count, nn_engine engine,
              nn_network **ret_network, fb_error *err);

/* Takes NULL. */
void nn_destroy(nn_network *network);

/* He-normal weights (truncated at 2 standard deviations, as Keras) and zero biases, keyed by
 * (stream, layer, element). */
void nn_initialize(nn_network *network, fb_stream stream);

/* Numbers in a sample's embedding (d), classes (C), and trained numbers in all. */
size_t nn_embedding_size(const nn_network *network);
size_t nn_class_count(const nn_network *network);
size_t nn_parameter_count(const nn_network *network);

/* The head as it is now: weights (d, C), bias (C); valid until the network changes. */
const float *nn_head_weights(const nn_network *network);
const float *nn_head_bias(const nn_network *network);

/* Everything that training changes and evaluation reads, as nn_state_size floats: weights, biases
 * and the running statistics of batch normalisation. For a warm start in another process; the order
 * of the numbers is the network's own. */
size_t nn_state_size(const nn_network *network);
void nn_get_state(const nn_network *network, float *ret_state);
void nn_set_state(nn_network *network, const float *state);

/* Threads that a pass or a training step may use, at least 1 (the default). No number depends on
 * it. FB_ENOMEM, or FB_EIO when the system gives no thread. */
int nn_set_threads(nn_network *network, size_t threads, fb_error *err);

/* Those threads, for other loops between passes; NULL when there is but one. They live until
 * nn_set_threads or nn_destroy. */
parallel *nn_threads(const nn_network *network);

/* SHA-256 of the state, for tests and traces. */
void nn_weights_digest(const nn_network *network, char ret_hex[65]);

/* PyTorch's update rules and, where the member says nothing else, its names. */
typedef enum nn_optimizer {
    NN_ADAM = 1, /* weight decay is added to the gradient */
    NN_ADAMW,    /* decoupled weight decay (Loshchilov & Hutter 2019) */
    NN_SGD,      /* with momentum, and Nesterov's when nesterov */
    NN_RMSPROP,  /* epsilon outside of the root, not centred */
    NN_LBFGS     /* network "linear" only: the whole problem to convergence, see linear.h */
} nn_optimizer;
typedef enum nn_schedule {
    NN_CONSTANT = 0,
    NN_STEP,     /* times step_factor after every step_epochs epochs */
    NN_COSINE,   /* learning_rate (1 + cos(pi epoch / epochs)) / 2 (Loshchilov & Hutter 2017) */
    NN_ONE_CYCLE /* up from 1/25 over .3 of all steps, down to 1/250000, by cosine (Smith 2018) */
} nn_schedule;
typedef enum nn_keep { NN_KEEP_LAST = 1, NN_KEEP_BEST_VALIDATION = 2 } nn_keep;

/* How a network is trained. A member that is 0 is off, unless it says otherwise. */
typedef struct nn_recipe {
    nn_optimizer optimizer;
    double learning_rate;
    double beta1, beta2, epsilon; /* Adam, AdamW; epsilon, at least 1e-30: RMSprop too */
    double rho;                   /* RMSprop: decay of the mean square */
    double momentum;              /* SGD */
    bool nesterov;                /* SGD */
    double weight_decay;          /* of all parameters */
    double clip_norm;             /* the gradient's largest L2 norm, over all parameters */
    nn_schedule schedule;
    size_t step_epochs;           /* NN_STEP */
    double step_factor;           /* NN_STEP */
    size_t batch;
    size_t epochs;                /* at most */
    nn_keep keep;
    double stop_accuracy;         /* stop after the first epoch whose running training accuracy,
                                     each batch before its step, reaches it (as BADGE does) */
    size_t stop_patience;         /* stop after this many epochs without a strictly better
                                     validation accuracy */
    size_t crop_padding;          /* augmentation: pad with this many zeros, crop at random */
    bool flip;                    /* augmentation: mirror left and right at random */
    bool balanced;                /* class weights n / (C n_c) of the labelled samples, in which C
                                     classes occur: scikit-learn's "balanced" */
    const double *class_weights;  /* (class_weight_count) or NULL; the loss is the weighted mean */
    size_t class_weight_count;    /* must be the number of classes */
    double c;                     /* NN_LBFGS: 0.5 |W|^2 + c * sum of cross-entropies */
} nn_recipe;

/* Called after each epoch; a non-zero return stops the training with FB_ECANCELLED. The accuracy
 * is NaN without validation. */
typedef int (*nn_progress)(void *context, size_t epoch, double loss, double validation_accuracy);

typedef struct nn_training {
    const nn_source *source;
    const uint32_t *ids;     /* (count) ascending sample ids */
    const uint32_t *labels;  /* (count) their labels */
    size_t count;
    const nn_source *validation_source; /* NULL without validation */
    const uint32_t *validation_ids;
    const uint32_t *validation_labels;
    size_t validation_count;
    fb_stream batches;  /* order of the samples: draw = epoch */
    fb_stream dropout;  /* masks: keyed by layer, step and element */
    fb_stream augmentation; /* crops and flips: draw = step, keyed by position in the batch */
    nn_progress progress; /* NULL: none */
    void *progress_context;
} nn_training;

typedef struct nn_training_result {
    double loss;                /* mean training loss of the last epoch */
    double validation_accuracy; /* of the weights kept; NaN without validation */
    size_t kept_epoch;          /* 0-based */
    size_t epochs;              /* that were run */
} nn_training_result;

/* Trains from the weights as they are; Adam's moments and the count of steps, the dropout stream's
 * draw, start at 0. The last partial batch is trained; a batch larger than count is one batch an
 * epoch. NN_KEEP_BEST_VALIDATION keeps the weights of the first epoch with the strictly highest
 * validation accuracy and needs validation_count > 0. FB_EINVAL for a recipe or samples that make
 * no sense, FB_ENUMERIC when the loss is not finite. After a failure the weights are those of the
 * last step. */
int nn_train(nn_network *network, const nn_recipe *recipe, const nn_training *training,
             nn_training_result *ret_result, fb_error *err);

/* Evaluation mode over the rows `ids` (NULL: 0 .. count-1) of a source, any of the outputs may be
 * NULL: embeddings (count, d), logits (count, C). With NN_PORTABLE a row's numbers do not depend
 * on the rows beside it. FB_EINVAL before anything is written; after FB_ENOMEM the outputs'
 * content is unspecified. */
int nn_infer(nn_network *network, const nn_source *source, const uint32_t *ids, size_t count,
             float *ret_embeddings, float *ret_logits, fb_error *err);

/* The head alone: logits (count, C) from embeddings (count, d), with the bits that nn_infer gives
 * for these samples. FB_ENOMEM. */
int nn_infer_head(nn_network *network, const float *embeddings, size_t count, float *ret_logits,
                  fb_error *err);

/* Rows `ids` (NULL: 0 .. count-1) of a source as a network reads them: (count,
 * nn_shape_size(shape)) floats. FB_EINVAL for a row that is not there. */
int nn_inputs(const nn_source *source, const uint32_t *ids, size_t count, float *ret_inputs,
              fb_error *err);

/* `passes` Monte-Carlo dropout passes: one mask a pass, shared by all samples, keyed by (stream,
 * pass, layer, element). probabilities (passes, count, C). What comes before the first dropout is
 * computed once; with NN_PORTABLE a dense layer behind it is computed for several passes at a time,
 * and its sums run as masked_dense.h says. Otherwise as nn_infer. */
int nn_infer_dropout(nn_network *network, const nn_source *source, const uint32_t *ids,
                     size_t count, size_t passes, fb_stream stream, float *ret_probabilities,
                     fb_error *err);

typedef struct nn_metrics {
    double accuracy, balanced_accuracy, macro_f1, loss;
} nn_metrics;

/* One deterministic pass. The predicted class is the largest logit, the smaller class on a tie.
 * balanced_accuracy and macro_f1 average over the classes that occur in `labels`. FB_EINVAL
 * without samples, FB_ENUMERIC when the loss is not finite. */
int nn_evaluate(nn_network *network, const nn_source *source, const uint32_t *ids,
                const uint32_t *labels, size_t count, nn_metrics *ret_metrics, fb_error *err);

#endif
