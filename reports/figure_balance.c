#include <math.h>
#include <stdio.h>

#include "csv.h"
#include "figures.h"
#include "lines.h"
#include "pgf.h"

size_t figure_balance_count(const analysis *a)
{
    return a->selections.known ? a->selections.settings : 0;
}

static void draw(const analysis *a, size_t setting, figure *f)
{
    const selections *s = &a->selections;
    const double *queried = s->queried + setting * s->rounds;
    lines l = lines_create(a->grid, s->rounds);
    for (size_t k = 0; k < s->strategies; k++)
        for (size_t r = 0; r < s->rounds; r++)
            lines_add(&l, k, (svg_point){.x = queried[r],
                                         .y = selections_balance(s, setting, k)[r],
                                         .low = (double)NAN, .high = (double)NAN});
    svg_plot plot = {.id = f->id, .title = f->title.text, .description = f->description.text,
                     .x_label = "Samples asked for", .y_label = "Class balance", .y_least = 0,
                     .y_most = 1, .ceiling = (double)NAN, .series = l.series,
                     .series_count = l.count};
    f->svg.failed = f->svg.failed || l.failed;
    if (!l.failed) {
        svg_lines(&plot, &f->svg);
        pgf_lines(&plot, &f->latex);
    }
    lines_finish(&l);
}

static void fill_numbers(const analysis *a, size_t setting, figure *f)
{
    const selections *s = &a->selections;
    table_column(&f->numbers, TABLE_HEAD | TABLE_NUMBER, "Asked for");
    for (size_t k = 0; k < s->strategies; k++)
        table_column(&f->numbers, TABLE_NUMBER, a->grid->strategy_names[k]);
    fb_strbuf_add(&f->csv, "setting,strategy,queried,balance\n");
    for (size_t r = 0; r < s->rounds; r++) {
        double queried = s->queried[setting * s->rounds + r];
        if (isnan(queried))
            continue;
        table_number(&f->numbers, 0, queried, 0);
        for (size_t k = 0; k < s->strategies; k++) {
            double balance = selections_balance(s, setting, k)[r];
            table_number(&f->numbers, 0, balance, 3);
            csv_field(&f->csv, a->grid->setting_names[setting]);
            fb_strbuf_add(&f->csv, ",");
            csv_field(&f->csv, a->grid->strategy_names[k]);
            csv_number(&f->csv, queried);
            csv_number(&f->csv, balance);
            fb_strbuf_add(&f->csv, "\n");
        }
    }
}

void figure_balance(const analysis *a, size_t setting, figure *f)
{
    snprintf(f->id, sizeof f->id, "balance-%zu", setting);
    f->lines = true;
    f->setting = (ptrdiff_t)setting;
    fb_strbuf_printf(&f->title, "Class balance: %s", a->grid->setting_names[setting]);
    fb_strbuf_add(&f->caption, "How evenly everything asked for so far falls on the classes: "
                               "entropy of the labels over its largest value, mean over trials. "
                               "1: all classes as often.");
    fb_strbuf_add(&f->description, "Class balance over the number of samples asked for.");
    draw(a, setting, f);
    fill_numbers(a, setting, f);
}
