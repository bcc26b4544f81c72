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

/* The words of the blocks `block` .. block + V_WIDTH - 1 of a draw, in order. */
static void draw_blocks(uint64_t key, uint64_t draw, uint64_t block, uint32_t out[BATCH])
{
    uint32_t lanes[WORDS][V_WIDTH];
    for (size_t i = 0; i < V_WIDTH; i++) {
        lanes[0][i] = (uint32_t)(block + i);
        lanes[1][i] = (uint32_t)((block + i) >> 32);
    }
    v_i32 word[WORDS] = {v_load_int(lanes[0]), v_load_int(lanes[1]),
                         v_set1_int(as_signed((uint32_t)draw)),
                         v_set1_int(as_signed((uint32_t)(draw >> 32)))};
    run_rounds(key, word);
    for (size_t w = 0; w < WORDS; w++)
        v_store_int(lanes[w], word[w]);
    for (size_t i = 0; i < V_WIDTH; i++)
        for (size_t w = 0; w < WORDS; w++)
            out[i * WORDS + w] = lanes[w][i];
}

void ISA(random_bits)(uint64_t key, uint64_t draw, uint64_t first, size_t count, uint32_t *out)
{
    uint64_t block = first / WORDS;
    size_t skip = (size_t)(first % WORDS); /* words of the first block that are not wanted */
    while (count > 0) {
        uint32_t words[BATCH];
        const bool whole = skip == 0 && count >= BATCH;
        const size_t taken = whole || count > BATCH - skip ? BATCH - skip : count;
        draw_blocks(key, draw, block, whole ? out : words);
        if (!whole)
            memcpy(out, words + skip, taken * sizeof *out);
        out += taken;
        count -= taken;
        block += V_WIDTH;
        skip = 0;
    }
}
