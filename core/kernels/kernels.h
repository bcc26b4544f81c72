/* SPDX-License-Identifier: 0BSD
 *
 * kernels.h - the numerical kernels under training, inference and strategies.
 *
 * Every kernel gives the same bits whatever the SIMD width (chosen at run time), compiler, tile or
 * thread: sums run in order of their index, with explicit fused multiply-adds, and exp, log, sine
 * and cosine are our own. Only the sign and payload of a NaN are the machine's. Arrays are float32
 * unless a kernel is said to be in double, row-major; `ld` is the distance in numbers between rows.
 * A result may overlap an operand only where the comment says "in place".
 *
 * A kernel that returns int returns 0 or FB_ENOMEM: it packs its operands into scratch of half a
 * megabyte that each thread allocates at its first such call and keeps until it ends. The others
 * cannot fail and allocate nothing. */
#ifndef FB_KERNELS_H
#define FB_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* The instruction set in use: "x86-64-v4", "x86-64-v3", "x86-64-v2", "aarch64" or "generic". */
const char *kernels_isa(void);

/* Selects an instruction set by name, for tests and comparisons; FB_EINVAL when this machine or
 * build lacks it. NULL: the one that a first use takes, which is that of the environment variable
 * FLIPBENCH_ISA, or the best. A first use cannot report that the variable names an unknown one,
 * and takes the best: a program that wants to be told calls kernels_use_isa(NULL, err) at its
 * start. Not while another thread is in a kernel. */
int kernels_use_isa(const char *name, fb_error *err);

/* The names that this machine and build have, best first, NULL-terminated. */
const char *const *kernels_isas(void);

/* Threads that large kernels may share their work among. `run` calls task(context, index) for every
 * index below `count`, in any order and at once, and returns when all are done. */
typedef struct kernels_team {
    size_t size; /* threads, the caller's included */
    void *threads;
    void (*run)(void *threads, size_t count, void (*task)(void *context, size_t index),
                void *context);
} kernels_team;

/* The team of the calling thread, until the next call; NULL (the start): none. No bit depends on
 * it. The team outlives its use. */
void kernels_use_team(const kernels_team *team);

/* C (m x n) = A (m x k) B (k x n) + beta C, with beta 0 or 1. Each element is one chain of fused
 * multiply-adds in order of k, started at 0 (beta 0: C is not read) or at C (beta 1). `trans_a`: A
 * is stored (k x m); `trans_b`: B is stored (n x k). k may be 0. */
int kernels_gemm(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, const float *a,
                 size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);

/* C += A B with the rows rows[0 .. m-1] of A, in the bits that kernels_gemm gives them. */
int kernels_gemm_rows(const uint32_t *rows, size_t m, size_t n, size_t k, const float *a,
                      size_t lda, const float *b, size_t ldb, float *c, size_t ldc);

/* The same product by the obvious triple loop (fmaf): the reference of the tests. */
void kernels_gemm_plain(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, const float *a,
                        size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);

/* C (m, n) = A (scale B), or C + A (scale B) where `add`, in double: A is (m, k), or its transpose
 * is, and B (k, n). Each element is one chain of fused multiply-adds in order of k, started at 0 or
 * at C. C overlaps neither operand. Cannot fail: it needs no scratch. */
void kernels_gemm_double(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, double scale,
                         const double *a, size_t lda, const double *b, size_t ldb, bool add,
                         double *c, size_t ldc);

/* out[i] = exp(x[i]), log(x[i]); relative error below 2e-7 (log: or absolute 1e-7 near 1). exp:
 * results below FLT_MIN are 0, above FLT_MAX infinity; log(0) = -infinity, log of a negative is
 * NaN; a NaN stays NaN. In place is fine. */
void kernels_exp(size_t count, const float *x, float *out);
void kernels_log(size_t count, const float *x, float *out);

/* Double-precision natural logarithm and exponential, scalar; relative error below 1e-14, the
 * edges as above (exp: results below DBL_MIN are 0). */
double kernels_log_double(double x);
double kernels_exp_double(double x);

/* p[i] becomes -p[i] log p[i], in place: what p[i] adds to an entropy, in nats. Each p[i] is 0, whose
 * term is 0, or at least DBL_MIN and finite; the logarithm has the bits of kernels_log_double. */
void kernels_entropy_terms(size_t count, double *p);

/* cos(pi x), scalar; relative error below 1e-15 (of an x that is exact), an infinity gives NaN. */
double kernels_cos_pi_double(double x);

/* count (even) standard normal floats from count words of 32 random bits (Box & Muller 1958):
 * words 2k and 2k+1, of which the upper 24 bits count, give normals 2k and 2k+1, radius times
 * cosine and sine. The largest magnitude is 5.9. */
