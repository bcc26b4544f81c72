/* test_ranked.c - the strategies that rank by one number, against other people's answers and
 * NumPy's, and at the edges. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "strategy_probe.h"

/* ---- a plugin on arrays --------------------------------------------------------------------- */

/* Predictions (layers, n, C) as every service that these strategies ask for. */
typedef struct predictions {
    const float *p;
    size_t layers, n, classes;
} predictions;

static const char *parameter_of(const char *id)
{
    if (strcmp(id, "ensemble") == 0)
        return "members";
    return strcmp(id, "bald") == 0 || strcmp(id, "mean-std") == 0 || strcmp(id, "var-ratio") == 0
               ? "passes"
               : NULL;
}

static int try_select(const char *id, const predictions *from, size_t batch,
                      host_answer *ret_answer, fb_error *err)
{
    char plugin[1024], layers[24];
    snprintf(plugin, sizeof plugin, "%s/%s.so", STRATEGY_DIR, id);
    snprintf(layers, sizeof layers, "%zu", from->layers);
    const probe_service services[] = {
        {.name = "probabilities", .data = from->p, .shape = {from->n, from->classes}},
        {.name = "mc_probabilities", .data = from->p,
         .shape = {from->layers, from->n, from->classes}},
        {.name = "ensemble_probabilities", .data = from->p,
         .shape = {from->layers, from->n, from->classes}},
        {0},
    };
    const char *name = parameter_of(id), *value = layers;
    strategy_probe probe = {
        .plugin = plugin,
        .n = from->n,
        .batch = batch,
        .classes = from->classes,
        .services = services,
        .names = &name,
        .values = &value,
        .param_count = name ? 1 : 0,
    };
    return strategy_probe_run(&probe, ret_answer, err);
}

static host_answer answer_of(const char *id, const predictions *from, size_t batch)
{
    host_answer answer = {0};
    fb_error err = {0};
    if (try_select(id, from, batch, &answer, &err) != 0)
        fail_msg("%s: %s", id, err.text);
    return answer;
}

static void assert_choice(const char *id, const predictions *from, size_t batch,
                          const uint32_t *expected)
{
    host_answer answer = answer_of(id, from, batch);
    for (size_t i = 0; i < batch; i++)
        if (answer.ids[i] != expected[i])
            fail_msg("%s: choice %zu is %u, not %u", id, i, answer.ids[i], expected[i]);
    host_answer_finish(&answer);
}

/* ---- NumPy's scores and orders -------------------------------------------------------------- */

/* Rows between them differ by more than 1e-9 (ranked.py sees to it), so all of the order counts.
 * `excess`: what the score may have on top of NumPy's. */
static void check_golden(const char *id, const char *name, size_t layers, double excess)
{
    char file[64];
    npy_array p = golden_floats(GOLDEN_DIR, "case-a", "mc_probabilities");
    snprintf(file, sizeof file, "%s_scores", name);
    npy_array scores = golden_floats(GOLDEN_DIR, "strategies", file);
    snprintf(file, sizeof file, "%s_order", name);
    npy_array order = golden_integers(GOLDEN_DIR, "strategies", file);
    predictions from = {p.f32, layers, p.shape[1], p.shape[2]};
    host_answer answer = answer_of(id, &from, from.n);
    assert_true(scores.count == from.n && order.count == from.n && p.shape[0] >= layers);
    for (size_t i = 0; i < from.n; i++) {
        double above = answer.scores[i] - (double)scores.f32[i]; /* of which 24 bits are left */
        if (!(above >= -1e-7 && above <= excess + 1e-7))
            fail_msg("%s: the score of row %zu is %.9g, not %.9g", id, i, answer.scores[i],
                     (double)scores.f32[i]);
        if (answer.ids[i] != order.i64[i])
            fail_msg("%s: choice %zu is %u, not %d", id, i, answer.ids[i], (int)order.i64[i]);
    }
    for (size_t i = 1; i < from.n; i++) /* what is chosen is in order of the scores */
        assert_true(answer.scores[answer.ids[i - 1]] >= answer.scores[answer.ids[i]]);
    host_answer_finish(&answer);
    npy_finish(&p);
    npy_finish(&scores);
    npy_finish(&order);
}

static void scores_are_numpys(void **state)
{
    (void)state;
    check_golden("bald", "bald", 20, 0);
    check_golden("mean-std", "mean_std", 20, 0);
    check_golden("var-ratio", "var_ratio", 20, 0.5 / 20);
    check_golden("ensemble", "ensemble", 5, 0.5 / 5);
}

/* ---- edges ---------------------------------------------------------------------------------- */

