/* SPDX-License-Identifier: 0BSD */
#include "kernels.h"

#include "screen.h"
#include "table.h"
#include "winograd.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

enum { MAX_ISAS = 4 };

/* Filled once, best first; `names` ends with NULL. */
typedef struct isa_list {
    const char *names[MAX_ISAS + 1];
    const kernels_table *tables[MAX_ISAS];
    size_t count;
} isa_list;

static void add_isa(isa_list *list, bool usable, const char *name, const kernels_table *table)
{
    if (!usable)
        return;
    list->names[list->count] = name;
    list->tables[list->count++] = table;
}

static void list_isas(isa_list *list)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool v2 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
    bool v3 = v2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
              __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
              __builtin_cpu_supports("avx512vl");
    add_isa(list, v4, "x86-64-v4", &kernels_isa_table_v4);
    add_isa(list, v3, "x86-64-v3", &kernels_isa_table_v3);
    add_isa(list, v2, "x86-64-v2", &kernels_isa_table_v2);
#elif defined(__aarch64__)
    add_isa(list, true, "aarch64", &kernels_isa_table_aarch64);
#endif
    add_isa(list, true, "generic", &kernels_isa_table_generic);
}

static once_flag g_once = ONCE_FLAG_INIT;
static isa_list g_isas;
static const char *g_environment; /* FLIPBENCH_ISA, NULL where it is not set */
static _Atomic size_t g_current;  /* an index into g_isas */

/* The index of a name, count when it is not there. */
static size_t find_isa(const char *name)
{
    size_t i = 0;
    while (i < g_isas.count && strcmp(g_isas.names[i], name) != 0)
        i++;
    return i;
}

static void start(void)
{
    list_isas(&g_isas);
    g_environment = getenv("FLIPBENCH_ISA");
    size_t wanted = g_environment ? find_isa(g_environment) : 0;
    atomic_store(&g_current, wanted < g_isas.count ? wanted : 0);
}

static const kernels_table *table(void)
{
    call_once(&g_once, start);
    return g_isas.tables[atomic_load_explicit(&g_current, memory_order_relaxed)];
}

const char *kernels_isa(void)
{
    call_once(&g_once, start);
    return g_isas.names[atomic_load(&g_current)];
}

const char *const *kernels_isas(void)
{
    call_once(&g_once, start);
    return g_isas.names;
}

int kernels_use_isa(const char *name, fb_error *err)
{
    call_once(&g_once, start);
    if (!name)
        name = g_environment ? g_environment : g_isas.names[0];
    size_t wanted = find_isa(name);
    if (wanted == g_isas.count)
        return fb_fail(err, FB_EINVAL,
                       "the instruction set \"%s\" (FLIPBENCH_ISA, or as the caller asked) is not "
                       "one that this machine and build have; without it the best one, \"%s\", is "
                       "used",
                       name, g_isas.names[0]);
    atomic_store(&g_current, wanted);
    return 0;
}

int kernels_gemm(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, const float *a,
                 size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    FB_CHECK(beta == 0 || beta == 1);
    return table()->gemm(trans_a, trans_b, m, n, k, a, lda, b, ldb, beta, c, ldc);
}

int kernels_gemm_rows(const uint32_t *rows, size_t m, size_t n, size_t k, const float *a,
                      size_t lda, const float *b, size_t ldb, float *c, size_t ldc)
{
    return table()->gemm_rows(rows, m, n, k, a, lda, b, ldb, c, ldc);
}

void kernels_gemm_plain(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, const float *a,
                        size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            float sum = beta != 0 ? c[i * ldc + j] : 0;
            for (size_t p = 0; p < k; p++)
                sum = fmaf(trans_a ? a[p * lda + i] : a[i * lda + p],
                           trans_b ? b[j * ldb + p] : b[p * ldb + j], sum);
            c[i * ldc + j] = sum;
        }
}

void kernels_gemm_double(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, double scale,
                         const double *a, size_t lda, const double *b, size_t ldb, bool add,
                         double *c, size_t ldc)
{
    table()->gemm_double(trans_a, trans_b, m, n, k, scale, a, lda, b, ldb, add, c, ldc);
}

static void check_conv(const kernels_conv *conv)
{
    FB_CHECK(conv->kernel > 0 && conv->stride > 0);
    FB_CHECK(conv->channels > 0 && conv->filters > 0);
    FB_CHECK(conv->height + 2 * conv->padding >= conv->kernel);
    FB_CHECK(conv->width + 2 * conv->padding >= conv->kernel);
}