void kernels_normal(size_t count, const uint32_t *bits, float *out);

/* The words `first` .. first+count-1 of the draw `draw` of Philox 4x32-10 under `key`, as
 * fb_stream_bits (core/base/stream.h) has them, many counters at a time. */
void kernels_random_bits(uint64_t key, uint64_t draw, uint64_t first, size_t count, uint32_t *out);

/* keep[i] = 1 where the word first + i of such a draw is at least `threshold`, else 0. */
void kernels_random_keep(uint64_t key, uint64_t draw, uint64_t first, size_t count,
                         uint32_t threshold, uint8_t *keep);

/* y = x times scale where `keep` is not 0, times 0 elsewhere. In place is fine. */
void kernels_scale_kept(size_t count, const float *x, const uint8_t *keep, float scale, float *y);

/* The gradient of a ReLU with the output y, in place: dy becomes 0 where y is not above 0. */
void kernels_relu_gradient(size_t count, const float *y, float *dy);

/* out (columns) = the sums of x (rows, columns) over the rows, in their order, started at 0 or,
 * where `add`, at what `out` holds. */
void kernels_sum_rows(size_t rows, size_t columns, const float *x, bool add, float *out);

/* Rows of log-softmax: out[r][c] = x[r][c] - max_r - log(sum exp(x[r] - max_r)), the sum in double
 * in order of c. In place is fine. A NaN or an infinite maximum makes the whole row NaN. */
void kernels_log_softmax(size_t rows, size_t columns, const float *x, size_t ldx, float *out,
                         size_t ldo);

/* out[i] = scale * x[i] of 8-bit pixels (the usual scale is 1/255). */
void kernels_convert_u8(size_t count, const uint8_t *x, float scale, float *out);

/* Dot product and squared L2 norm with the sum in double, in order of the index. */
double kernels_dot(size_t count, const float *x, const float *y);
double kernels_norm2(size_t count, const float *x);

/* The optimisers' rates of decay are double, because 1 - 0.999f would have but four digits.
 *
 * One step of Adam (Kingma & Ba 2015), `correction` = sqrt(1 - beta2^t) / (1 - beta1^t):
 * g += decay w; w -= shrink w; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
 * w -= learning_rate * correction * m / (sqrt(v) + epsilon * sqrt(1 - beta2^t)). */
typedef struct kernels_adam_step {
    float learning_rate; /* already times the correction */
    double beta1, beta2;
    float epsilon;       /* already times sqrt(1 - beta2^t) */
    float decay;         /* weight decay that is a part of the gradient; 0: none */
    float shrink;        /* AdamW's: weight decay times the rate without correction; 0: none */
} kernels_adam_step;
void kernels_adam(size_t count, const kernels_adam_step *step, const float *gradient,
                  float *weights, float *first_moment, float *second_moment);

/* One step of gradient descent with momentum, b being the velocity: g += decay w;
 * b = momentum b + g; w -= learning_rate b, or learning_rate (g + momentum b) when nesterov. */
typedef struct kernels_sgd_step {
    float learning_rate, momentum, decay;
    bool nesterov;
} kernels_sgd_step;
void kernels_sgd(size_t count, const kernels_sgd_step *step, const float *gradient,
                 float *weights, float *velocity);

/* One step of RMSprop (Tieleman & Hinton 2012): g += decay w; v = rho v + (1 - rho) g^2;
 * w -= learning_rate g / (sqrt(v) + epsilon). */
typedef struct kernels_rmsprop_step {
    float learning_rate;
    double rho;
    float epsilon, decay;
} kernels_rmsprop_step;
void kernels_rmsprop(size_t count, const kernels_rmsprop_step *step, const float *gradient,
                     float *weights, float *mean_square);

/* A dense layer: y (batch, units) = x (batch, in) weights (in, units) + bias. */
typedef struct kernels_dense {
    size_t batch, in, units;
} kernels_dense;

/* Each element is one chain of fused multiply-adds that starts at the bias; then an optional ReLU,
 * which keeps a NaN. */
int kernels_dense_forward(const kernels_dense *dense, const float *x, const float *weights,
                          const float *bias, bool relu, float *y);

/* Its backward pass: dx = dy weights', unless it is NULL, and the weights' gradient x' dy, in the
 * bits that kernels_gemm gives. `update` NULL: the gradient is written to d_weights. Otherwise it
 * is handed over in parts, which are the numbers first .. first+count-1 of the weights', while they
 * are in the cache and when `weights` are no longer needed there; d_weights, as large, is then but
 * working memory. */
typedef void kernels_dense_update(void *context, size_t first, size_t count,
                                  const float *gradient);
