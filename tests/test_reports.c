/* Reports of made-up results: numbers, the order of cells, what is missing, nasty labels, memory
 * that runs short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <gsl/gsl_errno.h>
#include <unistd.h>

#include "alloc.h"
#include "analysis.h"
#include "files.h"
#include "html_check.h"
#include "report_example.h"
#include "scratch.h"
#include "strbuf.h"
#include "text.h"

#define assert_near(value, expected, tol) near((value), (expected), (tol), #value, __LINE__)

static void near(double value, double expected, double tol, const char *what, int line)
{
    if (!(fabs(value - expected) <= tol))
        fail_msg("line %d: %s is %.17g, expected %.17g within %g",
                 line, what, value, expected, tol);
}

/* ---- a folder for what is written ----------------------------------------------------------- */

static const char *const file_names[3] = {"index.html", "tables.md", "rounds.csv"};

/* Writes what these tests look at; files of figures are in test_report_files.c. */
static int write_texts(const report_data *data, const char *path, fb_error *err)
{
    report_data chosen = *data;
    assert_int_equal(report_parse_parts("html,tables,csv", &chosen.parts, NULL), FB_OK);
    return report_write(&chosen, path, err);
}

typedef struct report {
    char *text[3]; /* as in file_names */
} report;

static report write_report(const report_data *data)
{
    fb_error err = {0};
    char path[1024];
    report r;
    if (write_texts(data, scratch_path("out"), &err) != FB_OK)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < 3; i++) {
        size_t length;
        snprintf(path, sizeof path, "%s/%s", scratch_path("out"), file_names[i]);
        assert_int_equal(fb_file_read(path, 1u << 26, &r.text[i], &length, &err), FB_OK);
        assert_int_equal(strlen(r.text[i]), length);
    }
    return r;
}

static void report_free(report *r)
{
    for (size_t i = 0; i < 3; i++)
        fb_free(r->text[i]);
}

/* "nan" or "inf" as a word of its own, in any case. */
static bool has_not_a_number(const char *text)
{
    for (const char *p = text; *p; p++) {
        bool begins = p == text || !isalnum((unsigned char)p[-1]);
        bool word = tolower((unsigned char)p[0]) == 'n' ? tolower((unsigned char)p[1]) == 'a' &&
                    tolower((unsigned char)p[2]) == 'n' : tolower((unsigned char)p[0]) == 'i' &&
                    tolower((unsigned char)p[1]) == 'n' && tolower((unsigned char)p[2]) == 'f';
        if (begins && word && !isalnum((unsigned char)p[3]))
            return true;
    }
    return false;
}

/* What every report has to be. */
static void check_report(const report *r)
{
    static html_check check;
    html_check_page(&check, r->text[0]);
    if (*check.fault)
        fail_msg("index.html: %s", check.fault);
    assert_true(check.tags > 100);
    assert_null(strstr(r->text[0], "https:"));
    assert_non_null(strstr(r->text[0], "<meta name=\"viewport\""));
    char *script = strstr(r->text[0], "<script>");
    *script = '\0'; /* which speaks of NaN, and of SVG's namespace */
    assert_null(strstr(r->text[0], "http:"));
    for (size_t i = 0; i < 3; i++)
        assert_false(has_not_a_number(r->text[i]));
    *script = '<';
}

