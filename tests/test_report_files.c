/* The files of a report: its parts, its figures, the list of them, and what an older report left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <gsl/gsl_errno.h>
#include <unistd.h>

#include "alloc.h"
#include "files.h"
#include "folder.h"
#include "pdf.h"
#include "report_example.h"
#include "scratch.h"
#include "text.h"

static const char *path_in(const char *out, const char *name)
{
    char text[256];
    snprintf(text, sizeof text, "%s/%s", out, name);
    return scratch_path(text);
}

static bool is_there(const char *out, const char *name)
{
    return access(path_in(out, name), F_OK) == 0;
}

/* The file's content, released with fb_free; fails when there is none. */
static char *content_of(const char *out, const char *name)
{
    char *text = NULL;
    size_t length;
    fb_error err = {0};
    if (fb_file_read(path_in(out, name), 1u << 26, &text, &length, &err) != FB_OK)
        fail_msg("%s", err.text);
    return text;
}

static void write_report(const report_data *data, const char *parts, const char *out)
{
    report_data chosen = *data;
    fb_error err = {0};
    if (parts)
        assert_int_equal(report_parse_parts(parts, &chosen.parts, &err), FB_OK);
    if (report_write(&chosen, scratch_path(out), &err) != FB_OK)
        fail_msg("%s", err.text);
}

/* ---- parts ---------------------------------------------------------------------------------- */

