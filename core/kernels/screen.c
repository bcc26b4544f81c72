/* SPDX-License-Identifier: 0BSD
 *
 * screen.c - the answers of a screen: products of a panel of rows with all heads, comparison,
 * and a second look at what is near. See kernels_screen.h for why the answers are right. */
#include "scratch.h"
#include "screen.h"

enum {
    ROWS = SCREEN_PANEL,
    HEADS = SCREEN_HEADS,
    WORD = 4 /* bytes that are multiplied at once */
};

/* ---- coarse products ------------------------------------------------------------------------ */

/* The sums of head h and class c with row r of a panel are at [(r * classes + c) * HEADS + h]. A
 * row's zero is taken off by starting there. */
static void multiply_plainly(const kernels_screen_rows *rows, const kernels_screen_heads *heads,
                             size_t first, int32_t *sums)
{
    const size_t depth = screen_depth(rows->inputs), classes = heads->classes;
    for (size_t r = 0; r < ROWS; r++) {
        int32_t *row_sums = sums + r * classes * HEADS;
        for (size_t i = 0; i < classes * HEADS; i++)
            row_sums[i] = -rows->zero * heads->sums[i];
        for (size_t k = 0; k < depth; k += WORD) {
            const uint8_t *x = rows->coarse + (first + r) * depth + k;
            const int8_t *q = heads->coarse + k * classes * HEADS;
            for (size_t i = 0; i < classes * HEADS; i++)
                for (size_t j = 0; j < WORD; j++)
                    row_sums[i] += x[j] * q[i * WORD + j];
        }
    }
}

#if defined(SIMD_AVX512)

/* AVX512-VNNI is no part of x86-64-v4. */
static bool has_byte_products(void)
{
    return __builtin_cpu_supports("avx512vnni");
}

/* sum += the products of 4 bytes a lane, of which y's are signed. The intrinsic makes gcc 12 write
 * all sums of a tile to memory at each step, at half the speed. */
#define ADD_BYTE_PRODUCTS(sum, x, y) __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(y))

/* `vectors` classes of all heads; `x` at the panel, `q` and `sums` at the first class. The panel's
 * fine integers are fetched meanwhile, a line at each step. */
SIMD_INLINE void multiply_tile(size_t vectors, size_t depth, size_t classes, const uint8_t *x,
                               const int8_t *q, const int32_t *start, int32_t zero,
                               const int16_t *fine, int32_t *sums)
{
    enum { LINE = 64 / sizeof *fine };

    __m512i sum[ROWS][4];
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        const __m512i begin = _mm512_mullo_epi32(_mm512_loadu_si512(start + v * HEADS),
                                                 _mm512_set1_epi32(-zero));
        SIMD_UNROLL
        for (size_t r = 0; r < ROWS; r++)
            sum[r][v] = begin;
    }
    for (size_t k = 0; k < depth; k += WORD, q += WORD * HEADS * classes) {
        SIMD_PREFETCH(fine + k / WORD * LINE);
        __m512i b[4];
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++)
            b[v] = _mm512_loadu_si512(q + v * WORD * HEADS);
        SIMD_UNROLL
        for (size_t r = 0; r < ROWS; r++) {
            int32_t word;
            memcpy(&word, x + r * depth + k, sizeof word);
            const __m512i a = _mm512_set1_epi32(word);
            SIMD_UNROLL
            for (size_t v = 0; v < vectors; v++)
                ADD_BYTE_PRODUCTS(sum[r][v], a, b[v]);
        }
    }
    SIMD_UNROLL
    for (size_t r = 0; r < ROWS; r++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++)
            _mm512_storeu_si512(sums + (r * classes + v) * HEADS, sum[r][v]);
    }
}

static void multiply(const kernels_screen_rows *rows, const kernels_screen_heads *heads,
                     size_t first, int32_t *sums)
{
    _Static_assert((int)HEADS == (int)V_WIDTH, "a vector holds the heads");
    if (!has_byte_products()) {
        multiply_plainly(rows, heads, first, sums);
        return;
    }
    const size_t depth = screen_depth(rows->inputs), classes = heads->classes;
    const uint8_t *x = rows->coarse + first * depth;
    const int16_t *fine = rows->fine + first * depth;
    for (size_t c = 0; c < classes;) {
        const int8_t *q = heads->coarse + c * WORD * HEADS;
        const int32_t *start = heads->sums + c * HEADS;
        int32_t *to = sums + c * HEADS;
        const size_t left = classes - c;
        if (left >= 4)
            multiply_tile(4, depth, classes, x, q, start, rows->zero, fine, to);
        else if (left >= 2)
            multiply_tile(2, depth, classes, x, q, start, rows->zero, fine, to);
        else
            multiply_tile(1, depth, classes, x, q, start, rows->zero, fine, to);
        c += left >= 4 ? 4 : left >= 2 ? 2 : 1;
    }
}

bool ISA(screen_fast)(void)
{
    return has_byte_products();
}

#else

#define multiply multiply_plainly

bool ISA(screen_fast)(void)
{
    return false;
}

#endif

/* ---- comparison ----------------------------------------------------------------------------- */

/* A row among the heads, with what is needed to compare it. */
typedef struct candidate {
    const kernels_screen_heads *heads;
    const kernels_screen_bound *bound;
    const int16_t *fine;
    const float *logits;
    const int32_t *sums; /* (C, HEADS) */
    size_t label;
} candidate;

/* A verdict: bits of the heads. */
typedef struct verdict {
    uint32_t differs, unsure;
} verdict;

