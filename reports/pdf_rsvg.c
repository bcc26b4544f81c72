/* librsvg brings forty libraries along. It is opened by the first drawing, so that the processes that
 * draw nothing, and train beside others of their kind, do not start with them. */
#include <cairo-pdf.h>
#include <dlfcn.h>
#include <librsvg/rsvg.h>
#include <string.h>

#include "pdf.h"
#include "sanitized.h"
#if HAS_ADDRESS_SANITIZER
#include <sanitizer/lsan_interface.h>
#endif

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

/* What is used of librsvg, cairo and GObject, of the types that their headers give. */
#define FUNCTIONS(USE)                                                                           \
    USE(rsvg_handle_new_from_data) USE(rsvg_handle_get_intrinsic_size_in_pixels)                 \
    USE(rsvg_handle_render_document) USE(cairo_pdf_surface_create_for_stream)                    \
    USE(cairo_pdf_surface_set_metadata) USE(cairo_create) USE(cairo_scale) USE(cairo_destroy)    \
    USE(cairo_surface_finish) USE(cairo_surface_status) USE(cairo_surface_destroy)               \
    USE(cairo_status_to_string) USE(g_object_unref) USE(g_clear_error)

static struct library {
    void *handle; /* NULL: not opened, or not there */
#define MEMBER(name) __typeof__(name) *name;
    FUNCTIONS(MEMBER)
#undef MEMBER
} lib;

/* A pointer to a function from one to data, as POSIX lets dlsym give it. */
static bool find(void *handle, const char *name, void *ret_function)
{
    void *found = dlsym(handle, name);
    memcpy(ret_function, &found, sizeof found);
    return found;
}

bool pdf_available(void)
{
    if (lib.handle)
        return true;
    struct library opened = {.handle = dlopen("librsvg-2.so.2", RTLD_NOW | RTLD_LOCAL)};
    bool complete = opened.handle;
#define FIND(name) complete = complete && find(opened.handle, #name, &opened.name);
    FUNCTIONS(FIND)
#undef FIND
    if (complete)
        lib = opened;
    else if (opened.handle)
        dlclose(opened.handle);
    return complete;
}

/* A page is measured in points, a drawing in pixels of CSS: 96 to the inch. */
static const double POINTS = 72.0 / 96;

/* What librsvg has to say, which it hands over. */
static int fail(const char *what, GError *message, fb_error *err)
{
    int rc = fb_fail(err, FB_EFORMAT, "a figure's PDF: cannot %s the drawing: %s", what,
                     message ? message->message : "no reason is given");
    lib.g_clear_error(&message);
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
    cairo_surface_t *page = lib.cairo_pdf_surface_create_for_stream(take, out, POINTS * width,
                                                                POINTS * height);
    lib.cairo_pdf_surface_set_metadata(page, CAIRO_PDF_METADATA_CREATE_DATE, NULL);
    lib.cairo_pdf_surface_set_metadata(page, CAIRO_PDF_METADATA_CREATOR, "flipbench");
    return page;
}

int pdf_draw(const char *svg, size_t length, fb_strbuf *out, fb_error *err)
{
    GError *message = NULL;
    RsvgRectangle area = {0};
    if (!pdf_available())
        return fb_fail(err, FB_EINVAL, "PDF needs librsvg-2.so.2, which cannot be opened: %s; "
                                       "install librsvg2-2", dlerror());
    RsvgHandle *drawing = lib.rsvg_handle_new_from_data((const guint8 *)svg, length, &message);
    if (!drawing)
        return fail("read", message, err);
    lib.rsvg_handle_get_intrinsic_size_in_pixels(drawing, &area.width, &area.height);
    cairo_surface_t *page = begin_page(area.width, area.height, out);
    cairo_t *pen = lib.cairo_create(page);
    lib.cairo_scale(pen, POINTS, POINTS);
    int rc = FB_OK;
    if (!lib.rsvg_handle_render_document(drawing, pen, &area, &message))
        rc = fail("draw", message, err);
    lib.cairo_destroy(pen);
    lib.cairo_surface_finish(page);
    cairo_status_t status = lib.cairo_surface_status(page);
    if (!rc && status)
        rc = fb_fail(err, FB_ENOMEM, "a figure's PDF: %s", lib.cairo_status_to_string(status));
    lib.cairo_surface_destroy(page);
    lib.g_object_unref(drawing);
    return rc ? rc : fb_strbuf_check(out, "a figure's PDF", err);
}
