/* What a report works out of whole results: gains, targets, profiles, ranks over data sets,
 * selections, which cells are compared; and what must not matter to any of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <gsl/gsl_errno.h>

#include "alloc.h"
#include "analysis.h"
#include "costs.h"
#include "curves.h"
#include "overlap.h"
#include "report_example.h"
#include "statistic_rows.h"
#include "tables.h"

#define assert_near(value, expected, tol) near((value), (expected), (tol), #value, __LINE__)

static void near(double value, double expected, double tol, const char *what, int line)
{
    if (!(fabs(value - expected) <= tol))
        fail_msg("line %d: %s is %.17g, expected %.17g within %g",
                 line, what, value, expected, tol);
}

/* Results, laid out and analysed. */
typedef struct study {
    example *e;
    grid g;
    analysis a;
} study;

static void analyse(study *s)
{
    fb_error err = {0};
    if (grid_init(&s->e->data, &s->g, &err) || analysis_init(&s->g, &s->a, &err))
        fail_msg("%s", err.text);
}

static study *study_create(size_t settings, size_t strategies, size_t trials, size_t rounds)
{
    study *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->e = example_create(settings, strategies, trials, rounds);
    return s;
}

static void study_free(study *s)
{
    analysis_finish(&s->a);
    grid_finish(&s->g);
    free(s->e);
    free(s);
}

/* ---- gains ----------------------------------------------------------------------------------- */

/* One setting, five trials, four rounds; the second strategy's AUBC less the first's is .7 .4 1.1
 * .3 1.2 sixtieths. */
static study *penalty_study(void)
{
    static const double a[3][5] = {{.60, .61, .59, .62, .60}, {.70, .72, .71, .73, .70},
                                   {.80, .81, .79, .82, .80}};
    static const double b[3][5] = {{.60, .60, .60, .61, .61}, {.73, .74, .75, .75, .74},
                                   {.81, .83, .80, .83, .82}};
    study *s = study_create(1, 2, 5, 4);
    for (uint32_t t = 0; t < 5; t++)
        for (size_t r = 0; r < 3; r++) {
            report_round *first = example_cell(s->e, 0, 0, t)->rounds;
            report_round *second = example_cell(s->e, 0, 1, t)->rounds;
            first[0].accuracy = second[0].accuracy = 0.5;
            first[r + 1].accuracy = a[r][t];
            second[r + 1].accuracy = b[r][t];
        }
    return s;
}

static void gains_by_hand(void **state)
{
    (void)state;
    study *s = penalty_study();
    analyse(s);
    const gain *g = &s->a.gains.strategies[1];
    assert_false(s->a.gains.normalised);
    assert_int_equal(g->trials, 5);
    assert_near(g->iqm, (0.4 + 0.7 + 1.1) / 3 / 60, 1e-12);
    assert_near(g->mean, 0.74 / 60, 1e-12);
    assert_int_equal(g->kind, GAIN_STUDENT);
    assert_near(g->interval.high - g->mean, 0.00835500359, 1e-10); /* SciPy */
    assert_near(g->mean - g->interval.low, 0.00835500359, 1e-10);
    assert_true(isnan(g->bca.low));
    assert_int_equal(s->a.gains.strategies[0].kind, GAIN_NO_INTERVAL);
    assert_near(s->a.gains.strategies[0].iqm, 0, 0);
    assert_near(analysis_at(&s->a, 0, 1)->against.wilcoxon_p, 0.0625, 1e-12); /* SciPy */
    study_free(s);
}

/* Three steps, or four with the initial one: differences of 0, .03, .014 on average. */
static void counted_steps(void **state)
{
    (void)state;
    study *s = penalty_study();
    analyse(s);
    const comparison *c = &analysis_at(&s->a, 0, 1)->against;
    assert_near(c->steps.mean, (0 + .03 + .014) / 3, 1e-12);
    assert_near(c->final.mean, .014, 1e-12);
    assert_near(c->final_test.t, 5.7155, 5e-5);
    assert_int_equal(s->a.profiles.steps[0], 15);
    analysis_finish(&s->a);
    s->e->data.include_initial = true;
    assert_int_equal(analysis_init(&s->g, &s->a, NULL), FB_OK);
    c = &analysis_at(&s->a, 0, 1)->against;
    assert_near(c->steps.mean, (0 + .03 + .014) / 4, 1e-12);
    assert_int_equal(s->a.profiles.steps[0], 20);
    study_free(s);
}

