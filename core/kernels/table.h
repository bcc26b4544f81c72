/* SPDX-License-Identifier: 0BSD
 *
 * table.h - the kernels of one instruction set, as a table that kernels.c chooses at run time.
 *
 * The files that meson.build lists as isa_sources are compiled once per instruction set with
 * KERNELS_ISA set to a suffix (v4, v3, v2, aarch64, generic). What they share among themselves is
 * named ISA(name), so that all the copies can be linked into one program. */
#ifndef FB_KERNELS_TABLE_H
#define FB_KERNELS_TABLE_H

#include "kernels.h"
#include "kernels_screen.h"

#define ISA_PASTE2(name, suffix) kernels_isa_##name##_##suffix
#define ISA_PASTE(name, suffix) ISA_PASTE2(name, suffix)
#define ISA(name) ISA_PASTE(name, KERNELS_ISA)

/* The members are the functions of kernels.h, less the prefix. */
typedef struct kernels_table {
    int (*gemm)(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, const float *a,
                size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);
    void (*gemm_double)(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, double scale,
                        const double *a, size_t lda, const double *b, size_t ldb, bool add,
                        double *c, size_t ldc);
    int (*gemm_rows)(const uint32_t *rows, size_t m, size_t n, size_t k, const float *a,
                     size_t lda, const float *b, size_t ldb, float *c, size_t ldc);
    int (*conv_forward)(const kernels_conv *conv, size_t count, const float *x,
                        const float *weights, const float *bias, bool relu, float *y);
    int (*conv_weight_gradient)(const kernels_conv *conv, size_t count, const float *x,
                                const float *dy, bool add, float *d_weights, float *d_bias);
    int (*conv_input_gradient)(const kernels_conv *conv, size_t count, const float *weights,
                               const float *dy, float *dx);
    int (*dense_forward)(const kernels_dense *dense, const float *x, const float *weights,
                         const float *bias, bool relu, float *y);
    int (*dense_gradients)(const kernels_dense *dense, const float *x, const float *dy,
                           const float *weights, float *dx, float *d_weights,
                           kernels_dense_update *update, void *context);
    void (*winograd_begin_forward)(const kernels_winograd *w, const float *weights);
    void (*winograd_forward)(const kernels_winograd *w, size_t count, const float *x,
                             const float *bias, float *y, uint8_t *winner);
    void (*winograd_begin_gradients)(const kernels_winograd *w, const float *weights);
    void (*winograd_gradients)(const kernels_winograd *w, size_t count, const float *x,
                               const float *dy, const uint8_t *winner, float *dx);
    void (*winograd_end_gradients)(const kernels_winograd *w, float *d_weights, float *d_bias);
    void (*batch_norm_statistics)(size_t rows, size_t channels, size_t stride, const float *x,
                                  float *ret_mean, float *ret_variance);
    void (*batch_norm_forward)(const kernels_batch_norm *norm, size_t rows, const float *x,
                               float *y);
    void (*batch_norm_gradients)(const kernels_batch_norm *norm, size_t rows, const float *x,
                                 const float *dy, float *d_gamma, float *d_beta);
    void (*batch_norm_input_gradient)(const kernels_batch_norm *norm, size_t rows, size_t count,
                                      const float *x, const float *dy, const float *d_gamma,
                                      const float *d_beta, float *dx);
    size_t (*masked_scratch)(const kernels_masked *m);
    void (*masked_load)(const kernels_masked *m, size_t first, size_t count, const float *x,
                        float *scratch);
    void (*masked_run)(const kernels_masked *m, size_t rows, const uint8_t *patterns,
                       const float *weights, float *y, float *scratch);
    void (*row_squares)(size_t rows, size_t columns, const float *x, float *squares);
    void (*lower_distances)(const kernels_products *p, float *distances);
    void (*exp)(size_t count, const float *x, float *out);
    void (*log)(size_t count, const float *x, float *out);
    void (*entropy_terms)(size_t count, double *p);
    void (*normal)(size_t count, const uint32_t *bits, float *out);
    void (*random_bits)(uint64_t key, uint64_t draw, uint64_t first, size_t count, uint32_t *out);
    void (*log_softmax)(size_t rows, size_t columns, const float *x, size_t ldx, float *out,
                        size_t ldo);
    void (*random_keep)(uint64_t key, uint64_t draw, uint64_t first, size_t count,
                        uint32_t threshold, uint8_t *keep);
    void (*scale_kept)(size_t count, const float *x, const uint8_t *keep, float scale, float *y);
    void (*relu_gradient)(size_t count, const float *y, float *dy);
    void (*sum_rows)(size_t rows, size_t columns, const float *x, bool add, float *out);
    void (*convert_u8)(size_t count, const uint8_t *x, float scale, float *out);
    void (*adam)(size_t count, const kernels_adam_step *step, const float *gradient,
                 float *weights, float *first_moment, float *second_moment);
    void (*sgd)(size_t count, const kernels_sgd_step *step, const float *gradient, float *weights,
                float *velocity);
    void (*rmsprop)(size_t count, const kernels_rmsprop_step *step, const float *gradient,
                    float *weights, float *mean_square);
    bool (*screen_fast)(void);
    void (*screen_load_row)(const kernels_screen_rows *rows, size_t row, const float *x);
    double (*screen_steadiness)(const kernels_screen_rows *rows, const float *x, uint32_t label);
    void (*screen_load_head)(kernels_screen_heads *heads, size_t h, const float *weights,
                             const float *bias);
    int (*screen_run)(const kernels_screen_rows *rows, const kernels_screen_heads *heads,
                      size_t first, size_t count, uint16_t *differs, uint16_t *unsure);
} kernels_table;

