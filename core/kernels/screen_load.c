/* SPDX-License-Identifier: 0BSD
 *
 * screen_load.c - rows and heads as small integers, with bounds of what that costs. */
#include "screen.h"

enum { HEADS = SCREEN_HEADS, WORD = 4, UNIT = SCREEN_COARSE_UNIT };

/* Beyond LARGE a sum might overflow, and below SMALL a step's inverse: such a head is always
 * unsure, such a row is all rounding error. */
static const float LARGE = 1e15f, SMALL = 1e-30f;
static const double SUM_LARGE = 1e30;

/* Adding it rounds a number below 2^22 to the nearest integer, which is then in the low bits. */
static const float ROUNDER = 0x1.8p23f;

/* More than x by what few operations on floats may lose. */
static float rounded_up(double x)
{
    return (float)(x * (1 + 0x1p-20));
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* Of x less its integers times the step, the L2 norm. `q` holds integers times one. */
typedef struct rounding {
    float step, inverse;
    double error2;
} rounding;

static rounding start_rounding(float largest, float integers)
{
    if (largest < SMALL || largest > LARGE)
        return (rounding){0};
    return (rounding){.step = largest / integers, .inverse = integers / largest};
}

static int32_t round_number(rounding *r, float x)
{
    const float shifted = fmaf(x, r->inverse, ROUNDER);
    int32_t bits, base;
    memcpy(&bits, &shifted, sizeof bits);
    memcpy(&base, &ROUNDER, sizeof base);
    const double lost = (double)x - (double)r->step * (bits - base);
    r->error2 += lost * lost;
    return bits - base;
}

/* The common head's logits of x, and the drift. */
static float find_logits(const kernels_screen_rows *rows, const float *x, float *ret_logits)
{
    const size_t d = rows->inputs, classes = rows->classes;
    double sums[SCREEN_CLASSES_MAX], drifts[SCREEN_CLASSES_MAX], largest = 0;
    for (size_t c = 0; c < classes; c++) {
        sums[c] = (double)rows->bias[c];
        drifts[c] = 0;
    }
    /* The sums' own errors are below d 2^-53 times the sum of the products' magnitudes. */
    const double own = (double)d * 0x1p-28;
    for (size_t k = 0; k < d; k++) {
        const float *w = rows->weights + k * classes;
        for (size_t c = 0; c < classes; c++) {
            const double product = (double)x[k] * (double)w[c];
            sums[c] += product;
            drifts[c] += fabs(sums[c]) + own * fabs(product);
        }
    }
    for (size_t c = 0; c < classes; c++) {
        const double drift = 2.01 * drifts[c] + 16 * fabs(sums[c]);
        largest = drift > largest ? drift : largest;
        ret_logits[c] = (float)sums[c];
    }
    return largest <= SUM_LARGE ? rounded_up(0x1p-24 * largest + 1e-30) : INFINITY;
}

/* |(1, x)|, or infinity where sums might overflow. */
static float find_length(double norm2)
{
    return norm2 <= SUM_LARGE ? rounded_up(sqrt(1 + norm2)) : INFINITY;
}

void ISA(screen_load_row)(const kernels_screen_rows *rows, size_t row, const float *x)
{
    const size_t d = rows->inputs, depth = screen_depth(d);
    float largest = 0;
    for (size_t k = 0; k < d; k++)
        largest = fabsf(x[k]) > largest ? fabsf(x[k]) : largest;
    rounding coarse = start_rounding(largest, rows->zero ? 127 : 255);
    rounding fine = start_rounding(largest, SCREEN_FINE_ROW);
    double norm2 = 0;
    for (size_t k = 0; k < d; k++) {
        rows->coarse[row * depth + k] = (uint8_t)(rows->zero + round_number(&coarse, x[k]));
        rows->fine[row * depth + k] = (int16_t)round_number(&fine, x[k]);
        norm2 += (double)x[k] * (double)x[k];
    }
    rows->bounds[row] = (kernels_screen_bound){
        .norm = rounded_up(sqrt(norm2)),
        .drift = find_logits(rows, x, rows->logits + row * rows->classes),
        .length = find_length(norm2),
        .coarse_step = coarse.step,
        .coarse_error = rounded_up(sqrt(coarse.error2)),
        .fine_step = fine.step,
        .fine_error = rounded_up(sqrt(fine.error2)),
    };
}

double ISA(screen_steadiness)(const kernels_screen_rows *rows, const float *x, uint32_t label)
{
    float logits[SCREEN_CLASSES_MAX], best = -INFINITY;
    const double drift = (double)find_logits(rows, x, logits);
    const double length = (double)find_length(kernels_norm2(rows->inputs, x));
    for (size_t c = 0; c < rows->classes; c++)
        if (c != label && logits[c] > best)
            best = logits[c];
    const double steadiness = (fabs((double)logits[label] - (double)best) - drift) / length;
    return steadiness > 0 ? steadiness : 0;
}

/* ---- heads ---------------------------------------------------------------------------------- */

static float largest_change(size_t count, const float *a, const float *b)
{
    float lanes[V_WIDTH], largest = 0;
    v_f32 so_far = v_set1(0.0f);
    size_t i = 0;
    for (; i + V_WIDTH <= count; i += V_WIDTH) {
        const v_f32 change = v_sub(v_load(a + i), v_load(b + i));
        so_far = v_max(v_max(change, v_sub(v_set1(0.0f), change)), so_far);
    }
    v_store(lanes, so_far);
    for (size_t l = 0; l < V_WIDTH; l++)
        largest = lanes[l] > largest ? lanes[l] : largest;
    for (; i < count; i++)
        largest = fabsf(a[i] - b[i]) > largest ? fabsf(a[i] - b[i]) : largest;
    return largest;
}

/* out = the changes a - b times `inverse`, rounded; the rest of the last vector too. */
static void round_changes(size_t count, const float *a, const float *b, float inverse, int32_t *out)
{
    const v_f32 factor = v_set1(inverse), rounder = v_set1(ROUNDER);
    for (size_t i = 0; i < count; i += V_WIDTH) {
        float last[2][V_WIDTH] = {{0}};
        const float *from = a + i, *less = b + i;
        if (count - i < V_WIDTH) {
            memcpy(last[0], from, (count - i) * sizeof *from);
            memcpy(last[1], less, (count - i) * sizeof *less);
            from = last[0];
            less = last[1];
        }
        const v_f32 shifted = v_fma(v_sub(v_load(from), v_load(less)), factor, rounder);
        v_store_int((uint32_t *)out + i, v_sub_int(v_bits(shifted), v_bits(rounder)));
    }
}

enum { NUMBERS = 2048 }; /* changes that are rounded at once: whole words of inputs, all classes */
_Static_assert(NUMBERS / SCREEN_CLASSES_MAX >= WORD, "a word of inputs fits");

/* Splits integers into 256 coarse + rest; the sum of the coarse ones. */
static int32_t split(size_t count, const int32_t *whole, int8_t *coarse, int16_t *fine,
                     int16_t *rest)
{
    const uint32_t lift = 128; /* makes them positive for the shift */
    int32_t sum = 0;
    for (size_t j = 0; j < count; j++) {
        const uint32_t lifted = (uint32_t)whole[j] + lift * UNIT + UNIT / 2;
        const int32_t nearest = (int32_t)(lifted / UNIT) - (int32_t)lift;
        coarse[j] = (int8_t)nearest;
        fine[j] = (int16_t)whole[j];
        rest[j] = (int16_t)(whole[j] - UNIT * nearest);
        sum += nearest;
    }
    return sum;
}

/* Writes the integers of `count` inputs from input k on, a multiple of WORD, to head h. */
static void store_changes(kernels_screen_heads *heads, size_t h, size_t k, size_t count,
                          const int32_t *changes)
{
    const size_t classes = heads->classes, depth = screen_depth(heads->inputs);
    for (size_t c = 0; c < classes; c++) {
        const size_t row = (h * classes + c) * depth + k;
        int32_t column[NUMBERS];
        int8_t coarse[NUMBERS + WORD];
        for (size_t j = 0; j < count; j++)
            column[j] = changes[j * classes + c];
        heads->sums[c * HEADS + h] +=
            split(count, column, coarse, heads->fine + row, heads->rest + row);
        memset(coarse + count, 0, WORD);
        for (size_t j = 0; j < count; j += WORD)
            memcpy(heads->coarse + (k + j) * classes * HEADS + (c * HEADS + h) * WORD,
                   coarse + j, WORD);
    }
}

static void round_head(kernels_screen_heads *heads, size_t h, const float *weights, float inverse)
{
    int32_t changes[NUMBERS + V_WIDTH];
    const size_t d = heads->inputs, classes = heads->classes;
    const size_t together = NUMBERS / classes / WORD * WORD;
    for (size_t c = 0; c < classes; c++)
        heads->sums[c * HEADS + h] = 0;
    for (size_t k = 0; k < d; k += together) {
        const size_t count = d - k < together ? d - k : together;
        round_changes(count * classes, weights + k * classes, heads->weights + k * classes, inverse,
                      changes);
        store_changes(heads, h, k, count, changes);
    }
}

/* Largest distance of two rows (classes, depth) of integers; also the largest norm. */
static double largest_distance(size_t classes, size_t depth, const int16_t *rows, double *ret_norm)
{
    int64_t distance2 = 0, norm2 = 0, own[SCREEN_CLASSES_MAX];
    for (size_t a = 0; a < classes; a++) {
        const int16_t *x = rows + a * depth;
        own[a] = screen_dot(depth, SCREEN_DEPTH_UNIT, x, x);
        norm2 = own[a] > norm2 ? own[a] : norm2;
        for (size_t c = 0; c < a; c++) {
            const int64_t dot = screen_dot(depth, SCREEN_DEPTH_UNIT, x, rows + c * depth);
            const int64_t here = own[a] + own[c] - 2 * dot;
            distance2 = here > distance2 ? here : distance2;
        }
    }
    *ret_norm = sqrt((double)norm2);
    return sqrt((double)distance2);
}

void ISA(screen_load_head)(kernels_screen_heads *heads, size_t h, const float *weights,
                           const float *bias)
{
    const size_t d = heads->inputs, classes = heads->classes, depth = screen_depth(d);
    const float largest = largest_change(d * classes, weights, heads->weights);
    const bool usable = largest == 0 || (largest >= SMALL && largest <= LARGE);
    const double step = usable ? (double)(largest / SCREEN_FINE_HEAD) : 0;
    round_head(heads, h, usable ? weights : heads->weights,
               usable && largest > 0 ? SCREEN_FINE_HEAD / largest : 0);

    float low = INFINITY, high = -INFINITY;
    for (size_t c = 0; c < classes; c++) {
        const float shift = bias[c] - heads->bias[c];
        heads->shifts[c * HEADS + h] = shift;
        low = shift < low ? shift : low;
        high = shift > high ? shift : high;
    }

    /* Rounding takes at most 0.51 of a step off each number (0.5, and the errors of the product
     * with the inverse, 2^15 times 4 u), and so at most 1.02 sqrt(d) steps off a difference. */
    double norm, unused;
    const double half = 0.51 * sqrt((double)d) * step;
    const double size = step * largest_distance(classes, depth, heads->fine + h * classes * depth,
                                                &norm);
    const double rest = step * largest_distance(classes, depth, heads->rest + h * classes * depth,
                                                &unused);
    const double spread = (double)high - (double)low;
    const double far = fmax(fabs((double)low), fabs((double)high));
    const double change = step * norm + half + far;
    const double slack = (2.01 * (double)d + 64) * 0x1p-24 * change;
    heads->fine_step[h] = (float)step;
    heads->coarse_step[h] = (float)(UNIT * step);
    heads->fine_error[h] = rounded_up(2 * half);
    heads->fine_size[h] = rounded_up(size);
    heads->coarse_error[h] = rounded_up(rest + 2 * half);
    heads->coarse_size[h] = rounded_up(size + rest);
    heads->slack[h] = usable && change <= (double)LARGE ? rounded_up(slack) : INFINITY;
    heads->reach[h] = (double)heads->slack[h] +
                      (1 + 0x1p-20) * sqrt((size + 2 * half) * (size + 2 * half) + spread * spread);
}
