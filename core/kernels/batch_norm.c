/* SPDX-License-Identifier: 0BSD
 *
 * batch_norm.c - batch normalisation (Ioffe & Szegedy 2015) of x (rows, channels) by channel.
 *
 * Sums over the rows run in blocks: BLOCK_ROWS rows in float, in order, and the blocks' sums in
 * double, in order. That is as fast as memory, accurate, and the same for every vector width. */
#include "simd.h"
#include "table.h"

enum {
    BLOCK_ROWS = 32,
    CHANNELS = 256, /* at a time: what is known of them stays in the first-level cache */
    GROUP = 4       /* vectors at a time: their sums stay in registers, memory comes in pieces */
};

/* The first `lanes` of a vector; the others are 0, or are left alone. */
SIMD_INLINE v_f32 load_lanes(const float *from, size_t lanes)
{
    if (lanes >= V_WIDTH)
        return v_load(from);
    float part[V_WIDTH] = {0};
    memcpy(part, from, lanes * sizeof *part);
    return v_load(part);
}

SIMD_INLINE void store_lanes(float *to, v_f32 a, size_t lanes)
{
    if (lanes >= V_WIDTH) {
        v_store(to, a);
        return;
    }
    float part[V_WIDTH];
    v_store(part, a);
    memcpy(to, part, lanes * sizeof *part);
}

static size_t smaller_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ---- the mean and the variance ------------------------------------------------------------- */

/* Of x - shift over the rows of a block: the sum, and that of the squares. */
typedef struct block_sums {
    float shift[CHANNELS], sum[CHANNELS], squares[CHANNELS];
} block_sums;

/* `vectors` of `lanes` channels each. */
SIMD_INLINE void sum_lanes(size_t rows, size_t stride, const float *x, size_t vectors,
                           size_t lanes, size_t channel, block_sums *b)
{
    v_f32 shift[GROUP], sum[GROUP], squares[GROUP];
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        shift[v] = load_lanes(b->shift + channel + v * V_WIDTH, lanes);
        sum[v] = squares[v] = v_set1(0.0f);
    }
    for (size_t r = 0; r < rows; r++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            const v_f32 value = load_lanes(x + r * stride + channel + v * V_WIDTH, lanes);
            const v_f32 d = v_sub(value, shift[v]);
            sum[v] = v_add(sum[v], d);
            squares[v] = v_fma(d, d, squares[v]);
        }
    }
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        store_lanes(b->sum + channel + v * V_WIDTH, sum[v], lanes);
        store_lanes(b->squares + channel + v * V_WIDTH, squares[v], lanes);
    }
}

static void sum_block(size_t rows, size_t channels, size_t stride, const float *x, block_sums *b)
{
    size_t c = 0;
    for (; c + GROUP * V_WIDTH <= channels; c += GROUP * V_WIDTH)
        sum_lanes(rows, stride, x, GROUP, V_WIDTH, c, b);
    for (; c + V_WIDTH <= channels; c += V_WIDTH)
        sum_lanes(rows, stride, x, 1, V_WIDTH, c, b);
    if (c < channels)
        sum_lanes(rows, stride, x, 1, channels - c, c, b);
}

/* What is known of the channels: the mean of the rows seen, and the sum of the squared distances
 * from it. */
typedef struct moments {
    size_t seen;
    double mean[CHANNELS], spread[CHANNELS];
} moments;

/* Adds a block (Chan, Golub & LeVeque 1979). The shift is about the mean of what went before: what
 * a block's sums lose by cancellation is small beside what its distance from there adds to the
 * spread. */
static void merge_block(size_t rows, size_t channels, const block_sums *b, moments *m)
{
    const double share = (double)rows / (double)(m->seen + rows);
    const double weight = (double)m->seen * share;
    for (size_t c = 0; c < channels; c++) {
        const double sum = (double)b->sum[c], off = sum / (double)rows;
        const double delta = (double)b->shift[c] + off - m->mean[c];
        m->mean[c] += delta * share;
        m->spread[c] += (double)b->squares[c] - off * sum + delta * delta * weight;
    }
    m->seen += rows;
}

