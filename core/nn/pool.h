/* pool.h - what max and average pooling share: windows of kernel x kernel pixels, a stride apart
 * (internal to nn). */
#ifndef FB_NN_POOL_H
#define FB_NN_POOL_H

#include "network.h"

/* The usual kernel and stride where the spec has 0, and the shape: rows and columns that fill no
 * window are dropped. FB_EINVAL when there is no window at all. */
int pool_resolve(nn_layer *layer, fb_error *err);

/* Offset in an image of the pixel (a, b) of a window, from the window's first pixel; and of the
 * first pixel of the window that gives output pixel (i, j). */
static inline size_t pool_pixel(const nn_layer *layer, size_t a, size_t b)
{
    return (a * layer->in.width + b) * layer->in.channels;
}

static inline size_t pool_window(const nn_layer *layer, size_t i, size_t j)
{
    return pool_pixel(layer, i * layer->spec.stride, j * layer->spec.stride);
}

#endif
