/* K-centre greedy, the seeding of k-means++ and what they stand on, beside plain versions that
 * compute each distance whenever it is needed: the same rows, bit for bit. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "kernels.h"
#include "kit.h"
#include "nearest.h"
#include "probe.h"

/* ---- points ---------------------------------------------------------------------------------- */

static float *new_floats(size_t count)
{
    float *made = fb_calloc(count, sizeof *made);
    assert_non_null(made);
    return made;
}

enum { KINDS = 8 };

/* Rows of one kind: 0 rectified normal numbers, 1 clusters, 2 few different rows, 3 zeros, 4 all
 * the same, 5 far from the origin, 6 of two numbers, so that many are exactly as far, 7 so short
 * that their squares are no floats. */
static kit_matrix new_rows(int kind, size_t n, size_t d, uint64_t seed)
{
    size_t count = (n * d + 1) / 2 * 2;
    float *x = new_floats(count);
    uint32_t *bits = fb_calloc(count, sizeof *bits);
    assert_non_null(bits);
    fb_stream_bits((fb_stream){seed}, 0, 0, count, bits);
    kernels_normal(count, bits, x);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < d; k++) {
            float *number = &x[i * d + k], cluster = (float)((i * i + 3 * k) % 7);
            if (kind == 0)
                *number = *number < 0 ? 0 : *number;
            else if (kind == 1)
                *number = 5 * cluster + 0.25f * *number;
            else if (kind == 2)
                *number = cluster;
            else if (kind < 5)
                *number = kind == 3 ? 0 : 1.7f;
            else if (kind == 5)
                *number += 1000;
            else
                *number = kind == 6 ? (*number < 0 ? 0.1f : 0.4f) : 1e-22f * *number;
        }
    fb_free(bits);
    return (kit_matrix){x, n, d};
}

static void free_rows(kit_matrix *matrix)
{
    fb_free((void *)(uintptr_t)matrix->data);
}

static float plain_dot(const kit_matrix *a, size_t i, const kit_matrix *b, size_t j)
{
    float sum = 0;
    for (size_t k = 0; k < a->columns; k++)
        sum = fmaf(kit_row(a, i)[k], kit_row(b, j)[k], sum);
    return sum;
}

static float plain_product(const kit_points *a, size_t i, const kit_points *b, size_t j)
{
    float product = plain_dot(&a->rows, i, &b->rows, j);
    return a->factors.data ? plain_dot(&a->factors, i, &b->factors, j) * product : product;
}

static float plain_distance(const kit_points *a, size_t i, const kit_points *b, size_t j)
{
    float squares = plain_product(a, i, a, i) + plain_product(b, j, b, j);
    return fmaxf(squares - 2 * plain_product(a, i, b, j), 0);
}

/* Runs a test's body in a host and fails with the host's sentence. */
static void run(probe_body body, void *argument)
{
    fb_error err = {0};
    if (probe_run(body, argument, 8, 1, NULL, NULL, &err) != 0)
        fail_msg("%s", err.text);
}

static int outer_products(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    enum { N = 12, D = 9, C = 4 };
    kit_matrix x = new_rows(0, N, D, 1), f = new_rows(1, N, C, 2);
    kit_points points;
    int rc = kit_points_make(host, "rows", &x, &f, &points);
    kit_nearest nearest;
    for (size_t j = 0; rc == 0 && j < N; j++) {
        rc = kit_nearest_init(host, &points, 1, &nearest);
        kit_nearest_add(&nearest, &points, j);
        rc = rc ? rc : kit_nearest_see_all(&nearest, 1);
        for (size_t i = 0; i < N; i++) {
            double sum = 0, norms = 0; /* of the products as they are */
            for (size_t a = 0; a < C; a++)
                for (size_t b = 0; b < D; b++) {
                    double left = (double)kit_row(&f, i)[a] * (double)kit_row(&x, i)[b];
                    double right = (double)kit_row(&f, j)[a] * (double)kit_row(&x, j)[b];
                    sum += (left - right) * (left - right);
                    norms += left * left + right * right;
                }
            assert_true(fabs((double)nearest.distances[i] - sum) <= 1e-6 * norms);
        }
        assert_true(nearest.distances[j] == 0);
    }
    free_rows(&x);
    free_rows(&f);
    return rc;
}

