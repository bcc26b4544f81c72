/* scan.h - text files of one record a line: where the reader stands, and errors that say so.
 *
 * Lines end with LF or CR LF. Blanks are spaces and tabs; a comment goes from '#' to the end of its
 * line. Any other character, NUL among them, is for the caller to take or to refuse. */
#ifndef FB_SCAN_H
#define FB_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

typedef struct text_scan {
    const char *path;
    char *text;             /* the whole file; a NUL follows at `end` */
    const char *at, *end;   /* the next character, and the end of the file */
    const char *line_start; /* of the line that `at` is in */
    size_t line;            /* its number, from 1 */
} text_scan;

/* Reads a whole file (see fb_file_read) and stands before its first line. `path` must outlive the
 * scan. */
int scan_init(const char *path, text_scan *ret_scan, fb_error *err);

/* Takes NULL and a zeroed struct. */
void scan_finish(text_scan *scan);

/* Stands before the first line again. */
void scan_rewind(text_scan *scan);

/* Goes on to the next character that is neither blank nor comment, from the end of a line to a
 * later line; false at the end of the file. */
bool scan_next(text_scan *scan);

/* Skips blanks; whether nothing but a comment follows on this line. */
bool scan_line_ends(text_scan *scan);

/* Whether a number or word ends here: before a blank, a comment, or the end of the line. */
bool scan_word_ends(const text_scan *scan);

/* Reads decimal digits as a number of at most `maximum` and goes on behind them; false, standing
 * where it stood, when there are none or the number is larger. */
bool scan_digits(text_scan *scan, uint64_t maximum, uint64_t *ret_value);

/* "PATH:LINE:COLUMN: sentence" for the character that comes next; columns are bytes, from 1. */
int scan_fail(const text_scan *scan, int status, fb_error *err, const char *format, ...)
    FB_PRINTF(4, 5);

/* FB_EFORMAT, "PATH:LINE:COLUMN: expected EXPECTED, found 'word'". */
int scan_fail_expected(const text_scan *scan, const char *expected, fb_error *err);

#endif