int kernels_conv_forward(const kernels_conv *conv, size_t count, const float *x,
                         const float *weights, const float *bias, bool relu, float *y)
{
    check_conv(conv);
    return table()->conv_forward(conv, count, x, weights, bias, relu, y);
}

int kernels_conv_weight_gradient(const kernels_conv *conv, size_t count, const float *x,
                                 const float *dy, bool add, float *d_weights, float *d_bias)
{
    check_conv(conv);
    return table()->conv_weight_gradient(conv, count, x, dy, add, d_weights, d_bias);
}

int kernels_conv_input_gradient(const kernels_conv *conv, size_t count, const float *weights,
                                const float *dy, float *dx)
{
    check_conv(conv);
    return table()->conv_input_gradient(conv, count, weights, dy, dx);
}

int kernels_dense_forward(const kernels_dense *dense, const float *x, const float *weights,
                          const float *bias, bool relu, float *y)
{
    return table()->dense_forward(dense, x, weights, bias, relu, y);
}

int kernels_dense_gradients(const kernels_dense *dense, const float *x, const float *dy,
                            const float *weights, float *dx, float *d_weights,
                            kernels_dense_update *update, void *context)
{
    return table()->dense_gradients(dense, x, dy, weights, dx, d_weights, update, context);
}

bool kernels_winograd_fits(const kernels_conv *conv)
{
    return winograd_fits(conv);
}

size_t kernels_winograd_memory(const kernels_conv *conv, bool gradients)
{
    return winograd_memory(conv, gradients);
}

size_t kernels_winograd_scratch(const kernels_conv *conv, bool gradients)
{
    return winograd_scratch(conv, gradients);
}

static void check_winograd(const kernels_winograd *w)
{
    const kernels_conv *conv = &w->conv;
    const size_t least = w->pool ? 4 : 3; /* rows and columns, with padding */
    check_conv(conv);
    FB_CHECK(winograd_fits(conv));
    FB_CHECK(conv->height + 2 * conv->padding >= least);
    FB_CHECK(conv->width + 2 * conv->padding >= least);
}

void kernels_winograd_begin_forward(const kernels_winograd *w, const float *weights)
{
    check_winograd(w);
    table()->winograd_begin_forward(w, weights);
}

void kernels_winograd_forward(const kernels_winograd *w, size_t count, const float *x,
                              const float *bias, float *y, uint8_t *winner)
{
    check_winograd(w);
    table()->winograd_forward(w, count, x, bias, y, winner);
}

void kernels_winograd_begin_gradients(const kernels_winograd *w, const float *weights)
{
    check_winograd(w);
    table()->winograd_begin_gradients(w, weights);
}

void kernels_winograd_gradients(const kernels_winograd *w, size_t count, const float *x,
                                const float *dy, const uint8_t *winner, float *dx)
{
    check_winograd(w);
    table()->winograd_gradients(w, count, x, dy, winner, dx);
}

void kernels_winograd_end_gradients(const kernels_winograd *w, float *d_weights, float *d_bias)
{
    check_winograd(w);
    table()->winograd_end_gradients(w, d_weights, d_bias);
}

void kernels_batch_norm_statistics(size_t rows, size_t channels, size_t stride, const float *x,
                                   float *ret_mean, float *ret_variance)
{
    FB_CHECK(rows > 0);
    table()->batch_norm_statistics(rows, channels, stride, x, ret_mean, ret_variance);
}

void kernels_batch_norm_forward(const kernels_batch_norm *norm, size_t rows, const float *x,
                                float *y)
{
    table()->batch_norm_forward(norm, rows, x, y);
}

void kernels_batch_norm_gradients(const kernels_batch_norm *norm, size_t rows, const float *x,
                                  const float *dy, float *d_gamma, float *d_beta)
{
    table()->batch_norm_gradients(norm, rows, x, dy, d_gamma, d_beta);
}

void kernels_batch_norm_input_gradient(const kernels_batch_norm *norm, size_t rows, size_t count,
                                       const float *x, const float *dy, const float *d_gamma,
                                       const float *d_beta, float *dx)
{
    FB_CHECK(count > 0);
    table()->batch_norm_input_gradient(norm, rows, count, x, dy, d_gamma, d_beta, dx);
}

size_t kernels_masked_scratch(const kernels_masked *m)
{
    FB_CHECK(m->masks >= 1 && m->masks <= KERNELS_MASKS_MAX);
    return table()->masked_scratch(m);
}

void kernels_masked_load(const kernels_masked *m, size_t first, size_t count, const float *x,
                         float *scratch)
{
    FB_CHECK(first + count <= m->rows);
    table()->masked_load(m, first, count, x, scratch);
}