/* Writes and checks a report; fails unless page and Markdown hold `sentence`. */
static void expect(const report_data *data, const char *sentence)
{
    report r = write_report(data);
    check_report(&r);
    for (size_t i = 0; i < 2; i++)
        if (!strstr(r.text[i], sentence))
            fail_msg("%s lacks: %s", file_names[i], sentence);
    report_free(&r);
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* Gives a cell of a setting with four rounds its accuracies after round 0. */
static void set_steps(example *e, size_t strategy, uint32_t trial, const double steps[3][5])
{
    report_cell *cell = example_cell(e, 0, strategy, trial);
    cell->rounds[0].accuracy = 0.5;
    for (size_t i = 0; i < 3; i++)
        cell->rounds[i + 1].accuracy = steps[i][trial];
}

/* The example of the penalty matrix, as a setting: random is A, LDM-S is B. */
static example *penalty_example(void)
{
    static const double a[3][5] = {{.60, .61, .59, .62, .60}, {.70, .72, .71, .73, .70},
                                   {.80, .81, .79, .82, .80}};
    static const double b[3][5] = {{.60, .60, .60, .61, .61}, {.73, .74, .75, .75, .74},
                                   {.81, .83, .80, .83, .82}};
    example *e = example_create(1, 2, 5, 4);
    for (uint32_t t = 0; t < 5; t++) {
        set_steps(e, 0, t, a);
        set_steps(e, 1, t, b);
    }
    return e;
}

static void test_numbers_by_hand(void **state)
{
    (void)state;
    example *e = penalty_example();
    grid g = {0};
    analysis a = {0};
    assert_int_equal(grid_init(&e->data, &g, NULL), FB_OK);
    assert_int_equal(analysis_init(&g, &a, NULL), FB_OK);
    const comparison *c = &analysis_at(&a, 0, 1)->against;
    /* Sums over the three steps of B - A are .04 .03 .06 .02 .07. */
    assert_int_equal(c->used.trials, 5);
    assert_int_equal(c->used.rounds, 4);
    assert_near(c->steps.mean, 0.22 / 15, 1e-12);
    assert_near(c->steps.sd, sqrt(0.00172 / 4) / 3, 1e-12);
    /* The trapezoids give 20 d1 + 20 d2 + 10 d3 of 60: .7 .4 1.1 .3 1.2. */
    assert_near(c->aubc.mean, (0.7 + 0.4 + 1.1 + 0.3 + 1.2) / 5 / 60, 1e-12);
    assert_near(c->exact_p, 2.0 / 32, 0);
    assert_int_equal(analysis_at(&a, 0, 1)->verdict, VERDICT_WIN);
    assert_int_equal(analysis_at(&a, 0, 1)->mark, MARK_BEST);
    assert_int_equal(analysis_at(&a, 0, 0)->mark, MARK_NONE); /* significantly worse */
    assert_int_equal(a.tests, 1);
    assert_near(analysis_at(&a, 0, 1)->corrected_p, c->aubc_test.p, 0);
    assert_int_equal(a.standings[0].strategy, 1);
    analysis_finish(&a);
    grid_finish(&g);
    report r = write_report(&e->data);
    check_report(&r);
    assert_non_null(strstr(r.text[0], "LDM-S ranks first, 1.22 points of AUBC above random (95 % "
                                      "interval of the mean 0.40 to 2.07), with 1 win, 0 ties and "
                                      "0 losses in 1 setting."));
    assert_non_null(strstr(r.text[0], "1.47 \u00b1 0.69"));
    assert_non_null(strstr(r.text[1], "| 1 | LDM-S | **1.22** |"));
    assert_non_null(strstr(r.text[1], "**1.47 \u00b1 0.69**"));
    assert_non_null(strstr(r.text[0], "cannot reject with 5 trials (exact test)"));
    assert_non_null(strstr(r.text[0], "Student\u2019s t over trials"));
    report_free(&r);
    free(e);
}

static void test_swapped_baseline(void **state)
{
    (void)state;
    example *e = example_create(2, 2, 6, 11);
    for (size_t i = 0; i < 2; i++) {
        grid g = {0};
        comparison ab, ba;
        assert_int_equal(grid_init(&e->data, &g, NULL), FB_OK);
        assert_int_equal(compare_pair(&g, i, 1, 0, &ab, NULL), FB_OK);
        assert_int_equal(compare_pair(&g, i, 0, 1, &ba, NULL), FB_OK);
        assert_near(ab.steps.mean, -ba.steps.mean, 0);
        assert_near(ab.aubc.mean, -ba.aubc.mean, 0);
        assert_near(ab.aubc.sd, ba.aubc.sd, 0);
        assert_near(ab.aubc_test.t, -ba.aubc_test.t, 0);
        assert_near(ab.aubc_test.p, ba.aubc_test.p, 0);
        assert_near(ab.exact_p, ba.exact_p, 0);
        assert_int_equal(compare_verdict(&ab, 0.01, 0.05), VERDICT_WIN);
        assert_int_equal(compare_verdict(&ba, 0.01, 0.05), VERDICT_LOSS);
        assert_int_equal(compare_verdict(&ab, 0.06, 0.05), VERDICT_TIE);
        assert_int_equal(compare_verdict(&ab, (double)NAN, 0.05), VERDICT_UNTESTED);
        grid_finish(&g);
    }
    e->data.baseline = "ldm-s"; /* found by its id */
    expect(&e->data, "No strategy is better than LDM-S on average: random comes closest");
    free(e);
}

static void test_holm_family(void **state)
{
    (void)state;
    example *e = example_create(3, 4, 5, 6);
    grid g = {0};
    analysis a = {0}, plain = {0};
    assert_int_equal(grid_init(&e->data, &g, NULL), FB_OK);
    assert_int_equal(analysis_init(&g, &a, NULL), FB_OK);
    e->data.correction = "none";
    assert_int_equal(analysis_init(&g, &plain, NULL), FB_OK);
    assert_int_equal(a.tests, 9);
    assert_int_equal(a.datasets, 2);
    double smallest = 1, corrected = 1;
    for (size_t i = 0; i < 12; i++) {
        if (i % 4 == 0)
            continue;
        assert_near(plain.results[i].corrected_p, plain.results[i].against.aubc_test.p, 0);
        smallest = fmin(smallest, plain.results[i].corrected_p);
        corrected = fmin(corrected, a.results[i].corrected_p);
    }
    assert_near(corrected, 9 * smallest, 1e-15);
    analysis_finish(&a);
    analysis_finish(&plain);
    e->data.correction = "bonferroni";
    fb_error err;
    assert_int_equal(analysis_init(&g, &a, &err), FB_EINVAL);
    assert_non_null(strstr(err.text, "'bonferroni', expected holm or none"));
    grid_finish(&g);
    free(e);
}

static void test_permuted_cells(void **state)
{
    (void)state;
    example *e = example_create(2, 3, 5, 6);
    report before = write_report(&e->data);
    size_t n = e->data.cell_count;
    uint32_t order[30];
    report_cell cells[30];
    assert_int_equal(n, 30);
    fb_stream_permutation(fb_stream_make(1, "permute", NULL, 0), 0, n, order);
    memcpy(cells, e->cells, sizeof cells);
    for (size_t i = 0; i < n; i++)
        e->cells[i] = cells[order[i]];
    report after = write_report(&e->data);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(before.text[i], after.text[i]);
    report_free(&before);
    report_free(&after);
    free(e);
}

/* Pairs are made by trial: shifting one strategy's trials by one leaves one pair fewer. */
static void test_pairs_by_trial(void **state)
{
    (void)state;
    example *e = example_create(1, 2, 5, 6);
    for (uint32_t t = 5; t-- > 0;)
        example_cell(e, 0, 1, t)->trial = t + 1;
    grid g = {0};
    comparison c;
    assert_int_equal(grid_init(&e->data, &g, NULL), FB_OK);
    assert_int_equal(compare_pair(&g, 0, 1, 0, &c, NULL), FB_OK);
    assert_int_equal(c.used.trials, 4);
    size_t expected;
    assert_int_equal(grid_gaps(&g, &expected), 2);
    assert_int_equal(expected, 12);
    grid_finish(&g);
    free(e);
}

/* ---- what is missing ------------------------------------------------------------------------ */

static void test_one_trial(void **state)
{
    (void)state;
    example *e = example_create(2, 3, 1, 6);
    expect(&e->data, "one trial allows no test");
    expect(&e->data, "one trial, a test needs two");
    expect(&e->data, "No test could be made");
    free(e);
}

/* What too few trials and data sets cannot show is said, and not taken for "no difference". */
static void test_little_power_is_said(void **state)
{
    (void)state;
    example *e = example_create(2, 3, 5, 6);
    expect(&e->data, "With 5 trials the exact test cannot reject at 0.05 (its smallest p is "
                     "0.0625)");
    expect(&e->data, "cannot reject with 5 trials (exact test)");
    expect(&e->data, "to reject the first of 4 tests after Holm\u2019s correction it takes 8 "
                     "trials.");
    expect(&e->data, "No verdict is given: it takes 6 data sets.");
    report r = write_report(&e->data);
    assert_non_null(strstr(r.text[0], "If no strategy differed, an entry would be 0.050 on "
                                      "average."));
    assert_non_null(strstr(r.text[0], "Student\u2019s t of the mean, because a setting has fewer "
                                      "than 10 trials."));
    report_free(&r);
    free(e);
    e = example_create(1, 2, 6, 6);
    r = write_report(&e->data);
    assert_null(strstr(r.text[0], "cannot reject with"));
    report_free(&r);
    free(e);
}

static void test_one_strategy(void **state)
{
    (void)state;
    example *e = example_create(2, 1, 3, 6);
    expect(&e->data, "random is the only strategy");
    e->data.baseline = NULL;
    expect(&e->data, "random is the only strategy");
    free(e);
}

/* Equal strategies share a rank, and the answer does not choose between them. */
static void test_equal_strategies(void **state)
{
    (void)state;
    example *e = example_create(2, 4, 4, 6);
    for (size_t i = 0; i < e->data.cell_count; i++) {
        report_cell *cell = &e->cells[i];
        for (size_t r = 0; cell->strategy == 2 && r < cell->round_count; r++)
            cell->rounds[r].accuracy = example_accuracy(cell->setting, 1, cell->trial, r);
    }
    expect(&e->data, "LDM-S ranks first (level with BALD), ");
    report r = write_report(&e->data);
    assert_non_null(strstr(r.text[1], "| 1 | LDM-S |"));
    assert_non_null(strstr(r.text[1], "| 1 | BALD |"));
    assert_non_null(strstr(r.text[1], "| 3 | BADGE |"));
    report_free(&r);
    e->data.baseline = NULL;
    expect(&e->data, "LDM-S ranks first (level with BALD), with an AUBC of");
    free(e);
}

static void test_no_baseline(void **state)
{
    (void)state;
    example *e = example_create(2, 3, 4, 6);
    e->data.baseline = "nobody";
    expect(&e->data, "The baseline \u201cnobody\u201d is not among the strategies, so nothing is "
                     "compared with it.");
    expect(&e->data, "LDM-S ranks first, with an AUBC of");
    e->data.baseline = NULL;
    expect(&e->data, "No baseline is named");
    free(e);
}

static void test_one_round(void **state)
{
    (void)state;
    example *e = example_create(1, 2, 3, 1);
    expect(&e->data, "No strategy can be compared with the baseline: none has rounds");
    expect(&e->data, "no trial in which both have a round after the first query");
    free(e);
}

static void test_nothing_finished(void **state)
{
    (void)state;
    example *e = example_create(1, 2, 3, 6);
    for (size_t i = 0; i < e->data.cell_count; i++) {
        e->cells[i].round_count = 0;
        e->cells[i].failure = "out of memory";
    }
    expect(&e->data, "No cell has a finished round");
    expect(&e->data, "6 of 6 cells are missing, failed or unfinished.");
    report r = write_report(&e->data);
    assert_non_null(strstr(r.text[1], "| fashion-scnn | LDM-S | 2 | failed | 0 of 6 | out of "
                                      "memory |"));
    report_free(&r);
    e->data.baseline = NULL;
    expect(&e->data, "No cell has a finished round");
    free(e);
}

static void test_no_cell(void **state)
{
    (void)state;
    example *e = example_create(1, 2, 3, 6);
    fb_error err = {0};
    const char *path = scratch_path("none");
    e->data.cell_count = 0;
    assert_int_equal(report_write(&e->data, path, &err), FB_EINVAL);
    assert_non_null(strstr(err.text, "these results have no cell"));
    assert_int_equal(access(path, F_OK), -1);
    free(e);
}

static void test_failures_are_shown(void **state)
{
    (void)state;
    example *e = example_create(2, 3, 5, 11);
    report_cell *failed = example_cell(e, 0, 1, 2), *unfinished = example_cell(e, 1, 2, 4);
    failed->failure = "plugin ldm-s: killed by signal 11 in select";
    failed->round_count = 3;
    unfinished->round_count = 9;
    example_cell(e, 1, 1, 0)->round_count = 0;
    example_cell(e, 1, 1, 1)->rounds[7].accuracy = (double)NAN;
    e->cells[0] = e->cells[--e->data.cell_count]; /* (0, 0, 0) is not there at all */
    expect(&e->data, "5 of 30 cells are missing, failed or unfinished.");
    report r = write_report(&e->data);
    assert_non_null(strstr(r.text[1], "| fashion-scnn | LDM-S | 2 | failed | 3 of 11 | plugin "
                                      "ldm-s: killed by signal 11 in select |"));
    assert_non_null(strstr(r.text[1], "| digits-scnn | LDM-S | 0 | not run | 0 of 11 |"));
    assert_non_null(strstr(r.text[1], "| digits-scnn | LDM-S | 1 | unusable | 11 of 11 |"));
    assert_non_null(strstr(r.text[1], "| fashion-scnn | random | 0 | missing |"));
    /* Trials 0 (no baseline) and 2 (failed) leave three pairs. */
    assert_non_null(strstr(r.text[1], "| fashion-scnn | LDM-S | 3 of 5 |"));
    assert_non_null(strstr(r.text[1], "(3 trials)"));
    report_free(&r);
    free(e);
}

/* Cells of another machine or version, and networks on all labels that failed, are listed too. */
static void test_other_gaps_are_shown(void **state)
{
    (void)state;
    report_reference references[2] = {{.setting = 0, .trial = 0, .accuracy = 0.9},
                                      {.setting = 0, .trial = 1, .accuracy = (double)NAN,
                                       .failure = "out of memory"}};
    example *e = example_create(1, 3, 4, 5);
    for (size_t i = 0; i < e->data.cell_count; i++)
        e->cells[i].fingerprint = e->cells[i].trial == 3 ? "avx512" : "avx2";
    e->data.references = references;
    e->data.reference_count = 2;
    expect(&e->data, "3 cells are set apart");
    expect(&e->data, "1 of 2 networks trained on all labels are missing.");
    expect(&e->data, "1 of 2 networks trained on all labels are missing or failed.");
    expect(&e->data, "% of the way from random to training on all labels");
    report r = write_report(&e->data);
    assert_non_null(strstr(r.text[1], "| fashion-scnn | BALD | 3 | set apart | 5 of 5 |"));
    assert_non_null(strstr(r.text[1], "| fashion-scnn | all labels | 1 | failed | \u2013 | out of "
                                      "memory |"));
    assert_non_null(strstr(r.text[0], ">all labels</text>"));
    report_free(&r);
    e->data.mix = e->data.all_pairs = true;
    expect(&e->data, "Cells are compared whatever their data, recipe, engine and version");
    expect(&e->data, "All pairs");
    free(e);
}

static void test_curves_of_different_lengths(void **state)
{
    (void)state;
    example *e = example_create(1, 3, 4, 11);
    for (uint32_t t = 0; t < 4; t++)
        example_cell(e, 0, 2, t)->round_count = example_cell(e, 0, 2, t)->planned_rounds = 6;
    expect(&e->data, "comparisons use the rounds that both have");
    expect(&e->data, "first 6 rounds only");
    expect(&e->data, "(first 6 rounds)");
    report r = write_report(&e->data);
    assert_non_null(strstr(r.text[1], "| fashion-scnn | BALD | 4 of 4 | 6 of 11 |"));
    report_free(&r);
    grid g = {0};
    comparison c;
    assert_int_equal(grid_init(&e->data, &g, NULL), FB_OK);
    assert_int_equal(compare_pair(&g, 0, 2, 0, &c, NULL), FB_OK);
    assert_int_equal(c.used.rounds, 6);
    assert_int_equal(c.used.trials, 4);
    grid_finish(&g);
    free(e);
}

/* Steps are compared at equal numbers of labels, or not at all. */
static void test_other_labels(void **state)
{
    (void)state;
    example *e = example_create(1, 2, 3, 6);
    for (uint32_t t = 0; t < 3; t++)
        for (size_t k = 4; k < 6; k++)
            example_cell(e, 0, 1, t)->rounds[k].labeled += 5;
    grid g = {0};
    comparison c;
    assert_int_equal(grid_init(&e->data, &g, NULL), FB_OK);
    assert_int_equal(compare_pair(&g, 0, 1, 0, &c, NULL), FB_OK);
    assert_int_equal(c.used.rounds, 4);
    grid_finish(&g);
    expect(&e->data, "first 4 rounds only");
    free(e);
}

/* A strategy without any result in one of two settings is listed and not ranked. */
static void test_strategy_without_setting(void **state)
{
    (void)state;
    example *e = example_create(2, 3, 3, 6);
    for (uint32_t t = 0; t < 3; t++)
        example_cell(e, 1, 1, t)->round_count = 0;
    report r = write_report(&e->data);
    check_report(&r);
    assert_non_null(strstr(r.text[1], "| 1 | BALD |"));
    assert_non_null(strstr(r.text[1], "| \u2013 | LDM-S |"));
    assert_non_null(strstr(r.text[0], "No results of LDM-S."));
    report_free(&r);
    free(e);
}

static void test_inconsistent_cells(void **state)
{
    (void)state;
    example *e = example_create(1, 2, 3, 6);
    fb_error err = {0};
    e->cells[5].trial = 0;
    assert_int_equal(report_write(&e->data, scratch_path("out"), &err), FB_EINVAL);
    assert_non_null(strstr(err.text, "setting 'fashion-scnn', strategy 'LDM-S', trial 0 is there "
                                     "twice"));
    e->cells[5].strategy = 2;
    assert_int_equal(report_write(&e->data, scratch_path("out"), &err), FB_EINVAL);
    assert_non_null(strstr(err.text, "strategy 2 of 2"));
    e->cells[5].strategy = 1;
    e->cells[5].trial = 2;
    e->data.alpha = 0;
    assert_int_equal(report_write(&e->data, scratch_path("out"), &err), FB_EINVAL);
    assert_non_null(strstr(err.text, "report.alpha is 0"));
    free(e);
}

/* Equal accuracies everywhere: no spread, no difference, and no division by it. */
static void test_constant_accuracy(void **state)
{
    (void)state;
    example *e = example_create(1, 3, 4, 6);
    for (size_t i = 0; i < e->data.cell_count; i++)
        for (size_t k = 0; k < 6; k++)
            e->cells[i].rounds[k].accuracy = e->cells[i].strategy == 1 && k ? 1 : 0.25;
    expect(&e->data, "sd is 0: the sign decides");
    expect(&e->data, "LDM-S ranks first, 67.50 points of AUBC");
    free(e);
}

/* ---- texts ---------------------------------------------------------------------------------- */

/* Markup, formats, separators, a cut UTF-8 sequence, a control, a right-to-left override,
 * length. */
static const char nasty[] =
    "<script>alert(\"x\")</script> & 100%s 'q' | *b* `c` [l](u)\n\x01\xc3 \xe2\x80\xae "
    "\xe6\xbc\xa2, and a tail that goes on until the label has more than two hundred characters, "
    "as some have, because nobody said that they must not have them";

static void test_nasty_labels(void **state)
{
    (void)state;
    example *e = example_create(2, 3, 2, 4);
    report_fact facts[] = {{nasty, nasty}};
    e->strategies[1].label = e->strategies[1].id = e->strategies[1].params = nasty;
    e->settings[0].name = e->settings[0].dataset = e->settings[0].network = nasty;
    e->data.name = e->data.resolved_spec = nasty;
    e->data.provenance = facts;
    e->data.provenance_count = 1;
    example_cell(e, 1, 1, 0)->failure = nasty;
    report r = write_report(&e->data);
    check_report(&r);
    assert_null(strstr(r.text[0], "<script>alert"));
    assert_null(strstr(r.text[1], "<script"));
    assert_non_null(strstr(r.text[0], "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; "
                                      "100%s &#39;q&#39; | *b*"));
    assert_non_null(strstr(r.text[0], "\n\uFFFD\uFFFD \uFFFD \u6f22,"));
    assert_non_null(strstr(r.text[1], "\\| \\*b\\* \\`c\\` \\[l\\](u) \uFFFD"));
    for (const char *p = r.text[1]; *p; p++) /* no table row is broken in two */
        if (*p == '\n' && p[1] == '|')
            assert_true(p[strcspn(p + 1, "\n")] == '|');
    report_free(&r);
    free(e);
}

static void test_equal_labels(void **state)
{
    (void)state;
    example *e = example_create(1, 4, 2, 4);
    for (size_t i = 1; i < 4; i++)
        e->strategies[i].label = "BALD";
    e->strategies[1].params = "{\"passes\":20}";
    e->strategies[2].params = e->strategies[3].params = "{\"passes\":100}";
    grid g = {0};
    assert_int_equal(grid_init(&e->data, &g, NULL), FB_OK);
    assert_string_equal(g.strategy_names[0], "random");
    assert_string_equal(g.strategy_names[1], "BALD ({\"passes\":20})");
    assert_string_equal(g.strategy_names[2], "BALD ({\"passes\":100}) #1");
    assert_string_equal(g.strategy_names[3], "BALD ({\"passes\":100}) #2");
    grid_finish(&g);
    free(e);
}

static void test_many_strategies(void **state)
{
    (void)state;
    static report_strategy strategies[40];
    static report_cell cells[80];
    static char labels[40][16];
    example *e = example_create(1, 1, 2, 5);
    for (size_t s = 0; s < 40; s++) {
        snprintf(labels[s], sizeof labels[s], "variant %zu", s);
        strategies[s] = (report_strategy){labels[s], "x", "{}"};
        for (size_t t = 0; t < 2; t++) {
            cells[2 * s + t] = e->cells[t];
            cells[2 * s + t].strategy = s;
        }
    }
    e->data.strategies = strategies;
    e->data.cells = cells;
    e->data.strategy_count = 40;
    e->data.cell_count = 80;
    expect(&e->data, "variant 39");
    free(e);
}

static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t code;
        size_t bytes;
    } rows[] = {{"a", 'a', 1},          {"\xc3\xa9", 0xE9, 2},       {"\xe6\xbc\xa2", 0x6F22, 3},
                {"\xf0\x9f\x99\x82",
0x1F642, 4}, {"\xc0\x80", 0xFFFD, 2}, {"\xed\xa0\x80", 0xFFFD, 3},
                {"\xf4\x90\x80\x80", 0xFFFD, 4},  {"\x80", 0xFFFD, 1},   {"\xe6\xbc", 0xFFFD, 1},
                {"\xff", 0xFFFD, 1},    {"\x7f", 0xFFFD, 1},         {"\t", '\t', 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *cursor = rows[i].text;
        assert_int_equal(text_next(&cursor), rows[i].code);
        assert_int_equal(cursor - rows[i].text, rows[i].bytes);
    }
    fb_strbuf out = FB_STRBUF_INIT;
    text_add_html_short(&out, "\xc3\xa9<abcdef", 4);
    assert_string_equal(out.text, "\xc3\xa9&lt;\u2026ef");
    fb_strbuf_reset(&out);
    text_add_html_short(&out, "abcd\xf0\x9f\x99\x82", 3.6);
    assert_string_equal(out.text, "abcd\xf0\x9f\x99\x82");
    fb_strbuf_finish(&out);
}

