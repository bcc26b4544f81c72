#include "augment.h"

#include <string.h>

/* Row i of the image becomes what row i + shift was; rows from beyond its borders are 0. */
static void shift_rows(nn_shape shape, ptrdiff_t shift, float *image)
{
    size_t row = shape.width * shape.channels;
    size_t lost = (size_t)(shift < 0 ? -shift : shift), kept = shape.height - lost;
    float *from = shift < 0 ? image : image + lost * row;
    float *to = shift < 0 ? image + lost * row : image;
    memmove(to, from, kept * row * sizeof *image);
    memset(shift < 0 ? image : image + kept * row, 0, lost * row * sizeof *image);
}

/* The same for columns: in each row, pixels take the place of the rows above. */
static void shift_columns(nn_shape shape, ptrdiff_t shift, float *image)
{
    nn_shape row = {.height = shape.width, .width = 1, .channels = shape.channels};
    for (size_t i = 0; i < shape.height; i++)
        shift_rows(row, shift, image + i * nn_shape_size(row));
}

static void mirror(nn_shape shape, float *image)
{
    size_t channels = shape.channels;
    for (size_t i = 0; i < shape.height; i++, image += shape.width * channels)
        for (size_t j = 0; j < shape.width / 2; j++) {
            float *left = image + j * channels, *right = image + (shape.width - 1 - j) * channels;
            for (size_t c = 0; c < channels; c++) {
                float swap = left[c];
                left[c] = right[c];
                right[c] = swap;
            }
        }
}

/* A number from -most to most. */
static ptrdiff_t draw_shift(fb_stream stream, uint64_t step, size_t i, size_t most)
{
    return (ptrdiff_t)fb_stream_below(stream, step, i, 2 * most + 1) - (ptrdiff_t)most;
}

void augment(const nn_recipe *recipe, fb_stream stream, uint64_t step, size_t rows, nn_shape shape,
             float *images)
{
    size_t padding = recipe->crop_padding;
    if (padding == 0 && !recipe->flip)
        return;
    fb_stream row = fb_stream_sub(stream, "row", 0), column = fb_stream_sub(stream, "column", 0);
    fb_stream flip = fb_stream_sub(stream, "flip", 0);
    FB_CHECK(padding < shape.height && padding < shape.width);
    for (size_t i = 0; i < rows; i++) {
        float *image = images + i * nn_shape_size(shape);
        if (padding > 0) {
            shift_rows(shape, draw_shift(row, step, i, padding), image);
            shift_columns(shape, draw_shift(column, step, i, padding), image);
        }
        if (recipe->flip && fb_stream_below(flip, step, i, 2))
            mirror(shape, image);
    }
}
