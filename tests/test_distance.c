/* Squared norms and distances against plain loops, bit by bit, under every instruction set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "kernels_probe.h"

static float plain_square(const float *x, size_t count)
{
    float sum = 0;
    for (size_t k = 0; k < count; k++)
        sum = fmaf(x[k], x[k], sum);
    return sum;
}

static void check_squares(size_t rows, size_t columns)
{
    float *x = random_floats(rows * columns), *got = guarded(rows), *want = exact(rows);
    for (size_t i = 0; i < rows; i++)
        want[i] = plain_square(x + i * columns, columns);
    kernels_row_squares(rows, columns, x, got);
    assert_same_bits(got, want, rows, "squared norms");
    free(x);
    free(want);
    release(got, rows);
}

static void squares(void **state)
{
    (void)state;
    EACH_ISA(isa) {
        random_from(1);
        for (size_t rows = 1; rows < 35; rows++)
            check_squares(rows, rows * rows % 41 + rows % 2);
        check_squares(19, 517);
    }
}

static void squares_are_products_of_rows_with_themselves(void **state)
{
    (void)state;
    enum { ROWS = 21, D = 401 };
    float *x = random_floats(ROWS * D), products[ROWS * ROWS], got[ROWS];
    EACH_ISA(isa) {
        assert_int_equal(kernels_gemm(false, true, ROWS, ROWS, D, x, D, x, D, 0, products, ROWS),
                         0);
        kernels_row_squares(ROWS, D, x, got);
        for (size_t i = 0; i < ROWS; i++)
            assert_true(got[i] == products[i * ROWS + i]);
    }
    free(x);
}

static float plain_lower(float distance, const kernels_products *p, size_t i)
{
    for (size_t j = 0; j < p->columns; j++) {
        size_t at = i * p->columns + j;
        float product = p->factors ? p->factors[at] * p->dots[at] : p->dots[at];
        float found = p->row_squares[i] + p->column_squares[j] - 2 * product;
        distance = fminf(distance, fmaxf(found, 0));
    }
    return distance;
}

/* Numbers in [-1, 1): many distances are negative, and 0 then. `far`: hardly any is. */
static void check_lower(size_t rows, size_t columns, bool factors, bool far)
{
    float *dots = random_floats(rows * columns), *others = random_floats(rows * columns);
    float *row_squares = random_floats(rows), *column_squares = random_floats(columns);
    float *got = guarded(rows), *want = exact(rows);
    kernels_products p = {
        .rows = rows,
        .columns = columns,
        .dots = dots,
        .factors = factors ? others : NULL,
        .row_squares = row_squares,
        .column_squares = column_squares,
    };
    for (size_t i = 0; i < rows; i++) {
        row_squares[i] += far ? 4.0f : 0.0f;
        got[i] = i % 3 == 0 ? INFINITY : 2.5f;
        want[i] = plain_lower(got[i], &p, i);
    }
    kernels_lower_distances(&p, got);
    assert_same_bits(got, want, rows, "distances");
    free(dots);
    free(others);
    free(row_squares);
    free(column_squares);
    free(want);
    release(got, rows);
}

static void distances(void **state)
{
    (void)state;
    EACH_ISA(isa) {
        random_from(2);
        for (size_t columns = 0; columns < 70; columns++)
            for (int kind = 0; kind < 4; kind++)
                check_lower(1 + columns % 5, columns, kind % 2, kind / 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(squares),
        cmocka_unit_test(squares_are_products_of_rows_with_themselves),
        cmocka_unit_test(distances),
    };
    return cmocka_run_group_tests_name("distance", tests, NULL, NULL);
}
