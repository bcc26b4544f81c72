#include "pdf.h"

bool pdf_available(void)
{
    return false;
}

int pdf_draw(const char *svg, size_t length, fb_strbuf *out, fb_error *err)
{
    (void)svg;
    (void)length;
    (void)out;
    return fb_fail(err, FB_EINVAL, "this flipbench was built without librsvg and writes no PDF; "
                                   "install librsvg2-dev and build it anew");
}
