#include "host_random.h"

#include <string.h>

#include "kernels.h"

static uint64_t joint(uint32_t stream, uint32_t draw)
{
    return (uint64_t)stream << 32 | draw;
}

void host_random_bits(fb_stream own, uint32_t stream, uint32_t draw, uint64_t first, size_t count,
                      uint32_t *out)
{
    fb_stream_bits(own, joint(stream, draw), first, count, out);
}

void host_random_uniform(fb_stream own, uint32_t stream, uint32_t draw, uint64_t first,
                         size_t count, double *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = fb_stream_uniform(own, joint(stream, draw), first + i);
}

void host_random_normal(fb_stream own, uint32_t stream, uint32_t draw, uint64_t first, size_t count,
                        float *out)
{
    enum { WORDS = 1024 };
    uint32_t bits[WORDS];
    float normals[WORDS];
    uint64_t at = first, end = first + count;
    while (at < end) {
        uint64_t begin = at - at % 2; /* normals come in pairs of elements 2k, 2k+1 */
        uint64_t pairs = (end - begin + 1) / 2;
        size_t words = pairs < WORDS / 2 ? (size_t)pairs * 2 : WORDS;
        kernels_random_bits(own.key, joint(stream, draw), begin, words, bits);
        kernels_normal(words, bits, normals);
        uint64_t stop = begin + words < end ? begin + words : end;
        memcpy(out + (at - first), normals + (at - begin), (size_t)(stop - at) * sizeof *out);
        at = stop;
    }
}