/* By how much the largest logit of another class leads the label's, and what that can be off. */
static void compare(const candidate *row, float ret_lead[HEADS], float ret_error[HEADS])
{
    const kernels_screen_heads *heads = row->heads;
    const kernels_screen_bound *bound = row->bound;
    for (size_t h = 0; h < HEADS; h += V_WIDTH) {
        const v_f32 step = v_mul(v_set1(bound->coarse_step), v_load(heads->coarse_step + h));
        v_f32 own = v_set1(0.0f), best = v_set1(-INFINITY);
        for (size_t c = 0; c < heads->classes; c++) {
            const size_t at = c * HEADS + h;
            const v_f32 sum = v_from_int(v_load_int((const uint32_t *)row->sums + at));
            const v_f32 logit = v_fma(
                sum, step, v_add(v_set1(row->logits[c]), v_load(heads->shifts + at)));
            if (c == row->label)
                own = logit;
            else
                best = v_max(logit, best);
        }
        v_f32 error = v_fma(v_set1(bound->length), v_load(heads->slack + h),
                            v_set1(bound->drift));
        error = v_fma(v_set1(bound->coarse_error), v_load(heads->coarse_size + h), error);
        error = v_fma(v_set1(bound->norm), v_load(heads->coarse_error + h), error);
        v_store(ret_lead + h, v_sub(best, own));
        v_store(ret_error + h, error);
    }
}

/* A lead that is not a number is unsure. */
static verdict judge(const float lead[HEADS], const float error[HEADS])
{
    uint32_t differs = 0, keeps = 0;
    for (size_t h = 0; h < HEADS; h++) {
        differs |= (uint32_t)(lead[h] > error[h]) << h;
        keeps |= (uint32_t)(lead[h] < -error[h]) << h;
    }
    return (verdict){differs, ((1u << HEADS) - 1) & ~(differs | keeps)};
}

/* ---- a second look -------------------------------------------------------------------------- */

static float coarse_logit(const candidate *row, size_t h, size_t c)
{
    const size_t at = c * HEADS + h;
    const float step = row->bound->coarse_step * row->heads->coarse_step[h];
    return fmaf((float)row->sums[at], step, row->logits[c] + row->heads->shifts[at]);
}

/* 8 products of FINE_ROW and FINE_HEAD fit 31 bits. */
enum { ROW_HEAD_SAFE = 8 * 16 };
_Static_assert((int64_t)SCREEN_FINE_ROW * SCREEN_FINE_HEAD * 8 <= INT32_MAX, "lanes suffice");

static float fine_logit(const candidate *row, size_t h, size_t c)
{
    const kernels_screen_heads *heads = row->heads;
    const size_t depth = screen_depth(heads->inputs);
    const int16_t *q = heads->fine + (h * heads->classes + c) * depth;
    const int64_t sum = screen_dot(depth, ROW_HEAD_SAFE, row->fine, q);
    const float step = row->bound->fine_step * heads->fine_step[h];
    return fmaf((float)sum, step, row->logits[c] + heads->shifts[c * HEADS + h]);
}

/* The fine lead of those classes whose coarse logits are not certainly behind. */
static float fine_lead(const candidate *row, size_t h, float coarse_error)
{
    const float own = fine_logit(row, h, row->label), coarse_own = coarse_logit(row, h, row->label);
    float lead = -INFINITY;
    for (size_t c = 0; c < row->heads->classes; c++) {
        if (c == row->label || coarse_logit(row, h, c) - coarse_own < -coarse_error)
            continue;
        const float here = fine_logit(row, h, c) - own;
        lead = here > lead ? here : lead;
    }
    return lead;
}

static void look_again(const candidate *row, const float coarse_error[HEADS], verdict *v)
{
    const kernels_screen_heads *heads = row->heads;
    for (uint32_t rest = v->unsure; rest; rest &= rest - 1) {
        const size_t h = (size_t)__builtin_ctz(rest);
        float error = fmaf(row->bound->length, heads->slack[h], row->bound->drift);
        error = fmaf(row->bound->fine_error, heads->fine_size[h], error);
        error = fmaf(row->bound->norm, heads->fine_error[h], error);
        const float lead = error < INFINITY ? fine_lead(row, h, coarse_error[h]) : 0;
        if (lead > error)
            v->differs |= 1u << h;
        if (lead > error || lead < -error)
            v->unsure &= ~(1u << h);
    }
}

/* ---- all rows ------------------------------------------------------------------------------- */

int ISA(screen_run)(const kernels_screen_rows *rows, const kernels_screen_heads *heads,
                    size_t first, size_t count, uint16_t *differs, uint16_t *unsure)
{
    kernels_scratch *scratch = kernels_scratch_borrow();
    if (!scratch)
        return FB_ENOMEM;
    _Static_assert(ROWS * SCREEN_CLASSES_MAX * HEADS <= BLOCK_K * BLOCK_N, "a panel's sums fit");
    int32_t *sums = (int32_t *)(void *)scratch->right;
    const size_t depth = screen_depth(rows->inputs), classes = heads->classes;
    for (size_t panel = first; panel < first + count; panel += ROWS) {
        multiply(rows, heads, panel, sums);
        for (size_t i = panel; i < panel + ROWS && i < first + count; i++) {
            const candidate row = {
                .heads = heads,
                .bound = rows->bounds + i,
                .fine = rows->fine + i * depth,
                .logits = rows->logits + i * classes,
                .sums = sums + (i - panel) * classes * HEADS,
                .label = rows->labels[i],
            };
            float lead[HEADS], error[HEADS];
            compare(&row, lead, error);
            verdict v = judge(lead, error);
            if (v.unsure)
                look_again(&row, error, &v);
            differs[i] = (uint16_t)v.differs;
            unsure[i] = (uint16_t)v.unsure;
        }
    }
    kernels_scratch_return(scratch);
    return 0;
}
