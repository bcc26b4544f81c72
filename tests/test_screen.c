/* The screen's answers against the chains of floats that they stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels_probe.h"
#include "kernels_screen.h"

enum { HEADS = KERNELS_SCREEN_HEADS, PANEL = KERNELS_SCREEN_PANEL };

/* Rows, a common head and heads near it, and all of them in a screen. */
typedef struct fixture {
    size_t rows, d, classes;
    float *x, *weights, *bias;
    float *heads; /* (HEADS, d C + C) */
    kernels_screen_rows screen_rows;
    kernels_screen_heads screen_heads;
    uint16_t *differs, *unsure;
} fixture;

static void *zeroed(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    assert_non_null(memory);
    return memory;
}

static fixture make(size_t rows, size_t d, size_t classes)
{
    const size_t padded = (rows + PANEL - 1) / PANEL * PANEL, depth = kernels_screen_depth(d);
    const size_t size = classes * HEADS;
    fixture f = {.rows = rows, .d = d, .classes = classes};
    f.x = random_floats(rows * d);
    f.weights = random_floats(d * classes);
    f.bias = random_floats(classes);
    f.heads = zeroed(HEADS, (d + 1) * classes * sizeof(float));
    f.screen_rows = (kernels_screen_rows){
        .inputs = d, .classes = classes, .weights = f.weights, .bias = f.bias, .zero = 128,
        .coarse = zeroed(padded, depth), .fine = zeroed(padded, depth * sizeof(int16_t)),
        .bounds = zeroed(padded, sizeof(kernels_screen_bound)),
        .logits = zeroed(padded, classes * sizeof(float)),
        .labels = zeroed(padded, sizeof(uint32_t))};
    f.screen_heads = (kernels_screen_heads){
        .inputs = d, .classes = classes, .weights = f.weights, .bias = f.bias,
        .coarse = zeroed(size, depth), .fine = zeroed(size, depth * sizeof(int16_t)),
        .rest = zeroed(size, depth * sizeof(int16_t)), .sums = zeroed(size, sizeof(int32_t)),
        .shifts = zeroed(size, sizeof(float))};
    f.differs = zeroed(rows, sizeof *f.differs);
    f.unsure = zeroed(rows, sizeof *f.unsure);
    return f;
}

