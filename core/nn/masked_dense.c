#include "masked_dense.h"

#include <string.h>

#include "alloc.h"
#include "infer.h"
#include "vector.h"

/* The most masks at once pay where each of their patterns has several inputs; elsewhere half as
 * many do. */
static size_t group_size(size_t inputs)
{
    enum { MANY_INPUTS = 2048 };
    return inputs >= MANY_INPUTS ? KERNELS_MASKS_MAX : KERNELS_MASKS_MAX / 2;
}

/* Rows that share the packed weights of a group: the more, the better, but 64 MB are enough. */
static size_t rows_at_a_time(size_t inputs, size_t rows)
{
    enum { MOST_ROWS = 6 * INFER_ROWS, MOST_FLOATS = 1 << 24 };
    size_t most = MOST_FLOATS / inputs / INFER_ROWS * INFER_ROWS;
    most = most < INFER_ROWS ? INFER_ROWS : most;
    most = most < MOST_ROWS ? most : MOST_ROWS;
    return rows < most ? rows : most;
}

int masked_dense_init(masked_dense *product, const nn_layer *dropout, const nn_layer *dense,
                      size_t rows, fb_error *err)
{
    const size_t in = dense->fan_in, units = dense->spec.size;
    masked_dense made = {.dropout = dropout, .dense = dense};
    made.shape = (kernels_masked){rows_at_a_time(in, rows), in, units, group_size(in)};
    const size_t scratch = kernels_masked_scratch(&made.shape);
    const size_t outputs = made.shape.masks * made.shape.rows * units;
    made.keep = fb_calloc(in, sizeof *made.keep);
    made.patterns = fb_calloc(in, sizeof *made.patterns);
    made.y = fb_calloc(outputs, sizeof *made.y);
    made.scratch = fb_calloc(scratch, sizeof *made.scratch);
    if (!made.keep || !made.patterns || !made.y || !made.scratch) {
        masked_dense_finish(&made);
        return fb_fail_memory(err, scratch + outputs, sizeof *made.scratch, "Monte-Carlo dropout");
    }
    *product = made;
    return FB_OK;
}

void masked_dense_finish(masked_dense *product)
{
    fb_free(product->keep);
    fb_free(product->patterns);
    fb_free(product->y);
    fb_free(product->scratch);
}

void masked_dense_load(masked_dense *product, size_t first, size_t count, const float *x)
{
    kernels_masked_load(&product->shape, first, count, x, product->scratch);
}

/* Draws the masks of a group. */
static void draw_patterns(masked_dense *product, const nn_network *network, fb_stream stream,
                          size_t first_pass)
{
    const size_t in = product->shape.inputs;
    memset(product->patterns, 0, in);
    for (size_t b = 0; b < product->shape.masks; b++) {
        const layer_pass pass = network_pass(network, PASS_MONTE_CARLO,
                                             fb_stream_sub(stream, "pass", first_pass + b), 0);
        dropout_draw(product->dropout, &pass, 0, in, product->keep);
        for (size_t i = 0; i < in; i++)
            product->patterns[i] |= (uint8_t)(product->keep[i] << b);
    }
}

/* y becomes relu(scale y + bias). */
static void finish_rows(const nn_layer *dense, float scale, size_t rows, float *y)
{
    const size_t units = dense->spec.size;
    for (size_t r = 0; r < rows; r++)
        for (size_t u = 0; u < units; u++)
            y[r * units + u] = scale * y[r * units + u] + dense->bias[u];
    if (dense->spec.relu)
        vector_relu(rows * units, y);
}

void masked_dense_run(masked_dense *product, const nn_network *network, fb_stream stream,
                      size_t first_pass, size_t rows)
{
    const float scale = dropout_scale(product->dropout);
    draw_patterns(product, network, stream, first_pass);
    kernels_masked_run(&product->shape, rows, product->patterns, product->dense->weights,
                       product->y, product->scratch);
    finish_rows(product->dense, scale, product->shape.masks * rows, product->y);
}
