/* stream.h - counter-based random streams (Philox 4x32-10, Salmon et al. 2011, by Random123).
 *
 * A number belongs to a place, (stream, draw, element), and not to the order of a loop: draws can
 * be made in any order, in blocks of any size and on any thread. A stream's key is the first 64
 * bits of the SHA-256 of ("flipbench/1", root seed, purpose, axes); the 128-bit counter is (draw,
 * element/4), and element e is word e % 4 of that block. */
#ifndef FB_STREAM_H
#define FB_STREAM_H

#include <stddef.h>
#include <stdint.h>

/* The purposes, one name for each thing that is random. Names are part of every result's identity.
 */
#define FB_STREAM_SPLIT "split"
#define FB_STREAM_INITIAL "initial labels"
#define FB_STREAM_REFERENCE "reference set"
#define FB_STREAM_SUBPOOL "sub-pool"
#define FB_STREAM_WEIGHTS "weight initialisation"
#define FB_STREAM_BATCHES "batch order"
#define FB_STREAM_DROPOUT "dropout"
#define FB_STREAM_AUGMENTATION "augmentation"
#define FB_STREAM_MONTE_CARLO "Monte-Carlo dropout"
#define FB_STREAM_STRATEGY "strategy"
#define FB_STREAM_SYNTHETIC "synthetic data"

typedef struct fb_stream {
    uint64_t key;
} fb_stream;

/* One axis of a stream: a name and a value as text ("trial", "3"). Order matters. */
typedef struct fb_axis {
    const char *name;
    const char *value;
} fb_axis;

fb_stream fb_stream_make(uint64_t root_seed, const char *purpose, const fb_axis *axes,
                         size_t axis_count);

/* A stream inside a stream, for a further integer axis (a member, a pass, a layer). */
fb_stream fb_stream_sub(fb_stream stream, const char *axis, uint64_t value);

/* Elements first .. first+count-1 of a draw, 32 uniform bits each. */
void fb_stream_bits(fb_stream stream, uint64_t draw, uint64_t first, size_t count, uint32_t *out);

/* One number of 64 uniform bits for an element: bits 2e and 2e+1 of the draw. */
uint64_t fb_stream_u64(fb_stream stream, uint64_t draw, uint64_t element);

/* One double in [0, 1), a multiple of 2^-53, made from fb_stream_u64. */
double fb_stream_uniform(fb_stream stream, uint64_t draw, uint64_t element);

/* An integer in [0, bound), bound > 0, by multiplication (Lemire); the bias is below bound * 2^-64.
 */
uint64_t fb_stream_below(fb_stream stream, uint64_t draw, uint64_t element, uint64_t bound);

/* Writes a permutation of 0 .. count-1, a Fisher-Yates shuffle of one draw. */
void fb_stream_permutation(fb_stream stream, uint64_t draw, size_t count, uint32_t *out);

/* Writes to `ret_ids` the `take` of `count` ids (take <= count) whose keyed hash, the 64 bits of
 * element `id` of draw 0, is smallest, in ascending order of id. Two sets of ids that overlap give
 * samples that overlap as much as they can. Returns 0, or FB_ENOMEM (-1). */
int fb_stream_sample(fb_stream stream, const uint32_t *ids, size_t count, size_t take,
                     uint32_t *ret_ids);

#endif