int kernels_dense_gradients(const kernels_dense *dense, const float *x, const float *dy,
                            const float *weights, float *dx, float *d_weights,
                            kernels_dense_update *update, void *context);

/* Convolution, images in NHWC, weights (kernel, kernel, channels, filters), with bias (NULL: none)
 * and an optional ReLU fused (which keeps a NaN): y (count, out_height, out_width, filters).
 * `padding` zeros are taken to lie round the image; rows and columns that a last step of `stride`
 * does not reach are left out: out = (in + 2 padding - kernel) / stride + 1, at least 1. Each
 * element is one chain of fused multiply-adds in order of (kernel row, kernel column, channel),
 * started at 0; then comes the bias. */
typedef struct kernels_conv {
    size_t height, width, channels; /* of the input */
    size_t kernel, padding, filters;
    size_t stride; /* at least 1 */
} kernels_conv;

static inline size_t kernels_conv_out_height(const kernels_conv *conv)
{
    return (conv->height + 2 * conv->padding - conv->kernel) / conv->stride + 1;
}

static inline size_t kernels_conv_out_width(const kernels_conv *conv)
{
    return (conv->width + 2 * conv->padding - conv->kernel) / conv->stride + 1;
}

int kernels_conv_forward(const kernels_conv *conv, size_t count, const float *x,
                         const float *weights, const float *bias, bool relu, float *y);

/* Gradient with respect to the weights and bias (d_bias NULL: not wanted), summed over the images
 * in order and over the pixels in order (row-major), one chain, written over d_weights and d_bias.
 * The chain starts at 0 or, `add`, at what they hold: that is how a batch can come in parts. dy has
 * y's shape (the ReLU's mask already applied). */
int kernels_conv_weight_gradient(const kernels_conv *conv, size_t count, const float *x,
                                 const float *dy, bool add, float *d_weights, float *d_bias);

/* Gradient with respect to the input, (count, height, width, channels): the convolution of dy with
 * the kernel turned by 180 degrees and channels and filters exchanged, so one chain in order of
 * (row of the turned kernel, column of the turned kernel, filter), of which each pixel has the
 * places that a multiple of the stride brings over it. */
int kernels_conv_input_gradient(const kernels_conv *conv, size_t count, const float *weights,
                                const float *dy, float *dx);

/* The same convolutions by Winograd's F(4x4, 3x3), with a quarter of the multiplications: 3 x 3,
 * stride 1, padding 0 or 1, channels and filters multiples of 16. Rounding errors are about four
 * times those of the direct ones (relative to the largest output, about 1e-6). The sums run over
 * channels (forward), tiles of 4 x 4 pixels in the order (image, row, column) (weights), filters
 * and then overlapping tiles (input); the bias' as above.
 *
 * A batch may come in parts, whole images in their order, without a change of bits: what the parts
 * share, transformed weights or the sums of gradients, is in `memory` from a begin on. A forward
 * pass and a backward pass need it one after the other, so that they may share it, and so may
 * layers that are done with a batch before the next begins.
 *
 * `pool`: max pooling follows, 2 x 2 with stride 2 (an odd last row or column is dropped), where
 * both output sizes are at least 2; y and dy are then (count, out_height / 2, out_width / 2,
 * filters). `winner`, of that shape, is where each largest stood: 0 to 3 in reading order, the
 * first of equals, or 4 where a ReLU stopped all four. The bits are those of convolution, ReLU and
 * pooling one after the other, but that without `winner` a zero may have the other sign. */
typedef struct kernels_winograd {
    kernels_conv conv;
    bool relu;      /* forward; the gradients are given with its mask applied, unless pooled */
    bool pool;
    bool bias;      /* whether the bias' gradient is wanted */
    float *memory;  /* kernels_winograd_memory floats */
    float *scratch; /* kernels_winograd_scratch floats, free between the calls */
} kernels_winograd;

bool kernels_winograd_fits(const kernels_conv *conv);

/* Of forward passes and, `gradients`, of backward passes too. */
size_t kernels_winograd_memory(const kernels_conv *conv, bool gradients);
size_t kernels_winograd_scratch(const kernels_conv *conv, bool gradients);

/* Before the first part of a forward pass. */
void kernels_winograd_begin_forward(const kernels_winograd *w, const float *weights);

/* `bias` may be NULL, and so may `winner`, which is then left out. */
void kernels_winograd_forward(const kernels_winograd *w, size_t count, const float *x,
                              const float *bias, float *y, uint8_t *winner);

/* Before the first part of a backward pass; weights NULL: no part will want dx. */
void kernels_winograd_begin_gradients(const kernels_winograd *w, const float *weights);

