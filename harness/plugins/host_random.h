/* host_random.h - the random callbacks of strategy.h on a strategy's stream. */
#ifndef FB_HOST_RANDOM_H
#define FB_HOST_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "stream.h"

/* Element e of (stream, draw) is the element e of draw stream * 2^32 + draw of the strategy's
 * stream. */
void host_random_bits(fb_stream own, uint32_t stream, uint32_t draw, uint64_t first, size_t count,
                      uint32_t *out);
void host_random_uniform(fb_stream own, uint32_t stream, uint32_t draw, uint64_t first,
                         size_t count, double *out);
void host_random_normal(fb_stream own, uint32_t stream, uint32_t draw, uint64_t first, size_t count,
                        float *out);

#endif
