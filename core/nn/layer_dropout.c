/* Inverted dropout (Srivastava et al. 2014). An element is kept if its 32 random bits are at least
 * rate * 2^32. */
#include "network.h"
#include "strbuf.h"

/* The largest rate whose threshold, below, is a 32-bit number. */
static const double MAX_RATE = 1.0 - 0x1p-32;

static int resolve(nn_layer *layer, fb_error *err)
{
    double rate = layer->spec.rate;
    char shown[32];
    if (!(rate >= 0.0 && rate <= MAX_RATE))
        return fb_fail(err, FB_EINVAL, "a dropout rate must be in [0, 1), and at most 1 - 2^-32, "
                       "not %s", fb_format_double(shown, sizeof shown, rate));
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
                  uint8_t *keep)
{
    const fb_stream stream = fb_stream_sub(pass->dropout, "layer", layer->index);
    kernels_random_keep(stream.key, pass->draw, first, count, keep_threshold(layer->spec.rate),
                        keep);
}

float dropout_scale(const nn_layer *layer)
{
    return (float)(1.0 / (1.0 - layer->spec.rate));
}

static int forward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x, float *y)
{
    const size_t size = nn_shape_size(layer->out);
    const float scale = dropout_scale(layer);
    if (pass->kind == PASS_TRAIN) {
        uint8_t *keep = (uint8_t *)layer->keep + pass->first_row * size;
        dropout_draw(layer, pass, pass->first_row * size, rows * size, keep);
        kernels_scale_kept(rows * size, x, keep, scale, y);
        return FB_OK;
    }
    FB_CHECK(pass->kind == PASS_MONTE_CARLO);
    dropout_draw(layer, pass, 0, size, layer->keep);
    for (size_t r = 0; r < rows; r++)
        kernels_scale_kept(size, x + r * size, layer->keep, scale, y + r * size);
    return FB_OK;
}

static int backward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x,
                    const float *y, float *dy, float *dx)
{
    const size_t size = nn_shape_size(layer->out);
    (void)x, (void)y;
    if (dx)
        kernels_scale_kept(rows * size, dy, (uint8_t *)layer->keep + pass->first_row * size,
                           dropout_scale(layer), dx);
    return FB_OK;
}

const layer_ops layer_dropout_ops = {"dropout", resolve, forward, backward, true};