/* With the accuracy of all labels a gain is divided by what can be gained. */
static void gains_are_normalised(void **state)
{
    (void)state;
    report_reference references[5] = {{0}};
    study *s = penalty_study();
    for (uint32_t t = 0; t < 5; t++)
        references[t] = (report_reference){.setting = 0, .trial = t, .accuracy = 0.9};
    s->e->data.references = references;
    s->e->data.reference_count = 5;
    analyse(s);
    assert_true(s->a.gains.normalised);
    assert_int_equal(s->a.gains.without_reference, 0);
    /* random's trial 0: (.5 / 2 + .6 + .7 + .8 / 2) / 3 = .65 */
    double first = 0.7 / 60 / (0.9 - 0.65);
    assert_true(s->a.gains.strategies[1].mean > 3 * 0.74 / 60);
    assert_near(curves_ceiling(&s->a, 0, &(size_t){0}), 0.9, 1e-15);
    analysis_finish(&s->a);
    references[1].accuracy = (double)NAN; /* not run yet */
    references[2].accuracy = 0.5;         /* below what random has on average */
    references[3].accuracy = references[4].accuracy = (double)NAN;
    assert_int_equal(analysis_init(&s->g, &s->a, NULL), FB_OK);
    assert_true(s->a.gains.normalised);
    assert_int_equal(s->a.gains.without_reference, 4);
    assert_int_equal(s->a.gains.strategies[1].trials, 1);
    assert_near(s->a.gains.strategies[1].mean, first, 1e-12);
    study_free(s);
}

/* A network that was trained on other data, or by another recipe, is no ceiling. */
static void other_references_are_set_apart(void **state)
{
    (void)state;
    report_reference references[2] = {{.trial = 0, .accuracy = 0.9, .fingerprint = "old data"},
                                      {.trial = 1, .accuracy = 0.95, .fingerprint = "data"}};
    study *s = penalty_study();
    for (size_t i = 0; i < s->e->data.cell_count; i++)
        s->e->cells[i].fingerprint = "data";
    s->e->data.references = references;
    s->e->data.reference_count = 2;
    analyse(s);
    size_t trials;
    assert_int_equal(grid_references_apart(&s->g), 1);
    assert_near(curves_ceiling(&s->a, 0, &trials), 0.95, 1e-15);
    assert_int_equal(trials, 1);
    assert_int_equal(s->a.gains.strategies[1].trials, 1);
    table t = TABLE_INIT;
    tables_gaps(&s->a, &t);
    assert_non_null(strstr(t.caption.text, "1 of 2 networks trained on all labels are set apart"));
    table_finish(&t);
    s->e->data.mix = true;
    assert_int_equal(grid_references_apart(&s->g), 0);
    assert_near(curves_ceiling(&s->a, 0, &trials), 0.925, 1e-15);
    study_free(s);
}

static void student_over_strata(void **state)
{
    (void)state;
    const double values[] = {1, 2, 3, 10, 12};
    const size_t sizes[] = {3, 2};
    const robust_strata strata = {values, sizes, 2};
    robust_interval i = gains_student(&strata, 0.95);
    /* Mean 28/5; variance 3/25 1 + 2/25 2; Satterthwaite's degrees of freedom 2.3902; SciPy. */
    assert_near((i.low + i.high) / 2, 5.6, 1e-12);
    assert_near((i.high - i.low) / 2, 1.95514277085, 1e-9);
    const size_t single[] = {4, 1};
    i = gains_student(&(robust_strata){values, single, 2}, 0.95);
    assert_true(isnan(i.low));
}

