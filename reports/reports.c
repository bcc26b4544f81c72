#include "reports.h"

#include "analysis.h"
#include "files.h"
#include "grid.h"
#include "html.h"
#include "markdown.h"
#include "strbuf.h"

/* Every finished round: by setting, its references, then cells by strategy, trial and round. */
static void write_rounds(const analysis *a, fb_strbuf *out)
{
    const grid *g = a->grid;
    report_csv_header(out);
    for (size_t i = 0; i < g->data->setting_count; i++) {
        for (size_t f = 0; f < g->data->reference_count; f++) {
            const report_reference *reference = &g->data->references[f];
            if (reference->setting == i && reference->round)
                report_csv_reference(g->data, reference, out);
        }
        for (size_t s = 0; s < g->data->strategy_count; s++)
            for (size_t t = 0; t < g->trial_count; t++) {
                const report_cell *cell = grid_at(g, i, s, t)->source;
                for (size_t r = 0; cell && r < cell->round_count; r++)
                    report_csv_row(g->data, cell, &cell->rounds[r], out);
            }
    }
}

typedef struct report_file {
    const char *name;
    void (*build)(const analysis *a, fb_strbuf *out);
} report_file;

enum { FILE_COUNT = 3 };
static const report_file files[FILE_COUNT] = {
    {"rounds.csv", write_rounds},
    {"tables.md", markdown_report},
    {"index.html", html_page},
};

/* Builds all texts before the first file is written, so that a failure leaves no half report. */
static int write_files(const analysis *a, const char *out, fb_error *err)
{
    int rc = FB_OK;
    fb_strbuf texts[FILE_COUNT], path = FB_STRBUF_INIT;
    for (size_t i = 0; i < FILE_COUNT; i++)
        texts[i] = FB_STRBUF_INIT;
    for (size_t i = 0; !rc && i < FILE_COUNT; i++) {
        files[i].build(a, &texts[i]);
        rc = fb_strbuf_check(&texts[i], files[i].name, err);
    }
    if (!rc)
        rc = fb_make_directories(out, err);
    for (size_t i = 0; !rc && i < FILE_COUNT; i++) {
        fb_strbuf_reset(&path);
        fb_strbuf_printf(&path, "%s/%s", out, files[i].name);
        rc = fb_strbuf_check(&path, files[i].name, err);
        if (!rc)
            rc = fb_file_write(path.text, texts[i].text, texts[i].length, err);
    }
    for (size_t i = 0; i < FILE_COUNT; i++)
        fb_strbuf_finish(&texts[i]);
    fb_strbuf_finish(&path);
    return rc;
}

int report_write(const report_data *data, const char *out, fb_error *err)
{
    grid g = {0};
    analysis a = {0};
    int rc = grid_init(data, &g, err);
    if (!rc)
        rc = analysis_init(&g, &a, err);
    if (!rc)
        rc = write_files(&a, out, err);
    analysis_finish(&a);
    grid_finish(&g);
    return rc;
}