static void distances_are_those_of_outer_products(void **state)
{
    (void)state;
    run(outer_products, NULL);
}

static int too_long(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    const float *scale = argument;
    float x[3][2] = {{1, 2}, {3, 4}, {1e18f, 5e18f}}, f[3][1] = {{1}, {1}, {*scale}};
    kit_matrix rows = {&x[0][0], 3, 2}, factors = {&f[0][0], 3, 1};
    kit_points points;
    return kit_points_make(host, "the matrix", &rows, &factors, &points);
}

static void rows_too_long_for_float_are_refused(void **state)
{
    (void)state;
    float fine = 1, large = 2;
    fb_error err = {0};
    assert_int_equal(probe_run(too_long, &fine, 8, 1, NULL, NULL, &err), 0);
    assert_int_equal(probe_run(too_long, &large, 8, 1, NULL, NULL, &err), FB_ENUMERIC);
    assert_non_null(strstr(err.text, "row 2 of the matrix"));
}

/* ---- the nearest ----------------------------------------------------------------------------- */

enum { POINTS = 2100, CENTRES = 300, WIDTH = 5 }; /* more than one span of pieces */

/* Centres come and groups of points look in a wild order; then what each has seen is checked. */
static int wild_looks(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    const bool *with_factors = argument;
    kit_matrix x = new_rows(0, POINTS, WIDTH, 3), f = new_rows(0, POINTS, 3, 4);
    kit_points points;
    kit_nearest nearest;
    int rc = kit_points_make(host, "rows", &x, *with_factors ? &f : NULL, &points);
    rc = rc ? rc : kit_nearest_init(host, &points, CENTRES, &nearest);
    for (size_t step = 0; rc == 0 && step < 60; step++) {
        uint32_t group[KIT_NEAREST_GROUP], bits[2];
        fb_stream_bits((fb_stream){5}, step, 0, 2, bits);
        for (size_t i = 0; i < 5; i++)
            kit_nearest_add(&nearest, &points, nearest.centre_count * 7 % POINTS);
        size_t count = 1 + bits[0] % KIT_NEAREST_GROUP, end = nearest.centre_count;
        for (size_t i = 0; i < count; i++)
            group[i] = (uint32_t)((bits[1] % POINTS + 3 * i) % POINTS);
        rc = step == 20 ? kit_nearest_see_all(&nearest, end - 2)
                        : kit_nearest_see(&nearest, group, count, end - bits[1] % 3);
    }
    for (size_t i = 0; rc == 0 && i < POINTS; i++) {
        float least = INFINITY;
        assert_true(nearest.seen[i] >= 103); /* those of step 20 */
        for (size_t j = 0; j < nearest.seen[i]; j++)
            least = fminf(least, plain_distance(&points, i, &points, j * 7 % POINTS));
        assert_true(nearest.distances[i] == least);
    }
    free_rows(&x);
    free_rows(&f);
    return rc;
}

static void looks_give_the_nearest_of_what_was_seen(void **state)
{
    (void)state;
    for (int with_factors = 0; with_factors < 2; with_factors++)
        run(wild_looks, &(bool){with_factors});
}