static void ten_trials_are_bootstrapped(void **state)
{
    (void)state;
    study *s = study_create(1, 3, EXAMPLE_TRIALS, 6);
    static report_cell cells[30];
    for (size_t i = 0; i < 30; i++) { /* four of the six trials once more, under other numbers */
        cells[i] = s->e->cells[i < 18 ? i : i - 18 + (i - 18) / 4 * 2];
        cells[i].trial += i < 18 ? 0 : 100;
    }
    s->e->data.cells = cells;
    s->e->data.cell_count = 30;
    analyse(s);
    const gain *g = &s->a.gains.strategies[1];
    assert_int_equal(g->trials, 10);
    assert_int_equal(g->kind, GAIN_BOOTSTRAP);
    assert_near(g->interval.low, g->bca.low, 0);
    assert_true(g->percentile.low < g->iqm && g->iqm < g->percentile.high);
    curve c;
    assert_int_equal(curve_init(&s->a, 0, 1, &c, NULL), FB_OK);
    assert_true(c.bootstrap);
    for (size_t r = 1; r < c.count; r++)
        assert_true(c.low[r] < c.accuracy[r] && c.accuracy[r] < c.high[r]);
    curve_finish(&c);
    study_free(s);
}

/* ---- statistics as rows ---------------------------------------------------------------------- */

enum { ROWS_MAX = 2000 };

typedef struct row_list {
    report_statistic rows[ROWS_MAX];
    size_t count;
} row_list;

static int collect(void *context, const report_statistic *row, fb_error *err)
{
    row_list *list = context;
    (void)err;
    assert_true(list->count < ROWS_MAX);
    list->rows[list->count++] = *row;
    return FB_OK;
}

/* Released with free(). */
static row_list *rows_of(const study *s)
{
    row_list *list = calloc(1, sizeof *list);
    assert_non_null(list);
    assert_int_equal(statistic_rows_all(&s->a, collect, list, NULL), FB_OK);
    return list;
}

/* More trials than flips can be gone through, in 24 cells with the curves of six. */
static void many_trials_are_drawn(void **state)
{
    (void)state;
    study *s = study_create(1, 2, EXAMPLE_TRIALS, 6);
    static report_cell cells[48];
    for (size_t i = 0; i < 48; i++) {
        cells[i] = s->e->cells[i % 12];
        cells[i].trial += (uint32_t)(100 * (i / 12));
    }
    s->e->data.cells = cells;
    s->e->data.cell_count = 48;
    analyse(s);
    row_list *list = rows_of(s);
    double drawn = (double)NAN, normal = (double)NAN;
    for (size_t i = 0; i < list->count; i++) {
        const report_statistic *row = &list->rows[i];
        if (row->test && strcmp(row->test, "sign-flip-drawn") == 0)
            drawn = row->p;
        if (row->test && strcmp(row->test, "wilcoxon-normal") == 0)
            normal = row->p; /* four differences of each size */
    }
    assert_near(drawn, analysis_at(&s->a, 0, 1)->against.exact_p, 0);
    assert_true(drawn > 0 && drawn < 1 && normal > 0 && normal < 1);
    free(list);
    study_free(s);
}

/* Whoever takes the rows may stop, and memory may be short. */
static int stop_at_third(void *context, const report_statistic *row, fb_error *err)
{
    size_t *count = context;
    (void)row;
    return ++*count == 3 ? fb_fail(err, FB_EIO, "the disk is full") : FB_OK;
}

static void rows_can_be_stopped(void **state)
{
    (void)state;
    study *s = study_create(2, 3, 4, 5);
    fb_error err = {0};
    size_t count = 0;
    assert_int_equal(report_statistics(&s->e->data, stop_at_third, &count, &err), FB_EIO);
    assert_int_equal(count, 3);
    assert_string_equal(err.text, "the disk is full");
    analyse(s);
    fb_strbuf text = FB_STRBUF_INIT;
    fb_alloc_fail_at(2);
    assert_int_equal(statistic_rows_csv(&s->a, &text, &err), FB_ENOMEM);
    fb_alloc_fail_at(0);
    fb_strbuf_finish(&text);
    study_free(s);
}

