#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "alloc.h"
#include "datasets.h"
#include "select.h"

#define CASE_A GOLDEN_DIR "/case-a/"
#define CASE_C GOLDEN_DIR "/case-c/"

static select_options case_a(const char *strategy)
{
    return (select_options){
        .strategy = strategy,
        .pool_embeddings = CASE_A "pool_embeddings.npy",
        .head_weights = CASE_A "head_weights.npy",
        .head_bias = CASE_A "head_bias.npy",
        .query = 15,
        .seed = 7,
    };
}

static select_options case_c(const char *strategy)
{
    return (select_options){
        .strategy = strategy,
        .pool_embeddings = CASE_C "pool_embeddings.npy",
        .head_weights = CASE_C "head_weights.npy",
        .head_bias = CASE_C "head_bias.npy",
        .reference_embeddings = CASE_C "reference_embeddings.npy",
        .query = 12,
        .seed = 7,
    };
}

/* What the command prints; released with fb_free. */
static char *run(const select_options *options)
{
    FILE *out = tmpfile();
    fb_error err = {0};
    assert_non_null(out);
    if (select_run(options, out, stderr, &err) != FB_OK)
        fail_msg("%s", err.text);
    size_t length = (size_t)ftell(out);
    char *text = fb_calloc(length + 1, 1);
    assert_non_null(text);
    rewind(out);
    assert_int_equal(fread(text, 1, length, out), length);
    fclose(out);
    return text;
}

static void assert_refused(const select_options *options, int status, const char *const *parts)
{
    FILE *out = tmpfile();
    fb_error err = {0};
    assert_non_null(out);
    assert_int_equal(select_run(options, out, stderr, &err), status);
    assert_int_equal(ftell(out), 0);
    for (; *parts; parts++)
        if (!strstr(err.text, *parts))
            fail_msg("\"%s\" does not say \"%s\"", err.text, *parts);
    fclose(out);
}
#define ASSERT_REFUSED(options, status, ...)                                                       \
    assert_refused(options, status, (const char *const[]){__VA_ARGS__, NULL})

/* ---- answers -------------------------------------------------------------------------------- */

static void assert_golden(const select_options *options, const char *path)
{
    npy_array expected = {0};
    fb_error err = {0};
    char *text = run(options), *rest = text;
    if (npy_read_integers(path, &expected, &err) != FB_OK)
        fail_msg("%s", err.text);
    assert_int_equal(expected.count, options->query);
    for (size_t i = 0; i < expected.count; i++)
        assert_int_equal(strtol(rest, &rest, 10), expected.i64[i]);
    assert_string_equal(rest, "\n");
    npy_finish(&expected);
    fb_free(text);
}

static void strategies_choose_what_others_choose(void **state)
{
    (void)state;
    static const char *const ids[] = {"entropy", "margin", "least-confidence", "bald"};
    static const char *const files[] = {"entropy_top", "margin_top", "least_confidence_top",
                                        "bald_top"};
    const char *const names[] = {"passes"}, *const values[] = {"20"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        char path[1024];
        select_options options[2] = {case_a(ids[i]), case_c(ids[i])};
        options[0].mc_probabilities = CASE_A "mc_probabilities.npy";
        options[1].mc_probabilities = CASE_C "mc_probabilities.npy";
        for (size_t c = 0; c < 2; c++) {
            options[c].param_names = names;
            options[c].param_values = values;
            options[c].param_count = strcmp(ids[i], "bald") == 0;
            snprintf(path, sizeof path, "%s%s.npy", c == 0 ? CASE_A : CASE_C, files[i]);
            assert_golden(&options[c], path);
        }
    }
}

static void repeats_are_single_runs_with_the_next_seeds(void **state)
{
    (void)state;
    static const char *const strategies[] = {"random", "entropy", "ldm", "ldm-s"};
    for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++) {
        select_options options = case_a(strategies[i]);
        options.repeat = 3;
        char *repeated = run(&options), *line = repeated;
        for (uint64_t seed = 7; seed < 10; seed++) {
            options.repeat = 0;
            options.seed = seed;
            char *single = run(&options);
            size_t length = strlen(single);
            for (size_t c = 0; c + 1 < length; c++)
                if (single[c] == '\n')
                    single[c] = ' ';
            assert_int_equal(strncmp(line, single, length), 0);
            line += length;
            fb_free(single);
        }
        assert_string_equal(line, "");
        fb_free(repeated);
    }
}

