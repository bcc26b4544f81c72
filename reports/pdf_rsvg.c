#include <cairo-pdf.h>
#include <librsvg/rsvg.h>

#include "pdf.h"
#include "sanitized.h"
#if HAS_ADDRESS_SANITIZER
#include <sanitizer/lsan_interface.h>
#endif

const bool pdf_available = true;

#if HAS_ADDRESS_SANITIZER
/* Fontconfig keeps what it has read until the process ends, and the sanitizer takes that for a
 * leak. These are found by their names. */
#define FOUND_BY_NAME __attribute__((visibility("default")))
FOUND_BY_NAME const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig";
}
FOUND_BY_NAME const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}
#endif

/* A page is measured in points, a drawing in pixels of CSS: 96 to the inch. */
static const double POINTS = 72.0 / 96;

/* What librsvg has to say, which it hands over. */
static int fail(const char *what, GError *message, fb_error *err)
{
    int rc = fb_fail(err, FB_EFORMAT, "a figure's PDF: cannot %s the drawing: %s", what,
                     message ? message->message : "no reason is given");
    g_clear_error(&message);
    return rc;
}

static cairo_status_t take(void *out, const unsigned char *bytes, unsigned int count)
{
    fb_strbuf_add_bytes(out, bytes, count);
    return CAIRO_STATUS_SUCCESS;
}

/* An empty page that goes to `out`; without a date, so that equal drawings give equal files. */
static cairo_surface_t *begin_page(double width, double height, fb_strbuf *out)
{
    cairo_surface_t *page = cairo_pdf_surface_create_for_stream(take, out, POINTS * width,
                                                                POINTS * height);
    cairo_pdf_surface_set_metadata(page, CAIRO_PDF_METADATA_CREATE_DATE, NULL);
    cairo_pdf_surface_set_metadata(page, CAIRO_PDF_METADATA_CREATOR, "flipbench");
    return page;
}

int pdf_draw(const char *svg, size_t length, fb_strbuf *out, fb_error *err)
{
    GError *message = NULL;
    RsvgRectangle area = {0};
    RsvgHandle *drawing = rsvg_handle_new_from_data((const guint8 *)svg, length, &message);
    if (!drawing)
        return fail("read", message, err);
    rsvg_handle_get_intrinsic_size_in_pixels(drawing, &area.width, &area.height);
    cairo_surface_t *page = begin_page(area.width, area.height, out);
    cairo_t *pen = cairo_create(page);
    cairo_scale(pen, POINTS, POINTS);
    int rc = FB_OK;
    if (!rsvg_handle_render_document(drawing, pen, &area, &message))
        rc = fail("draw", message, err);
    cairo_destroy(pen);
    cairo_surface_finish(page);
    cairo_status_t status = cairo_surface_status(page);
    if (!rc && status)
        rc = fb_fail(err, FB_ENOMEM, "a figure's PDF: %s", cairo_status_to_string(status));
    cairo_surface_destroy(page);
    g_object_unref(drawing);
    return rc ? rc : fb_strbuf_check(out, "a figure's PDF", err);
}