/* Two cells of three rounds: the last one asks for nothing, the second cell lacks it. */
static void costs_by_hand(void **state)
{
    (void)state;
    study *s = study_create(1, 1, 2, 3);
    for (uint32_t t = 0; t < 2; t++)
        for (size_t r = 0; r < 3; r++) {
            report_round *round = &example_cell(s->e, 0, 0, t)->rounds[r];
            round->train_seconds = 1 + (double)r;
            round->evaluate_seconds = 0.5;
            round->query_seconds = 0.25 * (t + 1);
            round->service_seconds = 4;
            round->peak_rss_bytes = 1000 * (t + 1) + r;
        }
    example_cell(s->e, 0, 0, 1)->round_count = 2;
    analyse(s);
    cost c = cost_of(&s->g, 0, 0);
    assert_near(c.train, (1 + 2 + 3 + 1 + 2) / 5.0, 1e-12);
    assert_near(c.evaluate, 0.5, 1e-12);
    assert_near(c.own, (0.25 + 0.25 + 0.5 + 0.5) / 4, 1e-12);
    assert_near(c.services, 4, 1e-12);
    assert_near(c.cell_seconds, 6 + 1.5 + 2 * 4.25, 1e-12);
    assert_int_equal(c.peak_bytes, 2001);
    assert_int_equal(c.trials, 2);
    assert_int_equal(c.complete, 1);
    study_free(s);
}

/* ---- targets and profiles -------------------------------------------------------------------- */

static void labels_to_the_target(void **state)
{
    (void)state;
    study *s = study_create(1, 3, 3, 5);
    for (uint32_t t = 0; t < 3; t++)
        for (size_t r = 0; r < 5; r++) {
            example_cell(s->e, 0, 0, t)->rounds[r].accuracy = 0.1 * (double)r;
            example_cell(s->e, 0, 1, t)->rounds[r].accuracy = 0.2 * (double)r;
            example_cell(s->e, 0, 2, t)->rounds[r].accuracy = 0.01 * (double)r;
        }
    example_cell(s->e, 0, 2, 1)->round_count = 3; /* what it would reach is not known */
    analyse(s);
    target_summary made;
    assert_near(s->a.targets.accuracy[0], 0.4, 1e-12);
    assert_near(targets_labels(&s->a.targets, 0, 0, 0), 100, 0);
    assert_near(targets_labels(&s->a.targets, 0, 2, 1), 60, 0);
    assert_true(isinf(targets_labels(&s->a.targets, 0, 0, 2)));
    assert_true(isnan(targets_labels(&s->a.targets, 0, 1, 2)));
    assert_int_equal(targets_summarize(&s->a.targets, 0, 2, &made, NULL), FB_OK);
    assert_int_equal(made.tried, 2);
    assert_int_equal(made.reached, 0);
    assert_true(isinf(made.median));
    assert_int_equal(targets_summarize(&s->a.targets, 0, 1, &made, NULL), FB_OK);
    assert_near(made.median, 60, 0);
    const profiles *p = &s->a.profiles;
    assert_int_equal(p->problems, 3);
    assert_int_equal(p->unsolved, 0);
    assert_near(p->taus[PROFILES_POINTS - 1], 2, 1e-12);
    assert_near(p->ratio[1 * PROFILES_POINTS], 1, 0);
    assert_near(p->ratio[0 * PROFILES_POINTS], 0, 0);
    assert_near(p->ratio[1 * PROFILES_POINTS - 1], 1, 0);
    assert_near(p->ratio[3 * PROFILES_POINTS - 1], 0, 0);
    assert_near(p->area[1], 1, 1e-12);
    assert_near(p->gap[1 * PROFILES_POINTS], 1, 0);
    assert_near(p->gap[0], 0, 0);
    assert_int_equal(p->steps[2], 10);
    study_free(s);
}

/* ---- ranks over data sets -------------------------------------------------------------------- */

/* (data sets, strategies): ranks 1 2 3 everywhere, but for the last two on data sets 6 and 7. */
static double *some_scores(size_t datasets)
{
    double *scores = fb_calloc(datasets * 3, sizeof *scores);
    assert_non_null(scores);
    for (size_t i = 0; i < datasets; i++) {
        double size = 0.01 * (double)(i + 1);
        scores[3 * i] = 5 * size;
        scores[3 * i + 1] = i < 6 ? size : 0;
        scores[3 * i + 2] = i < 6 ? 0 : size;
    }
    return scores;
}

