#include "digest.h"

#include <string.h>

void fb_digest_init(fb_digest *digest)
{
    sha256_init(&digest->context);
}

void fb_digest_bytes(fb_digest *digest, const void *bytes, size_t count)
{
    sha256_update(&digest->context, count, bytes);
}

void fb_digest_string(fb_digest *digest, const char *text)
{
    fb_digest_bytes(digest, text, strlen(text) + 1);
}

void fb_digest_u64(fb_digest *digest, uint64_t value)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    fb_digest_bytes(digest, bytes, sizeof bytes);
}

void fb_digest_end(fb_digest *digest, uint8_t ret_bytes[FB_DIGEST_BYTES])
{
    sha256_digest(&digest->context, FB_DIGEST_BYTES, ret_bytes);
}

void fb_digest_end_hex(fb_digest *digest, char ret_hex[FB_DIGEST_HEX])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[FB_DIGEST_BYTES];
    fb_digest_end(digest, bytes);
    for (int i = 0; i < FB_DIGEST_BYTES; i++) {
        ret_hex[2 * i] = digits[bytes[i] >> 4];
        ret_hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_hex[2 * FB_DIGEST_BYTES] = '\0';
}
