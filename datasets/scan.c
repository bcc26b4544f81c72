#include "scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "files.h"
#include "parts.h"

/* Tells what only looks like a wrong first line. */
static int check_start(const char *path, const char *text, size_t length, fb_error *err)
{
    if (length >= 2 && memcmp(text, "\x1f\x8b", 2) == 0)
        return fb_fail(err, FB_EFORMAT, "%s: the file is compressed; expected plain text: unpack "
                       "it with gunzip", path);
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        return fb_fail(err, FB_EFORMAT, "%s: the file begins with a byte order mark; save it "
                       "without one", path);
    return FB_OK;
}

int scan_init(const char *path, text_scan *ret_scan, fb_error *err)
{
    text_scan scan = {.path = path};
    size_t length = 0;
    int rc = fb_file_read(path, (size_t)DATA_MAX_BYTES, &scan.text, &length, err);
    if (!rc)
        rc = check_start(path, scan.text, length, err);
    if (rc) {
        fb_free(scan.text);
        return rc;
    }
    scan.end = scan.text + length;
    scan_rewind(&scan);
    *ret_scan = scan;
    return FB_OK;
}

void scan_finish(text_scan *scan)
{
    if (!scan)
        return;
    fb_free(scan->text);
    *scan = (text_scan){0};
}

void scan_rewind(text_scan *scan)
{
    scan->at = scan->line_start = scan->text;
    scan->line = 1;
}

static bool at_line_end(const text_scan *scan)
{
    const char *at = scan->at;
    if (at < scan->end && *at == '\r')
        at++;
    return at == scan->end || *at == '\n';
}

bool scan_line_ends(text_scan *scan)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t'))
        scan->at++;
    return at_line_end(scan) || *scan->at == '#';
}

bool scan_word_ends(const text_scan *scan)
{
    return at_line_end(scan) || *scan->at == ' ' || *scan->at == '\t' || *scan->at == '#';
}

bool scan_next(text_scan *scan)
{
    while (scan_line_ends(scan)) {
        const char *newline = memchr(scan->at, '\n', (size_t)(scan->end - scan->at));
        if (!newline) {
            scan->at = scan->end;
            return false;
        }
        scan->at = scan->line_start = newline + 1;
        scan->line++;
    }
    return true;
}

bool scan_digits(text_scan *scan, uint64_t maximum, uint64_t *ret_value)
{
    const char *at = scan->at;
    uint64_t value = 0;
    for (; at < scan->end && *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (digit > maximum || value > (maximum - digit) / 10)
            return false;
        value = 10 * value + digit;
    }
    if (at == scan->at)
        return false;
    scan->at = at;
    *ret_value = value;
    return true;
}

int scan_fail(const text_scan *scan, int status, fb_error *err, const char *format, ...)
{
    char sentence[512];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    return fb_fail(err, status, "%s:%zu:%zu: %s", scan->path, scan->line,
                   (size_t)(scan->at - scan->line_start) + 1, sentence);
}

int scan_fail_expected(const text_scan *scan, const char *expected, fb_error *err)
{
    enum { SHOWN = 32 };
    char word[SHOWN + 4];
    size_t length = 0;
    text_scan rest = *scan;
    if (scan_word_ends(scan))
        return scan_fail(scan, FB_EFORMAT, err, "expected %s, found %s", expected,
                         at_line_end(scan) ? "the end of the line"
                         : *scan->at == '#' ? "a comment"
                                            : "a blank");
    for (; length < SHOWN && !scan_word_ends(&rest); rest.at++)
        word[length++] = *rest.at > ' ' && *rest.at < 0x7f ? *rest.at : '?';
    strcpy(word + length, scan_word_ends(&rest) ? "" : "...");
    return scan_fail(scan, FB_EFORMAT, err, "expected %s, found '%s'", expected, word);
}