static void ranks_over_datasets(void **state)
{
    (void)state;
    diagram d;
    assert_int_equal(diagram_init(some_scores(8), 8, 3, 2, 0.05, &d, NULL), FB_OK);
    assert_true(d.verdict);
    assert_int_equal(d.count, 3);
    assert_near(d.mean_ranks[0], 1, 0);
    assert_near(d.mean_ranks[1], 2.25, 1e-12);
    assert_near(d.mean_ranks[2], 2.75, 1e-12);
    assert_near(d.p[0 * 3 + 1], 3 * 2.0 / 256, 1e-12); /* Holm times the exact test's smallest */
    assert_true(d.p[1 * 3 + 2] > 0.05);
    assert_int_equal(d.group_count, 1);
    assert_int_equal(d.groups[0], 6); /* members 1 and 2 */
    assert_near(d.nemenyi_cd, 2.3437 * sqrt(3 * 4 / (6.0 * 8)), 1e-4);
    assert_true(d.exact[0 * 3 + 1] && d.exact[1 * 3 + 0]);
    assert_true(d.practical[0].right > 0.99);
    assert_true(isnan(d.practical[2].right));
    diagram_finish(&d);
    assert_int_equal(diagram_init(some_scores(5), 5, 3, GRID_NONE, 0.05, &d, NULL), FB_OK);
    assert_false(d.verdict);
    assert_int_equal(d.group_count, 0);
    assert_null(d.practical);
    diagram_finish(&d);
    double *gappy = some_scores(8);
    gappy[4] = (double)NAN; /* strategy 1 lacks a data set */
    assert_int_equal(diagram_init(gappy, 8, 3, 2, 0.05, &d, NULL), FB_OK);
    assert_int_equal(d.count, 2);
    assert_int_equal(d.members[0], 0);
    assert_int_equal(d.members[1], 2);
    diagram_finish(&d);
    assert_true(diagram_is_bar(6) && diagram_is_bar(1));
    assert_false(diagram_is_bar(5) || diagram_is_bar(44));
}

/* ---- selections ------------------------------------------------------------------------------ */

static void selections_by_hand(void **state)
{
    (void)state;
    static const uint32_t ids[2][2][3] = {{{9, 4, 7}, {1, 2, 3}}, {{7, 4, 5}, {2, 9, 8}}};
    static const uint32_t labels[2][2][3] = {{{0, 1, 0}, {1, 0, 1}}, {{0, 0, 0}, {0, 0, 1}}};
    static const uint32_t pool[] = {1, 2, 3, 4};
    static const double scores[2][4] = {{1, 2, 3, 4}, {1, 2, 4, 3}};
    study *s = study_create(1, 2, 1, 3);
    for (size_t k = 0; k < 2; k++)
        for (size_t r = 0; r < 2; r++) {
            report_round *round = &example_cell(s->e, 0, k, 0)->rounds[r];
            round->queried = ids[k][r];
            round->labels = labels[k][r];
            round->query_count = 3;
            round->score_ids = pool;
            round->scores = scores[k];
            round->score_count = 4;
        }
    for (size_t k = 0; k < 2; k++) /* the last round asks for nothing */
        example_cell(s->e, 0, k, 0)->rounds[2].queried = ids[k][0];
    s->e->settings[0].pool_count = 10;
    s->e->settings[0].subpool = 0;
    s->e->settings[0].class_count = 2;
    analyse(s);
    const selections *made = &s->a.selections;
    assert_true(made->known && made->scored);
    assert_int_equal(made->rounds, 2);
    assert_near(made->first.between[1], 2.0 / 4, 1e-15);
    assert_near(made->first.between[2], 2.0 / 4, 1e-15);
    assert_near(made->all.between[1], 4.0 / 8, 1e-15);
    assert_true(isnan(made->first.between[0]) && isnan(made->first.trials[0]));
    assert_near(made->first.chance, overlap_by_chance(3, 3, 10), 1e-15);
    assert_near(made->scores.spearman[1], 0.8, 1e-12);
    assert_near(made->scores.kendall[1], 4.0 / 6, 1e-12);
    assert_near(made->queried[1], 6, 0);
    double first = -(2.0 / 3 * log(2.0 / 3) + 1.0 / 3 * log(1.0 / 3)) / log(2);
    assert_near(selections_balance(made, 0, 0)[0], first, 1e-12);
    assert_near(selections_balance(made, 0, 0)[1], 1, 1e-12);
    assert_near(selections_balance(made, 0, 1)[0], 0, 1e-12);
    assert_int_equal(selections_balance_trials(made, 0, 1)[1], 1);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(made->trials[i], 1);
    assert_int_equal(made->score_trials[1], 1);
    analysis_finish(&s->a);
    grid_finish(&s->g);
    s->e->settings[0].class_count = 4; /* half of which nobody asked for */
    example_cell(s->e, 0, 0, 0)->fingerprint = "avx2";
    example_cell(s->e, 0, 1, 0)->fingerprint = "avx512"; /* set apart: compared with no other */
    analyse(s);
    assert_near(selections_balance(made, 0, 0)[1], 0.5, 1e-12);
    assert_true(isnan(made->first.between[1]) && isnan(made->scores.spearman[1]));
    assert_int_equal(made->trials[1], 0);
    study_free(s);
}

