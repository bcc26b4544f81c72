/* The columns of a row, in one order for every format. */
#include <math.h>
#include <stddef.h>

#include "csv.h"
#include "statistic_rows.h"

static report_field text_field(const char *name, const char *text)
{
    return (report_field){.name = name, .kind = REPORT_TEXT, .text = text};
}

/* A field has no NaN and no infinity: both are missing. */
static report_field number_field(const char *name, double number)
{
    return (report_field){.name = name, .kind = isfinite(number) ? REPORT_NUMBER : REPORT_NOTHING,
                          .number = number};
}

static report_field count_field(const char *name, size_t count)
{
    return (report_field){.name = name, .count = count,
                          .kind = count == REPORT_NO_COUNT ? REPORT_NOTHING : REPORT_COUNT};
}

void report_statistic_fields(const report_statistic *row, report_field ret_fields[REPORT_FIELDS])
{
    static const report_setting no_setting;
    static const report_strategy no_strategy;
    const report_setting *setting = row->setting ? row->setting : &no_setting;
    const report_strategy *strategy = row->strategy ? row->strategy : &no_strategy;
    const report_strategy *against = row->against ? row->against : &no_strategy;
    const report_field fields[REPORT_FIELDS] = {
        text_field("setting", setting->name),
        text_field("dataset", setting->dataset),
        text_field("network", setting->network),
        text_field("strategy", strategy->label),
        text_field("params", strategy->params),
        text_field("against", against->label),
        text_field("against_params", against->params),
        text_field("measure", row->measure),
        number_field("value", row->value),
        number_field("sd", row->sd),
        number_field("low", row->low),
        number_field("high", row->high),
        text_field("interval", row->interval),
        text_field("test", row->test),
        text_field("sided", row->sided),
        number_field("alpha", row->alpha),
        number_field("p", row->p),
        number_field("p_corrected", row->p_corrected),
        text_field("correction", row->correction),
        count_field("trials", row->trials),
        count_field("trials_expected", row->trials_expected),
        count_field("rounds", row->rounds),
        count_field("settings", row->settings),
        count_field("datasets", row->datasets),
    };
    for (size_t i = 0; i < REPORT_FIELDS; i++) {
        ret_fields[i] = fields[i];
        if (fields[i].kind == REPORT_TEXT && !fields[i].text)
            ret_fields[i].kind = REPORT_NOTHING;
    }
}

static int add_row(void *context, const report_statistic *row, fb_error *err)
{
    fb_strbuf *out = context;
    report_field fields[REPORT_FIELDS];
    report_statistic_fields(row, fields);
    for (size_t i = 0; i < REPORT_FIELDS; i++) {
        fb_strbuf_add(out, i ? "," : "");
        if (fields[i].kind == REPORT_TEXT)
            csv_field(out, fields[i].text);
        else if (fields[i].kind == REPORT_NUMBER)
            fb_strbuf_add_double(out, fields[i].number);
        else if (fields[i].kind == REPORT_COUNT)
            fb_strbuf_printf(out, "%zu", fields[i].count);
    }
    fb_strbuf_add(out, "\n");
    return fb_strbuf_check(out, "the statistics", err);
}

int statistic_rows_csv(const analysis *a, fb_strbuf *out, fb_error *err)
{
    const report_statistic blank = statistic_blank(NULL, NULL);
    report_field fields[REPORT_FIELDS];
    report_statistic_fields(&blank, fields);
    for (size_t i = 0; i < REPORT_FIELDS; i++)
        fb_strbuf_printf(out, "%s%s", i ? "," : "", fields[i].name);
    fb_strbuf_add(out, "\n");
    return statistic_rows_all(a, add_row, out, err);
}
