/* SPDX-License-Identifier: 0BSD
 *
 * status.h - status codes, and the error that carries a sentence.
 *
 * Every function that can fail returns 0 or a negative FB_E* code and takes an `fb_error *` as its
 * last parameter. On failure it writes one full sentence there that names the thing, the place,
 * what was expected and the way out; its `ret_...` outputs are untouched. `err` may be NULL. */
#ifndef FB_STATUS_H
#define FB_STATUS_H

/* One table makes the enum, the names and the short messages. */
#define FB_STATUS_TABLE(X)                                                                         \
    X(FB_OK, 0, "success")                                                                         \
    X(FB_ENOMEM, -1, "out of memory")                                                              \
    X(FB_EINVAL, -2, "invalid argument")                                                           \
    X(FB_EIO, -3, "input or output failed")                                                        \
    X(FB_ENOENT, -4, "not found")                                                                  \
    X(FB_EFORMAT, -5, "malformed input")                                                           \
    X(FB_ERANGE, -6, "value out of range")                                                         \
    X(FB_EPLUGIN, -7, "plugin fault")                                                              \
    X(FB_ENUMERIC, -8, "not a finite number")                                                      \
    X(FB_ECANCELLED, -9, "cancelled")                                                              \
    X(FB_ETIMEOUT, -10, "time limit reached")                                                      \
    X(FB_EBUSY, -11, "in use by another process")                                                  \
    X(FB_ESTORE, -12, "results database failed")                                                   \
    X(FB_ECONFLICT, -13, "contradicts stored results")

enum fb_status {
#define FB_STATUS_ENUM(name, value, text) name = (value),
    FB_STATUS_TABLE(FB_STATUS_ENUM)
#undef FB_STATUS_ENUM
};

typedef struct fb_error {
    int status;      /* the code that was returned */
    char text[1024]; /* the sentence, NUL-terminated, cut at a character boundary when too long */
} fb_error;

#if defined(__GNUC__)
#define FB_PRINTF(string, first) __attribute__((format(printf, string, first)))
#define FB_NORETURN __attribute__((noreturn))
#define FB_MUST_CHECK __attribute__((warn_unused_result))
#else
#define FB_PRINTF(string, first)
#define FB_NORETURN
#define FB_MUST_CHECK
#endif

/* The code's name ("FB_ENOMEM") and its short message; "FB_E?" for a number that is not one. */
const char *fb_status_name(int status);
const char *fb_status_text(int status);

/* Writes the sentence into `err` (NULL is allowed) and returns `status`, so that a failure is one
 * line: `return fb_fail(err, FB_EINVAL, "...")`. */
int fb_fail(fb_error *err, int status, const char *format, ...) FB_PRINTF(3, 4);

/* Puts "prefix: " before a sentence already in `err`; returns err->status. Used where a caller
 * knows the place and the callee did not. */
int fb_fail_prefix(fb_error *err, const char *format, ...) FB_PRINTF(2, 3);

/* FB_CHECK states what must hold if the program is right. It stays on in release builds: a violated
 * one is a bug in flipbench, and going on would risk a wrong result. */
#define FB_CHECK(condition)                                                                        \
    ((condition) ? (void)0 : fb_check_failed(#condition, __FILE__, __LINE__))

FB_NORETURN void fb_check_failed(const char *condition, const char *file, int line);

#endif
