#include "masked_dense.h"

#include <string.h>

#include "alloc.h"
#include "vector.h"

int masked_dense_init(masked_dense *product, const nn_layer *dropout, const nn_layer *dense,
                      size_t rows, fb_error *err)
{
    size_t in = dense->fan_in, units = dense->spec.size;
    size_t floats = 2 * in * rows + 2 * rows * units + in + in * units;
    float *memory = fb_calloc(floats, sizeof *memory);
    if (!memory)
        return fb_fail_memory(err, floats, sizeof *memory, "Monte-Carlo dropout");
    *product = (masked_dense){.dropout = dropout, .dense = dense, .rows = rows, .memory = memory};
    product->x_transposed = memory;
    product->some_x = product->x_transposed + in * rows;
    product->whole = product->some_x + in * rows;
    product->y = product->whole + rows * units;
    product->some_weights = product->y + rows * units;
    product->mask = product->some_weights + in * units;
    return FB_OK;
}

void masked_dense_finish(masked_dense *product)
{
    fb_free(product->memory);
}

/* A tile at a time, so that the lines read and written stay in the first-level cache. */
static void transpose(size_t rows, size_t columns, const float *restrict x, size_t ldx,
                      float *restrict out, size_t ldo)
{
    enum { TILE = 16 };
    for (size_t r0 = 0; r0 < rows; r0 += TILE)
        for (size_t c0 = 0; c0 < columns; c0 += TILE)
            for (size_t c = c0; c < columns && c < c0 + TILE; c++)
                for (size_t r = r0; r < rows && r < r0 + TILE; r++)
                    out[c * ldo + r] = x[r * ldx + c];
}

/* Whether a pass is made from the elements that it keeps rather than from those that it drops. */
static bool by_kept(const masked_dense *product)
{
    return product->dropout->spec.rate > 0.5;
}

int masked_dense_load(masked_dense *product, const layer_pass *pass, size_t first, size_t count,
                      const float *x)
{
    const nn_layer *dense = product->dense;
    size_t in = dense->fan_in, units = dense->spec.size;
    FB_CHECK(first + count <= product->rows);
    transpose(count, in, x, in, product->x_transposed + first, product->rows);
    if (by_kept(product))
        return FB_OK;
    return pass->engine->gemm(false, false, count, units, in, x, in, dense->weights, units, 0.0f,
                              product->whole + first * units, units);
}

/* Packs the inputs and weights of the elements that this pass uses; returns how many they are. */
static size_t pack(masked_dense *product, size_t count)
{
    size_t used = 0, units = product->dense->spec.size, rows = product->rows;
    bool kept = by_kept(product);
    for (size_t i = 0; i < product->dense->fan_in; i++) {
        if ((product->mask[i] != 0.0f) != kept)
            continue;
        memcpy(product->some_x + used * rows, product->x_transposed + i * rows,
               count * sizeof *product->some_x);
        memcpy(product->some_weights + used * units, product->dense->weights + i * units,
               units * sizeof *product->some_weights);
        used++;
    }
    return used;
}

int masked_dense_run(masked_dense *product, const layer_pass *pass, size_t count)
{
    const nn_layer *dense = product->dense;
    size_t units = dense->spec.size;
    float scale = (float)(1.0 / (1.0 - product->dropout->spec.rate));
    dropout_draw(product->dropout, pass, 0, dense->fan_in, product->mask);
    size_t used = pack(product, count);
    int rc = pass->engine->gemm(true, false, count, units, used, product->some_x, product->rows,
                                product->some_weights, units, 0.0f, product->y, units);
    if (rc)
        return rc;
    for (size_t r = 0; r < count; r++) {
        float *y = product->y + r * units;
        const float *whole = product->whole + r * units;
        for (size_t u = 0; u < units; u++) {
            float sum = by_kept(product) ? y[u] : whole[u] - y[u];
            y[u] = scale * sum + dense->bias[u];
        }
    }
    if (dense->spec.relu)
        vector_relu(count * units, product->y);
    return FB_OK;
}
