/* LaTeX: what becomes of text, how tables are laid out, whether files are well formed. Whether TeX
 * takes them is tested in cli/test_latex.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <gsl/gsl_errno.h>

#include "alloc.h"
#include "latex.h"
#include "latex_check.h"
#include "report_example.h"
#include "text.h"

static void well_formed(const char *text)
{
    latex_check c;
    latex_check_text(&c, text);
    if (*c.fault)
        fail_msg("%s", c.fault);
}

/* ---- text ----------------------------------------------------------------------------------- */

static void expect(const char *text, const char *latex)
{
    fb_strbuf out = FB_STRBUF_INIT;
    text_add_latex(&out, text);
    assert_string_equal(out.text, latex);
    fb_strbuf_finish(&out);
}

static void test_escapes(void **state)
{
    (void)state;
    expect("plain text, of 3 words.", "plain text,{} of 3 words.");
    expect("& % # $ _ { }", "\\& \\% \\# \\$ \\_ \\{ \\}");
    expect("a~b^c\\d", "a\\textasciitilde{}b\\textasciicircum{}c\\textbackslash{}d");
    expect("<b> \"q\" 'q' `", "\\textless{}b\\textgreater{} \\symbol{34}q\\symbol{34} "
                              "\\textquotesingle{}q\\textquotesingle{} \\textasciigrave{}");
    expect("--- ?` ,,", "-{}-{}-{} ?\\textasciigrave{} ,{},{}"); /* no ligature */
    expect("[x] *y", "{[}x{]} {*}y");                             /* no argument of \\ */
    expect("two\nlines\tand", "two lines and");
}

static void test_characters(void **state)
{
    (void)state;
    expect("\u00e9 \u0141 \u00df \u2026 \u201c\u20ac\u201d", "\u00e9 \u0141 \u00df \u2026 "
                                                            "\u201c\u20ac\u201d");
    expect("\u03b1\u03a9\u0391\u03bf", "\\ensuremath{\\alpha}\\ensuremath{\\Omega}"
                                       "\\ensuremath{\\mathrm A}\\ensuremath{\\mathrm o}");
    expect("\u2212 \u2264 \u221e", "$-$ $\\leq$ $\\infty$");
    expect("\u6f22 \u0416 \U0001F642", "\\flipbenchchar{6F22} \\flipbenchchar{0416} "
                                       "\\flipbenchchar{1F642}");
    expect("\u0127 \u03ac \u03a2", "\\flipbenchchar{0127} \\flipbenchchar{03AC} "
                                   "\\flipbenchchar{03A2}");
    expect("\xff\x01\u202e", "\\flipbenchchar{FFFD}\\flipbenchchar{FFFD}\\flipbenchchar{FFFD}");
}

/* Every character there is, alone: nothing stays that TeX would take for more than text. */
static void test_every_character(void **state)
{
    (void)state;
    fb_strbuf out = FB_STRBUF_INIT;
    for (uint32_t c = 1; c < 0x11000; c++) {
        fb_strbuf one = FB_STRBUF_INIT;
        text_add_latex_char(&one, c);
        assert_true(one.length > 0);
        if (c > 0x17e && c < 0x2000 && c != 0x192) /* no text font of pdfLaTeX has them */
            for (size_t i = 0; i < one.length; i++)
                assert_true(one.text[i] > 0);
        fb_strbuf_add_bytes(&out, one.text, one.length);
        fb_strbuf_finish(&one);
    }
    well_formed(out.text);
    fb_strbuf_finish(&out);
}

/* Takes the places to break out of a text and counts them. */
static size_t without_breaks(char *text)
{
    static const char allowed[] = "\\allowbreak{}";
    size_t count = 0;
    for (char *p; (p = strstr(text, allowed)); count++)
        memmove(p, p + strlen(allowed), strlen(p + strlen(allowed)) + 1);
    return count;
}