static const char *const ids[] = {"least-confidence", "entropy",   "margin",  "bald",
                                  "mean-std",         "var-ratio", "ensemble"};
enum { IDS = sizeof ids / sizeof *ids };

static void certain_predictions_come_last(void **state)
{
    (void)state;
    /* Rows 0 and 3 are certain, 1 is torn, 2 less so. All layers agree. */
    static const float p[2][4][2] = {{{0, 1}, {0.5f, 0.5f}, {0.25f, 0.75f}, {1, 0}},
                                     {{0, 1}, {0.5f, 0.5f}, {0.25f, 0.75f}, {1, 0}}};
    const predictions from = {&p[0][0][0], 2, 4, 2};
    for (size_t i = 0; i < 3; i++)
        assert_choice(ids[i], &from, 4, (const uint32_t[]){1, 2, 0, 3});
    /* Without disagreement: ties, or the entropy of the mean. */
    assert_choice("bald", &from, 4, (const uint32_t[]){0, 1, 2, 3});
    assert_choice("mean-std", &from, 4, (const uint32_t[]){0, 1, 2, 3});
    assert_choice("var-ratio", &from, 4, (const uint32_t[]){1, 2, 0, 3});
    assert_choice("ensemble", &from, 4, (const uint32_t[]){1, 2, 0, 3});
}

static void certain_disagreement_comes_first(void **state)
{
    (void)state;
    /* Row 1's layers are sure of different classes, row 2's differ in degree, row 0's agree. */
    static const float p[2][3][2] = {{{0.5f, 0.5f}, {1, 0}, {0.25f, 0.75f}},
                                     {{0.5f, 0.5f}, {0, 1}, {0.125f, 0.875f}}};
    const predictions from = {&p[0][0][0], 2, 3, 2};
    for (size_t i = 3; i < IDS; i++) {
        host_answer answer = answer_of(ids[i], &from, 3);
        assert_int_equal(answer.ids[0], 1);
        host_answer_finish(&answer);
    }
    assert_choice("bald", &from, 3, (const uint32_t[]){1, 2, 0});
    host_answer answer = answer_of("bald", &from, 1);
    assert_true(fabs(answer.scores[1] - log(2)) < 1e-15 && answer.scores[0] == 0);
    host_answer_finish(&answer);
    answer = answer_of("mean-std", &from, 1);
    assert_true(answer.scores[1] == 0.5 && answer.scores[2] == 0.0625 && answer.scores[0] == 0);
    host_answer_finish(&answer);
}

static void one_sample_is_chosen(void **state)
{
    (void)state;
    static const float p[2][1][3] = {{{0.2f, 0.3f, 0.5f}}, {{0.5f, 0.5f, 0}}};
    const predictions from = {&p[0][0][0], 2, 1, 3};
    for (size_t i = 0; i < IDS; i++)
        assert_choice(ids[i], &from, 1, (const uint32_t[]){0});
}

static void one_pass_cannot_disagree(void **state)
{
    (void)state;
    static const float p[1][3][2] = {{{1, 0}, {0.25f, 0.75f}, {0.5f, 0.5f}}};
    const predictions from = {&p[0][0][0], 1, 3, 2};
    assert_choice("bald", &from, 3, (const uint32_t[]){0, 1, 2});
    assert_choice("mean-std", &from, 3, (const uint32_t[]){0, 1, 2});
    assert_choice("var-ratio", &from, 3, (const uint32_t[]){2, 1, 0});
    fb_error err = {0};
    host_answer answer = {0};
    assert_true(try_select("ensemble", &from, 1, &answer, &err) < 0);
    assert_non_null(strstr(err.text, "members"));
}

static void what_is_not_finite_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < IDS; i++) {
        float p[2][3][2] = {{{1, 0}, {0.25f, 0.75f}, {0.5f, 0.5f}},
                            {{1, 0}, {0.25f, 0.75f}, {0.5f, 0.5f}}};
        p[0][1][1] = NAN;
        const predictions from = {&p[0][0][0], 2, 3, 2};
        fb_error err = {0};
        host_answer answer = {0};
        assert_int_equal(try_select(ids[i], &from, 1, &answer, &err), FB_ENUMERIC);
        assert_non_null(strstr(err.text, "sample 1"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_numpys),
        cmocka_unit_test(certain_predictions_come_last),
        cmocka_unit_test(certain_disagreement_comes_first),
        cmocka_unit_test(one_sample_is_chosen),
        cmocka_unit_test(one_pass_cannot_disagree),
        cmocka_unit_test(what_is_not_finite_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