/* Of outer products, too, and within the doubt of what the looks give. */
static int measures(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    const bool *with_factors = argument;
    enum { N = 300, D = 5, C = 3, SEEN = 7, STEP = 41 };
    kit_matrix x = new_rows(5, N, D, 6), f = new_rows(0, N, C, 7);
    kit_points points;
    kit_nearest nearest;
    float largest = 0;
    int rc = kit_points_make(host, "rows", &x, *with_factors ? &f : NULL, &points);
    rc = rc ? rc : kit_nearest_init(host, &points, SEEN, &nearest);
    for (size_t j = 0; rc == 0 && j < SEEN; j++)
        kit_nearest_add(&nearest, &points, j * STEP);
    rc = rc ? rc : kit_nearest_see_all(&nearest, SEEN);
    for (size_t i = 0; rc == 0 && i < N; i++)
        largest = fmaxf(largest, points.squares[i]);
    for (size_t i = 0; rc == 0 && i < N; i++) {
        double least[2] = {(double)INFINITY, (double)INFINITY}; /* of all, of all but 4 */
        for (size_t j = 0; j < SEEN; j++) {
            double sum = 0;
            for (size_t c = 0; c < (*with_factors ? C : 1); c++)
                for (size_t k = 0; k < D; k++) {
                    double a = (double)kit_row(&x, i)[k], b = (double)kit_row(&x, j * STEP)[k];
                    a *= *with_factors ? (double)kit_row(&f, i)[c] : 1;
                    b *= *with_factors ? (double)kit_row(&f, j * STEP)[c] : 1;
                    sum += (a - b) * (a - b);
                }
            least[0] = fmin(least[0], sum);
            least[1] = j < 4 ? least[1] : fmin(least[1], sum);
        }
        assert_true(kit_nearest_measure(&nearest, i, 0) == least[0]);
        assert_true(kit_nearest_measure(&nearest, i, 4) == least[1]);
        double off = fabs((double)nearest.distances[i] - least[0]);
        assert_true(off <= kit_nearest_doubt(&nearest, largest));
    }
    free_rows(&x);
    free_rows(&f);
    return rc;
}

static void distances_are_measured_in_double(void **state)
{
    (void)state;
    for (int with_factors = 0; with_factors < 2; with_factors++)
        run(measures, &(bool){with_factors});
}

/* ---- k-centre greedy ------------------------------------------------------------------------- */

static double plain_square(const kit_matrix *a, size_t i, const kit_matrix *b, size_t j)
{
    double sum = 0;
    for (size_t k = 0; k < a->columns; k++) {
        double off = (double)kit_row(a, i)[k] - (double)kit_row(b, j)[k];
        sum += off * off;
    }
    return sum;
}

static void plain_k_centre(const kit_matrix *rows, const kit_matrix *given, size_t count,
                           uint32_t *ret_rows)
{
    const size_t n = rows->rows;
    double *nearest = fb_calloc(n, sizeof *nearest);
    assert_non_null(nearest);
    for (size_t i = 0; i < n; i++) {
        nearest[i] = (double)INFINITY;
        for (size_t j = 0; j < given->rows; j++)
            nearest[i] = fmin(nearest[i], plain_square(rows, i, given, j));
    }
    for (size_t pick = 0; pick < count; pick++) {
        size_t best = 0;
        for (size_t i = 1; i < n; i++)
            best = nearest[i] > nearest[best] ? i : best;
        ret_rows[pick] = (uint32_t)best;
        for (size_t i = 0; i < n; i++)
            if (nearest[i] >= 0)
                nearest[i] = fmin(nearest[i], plain_square(rows, i, rows, best));
        nearest[best] = -1;
    }
    fb_free(nearest);
}

typedef struct cover_case {
    int kind;
    size_t n, d, given, count;
} cover_case;

