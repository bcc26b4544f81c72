/* csv.h - fields of CSV files (RFC 4180). */
#ifndef FB_REPORTS_CSV_H
#define FB_REPORTS_CSV_H

#include "strbuf.h"

/* Adds a row's first field: in quotes, doubled inside, when it holds a comma, a quote or a line's
 * end. */
void csv_field(fb_strbuf *out, const char *text);

/* Adds a comma and the number that reads back as the same double; the comma alone for NaN. */
void csv_number(fb_strbuf *out, double value);

#endif
