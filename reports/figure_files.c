/* The folder figures/: each figure's drawing as SVG and PDF, its numbers as CSV. */
#include <stdio.h>
#include <string.h>

#include "figures.h"
#include "pdf.h"

/* A figures_take; `context` is the folder. */
static int add_figure(void *context, const figure *f, fb_error *err)
{
    folder *out = context;
    char name[64];
    fb_strbuf svg = FB_STRBUF_INIT, csv = FB_STRBUF_INIT;
    if (figure_failed(f))
        svg.failed = true;
    else
        figure_file(f, &svg);
    fb_strbuf_add_bytes(&csv, f->csv.text, f->csv.length);
    int rc = fb_strbuf_check(&svg, f->id, err);
    snprintf(name, sizeof name, "figures/%s.svg", f->id);
    if (!rc && svg.length)
        rc = folder_add(out, name, &svg, err);
    snprintf(name, sizeof name, "figures/%s.csv", f->id);
    if (!rc && csv.length)
        rc = folder_add(out, name, &csv, err);
    fb_strbuf_finish(&svg);
    fb_strbuf_finish(&csv);
    return rc;
}

/* Adds a PDF for each SVG among the files from `first` on. */
static int add_pdfs(folder *out, size_t first, fb_error *err)
{
    char name[64];
    int rc = FB_OK;
    for (size_t i = first, end = out->count; !rc && i < end; i++) {
        const folder_file *file = &out->files[i];
        size_t stem = strlen(file->name) - strlen(".svg");
        fb_strbuf pdf = FB_STRBUF_INIT;
        if (strcmp(file->name + stem, ".svg") != 0)
            continue;
        rc = pdf_draw(file->content.text, file->content.length, &pdf, err);
        snprintf(name, sizeof name, "%.*s.pdf", (int)stem, file->name);
        if (!rc)
            rc = folder_add(out, name, &pdf, err);
        fb_strbuf_finish(&pdf);
    }
    return rc;
}

bool report_writes_pdf(void)
{
    return pdf_available();
}

int figures_write(const analysis *a, folder *out, fb_error *err)
{
    size_t first = out->count;
    folder_replace(out, "figures/");
    int rc = figures_each(a, add_figure, out, err);
    return rc || !pdf_available() ? rc : add_pdfs(out, first, err);
}