static void test_names_of_parts(void **state)
{
    (void)state;
    unsigned one = 0, both = 0, turned = 0, same = 7;
    fb_error err = {0};
    assert_int_equal(report_parse_parts("csv", &one, &err), FB_OK);
    assert_int_equal(report_parse_parts("html,csv", &both, &err), FB_OK);
    assert_int_equal(report_parse_parts("csv,html,csv", &turned, &err), FB_OK);
    assert_true(one != 0 && both != one && (both & one) == one);
    assert_int_equal(both, turned);
    static const char *const wrong[] = {"", "htm", "htmls", "html,", ",html", "html, csv", "HTML"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(report_parse_parts(wrong[i], &same, &err), FB_EINVAL);
    assert_int_equal(same, 7);
    report_parse_parts("html,figure", &same, &err);
    assert_non_null(strstr(err.text, "no part 'figure'; its parts are html, tables, csv"));
}

static void test_only_what_is_asked_for(void **state)
{
    (void)state;
    example *e = example_create(1, 2, 3, 4);
    write_report(&e->data, "csv", "parts");
    assert_true(is_there("parts", "rounds.csv") && is_there("parts", "statistics.csv"));
    assert_false(is_there("parts", "index.html") || is_there("parts", "tables.md") ||
                 is_there("parts", "figures"));
    char *before = content_of("parts", "rounds.csv");
    example_cell(e, 0, 1, 0)->rounds[1].accuracy = 0.125;
    e->data.name = "another title";
    write_report(&e->data, "tables,figures", "parts");
    char *after = content_of("parts", "rounds.csv"), *tables = content_of("parts", "tables.md");
    assert_string_equal(before, after);
    assert_int_equal(strncmp(tables, "# another title\n", 16), 0);
    assert_true(is_there("parts", "figures/curve-0.svg"));
    assert_false(is_there("parts", "index.html"));
    fb_free(before);
    fb_free(after);
    fb_free(tables);
    free(e);
}

/* ---- figures -------------------------------------------------------------------------------- */

static void check_drawing(const char *out, const char *id)
{
    char name[64];
    snprintf(name, sizeof name, "figures/%s.svg", id);
    char *svg = content_of(out, name);
    assert_non_null(strstr(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\""));
    assert_non_null(strstr(svg, "<path fill=\"#fff\" d=\"M-8 -8h")); /* paper */
    assert_null(strstr(svg, "var("));
    assert_null(strstr(svg, "style"));
    fb_free(svg);
    snprintf(name, sizeof name, "figures/%s.csv", id);
    char *csv = content_of(out, name);
    assert_true(strchr(csv, '\n') && strchr(csv, '\n')[1]);
    fb_free(csv);
    snprintf(name, sizeof name, "figures/%s.pdf", id);
    assert_int_equal(is_there(out, name), report_writes_pdf());
    if (!report_writes_pdf())
        return;
    char *pdf = content_of(out, name);
    assert_int_equal(strncmp(pdf, "%PDF-1.", 7), 0);
    fb_free(pdf);
}

static void test_every_figure_is_a_file(void **state)
{
    (void)state;
    static const char *const ids[] = {"gains", "ranks", "curve-0", "curve-1", "curve-2",
                                      "penalty-all", "penalty-doubling", "profile-gap",
                                      "cost-gain"};
    example *e = example_create(3, 4, 5, 8);
    write_report(&e->data, "figures", "every");
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        check_drawing("every", ids[i]);
    free(e);
}

/* The list holds a digest of every file: equal lists, equal files. */
static void test_same_bytes_again(void **state)
{
    (void)state;
    example *e = example_create(2, 3, 4, 6);
    write_report(&e->data, NULL, "first");
    write_report(&e->data, NULL, "second");
    write_report(&e->data, NULL, "second");
    char *first = content_of("first", "report.sha256");
    char *second = content_of("second", "report.sha256");
    assert_string_equal(first, second);
    size_t lines = 0;
    for (const char *p = first; (p = strchr(p, '\n')); p++)
        lines++;
    assert_true(lines > 4 + 7 * 2);
    assert_non_null(strstr(first, "  figures/curve-1.svg\n"));
    assert_int_equal(strstr(first, "  figures/curve-1.pdf\n") != NULL, report_writes_pdf());
    fb_free(first);
    fb_free(second);
    free(e);
}

static void test_pdf_of_no_drawing(void **state)
{
    (void)state;
    fb_error err = {0};
    fb_strbuf pdf = FB_STRBUF_INIT;
    static const char broken[] = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\"><g></svg>";
    int rc = pdf_draw(broken, strlen(broken), &pdf, &err);
    assert_int_equal(rc, pdf_available() ? FB_EFORMAT : FB_EINVAL);
    assert_non_null(strstr(err.text, pdf_available() ? "cannot read the drawing"
                                                     : "librsvg"));
    fb_strbuf_finish(&pdf);
}

/* Names are cut by the room that they take, and keep their ends. */
static void test_short_names(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double room;
        const char *shown;
    } rows[] = {{"least-confidence", 10, "least-confidence"},
                {"least-confidence-a", 7, "least-\u2026ce-a"},
                {"least-confidence-b", 7, "least-\u2026ce-b"},
                {"iiiiiiiiiiiiiiii", 6, "iiiiiiiiiiiiiiii"},
                {"WWWWWWWW", 6, "WWW\u2026WW"},
                {"\u6f22\u5b57\u306e\u540d\u524d\u3067\u3059", 6,
                 "\u6f22\u5b57\u306e\u2026\u3067\u3059"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fb_strbuf out = FB_STRBUF_INIT;
        text_add_html_short(&out, rows[i].text, rows[i].room);
        assert_string_equal(out.text, rows[i].shown);
        assert_true(text_width(out.text) <= rows[i].room);
        fb_strbuf_finish(&out);
    }
}

/* ---- what an older report left --------------------------------------------------------------- */

static void test_stale_figures_go(void **state)
{
    (void)state;
    example *large = example_create(3, 4, 4, 6), *small = example_create(1, 4, 4, 6);
    write_report(&large->data, NULL, "stale");
    assert_true(is_there("stale", "figures/curve-2.svg") && is_there("stale", "figures/ranks.csv"));
    assert_int_equal(fb_file_write(path_in("stale", "figures/mine.svg"), "mine", 4, NULL), FB_OK);
    assert_int_equal(fb_file_write(path_in("stale", "figures/curve-1.csv"), "edited", 6, NULL),
                     FB_OK);
    write_report(&small->data, "html,tables,csv", "stale"); /* figures are not its affair */
    assert_true(is_there("stale", "figures/curve-2.svg") && is_there("stale", "figures/ranks.csv"));
    write_report(&small->data, "figures", "stale");
    assert_false(is_there("stale", "figures/curve-2.svg") ||
                 is_there("stale", "figures/curve-2.csv") ||
                 is_there("stale", "figures/curve-1.svg") ||
                 is_there("stale", "figures/ranks.csv"));
    assert_true(is_there("stale", "figures/curve-0.svg"));
    assert_true(is_there("stale", "figures/mine.svg")); /* never was a report's */
    assert_true(is_there("stale", "figures/curve-1.csv")); /* is one no more */
    assert_true(is_there("stale", "index.html"));
    char *list = content_of("stale", "report.sha256");
    assert_null(strstr(list, "figures/curve-2"));
    assert_null(strstr(list, "mine"));
    assert_non_null(strstr(list, "  index.html\n"));
    fb_free(list);
    free(large);
    free(small);
}

/* A list may name whatever it likes: only what lies right in the folder of figures is looked at. */
static void test_list_reaches_nowhere_else(void **state)
{
    (void)state;
    static const char digest[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    static const char *const names[] = {"empty", "figures/../empty", "figures/sub/empty",
                                        "../empty", "figures/gone"};
    example *e = example_create(1, 2, 3, 4);
    fb_strbuf list = FB_STRBUF_INIT;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        fb_strbuf_printf(&list, "%s  %s\n", digest, names[i]);
    write_report(&e->data, NULL, "reach");
    assert_int_equal(fb_make_directories(path_in("reach", "figures/sub"), NULL), FB_OK);
    scratch_write("empty", "", 0, false);
    scratch_write("reach/empty", "", 0, false);
    scratch_write("reach/figures/sub/empty", "", 0, false);
    fb_file_write(path_in("reach", "report.sha256"), list.text, list.length, NULL);
    write_report(&e->data, NULL, "reach");
    assert_true(is_there(".", "empty") && is_there("reach", "empty") &&
                is_there("reach", "figures/sub/empty"));
    fb_strbuf_finish(&list);
    free(e);
}

static void test_list_that_is_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {"shopping", "shopping\n", "0123  index.html\n"};
    example *e = example_create(1, 2, 3, 4);
    write_report(&e->data, NULL, "none");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        fb_error err = {0};
        fb_file_write(path_in("none", "report.sha256"), wrong[i], strlen(wrong[i]), NULL);
        assert_int_equal(report_write(&e->data, scratch_path("none"), &err), FB_EFORMAT);
        assert_non_null(strstr(err.text, "report.sha256: expected the list of a report's files"));
        char *same = content_of("none", "report.sha256");
        assert_string_equal(same, wrong[i]);
        fb_free(same);
    }
    free(e);
}

