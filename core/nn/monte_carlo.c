/* Monte-Carlo dropout (Gal & Ghahramani 2016). The layers before the first dropout see no mask:
 * they run once, the rest once a pass. */
#include "infer.h"
#include "masked_dense.h"

/* A call of nn_infer_dropout. */
typedef struct monte_carlo {
    nn_network *network;
    const nn_source *source;
    const uint32_t *ids;
    size_t count, passes;
    fb_stream stream;
    size_t shared; /* layers before the first dropout */
    float *probabilities;
} monte_carlo;

static layer_pass pass_number(const monte_carlo *mc, size_t pass)
{
    return network_pass(mc->network, PASS_MONTE_CARLO, fb_stream_sub(mc->stream, "pass", pass), 0);
}

/* The layers from `layer` on, whose input is x, on one chunk; writes its probabilities. */
static int finish_rows(const monte_carlo *mc, size_t pass, size_t layer, size_t first, size_t rows,
                       const float *x, fb_error *err)
{
    size_t classes = mc->network->class_count;
    float *out = mc->probabilities + (pass * mc->count + first) * classes;
    layer_pass setting = pass_number(mc, pass);
    const float *logits = NULL;
    int rc = network_forward(mc->network, &setting, layer, mc->network->layer_count, rows, x,
                             &logits, err);
    if (rc)
        return rc;
    kernels_log_softmax(rows, classes, logits, classes, out, classes);
    kernels_exp(rows * classes, out, out);
    return FB_OK;
}

/* Any network: all passes over a chunk, then the next chunk. */
static int run_chunks(const monte_carlo *mc, fb_error *err)
{
    for (size_t first = 0; first < mc->count; first += infer_rows_of(mc->network)) {
        size_t rows = infer_chunk(mc->network, first, mc->count);
        const float *x = NULL;
        int rc = infer_rows(mc->network, mc->source, mc->ids, first, rows, mc->shared, &x, err);
        for (size_t pass = 0; pass < mc->passes && !rc; pass++)
            rc = finish_rows(mc, pass, mc->shared, first, rows, x, err);
        if (rc)
            return rc;
    }
    return FB_OK;
}

/* What the masks of all passes meet: the block's inputs of the first dropout layer. */
static int load_block(const monte_carlo *mc, masked_dense *product, size_t begin, size_t rows,
                      fb_error *err)
{
    for (size_t first = 0; first < rows; first += infer_rows_of(mc->network)) {
        size_t n = infer_chunk(mc->network, first, rows);
        const float *x = NULL;
        int rc = infer_rows(mc->network, mc->source, mc->ids, begin + first, n, mc->shared, &x,
                            err);
        if (rc)
            return rc;
        masked_dense_load(product, first, n, x);
    }
    return FB_OK;
}

/* What is left of one pass, from the dense layer's output y on. */
static int finish_block(const monte_carlo *mc, size_t pass, size_t begin, size_t rows,
                        const float *y, size_t units, fb_error *err)
{
    int rc = FB_OK;
    for (size_t first = 0; first < rows && !rc; first += infer_rows_of(mc->network))
        rc = finish_rows(mc, pass, mc->shared + 2, begin + first,
                         infer_chunk(mc->network, first, rows),
                         y + first * units, err);
    return rc;
}

static int run_block(const monte_carlo *mc, masked_dense *product, size_t begin, size_t rows,
                     fb_error *err)
{
    const size_t group = product->shape.masks, units = product->shape.units;
    int rc = load_block(mc, product, begin, rows, err);
    for (size_t pass = 0; pass < mc->passes && !rc; pass++) {
        if (pass % group == 0)
            masked_dense_run(product, mc->network, mc->stream, pass, rows);
        rc = finish_block(mc, pass, begin, rows, product->y + pass % group * rows * units, units,
                          err);
    }
    return rc;
}

/* A network that has_blocks: all passes over a block of chunks. */
static int run_blocks(const monte_carlo *mc, fb_error *err)
{
    const nn_layer *dropout = &mc->network->layers[mc->shared];
    masked_dense product = {0};
    int rc = masked_dense_init(&product, dropout, dropout + 1, mc->count, err);
    size_t step = product.shape.rows;
    for (size_t begin = 0; begin < mc->count && !rc; begin += step) {
        size_t left = mc->count - begin;
        rc = run_block(mc, &product, begin, left < step ? left : step, err);
    }
    masked_dense_finish(&product);
    return rc;
}

/* Whether the first dropout is between the layer before it and a dense layer, and everything goes
 * through these. */
static bool has_blocks(const nn_network *network, size_t dropout)
{
    if (dropout + 1 >= network->layer_count || network->layers[dropout].reads != dropout ||
        network->layers[dropout + 1].spec.kind != NN_DENSE)
        return false;
    for (size_t i = dropout + 1; i < network->layer_count; i++) {
        const nn_layer *layer = &network->layers[i];
        bool sum = layer->spec.kind == NN_ADD;
        if (layer->reads <= dropout || (sum && layer->adds <= dropout + 1) ||
            (i > dropout + 1 && layer->reads <= dropout + 1))
            return false;
    }
    return true;
}

int nn_infer_dropout(nn_network *network, const nn_source *source, const uint32_t *ids,
                     size_t count, size_t passes, fb_stream stream, float *ret_probabilities,
                     fb_error *err)
{
    monte_carlo mc = {network, source, ids, count, passes, stream, network_first_dropout(network),
                      ret_probabilities};
    int rc = infer_begin(network, source, ids, count, err);
    if (rc)
        return rc;
    bool masked = network->engine->masks && has_blocks(network, mc.shared);
    return masked ? run_blocks(&mc, err) : run_chunks(&mc, err);
}
