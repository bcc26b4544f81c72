/* The loops over arrays against plain ones, bit by bit, under every instruction set: dropout,
 * ReLU's gradient, sums of rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels_probe.h"

enum { MOST = 300 };

static void assert_same_bytes(const void *got, const void *want, size_t bytes, const char *what)
{
    if (memcmp(got, want, bytes) != 0)
        fail_msg("%s: other bits (FLIPBENCH_ISA=%s)", what, kernels_isa());
}

static void check_keep(uint64_t first, size_t count, uint32_t threshold)
{
    const uint64_t key = 0x123456789abcdef, draw = (uint64_t)5 << 33;
    uint32_t *words = malloc(count * sizeof *words);
    uint8_t *keep = malloc(count), *want = malloc(count);
    assert_true(words && keep && want);
    kernels_random_bits(key, draw, first, count, words);
    for (size_t i = 0; i < count; i++)
        want[i] = words[i] >= threshold;
    kernels_random_keep(key, draw, first, count, threshold, keep);
    assert_same_bytes(keep, want, count, "what a dropout keeps");
    free(words);
    free(keep);
    free(want);
}

static void keeping(void **state)
{
    (void)state;
    static const uint64_t firsts[] = {0, 3, 17, ((uint64_t)4 << 32) - 40, UINT64_MAX - 500};
    static const uint32_t thresholds[] = {0, 1, 0x40000000, 0x80000000, 0xc0000001, UINT32_MAX};
    for (const char *const *isa = kernels_isas(); *isa; isa++) {
        assert_int_equal(kernels_use_isa(*isa, NULL), 0);
        for (size_t f = 0; f < sizeof firsts / sizeof *firsts; f++)
            for (size_t count = 1; count < MOST; count += 1 + count / 3)
                check_keep(firsts[f], count, thresholds[count % 6]);
    }
}

/* The threshold that is a word itself is the last that keeps it. */
static void threshold_is_kept(void **state)
{
    (void)state;
    uint32_t words[64];
    uint8_t keep[64];
    for (const char *const *isa = kernels_isas(); *isa; isa++) {
        assert_int_equal(kernels_use_isa(*isa, NULL), 0);
        kernels_random_bits(1, 2, 0, 64, words);
        for (size_t i = 0; i < 64; i++) {
            kernels_random_keep(1, 2, 0, 64, words[i], keep);
            assert_int_equal(keep[i], 1);
            kernels_random_keep(1, 2, 0, 64, words[i] + 1, keep);
            assert_int_equal(keep[i], 0);
        }
    }
}

static void check_vectors(size_t count)
{
    float *x = random_floats(count), *dy = random_floats(count), *got = random_floats(count);
    float want[MOST];
    uint8_t *keep = malloc(count);
    assert_non_null(keep);
    for (size_t i = 0; i < count; i++)
        keep[i] = random_bits() >> 31 ? (uint8_t)(1 + (random_bits() >> 25)) : 0;
    if (count > 2) {
        x[1] = NAN;
        x[2] = -0.0f;
    }

    for (size_t i = 0; i < count; i++)
        want[i] = dy[i] * (keep[i] ? 1.5f : 0.0f);
    kernels_scale_kept(count, dy, keep, 1.5f, got);
    assert_same_bytes(got, want, count * sizeof *got, "dropout");
    memcpy(got, dy, count * sizeof *got);
    kernels_scale_kept(count, got, keep, 1.5f, got);
    assert_same_bytes(got, want, count * sizeof *got, "dropout in place");

    for (size_t i = 0; i < count; i++)
        want[i] = x[i] > 0 ? dy[i] : 0;
    kernels_relu_gradient(count, x, dy);
    assert_same_bytes(dy, want, count * sizeof *dy, "ReLU's gradient");
    free(x);
    free(dy);
    free(got);
    free(keep);
}

static void vectors(void **state)
{
    (void)state;
    for (const char *const *isa = kernels_isas(); *isa; isa++) {
        random_from(3);
        assert_int_equal(kernels_use_isa(*isa, NULL), 0);
        for (size_t count = 1; count < MOST; count += 1 + count / 9)
            check_vectors(count);
    }
}

static void check_sums(size_t rows, size_t columns, bool add)
{
    float *x = random_floats(rows * columns), *got = random_floats(columns);
    float want[MOST];
    for (size_t c = 0; c < columns; c++) {
        want[c] = add ? got[c] : 0;
        for (size_t r = 0; r < rows; r++)
            want[c] += x[r * columns + c];
    }
    kernels_sum_rows(rows, columns, x, add, got);
    assert_same_bytes(got, want, columns * sizeof *got, "sums of rows");
    free(x);
    free(got);
}

static void sums(void **state)
{
    (void)state;
    for (const char *const *isa = kernels_isas(); *isa; isa++) {
        random_from(4);
        assert_int_equal(kernels_use_isa(*isa, NULL), 0);
        for (size_t columns = 1; columns < 150; columns++)
            check_sums(columns % 17, columns, columns % 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeping),
        cmocka_unit_test(threshold_is_kept),
        cmocka_unit_test(vectors),
        cmocka_unit_test(sums),
    };
    return cmocka_run_group_tests_name("vector", tests, NULL, NULL);
}
