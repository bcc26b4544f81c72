#include "utf8.h"

#include <stddef.h>

/* The bytes that may follow a first byte: how many, and the range of the first of them; the others
 * are 80 to BF. */
static size_t followers(unsigned char first, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xBF;
    if (first >= 0xC2 && first <= 0xDF)
        return 1;
    if (first >= 0xE0 && first <= 0xEF) {
        if (first == 0xE0)
            *low = 0xA0; /* less would be overlong */
        if (first == 0xED)
            *high = 0x9F; /* more would be a surrogate */
        return 2;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (first == 0xF0)
            *low = 0x90;
        if (first == 0xF4)
            *high = 0x8F;
        return 3;
    }
    return 0;
}

bool fb_utf8_valid(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        unsigned char low, high, first = *at++;
        if (first < 0x80)
            continue;
        size_t count = followers(first, &low, &high);
        if (count == 0)
            return false;
        for (size_t i = 0; i < count; i++, at++) {
            if (*at < low || *at > high) /* a NUL too */
                return false;
            low = 0x80;
            high = 0xBF;
        }
    }
    return true;
}