static void test_breaks(void **state)
{
    (void)state;
    char name[201], before[201];
    fb_strbuf out = FB_STRBUF_INIT;
    memset(name, 'x', sizeof name - 1);
    name[200] = '\0';
    memcpy(before, name, sizeof name);
    text_add_latex(&out, name);
    assert_int_equal(without_breaks(out.text), 24);
    assert_string_equal(out.text, before);
    fb_strbuf_finish(&out);
    expect("interquartile uncorrected", "interquartile uncorrected"); /* words stay in one piece */
    expect("fashion_mnist", "fashion\\_\\allowbreak{}mnist");
    expect("12345.5 fashion:10", "12345.5 fashion:10"); /* and so do numbers */
}

static void test_short_and_numbers(void **state)
{
    (void)state;
    fb_strbuf out = FB_STRBUF_INIT;
    text_add_latex_short(&out, "abcdefghij", 10);
    fb_strbuf_add(&out, "|");
    text_add_latex_short(&out, "abcdefghijk", 6);
    fb_strbuf_add(&out, "|");
    text_add_latex_number(&out, "-1.5 \u00b1 0.2 (-3 to a-4) [-2,-1]");
    assert_string_equal(out.text, "abcdefghij|abc\u2026\\allowbreak{}jk|$-$1.5 \u00b1 0.2 ($-$3 to "
                                  "a-{}4) {[}$-$2,{}-{}1{]}");
    fb_strbuf_finish(&out);
}

/* ---- tables --------------------------------------------------------------------------------- */

/* A table of rows x columns besides the one that names the row, each entry `entry`. */
static table make_table(size_t rows, size_t columns, const char *entry)
{
    table t = TABLE_INIT;
    table_caption(&t, "What & why.");
    table_column(&t, TABLE_HEAD, "Row");
    for (size_t c = 0; c < columns; c++)
        table_column(&t, TABLE_NUMBER, "Title");
    for (size_t r = 0; r < rows; r++) {
        table_cell(&t, 0, "row_%zu", r);
        for (size_t c = 0; c < columns; c++)
            table_cell(&t, c == 1 ? TABLE_BOLD : c == 2 ? TABLE_UNDERLINE : 0, "%s", entry);
    }
    return t;
}

/* The table in LaTeX, well formed; released with fb_free. */
static char *write_table(table *t, latex_check *ret_check)
{
    fb_strbuf out = FB_STRBUF_INIT;
    latex_table(t, "id", "A 100 % title", &out);
    latex_check_text(ret_check, out.text);
    if (*ret_check->fault)
        fail_msg("%s", ret_check->fault);
    table_finish(t);
    return fb_strbuf_take(&out);
}

static void test_a_table(void **state)
{
    (void)state;
    latex_check c;
    table t = make_table(2, 3, "-1.0");
    char *text = write_table(&t, &c);
    assert_string_equal(text, "\\begin{table}\n\\centering\n"
                              "\\caption{\\textbf{A 100 \\% title.} What \\& why.}\n"
                              "\\label{tab:id}\n\\small\\setlength{\\tabcolsep}{3pt}\n"
                              "\\begin{tabular}{lrrr}\n\\toprule\n"
                              "Row & Title & Title & Title \\\\\n\\midrule\n"
                              "row\\_0 & $-$1.0 & \\textbf{$-$1.0} & \\underline{$-$1.0} \\\\\n"
                              "row\\_1 & $-$1.0 & \\textbf{$-$1.0} & \\underline{$-$1.0} \\\\\n"
                              "\\bottomrule\n\\end{tabular}\n\\end{table}\n");
    fb_free(text);
}

