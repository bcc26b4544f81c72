#include "stream.h"

#include <Random123/philox.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "digest.h"

static uint64_t first_64_bits(fb_digest *digest)
{
    uint8_t bytes[FB_DIGEST_BYTES];
    fb_digest_end(digest, bytes);
    uint64_t key = 0;
    for (int i = 0; i < 8; i++)
        key |= (uint64_t)bytes[i] << (8 * i);
    return key;
}

fb_stream fb_stream_make(uint64_t root_seed, const char *purpose, const fb_axis *axes,
                         size_t axis_count)
{
    fb_digest digest;
    fb_digest_init(&digest);
    fb_digest_string(&digest, "flipbench/1");
    fb_digest_u64(&digest, root_seed);
    fb_digest_string(&digest, purpose);
    for (size_t i = 0; i < axis_count; i++) {
        fb_digest_string(&digest, axes[i].name);
        fb_digest_string(&digest, axes[i].value);
    }
    return (fb_stream){first_64_bits(&digest)};
}

fb_stream fb_stream_sub(fb_stream stream, const char *axis, uint64_t value)
{
    fb_digest digest;
    fb_digest_init(&digest);
    fb_digest_u64(&digest, stream.key);
    fb_digest_string(&digest, axis);
    fb_digest_u64(&digest, value);
    return (fb_stream){first_64_bits(&digest)};
}

static philox4x32_ctr_t philox_block(fb_stream stream, uint64_t draw, uint64_t block)
{
    philox4x32_ctr_t counter = {
        {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)draw, (uint32_t)(draw >> 32)}};
    philox4x32_key_t key = {{(uint32_t)stream.key, (uint32_t)(stream.key >> 32)}};
    return philox4x32(counter, key);
}

void fb_stream_bits(fb_stream stream, uint64_t draw, uint64_t first, size_t count, uint32_t *out)
{
    size_t done = 0;
    while (done < count) {
        uint64_t element = first + done;
        philox4x32_ctr_t block = philox_block(stream, draw, element / 4);
        for (size_t word = element % 4; word < 4 && done < count; word++)
            out[done++] = block.v[word];
    }
}

/* The number of an element that its block holds. */
static uint64_t number_of(philox4x32_ctr_t block, uint64_t element)
{
    size_t word = element % 2 * 2;
    return (uint64_t)block.v[word] | (uint64_t)block.v[word + 1] << 32;
}

uint64_t fb_stream_u64(fb_stream stream, uint64_t draw, uint64_t element)
{
    return number_of(philox_block(stream, draw, element / 2), element);
}

double fb_stream_uniform(fb_stream stream, uint64_t draw, uint64_t element)
{
    return (double)(fb_stream_u64(stream, draw, element) >> 11) * 0x1p-53;
}

/* The high 64 bits of a 64 x 64 bit product. */
static uint64_t multiply_high(uint64_t a, uint64_t b)
{
    uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
    uint64_t middle = ah * bl + (al * bl >> 32);
    return ah * bh + (middle >> 32) + (((uint32_t)middle + al * bh) >> 32);
}

uint64_t fb_stream_below(fb_stream stream, uint64_t draw, uint64_t element, uint64_t bound)
{
    FB_CHECK(bound > 0);
    return multiply_high(fb_stream_u64(stream, draw, element), bound);
}

void fb_stream_permutation(fb_stream stream, uint64_t draw, size_t count, uint32_t *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (uint32_t)i;
    philox4x32_ctr_t block = philox_block(stream, draw, count / 2); /* holds two elements */
    for (size_t i = count; i > 1; i--) {
        if (i % 2 == 0)
            block = philox_block(stream, draw, (i - 1) / 2);
        size_t j = (size_t)multiply_high(number_of(block, i - 1), i);
        uint32_t swap = out[i - 1];
        out[i - 1] = out[j];
        out[j] = swap;
    }
}

typedef struct {
    uint64_t hash;
    uint32_t id;
} hashed_id;

static int by_hash(const void *a, const void *b)
{
    const hashed_id *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static int by_id(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

int fb_stream_sample(fb_stream stream, const uint32_t *ids, size_t count, size_t take,
                     uint32_t *ret_ids)
{
    FB_CHECK(take <= count);
    hashed_id *hashed = fb_calloc(count, sizeof *hashed);
    if (!hashed)
        return FB_ENOMEM;
    for (size_t i = 0; i < count; i++)
        hashed[i] = (hashed_id){fb_stream_u64(stream, 0, ids[i]), ids[i]};
    qsort(hashed, count, sizeof *hashed, by_hash);
    for (size_t i = 0; i < take; i++)
        ret_ids[i] = hashed[i].id;
    qsort(ret_ids, take, sizeof *ret_ids, by_id);
    fb_free(hashed);
    return FB_OK;
}