/* Against a simulation: two who draw 20 of sub-pools of 200 of 1,000, 12 times. */
static void overlap_by_chance_of_rounds(void **state)
{
    (void)state;
    enum { POOL = 1000, SUBPOOL = 200, BATCH = 20, ROUNDS = 12, RUNS = 60 };
    static uint32_t order[POOL], mine[SUBPOOL];
    double sum = 0;
    for (size_t run = 0; run < RUNS; run++) {
        static bool has[2][POOL];
        memset(has, 0, sizeof has);
        size_t common = 0, either = 0;
        for (size_t r = 0; r < ROUNDS; r++) {
            fb_stream stream = fb_stream_make(run, "subpool", NULL, 0);
            fb_stream_permutation(stream, r, POOL, order);
            for (size_t who = 0; who < 2; who++) {
                fb_stream_permutation(stream, 100 + 2 * r + who, SUBPOOL, mine);
                for (size_t i = 0, got = 0; i < SUBPOOL && got < BATCH; i++) {
                    got += !has[who][order[mine[i]]];
                    has[who][order[mine[i]]] = true;
                }
            }
        }
        for (size_t i = 0; i < POOL; i++) {
            common += has[0][i] && has[1][i];
            either += has[0][i] || has[1][i];
        }
        sum += (double)common / (double)either;
    }
    double mean = sum / RUNS;
    assert_near(overlap_by_chance_rounds(BATCH, ROUNDS, SUBPOOL, POOL), mean, 0.15 * mean);
    assert_near(overlap_by_chance_rounds(3, 1, 0, 10), overlap_by_chance(3, 3, 10), 1e-12);
    assert_true(isnan(overlap_by_chance_rounds(3, 1, 0, 0)));
}

/* ---- fingerprints ---------------------------------------------------------------------------- */

static void other_fingerprints_are_set_apart(void **state)
{
    (void)state;
    study *s = study_create(2, 3, 5, 6);
    for (size_t i = 0; i < s->e->data.cell_count; i++)
        s->e->cells[i].fingerprint = s->e->cells[i].trial == 4 && s->e->cells[i].setting == 0
                                         ? "avx512" : "avx2";
    for (size_t i = 0; i < s->e->data.cell_count; i++)
        s->e->cells[i].algo_version = 1;
    example_cell(s->e, 1, 2, 0)->algo_version = 2;
    example_cell(s->e, 1, 2, 1)->fingerprint = NULL; /* not known: taken for the same */
    analyse(s);
    assert_int_equal(grid_apart(&s->g), 4);
    assert_int_equal(analysis_at(&s->a, 0, 1)->against.used.trials, 4);
    assert_int_equal(analysis_at(&s->a, 0, 1)->summary.used.trials, 5);
    assert_int_equal(analysis_at(&s->a, 1, 1)->against.used.trials, 5);
    assert_int_equal(analysis_at(&s->a, 1, 2)->against.used.trials, 4);
    assert_int_equal(s->a.gains.strategies[1].trials, 9);
    size_t expected;
    assert_int_equal(grid_gaps(&s->g, &expected), 0);
    analysis_finish(&s->a);
    grid_finish(&s->g);
    s->e->data.mix = true;
    analyse(s);
    assert_int_equal(grid_apart(&s->g), 0);
    assert_int_equal(analysis_at(&s->a, 0, 1)->against.used.trials, 5);
    study_free(s);
}