static void test_tables_that_are_wide(void **state)
{
    (void)state;
    latex_check c;
    table t = make_table(3, 10, "1.00 \u00b1 0.10"); /* ten columns too many: they become rows */
    char *text = write_table(&t, &c);
    assert_int_equal(c.rows, 11);
    assert_non_null(strstr(text, "{lrrr}"));
    fb_free(text);
    t = make_table(12, 12, "1.00 \u00b1 0.10"); /* as many rows: parts below each other */
    text = write_table(&t, &c);
    assert_true(c.rows > 13 && c.rows % 13 == 0);
    assert_int_equal(c.tables, 1);
    fb_free(text);
    t = make_table(60, 12, "1.00 \u00b1 0.10"); /* and on several pages */
    text = write_table(&t, &c);
    assert_true(c.tables > 1);
    assert_non_null(strstr(text, "\\addtocounter{table}{-1}\n"));
    assert_true(strstr(text, "\\label{tab:id}") == strrchr(text, 'l') ||
                !strstr(strstr(text, "\\label{tab:id}") + 1, "\\label{"));
    fb_free(text);
}

static void test_tables_of_text(void **state)
{
    (void)state;
    char cause[301];
    latex_check c;
    memset(cause, 'w', 300);
    cause[300] = '\0';
    table t = TABLE_INIT;
    table_column(&t, TABLE_HEAD, "Row");
    table_column(&t, 0, "Cause");
    table_column(&t, 0, "Remark");
    table_cell(&t, 0, "one");
    table_cell(&t, 0, "%s", cause);
    table_cell(&t, 0, "%s", "");
    char *text = write_table(&t, &c);
    assert_int_equal(c.columns, 2); /* no remark at all: no column */
    assert_non_null(strstr(text, "l>{\\raggedright\\arraybackslash}p{24.00em}}"));
    assert_null(strstr(text, "Remark"));
    fb_free(text);
    t = TABLE_INIT;
    table_caption(&t, "All is complete.");
    text = write_table(&t, &c);
    assert_string_equal(text, "\\par\\noindent\\textbf{A 100 \\% title.} All is complete.\\par\n");
    fb_free(text);
}

/* ---- files ---------------------------------------------------------------------------------- */

static const char nasty[] =
    "<script>alert(\"x\")</script> & 100%s 'q' | *b* `c` [l](u) _u_ #1 $x^2$ {y \\end{table} ~\n\n"
    "\xff\x01 \u202e \u6f22 \u00e9 \u03b1 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

static const folder_file *file_of(const folder *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->files[i].name, name) == 0)
            return &f->files[i];
    return NULL;
}

/* All files of the example in LaTeX, each well formed, and each that is input there. */
static folder write_files(const example *e)
{
    grid g = {0};
    analysis a = {0};
    folder f = {0};
    assert_int_equal(grid_init(&e->data, &g, NULL), FB_OK);
    assert_int_equal(analysis_init(&g, &a, NULL), FB_OK);
    assert_int_equal(latex_report(&a, &f, NULL), FB_OK);
    analysis_finish(&a);
    grid_finish(&g);
    for (size_t i = 0; i < f.count; i++)
        if (strcmp(f.files[i].name, "latex/preamble.tex") != 0 &&
            strcmp(f.files[i].name, "latex/report.tex") != 0)
            well_formed(f.files[i].content.text);
    for (size_t i = 0; i < f.count; i++)
        assert_ptr_equal(file_of(&f, f.files[i].name), &f.files[i]); /* no name twice */
    const char *p = file_of(&f, "latex/report.tex")->content.text;
    while ((p = strstr(p, "\\input{"))) {
        char name[96];
        p += strlen("\\input{");
        snprintf(name, sizeof name, "latex/%.*s.tex", (int)strcspn(p, "}"), p);
        if (!file_of(&f, name))
            fail_msg("%s is not there", name);
    }
    return f;
}

