/* The style "paper": what it shows, in which order, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <gsl/gsl_errno.h>

#include "alloc.h"
#include "figures.h"
#include "html_check.h"
#include "paper.h"
#include "report_example.h"
#include "tables.h"
#include "text.h"

/* Fails unless the texts follow each other. */
static void in_order(const char *text, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *found = strstr(text, texts[i]);
        if (!found)
            fail_msg("lacks, or has too early: %s", texts[i]);
        text = found;
    }
}

/* What `write` makes of the example; released with fb_free. */
static char *written(const example *e, void (*write)(const analysis *a, fb_strbuf *out))
{
    grid g = {0};
    analysis a = {0};
    fb_strbuf out = FB_STRBUF_INIT;
    assert_int_equal(grid_init(&e->data, &g, NULL), FB_OK);
    assert_int_equal(analysis_init(&g, &a, NULL), FB_OK);
    write(&a, &out);
    analysis_finish(&a);
    grid_finish(&g);
    assert_false(out.failed);
    return fb_strbuf_take(&out);
}

static void test_page(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "<h1>an example</h1>\n</header>\n<main>\n<section id=\"differences\">", "best",
        "<section id=\"penalty\">", "id=\"penalty-all\"", "column mean",
        "<section id=\"profiles\">",
        "<div class=\"legend\"", "id=\"profile-gap\"", "<section id=\"curves\">",
        "id=\"grid-of-curves-0\"", "<section id=\"times\">", "</main>"};
    static const char *const others[] = {"id=\"ranking\"", "penalty-doubling", "profile-ratio",
                                         "class=\"answer\"", "id=\"method\"", "id=\"curve-0\""};
    static html_check check;
    example *e = example_create(3, 4, 5, 6);
    char *page = written(e, paper_page);
    html_check_page(&check, page);
    if (*check.fault)
        fail_msg("%s", check.fault);
    in_order(page, parts, sizeof parts / sizeof *parts);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strstr(page, others[i]))
            fail_msg("has %s", others[i]);
    fb_free(page);
    free(e);
}

static void test_markdown(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "# an example\n\n## Differences to the baseline\n", "| digits-scnn | 0 | ",
        "## Penalty matrix\n", "| Column mean | **", "## Gap profile\n", "| Area | **",
        "## Learning curves\n", "| Setting | Labels | random |", "| digits-scnn | 40 | ",
        "## Run times\n\nSeconds", "| fashion-scnn | "};
    example *e = example_create(2, 4, 5, 6);
    char *text = written(e, paper_markdown);
    in_order(text, parts, sizeof parts / sizeof *parts);
    assert_null(strstr(text, "## Method"));
    fb_free(text);
    free(e);
}

/* What has no drawing or no comparison is said, or left out. */
static void test_little(void **state)
{
    (void)state;
    static html_check check;
    example *e = example_create(1, 1, 2, 3);
    e->data.baseline = NULL;
    char *page = written(e, paper_page);
    html_check_page(&check, page);
    if (*check.fault)
        fail_msg("%s", check.fault);
    assert_non_null(strstr(page, "No baseline is named"));
    assert_null(strstr(page, "id=\"penalty\""));
    assert_non_null(strstr(page, "id=\"grid-of-curves-0\""));
    fb_free(page);
    free(e);
}

static int take_id(void *context, const figure *f, fb_error *err)
{
    (void)err;
    fb_strbuf_printf(context, "%s ", f->id);
    return strcmp(f->id, "profile-gap") == 0 ? 7 : 0;
}

static void list_figures(const analysis *a, fb_strbuf *out)
{
    assert_int_equal(figures_each(a, take_id, out, NULL), 7);
}

static void test_figures(void **state)
{
    (void)state;
    example *e = example_create(2, 3, 3, 4);
    char *full = written(e, list_figures);
    assert_string_equal(full, "gains ranks curve-0 curve-1 penalty-all penalty-doubling "
                              "profile-gap ");
    e->data.style = REPORT_PAPER;
    char *paper = written(e, list_figures);
    assert_string_equal(paper, "penalty-all profile-gap ");
    fb_free(full);
    fb_free(paper);
    free(e);
}

static void add_times(const analysis *a, fb_strbuf *out)
{
    table t = TABLE_INIT;
    tables_times(a, &t);
    fb_strbuf_printf(out, "%.7s %s %s", t.caption.text, table_text(&t, 1, 1), table_text(&t, 1, 2));
    table_finish(&t);
}

/* Three rounds: training 1.5, 1.6 and 1.7 s, evaluation 0.4 s each, services 0.25 s for the first
 * two, and the strategy's own 0.012 s times its number. */
static void test_times(void **state)
{
    (void)state;
    example *e = example_create(1, 2, 2, 3);
    char *text = written(e, add_times);
    assert_string_equal(text, "Seconds 6.5 6.5");
    fb_free(text);
    for (size_t r = 0; r < 3; r++)
        example_cell(e, 0, 1, 0)->rounds[r].train_seconds = 400;
    example_cell(e, 0, 1, 1)->round_count = 2; /* not complete, so it does not count */
    text = written(e, add_times);
    assert_string_equal(text, "Minutes 0.1 20.0");
    fb_free(text);
    free(e);
}

static void test_names_of_styles(void **state)
{
    (void)state;
    report_style style = REPORT_FULL;
    fb_error err = {0};
    assert_int_equal(report_parse_style("paper", &style, &err), FB_OK);
    assert_int_equal(style, REPORT_PAPER);
    assert_int_equal(report_parse_style("Full", &style, &err), FB_EINVAL);
    assert_int_equal(style, REPORT_PAPER);
    assert_string_equal(err.text, "a report has no style 'Full'; its styles are full (everything) "
                                  "and paper (the figures and tables of the LDM-Seeding paper)");
    assert_int_equal(report_parse_style("full", &style, &err), FB_OK);
    assert_int_equal(style, REPORT_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_little),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_names_of_styles),
    };
    gsl_set_error_handler_off();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