static void finish(fixture *f)
{
    void *all[] = {f->x, f->weights, f->bias, f->heads, f->screen_rows.coarse,
                   f->screen_rows.fine, f->screen_rows.bounds, f->screen_rows.logits,
                   f->screen_rows.labels, f->screen_heads.coarse, f->screen_heads.fine,
                   f->screen_heads.rest, f->screen_heads.sums, f->screen_heads.shifts, f->differs,
                   f->unsure};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

static float *head(const fixture *f, size_t h)
{
    return f->heads + h * (f->d + 1) * f->classes;
}

/* The label by the chain. */
static uint32_t find_label(const fixture *f, size_t row, const float *weights, const float *bias)
{
    float best = 0;
    uint32_t label = 0;
    for (size_t c = 0; c < f->classes; c++) {
        float logit = bias[c];
        for (size_t k = 0; k < f->d; k++)
            logit = fmaf(f->x[row * f->d + k], weights[k * f->classes + c], logit);
        if (c == 0 || logit > best) {
            best = logit;
            label = (uint32_t)c;
        }
    }
    return label;
}

/* Each head is the common one plus random changes of up to `size`. */
static void perturb(fixture *f, float size)
{
    const size_t count = f->d * f->classes;
    for (size_t h = 0; h < HEADS; h++) {
        for (size_t e = 0; e < count; e++)
            head(f, h)[e] = f->weights[e] + size * random_float();
        for (size_t c = 0; c < f->classes; c++)
            head(f, h)[count + c] = f->bias[c] + size * random_float();
    }
}

/* Loads and runs; the labels are those of the common head, every seventh but another one. */
static void run(fixture *f)
{
    const size_t count = f->d * f->classes;
    for (size_t i = 0; i < f->rows; i++) {
        f->screen_rows.labels[i] = find_label(f, i, f->weights, f->bias);
        if (i % 7 == 6)
            f->screen_rows.labels[i] = (uint32_t)((f->screen_rows.labels[i] + 1) % f->classes);
        kernels_screen_load_row(&f->screen_rows, i, f->x + i * f->d);
    }
    for (size_t h = 0; h < HEADS; h++)
        kernels_screen_load_head(&f->screen_heads, h, head(f, h), head(f, h) + count);
    assert_int_equal(kernels_screen_run(&f->screen_rows, &f->screen_heads, 0, f->rows, f->differs,
                                        f->unsure), 0);
}

/* Every answer is the chains', and so is what steadiness promises; counts the unsure. */
static size_t check(const fixture *f, const char *isa)
{
    size_t unsure = 0;
    for (size_t i = 0; i < f->rows; i++) {
        const uint32_t label = f->screen_rows.labels[i];
        const double steadiness =
            kernels_screen_steadiness(&f->screen_rows, f->x + i * f->d, label);
        const bool own = find_label(f, i, f->weights, f->bias) == label;
        for (size_t h = 0; h < HEADS; h++) {
            const float *weights = head(f, h);
            const bool same =
                find_label(f, i, weights, weights + f->d * f->classes) == label;
            const bool differs = f->differs[i] >> h & 1, open = f->unsure[i] >> h & 1;
            if ((differs && (open || same)) || (!differs && !open && !same))
                fail_msg("%zu x %zu, row %zu, head %zu with %s: differs %d, unsure %d, same %d",
                         f->d, f->classes, i, h, isa, differs, open, same);
            if (steadiness > f->screen_heads.reach[h] && same != own)
                fail_msg("%zu x %zu, row %zu, head %zu with %s: steadiness %g, reach %g", f->d,
                         f->classes, i, h, isa, steadiness, f->screen_heads.reach[h]);
            unsure += open;
        }
    }
    return unsure;
}

/* Under each instruction set, with the same answers; gives the number of unsure ones. */
static size_t check_everywhere(fixture *f)
{
    uint64_t first = 0;
    size_t unsure = 0;
    EACH_ISA(isa) {
        run(f);
        unsure = check(f, *isa);
        uint64_t hash = hash_bytes(0, f->differs, f->rows * sizeof *f->differs);
        hash = hash_bytes(hash, f->unsure, f->rows * sizeof *f->unsure);
        if (isa == kernels_isas())
            first = hash;
        assert_true(hash == first);
    }
    assert_int_equal(kernels_use_isa(NULL, NULL), 0);
    return unsure;
}

static void answers_are_the_chains(void **state)
{
    (void)state;
    static const struct {
        size_t rows, d, classes;
    } shapes[] = {{1, 1, 1}, {13, 3, 2}, {20, 31, 3}, {25, 64, 10}, {12, 130, 17}, {9, 515, 5},
                  {7, 33, 130}};
    static const float sizes[] = {1e-6f, 1e-4f, 1e-2f, 1, 100};
    random_from(1);
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (size_t z = 0; z < sizeof sizes / sizeof *sizes; z++) {
            fixture f = make(shapes[s].rows, shapes[s].d, shapes[s].classes);
            for (size_t i = 0; z % 2 && i < f.rows * f.d; i++)
                f.x[i] = fmaxf(f.x[i], 0); /* as a ReLU leaves embeddings */
            f.screen_rows.zero = z % 2 ? 0 : 128;
            perturb(&f, sizes[z]);
            check_everywhere(&f);
            finish(&f);
        }
}

static void few_are_unsure(void **state)
{
    (void)state;
    random_from(2);
    fixture f = make(300, 128, 10);
    perturb(&f, 0.1f);
    EACH_ISA(isa) {
        run(&f);
        assert_true(check(&f, *isa) < f.rows * HEADS / 100);
    }
    assert_int_equal(kernels_use_isa(NULL, NULL), 0);
    finish(&f);
}

/* A product of two vectors of which one, `uneven`, is `part` of a step beyond integers, all to the
 * same side, so that what rounding loses adds up: the bounds are nearly met. Its first number sets
 * the step and meets a zero. The bias of class 1 makes its lead `offset`. */
static void set_worst_case(fixture *f, bool uneven_rows, double step, double part, double offset)
{
    const size_t d = f->d;
    memset(f->weights, 0, 2 * d * sizeof *f->weights);
    memset(f->bias, 0, 2 * sizeof *f->bias);
    memset(f->heads, 0, HEADS * (d + 1) * 2 * sizeof *f->heads);
    for (size_t h = 0; h < HEADS; h++) {
        float *weights = head(f, h);
        double sum = 0;
        for (size_t k = 0; k < d; k++) {
            const float uneven = (float)(k == 0 ? 1 : (3 + part) * step);
            f->x[k] = uneven_rows ? uneven : k > 0;
            weights[k * 2 + 1] = uneven_rows ? k > 0 : uneven;
            sum += (double)f->x[k] * (double)weights[k * 2 + 1];
        }
        weights[2 * d + 1] = (float)(offset - sum);
    }
}

static void bounds_hold_where_they_are_met(void **state)
{
    (void)state;
    static const double parts[] = {-0.49, -0.2, 0.2, 0.49};
    static const double row_steps[] = {1 / 255.0, 1 / 8191.0}; /* coarse, fine */
    static const double head_steps[] = {1 / 127.0, 1 / 32512.0};
    enum { D = 65, OFFSETS = 40 };
    fixture f = make(1, D, 2);
    f.screen_rows.zero = 0;
    size_t unsure = 0;
    for (size_t s = 0; s < 4; s++)
        for (size_t p = 0; p < 4; p++)
            for (int at = -OFFSETS; at <= OFFSETS; at++) {
                const double step = s < 2 ? row_steps[s] : head_steps[s - 2];
                set_worst_case(&f, s < 2, step, parts[p], at * step * D / OFFSETS);
                run(&f);
                unsure += check(&f, kernels_isa());
            }
    assert_true(unsure > 0); /* the bounds of the fine integers were met */
    finish(&f);
}

/* Chains in which small numbers vanish beside a large partial sum, so that class 0 wins them,
 * though class 1 has the larger exact logit. */
static void set_vanishing(fixture *f, size_t large, float small, float *weights, float *bias)
{
    for (size_t k = 0; k < f->d; k++) {
        f->x[k] = 1;
        weights[2 * k] = 0;
        weights[2 * k + 1] = k < large ? 1 : small;
    }
    bias[1] = 0;
    bias[0] = (float)((double)large + 0.5 * (double)small * (double)(f->d - large));
}

static void rounding_in_the_chains_is_bounded(void **state)
{
    (void)state;
    fixture f = make(1, 1025, 2); /* of the common head's */
    f.screen_rows.zero = 0;
    set_vanishing(&f, 1, 0x1p-25f, f.weights, f.bias);
    perturb(&f, 0);
    run(&f);
    check(&f, kernels_isa());
    assert_int_equal(f.unsure[0], UINT16_MAX);
    finish(&f);

    f = make(1, 12288, 2); /* of the changes */
    f.screen_rows.zero = 0;
    memset(f.weights, 0, f.d * 2 * sizeof *f.weights);
    memset(f.bias, 0, 2 * sizeof *f.bias);
    for (size_t h = 0; h < HEADS; h++)
        set_vanishing(&f, 4096, 7 / 32512.0f, head(&f, h), head(&f, h) + 2 * f.d);
    run(&f);
    check(&f, kernels_isa());
    assert_int_equal(f.unsure[0], UINT16_MAX);
    finish(&f);
}

static void ties_are_unsure(void **state)
{
    (void)state;
    random_from(3);
    fixture f = make(6, 200, 2);
    for (size_t k = 0; k < f.d; k++)
        f.weights[2 * k + 1] = f.weights[2 * k];
    f.bias[1] = f.bias[0];
    perturb(&f, 0);
    run(&f);
    for (size_t i = 0; i < f.rows; i++)
        assert_int_equal(f.unsure[i], UINT16_MAX);
    finish(&f);
}

static void extreme_numbers_are_unsure_or_right(void **state)
{
    (void)state;
    static const float scales[] = {0, 1e-38f, 1e-31f, 1e-20f, 1e10f, 1e20f, 1e37f};
    enum { SCALES = sizeof scales / sizeof *scales };
    random_from(4);
    for (size_t a = 0; a < SCALES; a++)
        for (size_t b = 0; b < SCALES; b++) {
            fixture f = make(7, 40, 4);
            for (size_t i = 0; i < f.rows * f.d; i++)
                f.x[i] *= scales[a];
            for (size_t e = 0; e < f.d * f.classes && a + b < SCALES; e++)
                f.weights[e] *= scales[SCALES - 1 - b];
            perturb(&f, scales[b]);
            check_everywhere(&f);
            finish(&f);
        }
}

static void screens_have_their_sizes(void **state)
{
    (void)state;
    assert_int_equal(kernels_screen_depth(1), 32);
    assert_int_equal(kernels_screen_depth(512), 512);
    assert_true(kernels_screen_fits(65536, 512));
    assert_false(kernels_screen_fits(65537, 2));
    assert_false(kernels_screen_fits(10, 513));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_the_chains),
        cmocka_unit_test(few_are_unsure),
        cmocka_unit_test(bounds_hold_where_they_are_met),
        cmocka_unit_test(rounding_in_the_chains_is_bounded),
        cmocka_unit_test(ties_are_unsure),
        cmocka_unit_test(extreme_numbers_are_unsure_or_right),
        cmocka_unit_test(screens_have_their_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