static void seeds_matter_to_what_is_random(void **state)
{
    (void)state;
    select_options options = case_a("random");
    char *first = run(&options);
    options.seed = 8;
    char *second = run(&options);
    assert_string_not_equal(first, second);
    fb_free(first);
    fb_free(second);
}

/* A file in the folder of temporary ones; *out is at least 128 bytes. */
static void scratch_path(char *out, const char *name)
{
    const char *folder = getenv("TMPDIR");
    snprintf(out, 128, "%s/flipbench-%ld-%s", folder ? folder : "/tmp", (long)getpid(), name);
}

static void scores_have_the_shape_of_the_runs(void **state)
{
    (void)state;
    char path[128];
    npy_array scores = {0};
    fb_error err = {0};
    select_options options = case_a("margin");
    scratch_path(path, "scores.npy");
    options.scores = path;
    fb_free(run(&options));
    assert_int_equal(npy_read_floats(path, &scores, &err), 0);
    assert_int_equal(scores.ndim, 1);
    assert_int_equal(scores.shape[0], 300);
    npy_finish(&scores);

    options.repeat = 2;
    fb_free(run(&options));
    assert_int_equal(npy_read_floats(path, &scores, &err), 0);
    assert_int_equal(scores.ndim, 2);
    assert_int_equal(scores.shape[0], 2);
    assert_int_equal(scores.shape[1], 300);
    npy_finish(&scores);
    unlink(path);

    options.strategy = "random";
    ASSERT_REFUSED(&options, FB_EINVAL, "--scores", "random gives no scores");
}

static void json_tells_what_was_recorded(void **state)
{
    (void)state;
    select_options options = case_a("ldm");
    options.labeled_embeddings = CASE_A "labeled_embeddings.npy";
    options.labeled_labels = CASE_A "labeled_labels.npy";
    options.json = true;
    char *text = run(&options);
    assert_non_null(strstr(text, "\"strategy\": \"ldm\""));
    assert_non_null(strstr(text, "\"seed\": 7"));
    assert_non_null(strstr(text, "\"accuracy_50\": 0."));
    fb_free(text);
}

static void a_plugin_that_prints_does_not_spoil_the_answer(void **state)
{
    (void)state;
    const char *const plugins[] = {TEST_PLUGIN_DIR "/writes_stdout.so"};
    select_options options = case_a("writes-stdout");
    options.plugins = plugins;
    options.plugin_count = 1;
    options.query = 2;

    FILE *printed = tmpfile(); /* what reaches stdout meanwhile */
    assert_non_null(printed);
    fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    dup2(fileno(printed), STDOUT_FILENO);
    char *text = run(&options);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    assert_string_equal(text, "0\n1\n");
    assert_int_equal(lseek(fileno(printed), 0, SEEK_END), 0);
    fclose(printed);
    fb_free(text);
}

/* ---- errors --------------------------------------------------------------------------------- */

static void shapes_that_do_not_fit_are_named(void **state)
{
    (void)state;
    select_options options = case_a("ldm");
    options.head_weights = CASE_C "head_weights.npy";
    ASSERT_REFUSED(&options, FB_EFORMAT, "case-c/head_weights.npy", "(12, 4)", "(16, classes)",
                   "case-a/pool_embeddings.npy is (300, 16)");
    options = case_a("ldm");
    options.head_bias = CASE_C "head_bias.npy";
    ASSERT_REFUSED(&options, FB_EFORMAT, "head_bias.npy has the shape (4)", "(5)");
    options = case_a("ldm");
    options.reference_embeddings = CASE_C "reference_embeddings.npy";
    ASSERT_REFUSED(&options, FB_EFORMAT, "reference_embeddings.npy", "(80, 12)", "(rows, 16)");
    options = case_a("ldm");
    options.labeled_embeddings = CASE_A "labeled_embeddings.npy";
    options.labeled_labels = CASE_C "labeled_labels.npy";
    ASSERT_REFUSED(&options, FB_EFORMAT, "labeled_labels.npy has the shape (50)", "(60)");
    options.labeled_labels = CASE_A "labeled_labels.npy";
    options.labeled_embeddings = NULL;
    ASSERT_REFUSED(&options, FB_EINVAL, "--labeled-embeddings");
    options = case_a("ldm");
    options.mc_probabilities = CASE_A "pool_embeddings.npy";
    ASSERT_REFUSED(&options, FB_EFORMAT, "(300, 16)", "(passes, 300, 5)");
    options = case_a("ldm");
    options.pool_embeddings = CASE_A "head_bias.npy";
    ASSERT_REFUSED(&options, FB_EFORMAT, "head_bias.npy has the shape (5)", "(samples, width)");
    options.pool_embeddings = "no/such.npy";
    ASSERT_REFUSED(&options, FB_ENOENT, "no/such.npy");
}