void kernels_masked_run(const kernels_masked *m, size_t rows, const uint8_t *patterns,
                        const float *weights, float *y, float *scratch)
{
    FB_CHECK(rows <= m->rows);
    table()->masked_run(m, rows, patterns, weights, y, scratch);
}

void kernels_row_squares(size_t rows, size_t columns, const float *x, float *squares)
{
    table()->row_squares(rows, columns, x, squares);
}

void kernels_lower_distances(const kernels_products *products, float *distances)
{
    table()->lower_distances(products, distances);
}

void kernels_exp(size_t count, const float *x, float *out)
{
    table()->exp(count, x, out);
}

void kernels_log(size_t count, const float *x, float *out)
{
    table()->log(count, x, out);
}

void kernels_entropy_terms(size_t count, double *p)
{
    table()->entropy_terms(count, p);
}

void kernels_normal(size_t count, const uint32_t *bits, float *out)
{
    FB_CHECK(count % 2 == 0);
    table()->normal(count, bits, out);
}

void kernels_random_bits(uint64_t key, uint64_t draw, uint64_t first, size_t count, uint32_t *out)
{
    table()->random_bits(key, draw, first, count, out);
}

void kernels_log_softmax(size_t rows, size_t columns, const float *x, size_t ldx, float *out,
                         size_t ldo)
{
    table()->log_softmax(rows, columns, x, ldx, out, ldo);
}

void kernels_random_keep(uint64_t key, uint64_t draw, uint64_t first, size_t count,
                         uint32_t threshold, uint8_t *keep)
{
    table()->random_keep(key, draw, first, count, threshold, keep);
}

void kernels_scale_kept(size_t count, const float *x, const uint8_t *keep, float scale, float *y)
{
    table()->scale_kept(count, x, keep, scale, y);
}

void kernels_relu_gradient(size_t count, const float *y, float *dy)
{
    table()->relu_gradient(count, y, dy);
}

void kernels_sum_rows(size_t rows, size_t columns, const float *x, bool add, float *out)
{
    table()->sum_rows(rows, columns, x, add, out);
}

void kernels_convert_u8(size_t count, const uint8_t *x, float scale, float *out)
{
    table()->convert_u8(count, x, scale, out);
}

void kernels_adam(size_t count, const kernels_adam_step *step, const float *gradient,
                  float *weights, float *first_moment, float *second_moment)
{
    table()->adam(count, step, gradient, weights, first_moment, second_moment);
}

void kernels_sgd(size_t count, const kernels_sgd_step *step, const float *gradient,
                 float *weights, float *velocity)
{
    table()->sgd(count, step, gradient, weights, velocity);
}

void kernels_rmsprop(size_t count, const kernels_rmsprop_step *step, const float *gradient,
                     float *weights, float *mean_square)
{
    table()->rmsprop(count, step, gradient, weights, mean_square);
}

bool kernels_screen_fast(void)
{
    return table()->screen_fast();
}

bool kernels_screen_fits(size_t inputs, size_t classes)
{
    return inputs <= SCREEN_INPUTS_MAX && classes <= SCREEN_CLASSES_MAX;
}

size_t kernels_screen_depth(size_t inputs)
{
    return screen_depth(inputs);
}

void kernels_screen_load_row(const kernels_screen_rows *rows, size_t row, const float *x)
{
    FB_CHECK(kernels_screen_fits(rows->inputs, rows->classes));
    table()->screen_load_row(rows, row, x);
}

double kernels_screen_steadiness(const kernels_screen_rows *rows, const float *x, uint32_t label)
{
    FB_CHECK(kernels_screen_fits(rows->inputs, rows->classes));
    return table()->screen_steadiness(rows, x, label);
}

void kernels_screen_load_head(kernels_screen_heads *heads, size_t h, const float *weights,
                              const float *bias)
{
    FB_CHECK(h < KERNELS_SCREEN_HEADS);
    FB_CHECK(kernels_screen_fits(heads->inputs, heads->classes));
    table()->screen_load_head(heads, h, weights, bias);
}

int kernels_screen_run(const kernels_screen_rows *rows, const kernels_screen_heads *heads,
                       size_t first, size_t count, uint16_t *differs, uint16_t *unsure)
{
    FB_CHECK(first % KERNELS_SCREEN_PANEL == 0);
    return table()->screen_run(rows, heads, first, count, differs, unsure);
}

double kernels_dot(size_t count, const float *x, const float *y)
{
    double sum = 0; /* the products are exact in double */
    for (size_t i = 0; i < count; i++)
        sum += (double)x[i] * (double)y[i];
    return sum;
}

double kernels_norm2(size_t count, const float *x)
{
    return kernels_dot(count, x, x);
}