static void find_moments(size_t rows, size_t channels, size_t stride, const float *x, moments *m)
{
    block_sums b = {0};
    *m = (moments){0};
    /* The first block's own mean is its shift. */
    size_t count = smaller_size(BLOCK_ROWS, rows);
    sum_block(count, channels, stride, x, &b);
    for (size_t c = 0; c < channels; c++)
        b.shift[c] = b.sum[c] / (float)count;
    for (size_t first = 0; first < rows; first += count) {
        count = smaller_size(BLOCK_ROWS, rows - first);
        sum_block(count, channels, stride, x + first * stride, &b);
        merge_block(count, channels, &b, m);
        for (size_t c = 0; c < channels; c++)
            b.shift[c] = (float)m->mean[c];
    }
}

void ISA(batch_norm_statistics)(size_t rows, size_t channels, size_t stride, const float *x,
                                float *ret_mean, float *ret_variance)
{
    moments m;
    for (size_t first = 0; first < channels; first += CHANNELS) {
        const size_t count = smaller_size(CHANNELS, channels - first);
        find_moments(rows, count, stride, x + first, &m);
        for (size_t c = 0; c < count; c++) {
            ret_mean[first + c] = (float)m.mean[c];
            ret_variance[first + c] =
                m.spread[c] < 0 ? 0.0f : (float)(m.spread[c] / (double)rows);
        }
    }
}

/* ---- forward -------------------------------------------------------------------------------
 *
 * y = (x - mean) scale + beta with scale = gamma inverse. The backward pass computes it again to
 * know where the ReLU let it through: cheaper than to read y. */

typedef struct transform {
    v_f32 mean, scale, beta;
} transform;

SIMD_INLINE transform load_transform(const kernels_batch_norm *n, size_t channel, size_t lanes)
{
    return (transform){
        .mean = load_lanes(n->mean + channel, lanes),
        .scale = v_mul(load_lanes(n->gamma + channel, lanes),
                       load_lanes(n->inverse + channel, lanes)),
        .beta = load_lanes(n->beta + channel, lanes),
    };
}

SIMD_INLINE void transform_lanes(const kernels_batch_norm *n, size_t channel, size_t lanes,
                                 const float *x, float *y)
{
    const transform t = load_transform(n, channel, lanes);
    v_f32 out = v_fma(v_sub(load_lanes(x + channel, lanes), t.mean), t.scale, t.beta);
    if (n->relu)
        out = v_max(v_set1(0.0f), out);
    store_lanes(y + channel, out, lanes);
}

void ISA(batch_norm_forward)(const kernels_batch_norm *norm, size_t rows, const float *x, float *y)
{
    const size_t channels = norm->channels;
    for (size_t r = 0; r < rows; r++, x += norm->stride, y += norm->stride) {
        size_t c = 0;
        for (; c + V_WIDTH <= channels; c += V_WIDTH)
            transform_lanes(norm, c, V_WIDTH, x, y);
        if (c < channels)
            transform_lanes(norm, c, channels - c, x, y);
    }
}

/* ---- backward ------------------------------------------------------------------------------ */

/* dy where the ReLU let y through; `d` is x - mean. */
SIMD_INLINE v_f32 load_gradient(const float *dy, v_f32 d, const transform *t, bool relu,
                                size_t lanes)
{
    const v_f32 g = load_lanes(dy, lanes);
    if (!relu)
        return g;
    return v_select(v_less(v_set1(0.0f), v_fma(d, t->scale, t->beta)), g, v_set1(0.0f));
}

/* Sums over the rows of dy and of dy (x - mean). */
typedef struct gradient_sums {
    double plain[CHANNELS], product[CHANNELS];
} gradient_sums;