static void requests_that_cannot_be_met_are_refused(void **state)
{
    (void)state;
    const char *const names[] = {"reference"}, *const values[] = {"301"};
    select_options options = case_a("lmd");
    ASSERT_REFUSED(&options, FB_ENOENT, "unknown strategy 'lmd'", "did you mean ldm?");
    options = case_a("ldm");
    options.query = 301;
    ASSERT_REFUSED(&options, FB_ERANGE, "--query 301", "1 to 300");
    options.query = 0;
    ASSERT_REFUSED(&options, FB_ERANGE, "--query 0");
    options = case_a("ldm");
    options.param_names = names;
    options.param_values = values;
    options.param_count = 1;
    ASSERT_REFUSED(&options, FB_ERANGE, "301 reference embeddings", "300 rows");
}

static void a_whole_pool_can_be_asked_for(void **state)
{
    (void)state;
    static const char *const strategies[] = {"random", "entropy", "margin", "ldm", "ldm-s"};
    for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++) {
        select_options options = case_a(strategies[i]);
        options.query = 300;
        fb_free(run(&options)); /* the host checks that no row comes twice */
    }
}

static void arrays_can_be_drawn(void **state)
{
    (void)state;
    const select_sizes sizes = {.n = 60, .d = 5, .classes = 3, .labeled = 4};
    select_options options = {.strategy = "ldm-s", .query = 10, .drawn = &sizes};
    selection *s = NULL;
    fb_error err = {0};
    if (select_open(&options, stderr, &s, &err))
        fail_msg("%s", err.text);
    for (uint64_t seed = 0; seed < 3; seed++)
        if (select_again(s, seed, &err))
            fail_msg("%s", err.text);
    select_close(s);
    char *one = run(&options);
    options.seed = 1;
    char *other = run(&options);
    assert_string_not_equal(one, other);
    fb_free(one);
    fb_free(other);
    options.pool_embeddings = "the drawn pool";
    options.query = 61;
    ASSERT_REFUSED(&options, FB_ERANGE, "1 to 60, the rows of the drawn pool");
}

/* Passes and members are many numbers: only a strategy that lists them gets them, or one that does
 * not say what it asks for. */
static void only_what_is_asked_for_is_drawn(void **state)
{
    (void)state;
    static const char *const plugins[] = {TEST_PLUGIN_DIR "/works.so"};
    const select_sizes sizes = {.n = 6, .d = 5, .classes = 3, .labeled = 4, .passes = 2,
                                .members = 3};
    select_sizes expected = sizes;
    for (int all = 0; all < 2; all++) {
        select_options options = {.strategy = all ? "works" : "ldm-s", .query = 2, .drawn = &sizes,
                                  .plugins = plugins, .plugin_count = 1};
        selection *s = NULL;
        fb_error err = {0};
        if (select_open(&options, stderr, &s, &err))
            fail_msg("%s", err.text);
        const select_sizes found = select_sizes_of(s);
        expected.passes = all ? sizes.passes : 0;
        expected.members = all ? sizes.members : 0;
        assert_memory_equal(&found, &expected, sizeof found);
        select_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strategies_choose_what_others_choose),
        cmocka_unit_test(repeats_are_single_runs_with_the_next_seeds),
        cmocka_unit_test(seeds_matter_to_what_is_random),
        cmocka_unit_test(scores_have_the_shape_of_the_runs),
        cmocka_unit_test(json_tells_what_was_recorded),
        cmocka_unit_test(a_plugin_that_prints_does_not_spoil_the_answer),
        cmocka_unit_test(shapes_that_do_not_fit_are_named),
        cmocka_unit_test(requests_that_cannot_be_met_are_refused),
        cmocka_unit_test(a_whole_pool_can_be_asked_for),
        cmocka_unit_test(arrays_can_be_drawn),
        cmocka_unit_test(only_what_is_asked_for_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
