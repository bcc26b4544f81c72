/* SPDX-License-Identifier: 0BSD
 *
 * random.c - Philox 4x32-10 (Salmon et al. 2011), a vector of counters at a time. */
#include "simd.h"
#include "table.h"

#include <stdbool.h>

enum { WORDS = 4, ROUNDS = 10, BATCH = WORDS * V_WIDTH };

/* 32 bits as the constants of a vector are given. */
static int32_t as_signed(uint32_t bits)
{
    int32_t value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Ten rounds on the blocks' counters; the keys grow by the golden ratio and sqrt(3) - 1. */
SIMD_INLINE void run_rounds(uint64_t key, v_i32 word[WORDS])
{
    const v_i32 factor0 = v_set1_int(as_signed(0xD2511F53u));
    const v_i32 factor2 = v_set1_int(as_signed(0xCD9E8D57u));
    uint32_t key0 = (uint32_t)key, key1 = (uint32_t)(key >> 32);
    SIMD_UNROLL
    for (size_t round = 0; round < ROUNDS; round++) {
        const v_i32 high0 = v_mul_high(word[0], factor0), low0 = v_mul_int(word[0], factor0);
        const v_i32 high2 = v_mul_high(word[2], factor2), low2 = v_mul_int(word[2], factor2);
        word[0] = v_xor(v_xor(high2, word[1]), v_set1_int(as_signed(key0)));
        word[1] = low2;
        word[2] = v_xor(v_xor(high0, word[3]), v_set1_int(as_signed(key1)));
        word[3] = low0;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
}

/* The blocks `block` .. block + V_WIDTH - 1 of a draw: their words in order. */
SIMD_INLINE void draw_blocks(uint64_t key, uint64_t draw, uint64_t block, v_i32 word[WORDS])
{
    static const uint32_t LANES[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const v_i32 low = v_set1_int(as_signed((uint32_t)block));
    const uint32_t high = (uint32_t)(block >> 32);
    word[0] = v_add_int(low, v_load_int(LANES));
    word[1] = v_select_int(v_at_least(word[0], low), v_set1_int(as_signed(high)),
                           v_set1_int(as_signed(high + 1)));
    word[2] = v_set1_int(as_signed((uint32_t)draw));
    word[3] = v_set1_int(as_signed((uint32_t)(draw >> 32)));
    run_rounds(key, word);
#ifndef SIMD_SCALAR
    /* From a vector for each of a block's words to one block after the other. */
    const v_f32 a = v_from_bits(word[0]), b = v_from_bits(word[1]);
    const v_f32 c = v_from_bits(word[2]), d = v_from_bits(word[3]);
    const v_f32 ac_low = v_zip_low(a, c), ac_high = v_zip_high(a, c);
    const v_f32 bd_low = v_zip_low(b, d), bd_high = v_zip_high(b, d);
    word[0] = v_bits(v_zip_low(ac_low, bd_low));
    word[1] = v_bits(v_zip_high(ac_low, bd_low));
    word[2] = v_bits(v_zip_low(ac_high, bd_high));
    word[3] = v_bits(v_zip_high(ac_high, bd_high));
#endif
}

/* The part of a draw that a vector of blocks gives: `count` words, the first `skip` left out. */
typedef struct part {
    uint64_t block;
    size_t skip, count;
} part;

/* The parts of the words `first` .. first+count-1, one after the other; false at the end. */
static bool next_part(part *p, uint64_t *first, size_t *count)
{
    if (*count == 0)
        return false;
    p->block = *first / WORDS;
    p->skip = (size_t)(*first % WORDS);
    p->count = *count < BATCH - p->skip ? *count : BATCH - p->skip;
    *first += p->count;
    *count -= p->count;
    return true;
}

void ISA(random_bits)(uint64_t key, uint64_t draw, uint64_t first, size_t count, uint32_t *out)
{
    for (part p; next_part(&p, &first, &count); out += p.count) {
        uint32_t words[BATCH], *to = p.count == BATCH ? out : words;
        v_i32 word[WORDS];
        draw_blocks(key, draw, p.block, word);
        for (size_t w = 0; w < WORDS; w++)
            v_store_int(to + w * V_WIDTH, word[w]);
        if (to == words)
            memcpy(out, words + p.skip, p.count * sizeof *out);
    }
}

void ISA(random_keep)(uint64_t key, uint64_t draw, uint64_t first, size_t count,
                      uint32_t threshold, uint8_t *keep)
{
    const v_i32 least = v_set1_int(as_signed(threshold));
    for (part p; next_part(&p, &first, &count); keep += p.count) {
        uint8_t bytes[BATCH], *to = p.count == BATCH ? keep : bytes;
        v_i32 word[WORDS];
        draw_blocks(key, draw, p.block, word);
        for (size_t w = 0; w < WORDS; w++)
            v_store_bytes(to + w * V_WIDTH, v_select_int(v_at_least(word[w], least),
                                                         v_set1_int(1), v_set1_int(0)));
        if (to == bytes)
            memcpy(keep, bytes + p.skip, p.count);
    }
}
