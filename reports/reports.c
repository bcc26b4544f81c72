#include "reports.h"

#include <string.h>

#include "analysis.h"
#include "figures.h"
#include "folder.h"
#include "grid.h"
#include "html.h"
#include "latex.h"
#include "markdown.h"
#include "paper.h"
#include "statistic_rows.h"
#include "strbuf.h"

/* Every finished round: by setting, its references, then cells by strategy, trial and round. */
static void add_rounds(const analysis *a, fb_strbuf *out)
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

static bool is_paper(const analysis *a)
{
    return a->grid->data->style == REPORT_PAPER;
}

static int write_page(const analysis *a, folder *out, fb_error *err)
{
    fb_strbuf text = FB_STRBUF_INIT;
    (is_paper(a) ? paper_page : html_page)(a, &text);
    return folder_add(out, "index.html", &text, err);
}

static int write_tables(const analysis *a, folder *out, fb_error *err)
{
    fb_strbuf text = FB_STRBUF_INIT;
    (is_paper(a) ? paper_markdown : markdown_report)(a, &text);
    return folder_add(out, "tables.md", &text, err);
}

static int write_csv(const analysis *a, folder *out, fb_error *err)
{
    fb_strbuf text = FB_STRBUF_INIT;
    add_rounds(a, &text);
    int rc = folder_add(out, "rounds.csv", &text, err);
    if (!rc)
        rc = statistic_rows_csv(a, &text, err);
    if (!rc)
        rc = folder_add(out, "statistics.csv", &text, err);
    fb_strbuf_finish(&text);
    return rc;
}

/* What a report consists of; bit i of report_data.parts stands for parts[i]. */
typedef struct report_part {
    const char *name;                                            /* as --only has it */
    int (*write)(const analysis *a, folder *out, fb_error *err); /* adds its files */
} report_part;

static const report_part parts[] = {
    {"html", write_page},
    {"tables", write_tables},
    {"csv", write_csv},
    {"figures", figures_write},
    {"latex", latex_report},
};
enum { PART_COUNT = sizeof parts / sizeof *parts };

/* ---- which parts ----------------------------------------------------------------------------- */

static int fail_part(const char *name, size_t length, fb_error *err)
{
    fb_strbuf known = FB_STRBUF_INIT;
    for (size_t i = 0; i < PART_COUNT; i++)
        fb_strbuf_printf(&known, "%s%s", i == 0 ? "" : i + 1 == PART_COUNT ? " and " : ", ",
                         parts[i].name);
    int rc = fb_fail(err, FB_EINVAL, "a report has no part '%.*s'; its parts are %s, separated by "
                                     "commas", (int)length, name, known.text);
    fb_strbuf_finish(&known);
    return rc;
}

int report_parse_parts(const char *list, unsigned *ret_parts, fb_error *err)
{
    unsigned chosen = 0;
    for (const char *name = list;; name++) {
        size_t length = strcspn(name, ","), i = 0;
        while (i < PART_COUNT && (strlen(parts[i].name) != length ||
                                  memcmp(parts[i].name, name, length) != 0))
            i++;
        if (i == PART_COUNT)
            return fail_part(name, length, err);
        chosen |= 1u << i;
        name += length;
        if (!*name)
            break;
    }
    *ret_parts = chosen;
    return FB_OK;
}

int report_parse_style(const char *name, report_style *ret_style, fb_error *err)
{
    static const char *const names[] = {[REPORT_FULL] = "full", [REPORT_PAPER] = "paper"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) {
            *ret_style = (report_style)i;
            return FB_OK;
        }
    return fb_fail(err, FB_EINVAL, "a report has no style '%s'; its styles are %s (everything) "
                                   "and %s (the figures and tables of the LDM-Seeding paper)",
                   name, names[REPORT_FULL], names[REPORT_PAPER]);
}

/* ---- writing --------------------------------------------------------------------------------- */

static int write_parts(const analysis *a, const char *out, fb_error *err)
{
    unsigned chosen = a->grid->data->parts;
    folder files = {0};
    int rc = FB_OK;
    for (size_t i = 0; !rc && i < PART_COUNT; i++)
        if (chosen == 0 || chosen >> i & 1)
            rc = parts[i].write(a, &files, err);
    if (!rc)
        rc = folder_write(&files, out, err);
    folder_finish(&files);
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
        rc = write_parts(&a, out, err);
    analysis_finish(&a);
    grid_finish(&g);
    return rc;
}