/* ---- what must not matter -------------------------------------------------------------------- */

static void assert_same(double a, double b, const char *what)
{
    if (!(fabs(a - b) <= 1e-12 || (isnan(a) && isnan(b)) || a == b))
        fail_msg("%s: %.17g and %.17g", what, a, b);
}

static void assert_same_row(const report_statistic *x, const report_statistic *y)
{
    const char *what = x->measure;
    assert_string_equal(what, y->measure);
    assert_same(x->value, y->value, what);
    assert_same(x->sd, y->sd, what);
    assert_same(x->low, y->low, what);
    assert_same(x->high, y->high, what);
    assert_same(x->p, y->p, what);
    assert_same(x->p_corrected, y->p_corrected, what);
    assert_int_equal(x->trials, y->trials);
    assert_int_equal(x->rounds, y->rounds);
    assert_int_equal(x->settings, y->settings);
}

/* Trials under other numbers, the same ones for all strategies. */
static void numbering_of_trials(void **state)
{
    (void)state;
    static const uint32_t other[] = {31, 4, 15, 0, 9};
    study *a = study_create(3, 4, 5, 8), *b = study_create(3, 4, 5, 8);
    for (size_t i = 0; i < b->e->data.cell_count; i++)
        b->e->cells[i].trial = other[b->e->cells[i].trial];
    a->e->data.all_pairs = b->e->data.all_pairs = true;
    analyse(a);
    analyse(b);
    for (size_t i = 0; i < 12; i++) {
        const result *x = &a->a.results[i], *y = &b->a.results[i];
        assert_same(x->corrected_p, y->corrected_p, "corrected p");
        assert_same(x->against.exact_p, y->against.exact_p, "exact p");
        assert_same(x->against.wilcoxon_p, y->against.wilcoxon_p, "Wilcoxon's p");
        assert_int_equal(x->verdict, y->verdict);
        assert_int_equal(x->mark, y->mark);
    }
    for (size_t i = 0; i < 16; i++)
        for (size_t rule = 0; rule < 2; rule++)
            assert_same(a->a.penalties[rule].matrix[i], b->a.penalties[rule].matrix[i], "penalty");
    for (size_t s = 0; s < 4; s++) {
        assert_int_equal(a->a.standings[s].strategy, b->a.standings[s].strategy);
        assert_same(a->a.standings[s].gain.iqm, b->a.standings[s].gain.iqm, "IQM");
        assert_same(a->a.standings[s].gain.interval.low, b->a.standings[s].gain.interval.low,
                    "interval");
        assert_same(a->a.profiles.area[s], b->a.profiles.area[s], "area");
        assert_same(a->a.diagram.mean_ranks[s], b->a.diagram.mean_ranks[s], "mean rank");
    }
    for (size_t i = 0; i < 4 * PROFILES_POINTS; i++)
        assert_same(a->a.profiles.ratio[i], b->a.profiles.ratio[i], "ratio profile");
    assert_int_equal(a->a.pairs.count, 18);
    for (size_t i = 0; i < 18; i++)
        assert_same(a->a.pairs.list[i].corrected_p, b->a.pairs.list[i].corrected_p, "pair's p");
    row_list *x = rows_of(a), *y = rows_of(b);
    assert_int_equal(x->count, y->count);
    for (size_t i = 0; i < x->count; i++)
        assert_same_row(&x->rows[i], &y->rows[i]);
    free(x);
    free(y);
    study_free(a);
    study_free(b);
}

static bool same_text(const char *x, const char *y)
{
    return (!x && !y) || (x && y && strcmp(x, y) == 0);
}

/* The row about the same setting, strategies (or, when it is mirrored, the two in each other's
 * place), measure, test and interval; NULL when there is none. */