static int check_cover(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    const cover_case *c = argument;
    kit_matrix x = new_rows(c->kind, c->n, c->d, 11), y = new_rows(c->kind, c->given, c->d, 12);
    uint32_t *got = fb_calloc(c->count, sizeof *got), *want = fb_calloc(c->count, sizeof *want);
    kit_points points, given;
    assert_true(got && want);
    int rc = kit_points_make(host, "rows", &x, NULL, &points);
    rc = rc ? rc : kit_points_make(host, "given", &y, NULL, &given);
    rc = rc ? rc : kit_k_centre(host, &points, &given, c->count, got);
    if (rc == 0)
        plain_k_centre(&x, &y, c->count, want);
    for (size_t i = 0; rc == 0 && i < c->count; i++)
        if (got[i] != want[i])
            fail_msg("kind %d, n %zu, d %zu, given %zu: choice %zu is %u, not %u", c->kind, c->n,
                     c->d, c->given, i, got[i], want[i]);
    free_rows(&x);
    free_rows(&y);
    fb_free(got);
    fb_free(want);
    return rc;
}

static void k_centre_is_the_plain_greedy(void **state)
{
    (void)state;
    static const cover_case sizes[] = {
        {.n = 1, .d = 3, .given = 0, .count = 1},      {.n = 1, .d = 1, .given = 2, .count = 1},
        {.n = 40, .d = 4, .given = 0, .count = 40},    {.n = 90, .d = 2, .given = 9, .count = 90},
        {.n = 300, .d = 7, .given = 700, .count = 50}, {.n = 60, .d = 401, .given = 5, .count = 20},
        {.n = 900, .d = 3, .given = 0, .count = 60},
        {.n = 2100, .d = 3, .given = 260, .count = 9},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int kind = 0; kind < KINDS; kind++) {
            cover_case c = sizes[i];
            c.kind = kind;
            run(check_cover, &c);
        }
}

/* ---- k-means++ ------------------------------------------------------------------------------- */

/* The rejection sampling of spread.c without memory of distances: each bound is kept, each
 * distance computed from all chosen rows when it is asked for. */
typedef struct plain_draws {
    const fb_host *host;
    const kit_points *points;
    size_t n, count, swept;
    const uint32_t *rows; /* (count) chosen */
    float *bounds;
    size_t *seen; /* how many were chosen when the bound was found */
    double wasted;
} plain_draws;

static void plain_look(plain_draws *p, size_t i)
{
    p->bounds[i] = INFINITY;
    p->seen[i] = p->count;
    for (size_t j = 0; j < p->count; j++) {
        float distance = p->rows[j] == i ? 0 : plain_distance(p->points, i, p->points, p->rows[j]);
        p->bounds[i] = fminf(p->bounds[i], distance);
    }
}

static void plain_sweep(plain_draws *p)
{
    for (size_t i = 0; i < p->n; i++)
        plain_look(p, i);
    p->swept = p->count;
    p->wasted = 0;
}

static size_t plain_weighted(const plain_draws *p, const double u[3])
{
    enum { BLOCK = 512 };
    double sums[64] = {0}, weights[BLOCK] = {0};
    assert_true(p->n <= (size_t)64 * BLOCK);
    for (size_t i = 0; i < p->n; i++)
        sums[i / BLOCK] += (double)p->bounds[i];
    size_t block = kit_weighted_draw(sums, 64, u[0]);
    for (size_t i = 0; i < BLOCK && block != KIT_NONE && block * BLOCK + i < p->n; i++)
        weights[i] = (double)p->bounds[block * BLOCK + i];
    return block == KIT_NONE ? KIT_NONE : block * BLOCK + kit_weighted_draw(weights, BLOCK, u[1]);
}

static size_t plain_any(const plain_draws *p, double u)
{
    size_t left = (size_t)(u * (double)(p->n - p->count));
    for (size_t i = 0;; i++) {
        bool chosen = false;
        for (size_t j = 0; j < p->count; j++)
            chosen |= p->rows[j] == i;
        if (!chosen && left-- == 0)
            return i;
    }
}