/* ---- memory --------------------------------------------------------------------------------- */

static void test_out_of_memory(void **state)
{
    (void)state;
    example *e = example_create(1, 2, 2, 3), *more = example_create(2, 2, 2, 3);
    const char *out = scratch_path("memory");
    assert_int_equal(report_parse_parts("figures", &e->data.parts, NULL), FB_OK);
    write_report(&more->data, "html,figures", "memory"); /* so that there is a list */
    write_report(&e->data, "figures", "memory");
    fb_alloc_fail_at(0);
    assert_int_equal(report_write(&e->data, out, NULL), FB_OK);
    uint64_t needed = fb_alloc_count();
    for (uint64_t n = 1; n <= needed; n++) {
        fb_error err = {0};
        fb_alloc_fail_at(n);
        int rc = report_write(&e->data, out, &err);
        fb_alloc_fail_at(0);
        if (rc != FB_ENOMEM || !*err.text)
            fail_msg("allocation %u of %u: %s, '%s'", (unsigned)n, (unsigned)needed,
                     fb_status_name(rc), err.text);
    }
    assert_int_equal(report_write(&e->data, out, NULL), FB_OK);
    free(e);
    free(more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_parts),
        cmocka_unit_test(test_only_what_is_asked_for),
        cmocka_unit_test(test_every_figure_is_a_file),
        cmocka_unit_test(test_same_bytes_again),
        cmocka_unit_test(test_pdf_of_no_drawing),
        cmocka_unit_test(test_short_names),
        cmocka_unit_test(test_stale_figures_go),
        cmocka_unit_test(test_list_reaches_nowhere_else),
        cmocka_unit_test(test_list_that_is_none),
        cmocka_unit_test(test_out_of_memory),
    };
    gsl_set_error_handler_off();
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
