/* test_gemm_double.c - the product in double under every instruction set, bit against bit with the
 * chains that the header promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernels_probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *random_doubles(size_t count)
{
    double *x = malloc(count * sizeof *x);
    assert_true(x || count == 0);
    for (size_t i = 0; i < count; i++)
        x[i] = (double)random_float() + (double)random_float() * 0x1p-31;
    return x;
}

typedef struct shape {
    bool trans_a, trans_b, add;
    size_t m, n, k, lda, ldb, ldc;
    double scale;
} shape;

static void by_the_chains(const shape *s, const double *a, const double *b, double *c)
{
    for (size_t i = 0; i < s->m; i++)
        for (size_t j = 0; j < s->n; j++) {
            double sum = s->add ? c[i * s->ldc + j] : 0;
            for (size_t p = 0; p < s->k; p++)
                sum = fma(s->trans_a ? a[p * s->lda + i] : a[i * s->lda + p],
                          s->scale * (s->trans_b ? b[j * s->ldb + p] : b[p * s->ldb + j]), sum);
            c[i * s->ldc + j] = sum;
        }
}

/* The numbers between the rows of C stay as they are, and so do those of A and B. */
static void check_shape(const shape *s)
{
    size_t a_size = (s->trans_a ? s->k : s->m) * s->lda;
    size_t b_size = (s->trans_b ? s->n : s->k) * s->ldb, c_size = s->m * s->ldc;
    double *a = random_doubles(a_size), *b = random_doubles(b_size);
    double *before = random_doubles(c_size), *want = random_doubles(c_size);
    double *c = random_doubles(c_size);
    memcpy(want, before, c_size * sizeof *c);
    by_the_chains(s, a, b, want);
    EACH_ISA(name) {
        memcpy(c, before, c_size * sizeof *c);
        kernels_gemm_double(s->trans_a, s->trans_b, s->m, s->n, s->k, s->scale, a, s->lda, b,
                            s->ldb, s->add, c, s->ldc);
        if (c_size && memcmp(c, want, c_size * sizeof *c) != 0)
            fail_msg("%zu x %zu x %zu, %d %d %d under %s", s->m, s->n, s->k, s->trans_a,
                     s->trans_b, s->add, *name);
    }
    free(a);
    free(b);
    free(before);
    free(want);
    free(c);
}

/* All transposes, anew and added; rows `gap` doubles longer than they need be. */
static void check_shapes(size_t m, size_t n, size_t k, size_t gap)
{
    static const double scales[] = {1, -1, 0.7};
    for (unsigned kind = 0; kind < 8; kind++) {
        shape s = {.trans_a = kind & 1, .trans_b = kind & 2, .add = kind & 4, .m = m, .n = n,
                   .k = k, .ldc = n + gap, .scale = scales[kind % 3]};
        s.lda = (s.trans_a ? m : k) + gap;
        s.ldb = (s.trans_b ? k : n) + gap;
        check_shape(&s);
    }
}

static void shapes(void **state)
{
    (void)state;
    static const size_t sizes[][3] = {
        {1, 1, 1},   {1, 1, 0},    {3, 5, 0},    {0, 4, 3},    {4, 0, 3},   {12, 16, 128},
        {13, 17, 129}, {5, 100, 257}, {100, 7, 130}, {491, 3, 9}, {24, 32, 16}, {1, 40, 300},
    };
    random_from(5);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_shapes(sizes[i][0], sizes[i][1], sizes[i][2], i % 3);
    for (size_t i = 0; i < 30; i++)
        check_shapes(random_size(1, 40), random_size(1, 40), random_size(1, 40),
                     random_size(0, 3));
}

static void parts_give_the_same_bits(void **state)
{
    (void)state;
    enum { M = 30, N = 35, K = 140, CUT = 11 };
    random_from(6);
    double *a = random_doubles(M * K), *b = random_doubles(K * N);
    double whole[M * N], parts[M * N];
    kernels_gemm_double(false, false, M, N, K, 1, a, K, b, N, false, whole, N);
    kernels_gemm_double(false, false, M, CUT, K, 1, a, K, b, N, false, parts, N);
    kernels_gemm_double(false, false, M, N - CUT, CUT, 1, a, K, b + CUT, N, false, parts + CUT, N);
    kernels_gemm_double(false, false, M, N - CUT, K - CUT, 1, a + CUT, K, b + CUT * N + CUT, N,
                        true, parts + CUT, N);
    assert_memory_equal(parts, whole, sizeof whole);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test(parts_give_the_same_bits),
    };
    return cmocka_run_group_tests_name("gemm_double", tests, NULL, NULL);
}