/* `vectors` of `lanes` channels each; x, dy and sums begin with channel `first` of the whole. */
SIMD_INLINE void add_gradient_rows(const kernels_batch_norm *n, size_t rows, const float *x,
                                   const float *dy, size_t first, size_t channel, size_t vectors,
                                   size_t lanes, gradient_sums *sums)
{
    transform t[GROUP];
    v_f32 plain[GROUP], product[GROUP];
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        t[v] = load_transform(n, first + channel + v * V_WIDTH, lanes);
        plain[v] = product[v] = v_set1(0.0f);
    }
    for (size_t r = 0; r < rows; r++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            const size_t at = r * n->stride + channel + v * V_WIDTH;
            const v_f32 d = v_sub(load_lanes(x + at, lanes), t[v].mean);
            const v_f32 g = load_gradient(dy + at, d, &t[v], n->relu, lanes);
            plain[v] = v_add(plain[v], g);
            product[v] = v_fma(g, d, product[v]);
        }
    }
    float part[2][GROUP * V_WIDTH] = {{0}};
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        v_store(part[0] + v * V_WIDTH, plain[v]);
        v_store(part[1] + v * V_WIDTH, product[v]);
    }
    for (size_t i = 0; i < (vectors - 1) * V_WIDTH + lanes; i++) {
        sums->plain[channel + i] += (double)part[0][i];
        sums->product[channel + i] += (double)part[1][i];
    }
}

static void add_gradient_block(const kernels_batch_norm *n, size_t rows, const float *x,
                               const float *dy, size_t first, size_t channels,
                               gradient_sums *sums)
{
    size_t c = 0;
    for (; c + GROUP * V_WIDTH <= channels; c += GROUP * V_WIDTH)
        add_gradient_rows(n, rows, x, dy, first, c, GROUP, V_WIDTH, sums);
    for (; c + V_WIDTH <= channels; c += V_WIDTH)
        add_gradient_rows(n, rows, x, dy, first, c, 1, V_WIDTH, sums);
    if (c < channels)
        add_gradient_rows(n, rows, x, dy, first, c, 1, channels - c, sums);
}

void ISA(batch_norm_gradients)(const kernels_batch_norm *norm, size_t rows, const float *x,
                               const float *dy, float *d_gamma, float *d_beta)
{
    for (size_t first = 0; first < norm->channels; first += CHANNELS) {
        const size_t channels = smaller_size(CHANNELS, norm->channels - first);
        gradient_sums sums = {0};
        for (size_t row = 0; row < rows; row += BLOCK_ROWS) {
            const size_t at = row * norm->stride + first;
            add_gradient_block(norm, smaller_size(BLOCK_ROWS, rows - row), x + at, dy + at, first,
                               channels, &sums);
        }
        for (size_t c = 0; c < channels; c++) {
            d_beta[first + c] = (float)sums.plain[c];
            d_gamma[first + c] = (float)(sums.product[c] * (double)norm->inverse[first + c]);
        }
    }
}

/* dx = scale (dy - d_beta / count - (x - mean) inverse d_gamma / count), the last two factors
 * being `plain` and `product`. */
SIMD_INLINE void input_gradient_lanes(const kernels_batch_norm *n, size_t channel, size_t lanes,
                                      const float *plain, const float *product, const float *x,
                                      const float *dy, float *dx)
{
    const transform t = load_transform(n, channel, lanes);
    const v_f32 d = v_sub(load_lanes(x, lanes), t.mean);
    const v_f32 g = load_gradient(dy, d, &t, n->relu, lanes);
    const v_f32 rest =
        v_fnma(d, load_lanes(product, lanes), v_sub(g, load_lanes(plain, lanes)));
    store_lanes(dx, v_mul(t.scale, rest), lanes);
}

void ISA(batch_norm_input_gradient)(const kernels_batch_norm *norm, size_t rows, size_t count,
                                    const float *x, const float *dy, const float *d_gamma,
                                    const float *d_beta, float *dx)
{
    float plain[CHANNELS], product[CHANNELS];
    for (size_t first = 0; first < norm->channels; first += CHANNELS) {
        const size_t channels = smaller_size(CHANNELS, norm->channels - first);
        for (size_t c = 0; c < channels; c++) {
            plain[c] = d_beta[first + c] / (float)count;
            product[c] = norm->inverse[first + c] * d_gamma[first + c] / (float)count;
        }
        for (size_t r = 0; r < rows; r++) {
            const size_t at = r * norm->stride + first;
            size_t c = 0;
            for (; c + V_WIDTH <= channels; c += V_WIDTH)
                input_gradient_lanes(norm, first + c, V_WIDTH, plain + c, product + c, x + at + c,
                                     dy + at + c, dx + at + c);
            if (c < channels)
                input_gradient_lanes(norm, first + c, channels - c, plain + c, product + c,
                                     x + at + c, dy + at + c, dx + at + c);
        }
    }
}
