/* Products under several masks at once against the sums that kernels.h describes, to the bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels_probe.h"
#include "masked_reference.h"

/* Each mask keeps an input with probability keep / 256. */
static uint8_t *random_patterns(size_t inputs, size_t masks, uint32_t keep)
{
    uint8_t *patterns = calloc(inputs, 1);
    assert_non_null(patterns);
    for (size_t i = 0; i < inputs; i++)
        for (size_t b = 0; b < masks; b++)
            patterns[i] = (uint8_t)(patterns[i] | ((random_bits() & 255) < keep) << b);
    return patterns;
}

static void check(kernels_masked m, size_t rows, uint32_t keep)
{
    const size_t outputs = m.masks * rows * m.units, scratch_size = kernels_masked_scratch(&m);
    float *x = random_floats(rows * m.inputs), *weights = random_floats(m.inputs * m.units);
    float *y = guarded(outputs), *scratch = guarded(scratch_size), wanted[KERNELS_MASKS_MAX];
    uint8_t *patterns = random_patterns(m.inputs, m.masks, keep);
    for (const char *const *isa = kernels_isas(); *isa; isa++) {
        assert_int_equal(kernels_use_isa(*isa, NULL), 0);
        assert_int_equal(kernels_masked_scratch(&m), scratch_size);
        for (size_t first = 0; first < rows; first += 5) /* pieces that are no whole tiles */
            kernels_masked_load(&m, first, rows - first < 5 ? rows - first : 5,
                                x + first * m.inputs, scratch);
        kernels_masked_run(&m, rows, patterns, weights, y, scratch);
        for (size_t row = 0; row < rows; row += rows > 9 ? 7 : 1)
            for (size_t unit = 0; unit < m.units; unit += m.units > 20 ? 11 : 1) {
                masked_reference(&m, patterns, x + row * m.inputs, weights, unit, wanted);
                for (size_t b = 0; b < m.masks; b++) {
                    float got = y[(b * rows + row) * m.units + unit];
                    if (memcmp(&got, &wanted[b], sizeof got) != 0)
                        fail_msg("%zu x %zu x %zu, row %zu, unit %zu, mask %zu with %s: %.9g, "
                                 "expected %.9g", rows, m.inputs, m.units, row, unit, b, *isa,
                                 (double)got, (double)wanted[b]);
                }
            }
    }
    assert_int_equal(kernels_use_isa(NULL, NULL), 0);
    release(y, outputs);
    release(scratch, scratch_size);
    free(patterns);
    free(weights);
    free(x);
}

static void sums_are_the_described_ones(void **state)
{
    (void)state;
    random_from(3);
    check((kernels_masked){1, 1, 1, 1}, 1, 128);
    check((kernels_masked){5, 7, 3, 4}, 5, 128);
    check((kernels_masked){60, 40, 10, 4}, 60, 192);
    check((kernels_masked){49, 300, 33, 8}, 49, 192);
    check((kernels_masked){13, 1024, 16, 8}, 13, 64);
    check((kernels_masked){3, 2500, 40, 8}, 3, 230); /* blocks that cut a pattern in two */
    check((kernels_masked){60, 30, 200, 2}, 11, 128); /* more units than at a time, fewer rows */
}

/* Masks that keep all and nothing, and a single input. */
static void edges(void **state)
{
    (void)state;
    random_from(4);
    check((kernels_masked){4, 20, 5, 3}, 4, 0);
    check((kernels_masked){4, 20, 5, 3}, 4, 256);
    check((kernels_masked){2, 1, 5, 8}, 2, 128);
}

/* What a mask keeps is the plain product, up to rounding. */
static void sums_are_near_the_products(void **state)
{
    (void)state;
    enum { ROWS = 3, INPUTS = 2000, UNITS = 6, MASKS = 8 };
    const kernels_masked m = {ROWS, INPUTS, UNITS, MASKS};
    random_from(5);
    float *x = random_floats(ROWS * INPUTS), *weights = random_floats(INPUTS * UNITS);
    float *y = guarded(MASKS * ROWS * UNITS), *scratch = guarded(kernels_masked_scratch(&m));
    uint8_t *patterns = random_patterns(INPUTS, MASKS, 192);
    kernels_masked_load(&m, 0, ROWS, x, scratch);
    kernels_masked_run(&m, ROWS, patterns, weights, y, scratch);
    for (size_t at = 0; at < MASKS * ROWS * UNITS; at++) {
        size_t b = at / UNITS / ROWS, row = at / UNITS % ROWS, unit = at % UNITS;
        double exact = 0;
        for (size_t i = 0; i < INPUTS; i++)
            if (patterns[i] >> b & 1)
                exact += (double)x[row * INPUTS + i] * (double)weights[i * UNITS + unit];
        assert_true(fabs((double)y[at] - exact) <= 1e-4); /* of sums of about 16 */
    }
    release(y, MASKS * ROWS * UNITS);
    release(scratch, kernels_masked_scratch(&m));
    free(patterns);
    free(weights);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_the_described_ones),
        cmocka_unit_test(edges),
        cmocka_unit_test(sums_are_near_the_products),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
