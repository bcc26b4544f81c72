/* SPDX-License-Identifier: 0BSD */
#include "status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *fb_status_name(int status)
{
    switch (status) {
#define FB_STATUS_NAME(name, value, text)                                                          \
    case value:                                                                                    \
        return #name;
        FB_STATUS_TABLE(FB_STATUS_NAME)
#undef FB_STATUS_NAME
    default:
        return "FB_E?";
    }
}

const char *fb_status_text(int status)
{
    switch (status) {
#define FB_STATUS_TEXT(name, value, text)                                                          \
    case value:                                                                                    \
        return text;
        FB_STATUS_TABLE(FB_STATUS_TEXT)
#undef FB_STATUS_TEXT
    default:
        return "unknown status";
    }
}

/* Cuts a UTF-8 text that filled its buffer before its last, possibly incomplete, character. */
static void cut_at_character(char *text, size_t size)
{
    size_t n = strlen(text);
    if (n + 1 < size)
        return;
    while (n > 0 && ((unsigned char)text[n - 1] & 0xC0u) == 0x80u)
        n--;
    text[n > 0 ? n - 1 : 0] = '\0';
}

FB_PRINTF(2, 0)
static void write_sentence(fb_error *err, const char *format, va_list args)
{
    int n = vsnprintf(err->text, sizeof err->text, format, args);
    if (n < 0)
        snprintf(err->text, sizeof err->text, "%s", fb_status_text(err->status));
    else if ((size_t)n >= sizeof err->text)
        cut_at_character(err->text, sizeof err->text);
}

int fb_fail(fb_error *err, int status, const char *format, ...)
{
    FB_CHECK(status < 0);
    if (err) {
        err->status = status;
        va_list args;
        va_start(args, format);
        write_sentence(err, format, args);
        va_end(args);
    }
    return status;
}

int fb_fail_prefix(fb_error *err, const char *format, ...)
{
    if (!err)
        return FB_EINVAL;
    char sentence[sizeof err->text];
    memcpy(sentence, err->text, sizeof sentence);
    va_list args;
    va_start(args, format);
    write_sentence(err, format, args);
    va_end(args);
    size_t used = strlen(err->text);
    int n = snprintf(err->text + used, sizeof err->text - used, ": %s", sentence);
    if (n >= 0 && (size_t)n >= sizeof err->text - used)
        cut_at_character(err->text, sizeof err->text);
    return err->status;
}

void fb_check_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr,
            "flipbench: this is a bug in flipbench: %s:%d: `%s` does not hold; please report it\n",
            file, line, condition);
    abort();
}