static void test_files(void **state)
{
    (void)state;
    static const char *const names[] = {
        "figure-gains", "figure-ranks", "figure-curve-0", "figure-curve-1", "figure-penalty-all",
        "figure-profile-gap", "figure-profile-ratio", "figure-cost-gain", "table-ranking",
        "table-differences", "table-verdicts", "table-scores", "table-costs", "table-setting-1",
        "table-settings", "table-provenance", "numbers-curve-0", "numbers-penalty-all"};
    example *e = example_create(2, 4, 5, 6);
    folder f = write_files(e);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[96], input[96];
        snprintf(name, sizeof name, "latex/%s.tex", names[i]);
        snprintf(input, sizeof input, "\\input{%s}\n", names[i]);
        if (!file_of(&f, name))
            fail_msg("%s is not there", name);
        assert_non_null(strstr(file_of(&f, "latex/report.tex")->content.text, input));
    }
    const char *curve = file_of(&f, "latex/figure-curve-0.tex")->content.text;
    assert_non_null(strstr(curve, "\\addplot[flipbench s1,mark=none,draw=none,fill"));
    assert_non_null(strstr(curve, "\\label{fig:curve-0}"));
    assert_non_null(strstr(curve, "\\mbox{\\flipbenchkey{1}~LDM-{}S}"));
    const char *preamble = file_of(&f, "latex/preamble.tex")->content.text;
    assert_non_null(strstr(preamble, "flipbench s0/.style={flipbench line,color=flipbenchtext,"
                                     "mark=*}"));
    assert_non_null(strstr(preamble, "color=flipbench1,dash pattern=on 3.6pt off 1.35pt,"
                                     "mark=square*}"));
    folder_finish(&f);
    free(e);
}

static void test_nasty_labels(void **state)
{
    (void)state;
    example *e = example_create(2, 3, 2, 4);
    report_fact facts[] = {{nasty, nasty}};
    e->strategies[1].label = e->strategies[1].id = e->strategies[1].params = nasty;
    e->settings[0].name = e->settings[0].dataset = e->settings[0].network = nasty;
    e->data.name = nasty;
    e->data.provenance = facts;
    e->data.provenance_count = 1;
    example_cell(e, 1, 1, 0)->failure = nasty;
    folder f = write_files(e);
    char *ranking = file_of(&f, "latex/table-ranking.tex")->content.text;
    without_breaks(ranking);
    assert_non_null(strstr(ranking, "\\textless{}/script\\textgreater{} \\& 100\\%s "));
    assert_non_null(strstr(ranking, "\\flipbenchchar{6F22} \u00e9 \\ensuremath{\\alpha} "));
    /* A label ends no comment: that with a strategy's style is one line. */
    const char *preamble = file_of(&f, "latex/preamble.tex")->content.text;
    const char *comment = strstr(preamble, "}} % \\textless");
    assert_non_null(comment);
    assert_non_null(strstr(comment, "xx"));
    assert_true(strstr(comment, "xx") < comment + strcspn(comment, "\n"));
    folder_finish(&f);
    free(e);
}

static void test_many_strategies(void **state)
{
    (void)state;
    example *e = example_create(4, 7, 2, 3);
    e->data.style = REPORT_PAPER;
    folder f = write_files(e);
    const char *curves = file_of(&f, "latex/figure-grid-of-curves-0.tex")->content.text;
    assert_non_null(strstr(curves, "group size=3 by 2"));
    const char *first = strstr(curves, "title={fashion-{}\\allowbreak{}scnn}");
    const char *second = strstr(curves, "title={fashion-{}\\allowbreak{}mlp}");
    const char *third = strstr(curves, "title={digits-{}\\allowbreak{}scnn}");
    assert_true(first && first < second && second < third); /* data sets stand together */
    folder_finish(&f);
    free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_characters),
        cmocka_unit_test(test_every_character),
        cmocka_unit_test(test_breaks),
        cmocka_unit_test(test_short_and_numbers),
        cmocka_unit_test(test_a_table),
        cmocka_unit_test(test_tables_that_are_wide),
        cmocka_unit_test(test_tables_of_text),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_nasty_labels),
        cmocka_unit_test(test_many_strategies),
    };
    gsl_set_error_handler_off();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
