/* pdf.h - drawings as PDF, by librsvg and cairo: where flipbench was built with their headers
 * (pdf_rsvg.c; without: pdf_none.c) and the library is there when the first drawing is made. */
#ifndef FB_REPORTS_PDF_H
#define FB_REPORTS_PDF_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"
#include "strbuf.h"

/* Whether drawings can be made into PDF. Opens the library, which stays. */
bool pdf_available(void);

/* Adds the PDF of a drawing, an SVG file's text of `length` bytes: one page of its size, with its
 * texts as text. The same drawing gives the same bytes, as long as libraries and fonts are the
 * same. FB_EFORMAT with librsvg's message when it cannot be drawn,
 * FB_EINVAL where PDF is not available. */
int pdf_draw(const char *svg, size_t length, fb_strbuf *out, fb_error *err);

#endif