/* All gradients at once, because they share the transform of dy. dx may be NULL; `winner` is read
 * when pooled only. */
void kernels_winograd_gradients(const kernels_winograd *w, size_t count, const float *x,
                                const float *dy, const uint8_t *winner, float *dx);

/* After the last part; d_bias is written only when `bias`. */
void kernels_winograd_end_gradients(const kernels_winograd *w, float *d_weights, float *d_bias);

/* Batch normalisation (Ioffe & Szegedy 2015) of x (rows, channels), where a row is a pixel of a
 * sample, and an optional ReLU: y = gamma (x - mean) inverse + beta. Rows of x, y and their
 * gradients are `stride` floats apart, so that the channels can be dealt out; all other arrays have
 * `channels` numbers. */
typedef struct kernels_batch_norm {
    size_t channels, stride;
    const float *mean, *inverse; /* inverse: 1 / sqrt(variance + epsilon) */
    const float *gamma, *beta;
    bool relu; /* keeps a NaN */
} kernels_batch_norm;

/* Mean and biased variance (the division is by `rows`, at least 1) of every channel. Sums run over
 * 32 rows in order in float, relative to the mean so far; these blocks are merged in order in
 * double (Chan, Golub & LeVeque 1979). The variance has a relative error of some 1e-6 even where
 * the mean is thousands of standard deviations; it is never negative. */
void kernels_batch_norm_statistics(size_t rows, size_t channels, size_t stride, const float *x,
                                   float *ret_mean, float *ret_variance);

/* In place is fine. Also for evaluation, with running statistics. */
void kernels_batch_norm_forward(const kernels_batch_norm *norm, size_t rows, const float *x,
                                float *y);

/* Where mean and inverse are those of the `rows` rows of x: the gradients with respect to gamma and
 * beta from dy. Sums over 32 rows in float, over these blocks in double, in order. */
void kernels_batch_norm_gradients(const kernels_batch_norm *norm, size_t rows, const float *x,
                                  const float *dy, float *d_gamma, float *d_beta);

/* Then the gradient with respect to x, for some or all (`rows`) of the `count` rows. dx may be
 * dy. */
void kernels_batch_norm_input_gradient(const kernels_batch_norm *norm, size_t rows, size_t count,
                                       const float *x, const float *dy, const float *d_gamma,
                                       const float *d_beta, float *dx);

/* Products of the same rows with the same weights under `masks` dropout masks at once: y[b] = (x *
 * mask b) W. Bit b of patterns[i] says whether mask b keeps input i. The inputs, sorted by pattern
 * and then by index, are taken in blocks of KERNELS_MASKED_DEPTH. In a block the sum s(p) of a
 * pattern's inputs is one chain of fused multiply-adds, started at 0; with s_0 = s and s_b+1(q) =
 * s_b(2q) + s_b(2q + 1), y[b] takes s_b(1), s_b(3), ... in this order, block after block, started
 * at 0; sums of no inputs are left out. */
enum { KERNELS_MASKS_MAX = 8, KERNELS_MASKED_DEPTH = 1024 };

typedef struct kernels_masked {
    size_t rows;          /* at most, at a time */
    size_t inputs, units; /* of the weights, (inputs, units) */
    size_t masks;         /* 1 .. KERNELS_MASKS_MAX */
} kernels_masked;

/* Floats of scratch for the two functions below: a little more than the rows themselves. */
size_t kernels_masked_scratch(const kernels_masked *m);

/* Takes x (count, inputs) as the rows first .. first+count-1. */
void kernels_masked_load(const kernels_masked *m, size_t first, size_t count, const float *x,
                         float *scratch);

/* y (masks, rows, units) of the first `rows` of the rows that were loaded. */
void kernels_masked_run(const kernels_masked *m, size_t rows, const uint8_t *patterns,
                        const float *weights, float *y, float *scratch);

/* squares[i] = the squared L2 norm of row i of x (rows, columns): one chain of fused multiply-adds
 * in order of the column, started at 0, which is what kernels_gemm gives for the row with itself.
 */
void kernels_row_squares(size_t rows, size_t columns, const float *x, float *squares);

/* Scalar products of `rows` vectors with `columns` centres, and the squared norms of both. */
typedef struct kernels_products {
    size_t rows, columns;
    const float *dots;    /* (rows, columns) */
    const float *factors; /* NULL, or (rows, columns): the products are then dots times these */
    const float *row_squares, *column_squares;
} kernels_products;

/* Lowers distances[i] to the least squared distance of row i to a centre j where that is smaller:
 * (row_squares[i] + column_squares[j]) - 2 product[i][j], or 0 where rounding makes it negative. */
void kernels_lower_distances(const kernels_products *products, float *distances);

#endif
