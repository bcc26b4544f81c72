#include "strbuf.h"

#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

char fb_strbuf_empty[1];

/* Room for `extra` more bytes and the NUL; false (and `failed`) when there is none. */
static bool reserve(fb_strbuf *buf, size_t extra)
{
    if (buf->failed)
        return false;
    if (extra > SIZE_MAX / 4 - buf->length) { /* beyond it, doubling could overflow */
        buf->failed = true;
        return false;
    }
    size_t need = buf->length + extra + 1;
    if (need <= buf->capacity)
        return true;
    size_t capacity = buf->capacity ? buf->capacity : 64;
    while (capacity < need)
        capacity *= 2;
    char *old = buf->capacity ? buf->text : NULL;
    char *grown = fb_grow(old, old ? buf->length + 1 : 0, capacity, 1);
    if (!grown) {
        buf->failed = true;
        return false;
    }
    buf->text = grown;
    buf->capacity = capacity;
    return true;
}

void fb_strbuf_add_bytes(fb_strbuf *buf, const void *bytes, size_t count)
{
    if (!reserve(buf, count))
        return;
    if (count)
        memcpy(buf->text + buf->length, bytes, count);
    buf->length += count;
    buf->text[buf->length] = '\0';
}

void fb_strbuf_add(fb_strbuf *buf, const char *text)
{
    fb_strbuf_add_bytes(buf, text, strlen(text));
}

void fb_strbuf_vprintf(fb_strbuf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n < 0) {
        buf->failed = true;
    } else if (reserve(buf, (size_t)n)) {
        vsnprintf(buf->text + buf->length, (size_t)n + 1, format, again);
        buf->length += (size_t)n;
    }
    va_end(again);
}

void fb_strbuf_printf(fb_strbuf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fb_strbuf_vprintf(buf, format, args);
    va_end(args);
}

char *fb_format_double(char *out, size_t size, double value)
{
    if (value != value) { /* whatever its sign, which printf would show and machines differ in */
        snprintf(out, size, "nan");
        return out;
    }
    if (fabs(value) < 1e15 && value == floor(value)) { /* 100, not 1e+02; and -0 keeps its sign */
        snprintf(out, size, "%.0f", value);
        return out;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, size, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    return out;
}

void fb_strbuf_add_double(fb_strbuf *buf, double value)
{
    char text[40];
    fb_strbuf_add(buf, fb_format_double(text, sizeof text, value));
}

void fb_strbuf_reset(fb_strbuf *buf)
{
    buf->length = 0;
    buf->text[0] = '\0';
}

int fb_strbuf_check(const fb_strbuf *buf, const char *what, fb_error *err)
{
    return buf->failed ? fb_fail(err, FB_ENOMEM, "out of memory while writing %s", what) : FB_OK;
}

char *fb_strbuf_take(fb_strbuf *buf)
{
    char *text = NULL;
    if (!buf->failed)
        text = buf->capacity ? buf->text : fb_strdup("");
    if (text && buf->capacity)
        *buf = FB_STRBUF_INIT;
    return text;
}

void fb_strbuf_finish(fb_strbuf *buf)
{
    if (!buf)
        return;
    if (buf->capacity)
        fb_free(buf->text);
    *buf = FB_STRBUF_INIT;
}