static size_t plain_draw(plain_draws *p, uint32_t stream)
{
    for (uint64_t t = 0;; t++) {
        double u[3];
        p->host->random_uniform(p->host, stream, (uint32_t)p->count, 3 * t, 3, u);
        size_t row = plain_weighted(p, u), unseen;
        if (row == KIT_NONE)
            return plain_any(p, u[0]);
        double bound = (double)p->bounds[row];
        unseen = p->count - p->seen[row];
        plain_look(p, row);
        if (u[2] * bound < (double)p->bounds[row])
            return row;
        p->wasted += 256 + 3 * (double)unseen;
        if (p->wasted > (double)p->n * (16 + (double)(p->count - p->swept)))
            plain_sweep(p);
    }
}

static void plain_spread(const fb_host *host, const kit_points *points, size_t first,
                         size_t count, uint32_t stream, uint32_t *ret_rows)
{
    const size_t n = points->rows.rows;
    plain_draws p = {
        .host = host,
        .points = points,
        .n = n,
        .rows = ret_rows,
        .bounds = new_floats(n),
        .seen = fb_calloc(n, sizeof *p.seen),
    };
    assert_non_null(p.seen);
    double u;
    host->random_uniform(host, stream, 0, 0, 1, &u);
    for (size_t row = first == KIT_NONE ? (size_t)(u * (double)n) : first; p.count < count;) {
        ret_rows[p.count++] = (uint32_t)row;
        if (p.count == 1)
            plain_sweep(&p);
        p.bounds[row] = 0;
        if (p.count < count)
            row = plain_draw(&p, stream);
    }
    fb_free(p.bounds);
    fb_free(p.seen);
}

typedef struct spread_case {
    int kind;
    size_t n, count;
    bool factors;
} spread_case;

static void check_all_different(const uint32_t *rows, size_t count, size_t n)
{
    bool *seen = fb_calloc(n, sizeof *seen);
    assert_non_null(seen);
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i] < n && !seen[rows[i]]);
        seen[rows[i]] = true;
    }
    fb_free(seen);
}

/* How many rows, up to the first that equals one before it. */
static size_t count_distinct(const kit_points *points, const uint32_t *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (!(plain_distance(points, rows[i], points, rows[j]) > 0))
                return i;
    return count;
}

static int check_spread(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    const spread_case *c = argument;
    kit_matrix x = new_rows(c->kind, c->n, 6, 21), f = new_rows(c->kind, c->n, 3, 22);
    uint32_t *got = fb_calloc(c->count, sizeof *got), *want = fb_calloc(c->count, sizeof *want);
    kit_points points;
    assert_true(got && want);
    int rc = kit_points_make(host, "rows", &x, c->factors ? &f : NULL, &points);
    for (uint32_t stream = 0; rc == 0 && stream < 4; stream++) {
        size_t first = stream % 2 ? KIT_NONE : c->n / 2, distinct = 0;
        rc = kit_spread(host, &points, first, c->count, stream, got, &distinct);
        plain_spread(host, &points, first, c->count, stream, want);
        assert_memory_equal(got, want, c->count * sizeof *got);
        check_all_different(got, c->count, c->n);
        assert_int_equal(distinct, count_distinct(&points, got, c->count));
        assert_true(first == KIT_NONE || got[0] == first);
    }
    free_rows(&x);
    free_rows(&f);
    fb_free(got);
    fb_free(want);
    return rc;
}

static void spread_draws_as_without_laziness(void **state)
{
    (void)state;
    static const spread_case sizes[] = {
        {.n = 1, .count = 1},    {.n = 2, .count = 2},     {.n = 30, .count = 30, .factors = true},
        {.n = 600, .count = 70}, {.n = 1100, .count = 40, .factors = true},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int kind = 0; kind < KINDS; kind++) {
            spread_case c = sizes[i];
            c.kind = kind;
            run(check_spread, &c);
        }
}

/* Rows 0 to 3 are different and the rest equal to row 3. The first draw takes one of all with the
 * square of its distance; when the four places are taken, the rest is equally likely. */
