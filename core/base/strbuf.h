/* strbuf.h - a string that grows.
 *
 * Invariants: `text` is never NULL and always NUL-terminated; `length` excludes the NUL. Start with
 * FB_STRBUF_INIT. A failed allocation sets `failed` and leaves the text as it was: build with many
 * calls, check once at the end with fb_strbuf_check. */
#ifndef FB_STRBUF_H
#define FB_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "status.h"

typedef struct fb_strbuf {
    char *text;
    size_t length;
    size_t capacity; /* 0 while `text` is the shared empty string */
    bool failed;
} fb_strbuf;

extern char fb_strbuf_empty[1];
#define FB_STRBUF_INIT ((fb_strbuf){.text = fb_strbuf_empty})

void fb_strbuf_add(fb_strbuf *buf, const char *text);
void fb_strbuf_add_bytes(fb_strbuf *buf, const void *bytes, size_t count);
void fb_strbuf_printf(fb_strbuf *buf, const char *format, ...) FB_PRINTF(2, 3);
void fb_strbuf_vprintf(fb_strbuf *buf, const char *format, va_list args) FB_PRINTF(2, 0);

/* The shortest decimal text that reads back as the same double ("0.1", "1e-05", "nan"). */
void fb_strbuf_add_double(fb_strbuf *buf, double value);

/* Empties the text and keeps the memory. */
void fb_strbuf_reset(fb_strbuf *buf);

/* FB_ENOMEM when any call before failed. */
int fb_strbuf_check(const fb_strbuf *buf, const char *what, fb_error *err);

/* Hands the text to the caller (released with fb_free) and empties the buffer; NULL when failed. */
char *fb_strbuf_take(fb_strbuf *buf);

/* Takes NULL and a zeroed struct. */
void fb_strbuf_finish(fb_strbuf *buf);

/* The same shortest text into a buffer of at least 32 bytes; returns it. */
char *fb_format_double(char *out, size_t size, double value);

#endif
