/* Inverted dropout (Srivastava et al. 2014). An element is kept if its 32 random bits are at least
 * rate * 2^32. */
#include "network.h"

/* The largest rate whose threshold, below, is a 32-bit number. */
static const double MAX_RATE = 1.0 - 0x1p-32;

static int resolve(nn_layer *layer, fb_error *err)
{
    double rate = layer->spec.rate;
    if (!(rate >= 0.0 && rate <= MAX_RATE))
        return fb_fail(err, FB_EINVAL, "a dropout rate must be in [0, 1), not %g", rate);
    layer->out = layer->in;
    return FB_OK;
}

/* The smallest integer that is not below rate * 2^32. */
static uint32_t keep_threshold(double rate)
{
    double scaled = rate * 0x1p32;
    uint32_t whole = (uint32_t)scaled;
    return (double)whole < scaled ? whole + 1 : whole;
}

void dropout_draw(const nn_layer *layer, const layer_pass *pass, size_t first, size_t count,
                  float *mask)
{
    enum { BLOCK = 1024 };
    uint32_t bits[BLOCK];
    fb_stream stream = fb_stream_sub(pass->dropout, "layer", layer->index);
    uint32_t threshold = keep_threshold(layer->spec.rate);
    float scale = (float)(1.0 / (1.0 - layer->spec.rate));
    for (size_t done = 0; done < count; done += BLOCK) {
        size_t n = count - done < BLOCK ? count - done : BLOCK;
        kernels_random_bits(stream.key, pass->draw, first + done, n, bits);
        for (size_t i = 0; i < n; i++)
            mask[done + i] = bits[i] >= threshold ? scale : 0.0f;
    }
}

static void multiply(size_t count, const float *restrict x, const float *restrict mask,
                     float *restrict y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] * mask[i];
}

static int forward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x, float *y)
{
    size_t size = nn_shape_size(layer->out);
    if (pass->kind == PASS_TRAIN) {
        size_t first = pass->first_row * size;
        dropout_draw(layer, pass, first, rows * size, layer->mask + first);
        multiply(rows * size, x, layer->mask + first, y);
        return FB_OK;
    }
    FB_CHECK(pass->kind == PASS_MONTE_CARLO);
    dropout_draw(layer, pass, 0, size, layer->mask);
    for (size_t r = 0; r < rows; r++)
        multiply(size, x + r * size, layer->mask, y + r * size);
    return FB_OK;
}

static int backward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x,
                    const float *y, float *dy, float *dx)
{
    (void)x, (void)y;
    if (dx)
        multiply(rows * nn_shape_size(layer->out), dy,
                 layer->mask + pass->first_row * nn_shape_size(layer->out), dx);
    return FB_OK;
}

const layer_ops layer_dropout_ops = {"dropout", resolve, forward, backward, true};