static int proportions(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    enum { N = 8, RUNS = 4000 };
    const float x[N] = {0, 1, -2, 4, 4, 4, 4, 4};
    kit_matrix rows = {x, N, 1};
    kit_points points;
    size_t second[N] = {0}, fifth[N] = {0};
    int rc = kit_points_make(host, "rows", &rows, NULL, &points);
    for (uint32_t stream = 0; rc == 0 && stream < RUNS; stream++) {
        uint32_t chosen[5];
        size_t distinct = 0;
        rc = kit_spread(host, &points, 0, 5, stream, chosen, &distinct);
        assert_int_equal(distinct, 4);
        second[chosen[1]]++;
        fifth[chosen[4]]++;
    }
    const double total = 1 + 4 + 5 * 16;
    for (size_t i = 0; i < N; i++) {
        double p = (double)(x[i] * x[i]) / total, sd = sqrt(p * (1 - p) / RUNS);
        assert_true(fabs((double)second[i] / RUNS - p) <= 4.5 * sd);
    }
    /* One of the five equal rows is among the first four, the last of these rows being any. */
    assert_int_equal(fifth[0] + fifth[1] + fifth[2], 0);
    for (size_t i = 3; i < N; i++)
        assert_true(fabs((double)fifth[i] / RUNS - 0.2) <= 4.5 * sqrt(0.16 / RUNS));
    return rc;
}

static void spread_draws_in_proportion_to_squares(void **state)
{
    (void)state;
    run(proportions, NULL);
}

/* The probability of three rows in this order, the first drawn too, from the definition. */
static double probability(const float *x, size_t n, size_t a, size_t b, size_t c)
{
    double to_a = 0, to_both = 0, of_c = 0;
    for (size_t i = 0; i < n; i++) {
        double from_a = pow((double)x[i] - (double)x[a], 2);
        double from_b = pow((double)x[i] - (double)x[b], 2);
        to_a += from_a;
        to_both += fmin(from_a, from_b);
        if (i == c)
            of_c = fmin(from_a, from_b);
    }
    return pow((double)x[b] - (double)x[a], 2) / to_a * of_c / to_both / (double)n;
}

/* 60 outcomes: mean of chi-square 59, standard deviation 11. Uniform draws would give hundreds. */
static int three_rows(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    enum { N = 5, RUNS = 5000 };
    const float x[N] = {0, 1, 3, 3.5f, 7};
    kit_matrix rows = {x, N, 1};
    kit_points points;
    int times[N][N][N] = {0}, rc = kit_points_make(host, "rows", &rows, NULL, &points);
    for (uint32_t stream = 0; rc == 0 && stream < RUNS; stream++) {
        uint32_t chosen[3];
        size_t distinct = 0;
        rc = kit_spread(host, &points, KIT_NONE, 3, stream, chosen, &distinct);
        times[chosen[0]][chosen[1]][chosen[2]]++;
    }
    double chi_square = 0;
    for (size_t a = 0; a < N; a++)
        for (size_t b = 0; b < N; b++)
            for (size_t c = 0; c < N; c++) {
                double expected = RUNS * probability(x, N, a, b, c);
                if (expected > 0)
                    chi_square += pow(times[a][b][c] - expected, 2) / expected;
                else
                    assert_int_equal(times[a][b][c], 0);
            }
    assert_true(chi_square < 59 + 5 * 11);
    return rc;
}

static void spread_has_the_probabilities_of_the_definition(void **state)
{
    (void)state;
    run(three_rows, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_those_of_outer_products),
        cmocka_unit_test(rows_too_long_for_float_are_refused),
        cmocka_unit_test(looks_give_the_nearest_of_what_was_seen),
        cmocka_unit_test(distances_are_measured_in_double),
        cmocka_unit_test(k_centre_is_the_plain_greedy),
        cmocka_unit_test(spread_draws_as_without_laziness),
        cmocka_unit_test(spread_draws_in_proportion_to_squares),
        cmocka_unit_test(spread_has_the_probabilities_of_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
