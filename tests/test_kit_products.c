#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "kernels.h"
#include "kit.h"
#include "probe.h"

/* Beyond one chunk of left rows and one block of right ones. */
enum { LEFT = 2100, RIGHT = 150, D = 5 };

static void fill(float *out, size_t count, uint64_t draw)
{
    enum { BLOCK = 64 };
    for (size_t first = 0; first < count; first += BLOCK) {
        uint32_t bits[BLOCK];
        float normal[BLOCK];
        fb_stream_bits((fb_stream){5}, draw, first, BLOCK, bits);
        kernels_normal(BLOCK, bits, normal);
        for (size_t i = 0; i < BLOCK && first + i < count; i++)
            out[first + i] = normal[i];
    }
}

static void assert_close(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.17g is not %.17g +- %g", value, expected, tolerance);
}

/* ---- products ------------------------------------------------------------------------------- */

typedef struct table {
    float left[LEFT * D], right[RIGHT * D];
    float products[LEFT][LEFT];
    size_t promised;   /* rows to kit_products_init */
    size_t done[LEFT]; /* how many right rows a left row has seen */
} table;

static void keep(void *argument, size_t row, size_t first, size_t count, const float *products)
{
    table *t = argument;
    assert_int_equal(first, t->done[row]);
    memcpy(t->products[row] + first, products, count * sizeof *products);
    t->done[row] += count;
}

static table *make_table(void)
{
    table *t = fb_calloc(1, sizeof *t);
    assert_non_null(t);
    fill(t->left, LEFT * D, 0);
    fill(t->right, RIGHT * D, 1);
    return t;
}

static int all_pairs(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    table *t = argument;
    kit_products products;
    const kit_matrix left = {t->left, LEFT, D}, right = {t->right, RIGHT, D};
    int rc = kit_products_init(host, LEFT, RIGHT, &products);
    return rc ? rc : kit_products_run(&products, &left, &right, keep, t);
}

static int pairs_before(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    table *t = argument;
    kit_products products;
    const kit_matrix matrix = {t->left, LEFT, D};
    int rc = kit_products_init(host, t->promised, t->promised, &products);
    return rc ? rc : kit_products_run_before(&products, &matrix, keep, t);
}

static void run(probe_body body, void *argument)
{
    fb_error err = {0};
    if (probe_run(body, argument, 8, 1, NULL, NULL, &err) != 0)
        fail_msg("%s", err.text);
}

static void every_left_row_meets_every_right_one(void **state)
{
    (void)state;
    table *t = make_table();
    run(all_pairs, t);
    for (size_t i = 0; i < LEFT; i++) {
        assert_int_equal(t->done[i], RIGHT);
        for (size_t j = 0; j < RIGHT; j++)
            assert_close(t->products[i][j], kernels_dot(D, t->left + i * D, t->right + j * D),
                         1e-5);
    }
    fb_free(t);
}

/* Also where fewer rows were promised. */
static void every_row_meets_the_rows_before_it(void **state)
{
    (void)state;
    static const size_t promised[] = {LEFT, 70, 0};
    for (size_t p = 0; p < 3; p++) {
        table *t = make_table();
        t->promised = promised[p];
        run(pairs_before, t);
        for (size_t i = 0; i < LEFT; i++) {
            assert_int_equal(t->done[i], i);
            for (size_t j = 0; j < i; j++)
                assert_close(t->products[i][j], kernels_dot(D, t->left + i * D, t->left + j * D),
                             1e-5);
        }
        fb_free(t);
    }
}

/* ---- distances and unit rows ---------------------------------------------------------------- */

static void squared_distances_of_all_widths(void **state)
{
    (void)state;
    float x[100], y[100];
    fill(x, 100, 2);
    fill(y, 100, 3);
    for (size_t d = 0; d <= 100; d++) {
        double expected = 0;
        for (size_t k = 0; k < d; k++)
            expected += ((double)x[k] - (double)y[k]) * ((double)x[k] - (double)y[k]);
        assert_close(kit_squared_distance(d, x, y), expected, 1e-6 * expected);
        assert_true(kit_squared_distance(d, x, x) == 0);
    }
}

static int unit_rows(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    const float upper[3][2] = {{3, 4}, {0, 0}, {-1e-30f, 0}}, lower[1][2] = {{0, 1e30f}};
    const kit_matrix a = {&upper[0][0], 3, 2}, b = {&lower[0][0], 1, 2}, none = {0};
    kit_matrix both, alone;
    int rc = kit_unit_rows(host, &a, &b, &both);
    if (rc == 0)
        rc = kit_unit_rows(host, &a, &none, &alone);
    const float expected[8] = {0.6f, 0.8f, 0, 0, -1, 0, 0, 1};
    assert_int_equal(both.rows, 4);
    assert_int_equal(alone.rows, 3);
    for (size_t i = 0; i < 8; i++)
        assert_close(both.data[i], expected[i], 1e-7);
    assert_memory_equal(both.data, alone.data, 6 * sizeof(float));
    return rc;
}

static void rows_get_the_norm_one(void **state)
{
    (void)state;
    run(unit_rows, NULL);
}

/* ---- representations ------------------------------------------------------------------------ */

static float g_rows[6] = {1, 2, 3, 4, 5, 6};

/* Inputs are three rows of two; labelled ones, one row as wide as the context says. */
static int compute(void *context, const char *name, uint64_t count, const char *kind,
                   fb_array *ret_array, void **ret_owned, fb_error *err)
{
    (void)count;
    if (strcmp(kind, "inputs") != 0)
        return fb_fail(err, FB_ENOENT, "no %s", kind);
    const size_t *width = context;
    fb_array array = {.struct_size = sizeof array, .data = g_rows, .dtype = FB_FLOAT32, .ndim = 2};
    array.shape[0] = strcmp(name, "representation") == 0 ? 3 : 1;
    array.shape[1] = strcmp(name, "representation") == 0 ? 2 : *width;
    *ret_array = array;
    *ret_owned = NULL;
    return FB_OK;
}

static int represent(const fb_host *host, const fb_round *round, void *argument)
{
    kit_matrix pool, labeled;
    int rc = kit_get_representations(host, round, argument, &pool, &labeled);
    if (rc)
        return rc;
    assert_int_equal(pool.rows, 3);
    assert_int_equal(pool.columns, 2);
    assert_int_equal(labeled.rows, 1);
    return 0;
}

static int ask(const char *kind, size_t width, fb_error *err)
{
    char text[16] = "";
    strncpy(text, kind, sizeof text - 1);
    const host_provider provider = {&width, compute};
    return probe_run(represent, text, 3, 1, &provider, NULL, err);
}

static void representations_are_taken_by_kind(void **state)
{
    (void)state;
    fb_error err = {0};
    assert_int_equal(ask("inputs", 2, &err), FB_OK);
    assert_int_equal(ask("features", 2, &err), FB_ENOENT);
    assert_int_equal(ask("inputs", 3, &err), FB_EINVAL);
    assert_non_null(strstr(err.text, "labelled samples have 3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_left_row_meets_every_right_one),
        cmocka_unit_test(every_row_meets_the_rows_before_it),
        cmocka_unit_test(squared_distances_of_all_widths),
        cmocka_unit_test(rows_get_the_norm_one),
        cmocka_unit_test(representations_are_taken_by_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