static const report_statistic *find_row(const row_list *list, const report_statistic *like,
                                        bool mirrored)
{
    const report_strategy *first = mirrored ? like->against : like->strategy;
    const report_strategy *second = mirrored ? like->strategy : like->against;
    for (size_t i = 0; i < list->count; i++) {
        const report_statistic *row = &list->rows[i];
        if (strcmp(row->measure, like->measure) == 0 && same_text(row->test, like->test) &&
            same_text(row->interval, like->interval) &&
            same_text(row->setting ? row->setting->name : NULL,
                      like->setting ? like->setting->name : NULL) &&
            same_text(row->strategy ? row->strategy->label : NULL, first ? first->label : NULL) &&
            same_text(row->against ? row->against->label : NULL, second ? second->label : NULL))
            return row;
    }
    return NULL;
}

/* Strategies 1 and 2 in each other's place: what is said of one is said of the other. */
static void order_of_strategies(void **state)
{
    (void)state;
    static const size_t swap[] = {0, 2, 1, 3};
    study *a = study_create(3, 4, 5, 8), *b = study_create(3, 4, 5, 8);
    for (size_t i = 0; i < b->e->data.cell_count; i++)
        b->e->cells[i].strategy = swap[b->e->cells[i].strategy];
    report_strategy second = b->e->strategies[2];
    b->e->strategies[2] = b->e->strategies[1];
    b->e->strategies[1] = second;
    a->e->data.all_pairs = b->e->data.all_pairs = true;
    analyse(a);
    analyse(b);
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 4; j++)
            for (size_t rule = 0; rule < 2; rule++)
                assert_same(a->a.penalties[rule].matrix[i * 4 + j],
                            b->a.penalties[rule].matrix[swap[i] * 4 + swap[j]], "penalty");
        assert_same(a->a.gains.strategies[i].iqm, b->a.gains.strategies[swap[i]].iqm, "IQM");
        assert_int_equal(swap[a->a.standings[i].strategy], b->a.standings[i].strategy);
        assert_same(a->a.profiles.area[i], b->a.profiles.area[swap[i]], "area");
        for (size_t k = 0; k < 3; k++)
            assert_same(analysis_at(&a->a, k, i)->corrected_p,
                        analysis_at(&b->a, k, swap[i])->corrected_p, "corrected p");
    }
    for (size_t i = 0; i < a->a.pairs.count; i++) {
        const pair *x = &a->a.pairs.list[i], *y = &b->a.pairs.list[i];
        if (x->first == 1 && x->second == 2)
            assert_same(x->comparison.aubc.mean, -y->comparison.aubc.mean, "mirrored pair");
    }
    row_list *x = rows_of(a), *y = rows_of(b);
    assert_int_equal(x->count, y->count);
    for (size_t i = 0; i < x->count; i++) {
        const report_statistic *row = find_row(y, &x->rows[i], false);
        const report_statistic *mirror = row ? NULL : find_row(y, &x->rows[i], true);
        assert_true(row || mirror);
        bool turned = mirror && strstr(mirror->measure, "difference");
        if (row)
            assert_same_row(&x->rows[i], row);
        else
            assert_same(x->rows[i].value, turned ? -mirror->value : mirror->value, "mirrored row");
    }
    free(x);
    free(y);
    study_free(a);
    study_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gains_by_hand),
        cmocka_unit_test(counted_steps),
        cmocka_unit_test(gains_are_normalised),
        cmocka_unit_test(other_references_are_set_apart),
        cmocka_unit_test(student_over_strata),
        cmocka_unit_test(ten_trials_are_bootstrapped),
        cmocka_unit_test(many_trials_are_drawn),
        cmocka_unit_test(rows_can_be_stopped),
        cmocka_unit_test(costs_by_hand),
        cmocka_unit_test(labels_to_the_target),
        cmocka_unit_test(ranks_over_datasets),
        cmocka_unit_test(selections_by_hand),
        cmocka_unit_test(overlap_by_chance_of_rounds),
        cmocka_unit_test(other_fingerprints_are_set_apart),
        cmocka_unit_test(numbering_of_trials),
        cmocka_unit_test(order_of_strategies),
    };
    gsl_set_error_handler_off();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
