/* rounds.csv and `flipbench export --what rounds`: one row per (cell, round), numbers in full. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "csv.h"
#include "reports.h"

void report_csv_header(fb_strbuf *out)
{
    fb_strbuf_add(out, "setting,dataset,network,strategy,params,trial,round,labeled,"
                       "validation_labels,accuracy,balanced_accuracy,macro_f1,loss,"
                       "validation_accuracy,train_seconds,query_seconds,service_seconds,"
                       "evaluate_seconds,peak_rss_bytes,selected_sha256\n");
}

void csv_field(fb_strbuf *out, const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        fb_strbuf_add(out, text);
        return;
    }
    fb_strbuf_add(out, "\"");
    for (const char *p = text; *p; p++)
        fb_strbuf_add_bytes(out, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
    fb_strbuf_add(out, "\"");
}

void csv_number(fb_strbuf *out, double value)
{
    fb_strbuf_add(out, ",");
    if (!isnan(value))
        fb_strbuf_add_double(out, value);
}

static void add_row(const report_setting *setting, const report_strategy *strategy, uint32_t trial,
                    const report_round *round, fb_strbuf *out)
{
    const char *texts[] = {setting->name, setting->dataset, setting->network, strategy->label,
                           strategy->params};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (i)
            fb_strbuf_add(out, ",");
        csv_field(out, texts[i]);
    }
    fb_strbuf_printf(out, ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%zu", trial, round->round,
                     round->labeled, setting->validation_labels);
    csv_number(out, round->accuracy);
    csv_number(out, round->balanced_accuracy);
    csv_number(out, round->macro_f1);
    csv_number(out, round->loss);
    csv_number(out, round->validation_accuracy);
    csv_number(out, round->train_seconds);
    csv_number(out, round->query_seconds);
    csv_number(out, round->service_seconds);
    csv_number(out, round->evaluate_seconds);
    fb_strbuf_printf(out, ",%" PRIu64 ",%s\n", round->peak_rss_bytes, round->selected_sha256);
}

void report_csv_row(const report_data *data, const report_cell *cell, const report_round *round,
                    fb_strbuf *out)
{
    add_row(&data->settings[cell->setting], &data->strategies[cell->strategy], cell->trial, round,
            out);
}

void report_csv_reference(const report_data *data, const report_reference *reference,
                          fb_strbuf *out)
{
    add_row(&data->settings[reference->setting], &data->reference, reference->trial,
            reference->round, out);
}