extern const kernels_table kernels_isa_table_v4;
extern const kernels_table kernels_isa_table_v3;
extern const kernels_table kernels_isa_table_v2;
extern const kernels_table kernels_isa_table_aarch64;
extern const kernels_table kernels_isa_table_generic;

#ifdef KERNELS_ISA
int ISA(gemm)(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, const float *a, size_t lda,
              const float *b, size_t ldb, float beta, float *c, size_t ldc);
void ISA(gemm_double)(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, double scale,
                      const double *a, size_t lda, const double *b, size_t ldb, bool add,
                      double *c, size_t ldc);
int ISA(gemm_rows)(const uint32_t *rows, size_t m, size_t n, size_t k, const float *a, size_t lda,
                   const float *b, size_t ldb, float *c, size_t ldc);
int ISA(conv_forward)(const kernels_conv *conv, size_t count, const float *x, const float *weights,
                      const float *bias, bool relu, float *y);
int ISA(conv_weight_gradient)(const kernels_conv *conv, size_t count, const float *x,
                              const float *dy, bool add, float *d_weights, float *d_bias);
int ISA(conv_input_gradient)(const kernels_conv *conv, size_t count, const float *weights,
                             const float *dy, float *dx);
int ISA(dense_forward)(const kernels_dense *dense, const float *x, const float *weights,
                       const float *bias, bool relu, float *y);
int ISA(dense_gradients)(const kernels_dense *dense, const float *x, const float *dy,
                         const float *weights, float *dx, float *d_weights,
                         kernels_dense_update *update, void *context);
void ISA(winograd_begin_forward)(const kernels_winograd *w, const float *weights);
void ISA(winograd_forward)(const kernels_winograd *w, size_t count, const float *x,
                           const float *bias, float *y, uint8_t *winner);
void ISA(winograd_begin_gradients)(const kernels_winograd *w, const float *weights);
void ISA(winograd_gradients)(const kernels_winograd *w, size_t count, const float *x,
                             const float *dy, const uint8_t *winner, float *dx);
void ISA(winograd_end_gradients)(const kernels_winograd *w, float *d_weights, float *d_bias);
void ISA(batch_norm_statistics)(size_t rows, size_t channels, size_t stride, const float *x,
                                float *ret_mean, float *ret_variance);
void ISA(batch_norm_forward)(const kernels_batch_norm *norm, size_t rows, const float *x,
                             float *y);
void ISA(batch_norm_gradients)(const kernels_batch_norm *norm, size_t rows, const float *x,
                               const float *dy, float *d_gamma, float *d_beta);
void ISA(batch_norm_input_gradient)(const kernels_batch_norm *norm, size_t rows, size_t count,
                                    const float *x, const float *dy, const float *d_gamma,
                                    const float *d_beta, float *dx);
size_t ISA(masked_scratch)(const kernels_masked *m);
void ISA(masked_load)(const kernels_masked *m, size_t first, size_t count, const float *x,
                      float *scratch);
void ISA(masked_run)(const kernels_masked *m, size_t rows, const uint8_t *patterns,
                     const float *weights, float *y, float *scratch);
void ISA(row_squares)(size_t rows, size_t columns, const float *x, float *squares);
void ISA(lower_distances)(const kernels_products *p, float *distances);
void ISA(exp)(size_t count, const float *x, float *out);
void ISA(log)(size_t count, const float *x, float *out);
void ISA(entropy_terms)(size_t count, double *p);
void ISA(normal)(size_t count, const uint32_t *bits, float *out);
void ISA(random_bits)(uint64_t key, uint64_t draw, uint64_t first, size_t count, uint32_t *out);
void ISA(log_softmax)(size_t rows, size_t columns, const float *x, size_t ldx, float *out,
                      size_t ldo);
void ISA(random_keep)(uint64_t key, uint64_t draw, uint64_t first, size_t count,
                      uint32_t threshold, uint8_t *keep);
void ISA(scale_kept)(size_t count, const float *x, const uint8_t *keep, float scale, float *y);
void ISA(relu_gradient)(size_t count, const float *y, float *dy);
void ISA(sum_rows)(size_t rows, size_t columns, const float *x, bool add, float *out);
void ISA(convert_u8)(size_t count, const uint8_t *x, float scale, float *out);
void ISA(adam)(size_t count, const kernels_adam_step *step, const float *gradient, float *weights,
               float *first_moment, float *second_moment);
void ISA(sgd)(size_t count, const kernels_sgd_step *step, const float *gradient, float *weights,
              float *velocity);
void ISA(rmsprop)(size_t count, const kernels_rmsprop_step *step, const float *gradient,
                  float *weights, float *mean_square);
bool ISA(screen_fast)(void);
void ISA(screen_load_row)(const kernels_screen_rows *rows, size_t row, const float *x);
double ISA(screen_steadiness)(const kernels_screen_rows *rows, const float *x, uint32_t label);
void ISA(screen_load_head)(kernels_screen_heads *heads, size_t h, const float *weights,
                           const float *bias);
int ISA(screen_run)(const kernels_screen_rows *rows, const kernels_screen_heads *heads,
                    size_t first, size_t count, uint16_t *differs, uint16_t *unsure);
#endif

#endif