static void test_csv(void **state)
{
    (void)state;
    static const char header[] =
        "setting,dataset,network,strategy,params,trial,round,labeled,validation_labels,accuracy,"
        "balanced_accuracy,macro_f1,loss,validation_accuracy,train_seconds,query_seconds,"
        "service_seconds,evaluate_seconds,peak_rss_bytes,selected_sha256\n";
    example *e = example_create(1, 2, 1, 2);
    report_round round = {.round = 1, .labeled = 40, .accuracy = 0.1 + 0.2,
                          .balanced_accuracy = 1.0 / 3, .macro_f1 = 1e-300, .loss = (double)NAN,
                          .validation_accuracy = (double)NAN, .train_seconds = 2,
                          .query_seconds = 0.5,
                          .service_seconds = 0, .evaluate_seconds = 1e22,
                          .peak_rss_bytes = UINT64_C(5000000000), .selected_sha256 = "ab12"};
    e->settings[0].name = "a, \"b\"\nc";
    fb_strbuf out = FB_STRBUF_INIT;
    report_csv_header(&out);
    assert_string_equal(out.text, header);
    fb_strbuf_reset(&out);
    report_csv_row(&e->data, &e->cells[1], &round, &out);
    assert_string_equal(out.text,
                        "\"a, \"\"b\"\"\nc\",fashion-mnist,s-cnn,LDM-S,"
                        "\"{\"\"passes\"\":100}\",0,1,40,1000,0.30000000000000004,"
                        "0.3333333333333333,1e-300,,,2,0.5,0,1e+22,5000000000,ab12\n");
    fb_strbuf_finish(&out);
    e->settings[0].name = "plain";
    report r = write_report(&e->data);
    assert_int_equal(strncmp(r.text[2], header, strlen(header)), 0);
    size_t lines = 0;
    for (const char *p = r.text[2]; (p = strchr(p, '\n')); p++)
        lines++;
    assert_int_equal(lines, 1 + 2 * 2);
    report_free(&r);
    free(e);
}

