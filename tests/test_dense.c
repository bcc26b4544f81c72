/* The dense layer against plain loops, bit by bit, under every instruction set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels_probe.h"

/* Takes the parts of the gradient in order, and spoils the weights that it was said to own. */
struct taker {
    size_t taken;
    float *gradient, *weights;
};

static void take(void *context, size_t first, size_t count, const float *gradient)
{
    struct taker *taker = context;
    assert_int_equal(first, taker->taken);
    memcpy(taker->gradient + first, gradient, count * sizeof *gradient);
    for (size_t i = 0; i < count; i++)
        taker->weights[first + i] = NAN;
    taker->taken += count;
}

/* With dx and without, whole and in parts. */
static void check_way(const kernels_dense *d, bool wants_dx, bool in_parts, const float *x,
                      const float *dy, const float *weights, const float *want_dx,
                      const float *want_gradient)
{
    const size_t size = d->in * d->units;
    float *w = malloc(size * sizeof *w), *gradient = malloc(size * sizeof *w);
    float *work = malloc(size * sizeof *w), *dx = malloc(d->batch * d->in * sizeof *dx);
    assert_true(w && gradient && work && dx);
    memcpy(w, weights, size * sizeof *w);
    struct taker taker = {.gradient = gradient, .weights = w};
    assert_int_equal(kernels_dense_gradients(d, x, dy, w, wants_dx ? dx : NULL,
                                             in_parts ? work : gradient, in_parts ? take : NULL,
                                             &taker),
                     0);
    if (in_parts)
        assert_int_equal(taker.taken, size);
    assert_same_bits(gradient, want_gradient, size, "weight gradient");
    if (wants_dx)
        assert_same_bits(dx, want_dx, d->batch * d->in, "input gradient");
    free(w);
    free(gradient);
    free(work);
    free(dx);
}

static void check_forward(const kernels_dense *d, const float *x, const float *weights)
{
    const size_t batch = d->batch, in = d->in, units = d->units;
    float *bias = random_floats(units), *want = random_floats(batch * units);
    float *y = random_floats(batch * units);
    for (size_t i = 0; i < batch * units; i++)
        want[i] = bias[i % units];
    kernels_gemm_plain(false, false, batch, units, in, x, in, weights, units, 1, want, units);
    for (const char *const *isa = kernels_isas(); *isa; isa++) {
        assert_int_equal(kernels_use_isa(*isa, NULL), 0);
        assert_int_equal(kernels_dense_forward(d, x, weights, bias, false, y), 0);
        assert_same_bits(y, want, batch * units, "output");
    }
    for (size_t i = 0; i < batch * units; i++)
        want[i] = want[i] > 0 ? want[i] : 0;
    for (const char *const *isa = kernels_isas(); *isa; isa++) {
        assert_int_equal(kernels_use_isa(*isa, NULL), 0);
        assert_int_equal(kernels_dense_forward(d, x, weights, bias, true, y), 0);
        assert_same_bits(y, want, batch * units, "output of the ReLU");
    }
    free(bias);
    free(want);
    free(y);
}

static void check(size_t batch, size_t in, size_t units)
{
    const kernels_dense d = {batch, in, units};
    float *x = random_floats(batch * in), *dy = random_floats(batch * units);
    float *weights = random_floats(in * units);
    float *want_dx = random_floats(batch * in), *want_gradient = random_floats(in * units);
    check_forward(&d, x, weights);
    kernels_gemm_plain(false, true, batch, in, units, dy, units, weights, units, 0, want_dx, in);
    kernels_gemm_plain(true, false, in, units, batch, x, in, dy, units, 0, want_gradient, units);
    for (const char *const *isa = kernels_isas(); *isa; isa++) {
        assert_int_equal(kernels_use_isa(*isa, NULL), 0);
        for (unsigned way = 0; way < 4; way++)
            check_way(&d, way & 1, way & 2, x, dy, weights, want_dx, want_gradient);
    }
    free(x);
    free(dy);
    free(weights);
    free(want_dx);
    free(want_gradient);
}

static void small(void **state)
{
    (void)state;
    random_from(1);
    for (size_t i = 1; i < 20; i++) {
        check(i, 3 * i + 1, 2 * i - 1);
        check(2 * i + 1, i, 5 * i);
        check(i, 61 - i, i);
    }
    check(32, 48, 128);
    check(33, 101, 64);
    check(64, 96, 26);
    check(5, 1, 256);
}

/* More than the scratch holds, because of the batch, the units, or both. */
static void large(void **state)
{
    (void)state;
    random_from(2);
    check(330, 70, 33);
    check(2, 5, 40000);
    check(200, 60, 400);
    check(3, 1600, 3);
    check(330, 800, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small),
        cmocka_unit_test(large),
    };
    return cmocka_run_group_tests_name("dense", tests, NULL, NULL);
}
