/* digest.h - SHA-256 (FIPS 180-4, by nettle), as 32 bytes or as 64 hexadecimal digits. */
#ifndef FB_DIGEST_H
#define FB_DIGEST_H

#include <nettle/sha2.h>
#include <stddef.h>
#include <stdint.h>

enum { FB_DIGEST_BYTES = 32, FB_DIGEST_HEX = 65 };

/* A digest in the making. Integers enter as 8 bytes, least significant first, and strings with
 * their NUL, so that two sequences of fields never run together. */
typedef struct fb_digest {
    struct sha256_ctx context;
} fb_digest;

void fb_digest_init(fb_digest *digest);
void fb_digest_bytes(fb_digest *digest, const void *bytes, size_t count);
void fb_digest_string(fb_digest *digest, const char *text);
void fb_digest_u64(fb_digest *digest, uint64_t value);

/* Writes the 32 bytes and starts anew. */
void fb_digest_end(fb_digest *digest, uint8_t ret_bytes[FB_DIGEST_BYTES]);

/* Writes 64 lower-case hexadecimal digits and a NUL, and starts anew. */
void fb_digest_end_hex(fb_digest *digest, char ret_hex[FB_DIGEST_HEX]);

#endif