/* ---- memory --------------------------------------------------------------------------------- */

static void test_out_of_memory(void **state)
{
    (void)state;
    example *e = example_create(1, 2, 2, 3);
    const char *path = scratch_path("out");
    fb_alloc_fail_at(0);
    assert_int_equal(write_texts(&e->data, path, NULL), FB_OK);
    uint64_t needed = fb_alloc_count();
    assert_true(needed > 50);
    for (uint64_t n = 1; n <= needed; n++) {
        fb_error err = {0};
        fb_alloc_fail_at(n);
        int rc = write_texts(&e->data, path, &err);
        fb_alloc_fail_at(0);
        if (rc != FB_ENOMEM || !*err.text)
            fail_msg("allocation %u of %u: %s, '%s'", (unsigned)n, (unsigned)needed,
                     fb_status_name(rc), err.text);
    }
    assert_int_equal(write_texts(&e->data, path, NULL), FB_OK);
    free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_by_hand),
        cmocka_unit_test(test_swapped_baseline),
        cmocka_unit_test(test_holm_family),
        cmocka_unit_test(test_permuted_cells),
        cmocka_unit_test(test_pairs_by_trial),
        cmocka_unit_test(test_one_trial),
        cmocka_unit_test(test_little_power_is_said),
        cmocka_unit_test(test_one_strategy),
        cmocka_unit_test(test_equal_strategies),
        cmocka_unit_test(test_no_baseline),
        cmocka_unit_test(test_one_round),
        cmocka_unit_test(test_nothing_finished),
        cmocka_unit_test(test_no_cell),
        cmocka_unit_test(test_failures_are_shown),
        cmocka_unit_test(test_other_gaps_are_shown),
        cmocka_unit_test(test_curves_of_different_lengths),
        cmocka_unit_test(test_other_labels),
        cmocka_unit_test(test_strategy_without_setting),
        cmocka_unit_test(test_inconsistent_cells),
        cmocka_unit_test(test_constant_accuracy),
        cmocka_unit_test(test_nasty_labels),
        cmocka_unit_test(test_equal_labels),
        cmocka_unit_test(test_many_strategies),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_out_of_memory),
    };
    gsl_set_error_handler_off();
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
