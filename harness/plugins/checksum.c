#include "checksum.h"

#include <string.h>

enum { LANES = 4 };

/* The multiplier of the 64-bit FNV-1a hash. As it is odd, no two values of a lane become one. */
static const uint64_t multiplier = UINT64_C(0x100000001b3);

/* Lanes side by side, because each step of a lane waits for the one before. */
uint64_t checksum_of(const void *numbers, size_t count)
{
    uint64_t lanes[LANES] = {1, 2, 3, 4}, words[LANES], sum = 0;
    const char *at = numbers;
    size_t left = count * 4;
    for (; left >= sizeof words; at += sizeof words, left -= sizeof words) {
        memcpy(words, at, sizeof words);
        for (size_t i = 0; i < LANES; i++)
            lanes[i] = (lanes[i] ^ words[i]) * multiplier;
    }
    memset(words, 0, sizeof words);
    if (left)
        memcpy(words, at, left);
    for (size_t i = 0; i < LANES; i++)
        sum = (sum ^ (lanes[i] ^ words[i])) * multiplier;
    return sum;
}
