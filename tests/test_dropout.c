/* Monte-Carlo dropout against the plain way, to the bit: the whole network, once for each pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "masked_dense.h"
#include "masked_reference.h"
#include "network.h"

enum { CLASSES = 3 };

typedef struct case_network {
    const char *name;
    nn_shape input;
    nn_layer_spec layers[8]; /* up to the head, a dense layer without a size */
} case_network;

#define DROPOUT(share) {.kind = NN_DROPOUT, .rate = (share)}
#define CONV(filters) {.kind = NN_CONV, .size = (filters), .kernel = 3, .same = true, .relu = true}
#define DENSE(units) {.kind = NN_DENSE, .size = (units), .relu = true}
#define POOL {.kind = NN_MAX_POOL}
#define NORM {.kind = NN_BATCH_NORM}
#define ADD(layer) {.kind = NN_ADD, .other = (layer)}
#define HEAD {.kind = NN_DENSE}

/* The samples of a case and what the network makes of them. */
typedef struct fixture {
    nn_network *network;
    nn_source source;
    float *x;
    size_t count, passes;
    fb_stream stream;
    float *got, *wanted; /* (passes, count, CLASSES) */
} fixture;

/* Running means and variances of no particular value; what else changes is as good as before. */
static void shake_state(nn_network *network)
{
    size_t count = nn_state_size(network);
    float *state = fb_calloc(count, sizeof *state);
    assert_non_null(state);
    nn_get_state(network, state);
    for (size_t i = 0; i < count; i++)
        state[i] = (state[i] < 0 ? -state[i] : state[i]) +
                   0.1f * (float)fb_stream_uniform((fb_stream){3}, 0, i);
    nn_set_state(network, state);
    fb_free(state);
}

static fixture make(const case_network *c, nn_engine engine, size_t count, size_t passes)
{
    const size_t size = nn_shape_size(c->input);
    fixture f = {.count = count, .passes = passes, .stream = {9}};
    nn_network_spec spec = {.name = "case"};
    bool head = false;
    for (const nn_layer_spec *layer = c->layers; !head; layer++) {
        head = layer->kind == NN_DENSE && layer->size == 0;
        spec.layers[spec.layer_count++] = *layer;
    }
    fb_error err = {0};
    if (nn_create(&spec, c->input, CLASSES, engine, &f.network, &err))
        fail_msg("%s: %s", c->name, err.text);
    nn_initialize(f.network, (fb_stream){1});
    shake_state(f.network);
    f.x = fb_calloc(count * size, sizeof *f.x);
    f.got = fb_calloc(passes * count * CLASSES, sizeof *f.got);
    f.wanted = fb_calloc(passes * count * CLASSES, sizeof *f.wanted);
    assert_true(f.x && f.got && f.wanted);
    for (size_t i = 0; i < count * size; i++)
        f.x[i] = (float)fb_stream_uniform((fb_stream){2}, 0, i);
    f.source = (nn_source){.shape = c->input, .f32 = f.x, .count = count};
    return f;
}

static void release(fixture *f)
{
    nn_destroy(f->network);
    fb_free(f->x);
    fb_free(f->got);
    fb_free(f->wanted);
}

static void put_probabilities(const fixture *f, size_t pass, size_t row, const float *logits)
{
    float *p = f->wanted + (pass * f->count + row) * CLASSES;
    kernels_log_softmax(1, CLASSES, logits, CLASSES, p, CLASSES);
    kernels_exp(CLASSES, p, p);
}

static layer_pass pass_number(const fixture *f, size_t pass)
{
    return network_pass(f->network, PASS_MONTE_CARLO, fb_stream_sub(f->stream, "pass", pass), 0);
}

/* All layers on one row, from the input to the logits. */
static void run_plainly(const fixture *f, size_t pass, size_t row)
{
    const layer_pass setting = pass_number(f, pass);
    const float *logits = NULL;
    samples_gather(&f->source, NULL, row, 1, f->network->input);
    assert_int_equal(network_forward(f->network, &setting, 0, f->network->layer_count, 1,
                                     f->network->input, &logits, NULL), 0);
    put_probabilities(f, pass, row, logits);
}

static void check(const fixture *f, const char *name)
{
    fb_error err = {0};
    if (nn_infer_dropout(f->network, &f->source, NULL, f->count, f->passes, f->stream, f->got,
                         &err))
        fail_msg("%s: %s", name, err.text);
    for (size_t i = 0; i < f->passes * f->count * CLASSES; i++)
        if (memcmp(&f->got[i], &f->wanted[i], sizeof *f->got) != 0)
            fail_msg("%s: pass %zu, sample %zu, class %zu: %.9g, expected %.9g", name,
                     i / CLASSES / f->count, i / CLASSES % f->count, i % CLASSES,
                     (double)f->got[i], (double)f->wanted[i]);
}

/* Wherever the first dropout lies, with anything but a dense layer behind it; with the blas engine
 * a dense layer too. OpenBLAS' products of one row have other bits than those of many: one chunk
 * of one row. */
static void repeating_a_part_is_repeating_all(void **state)
{
    (void)state;
    static const case_network cases[] = {
        {"input", {6, 5, 2}, {DROPOUT(.3), CONV(4), HEAD}},
        {"behind a pool", {8, 8, 1}, {CONV(16), CONV(16), POOL, DROPOUT(.25), CONV(16), POOL,
                                      DROPOUT(.25), HEAD}},
        {"twice", {1, 1, 20}, {DENSE(9), DROPOUT(.5), DROPOUT(.1), HEAD}},
        {"before a pool", {4, 4, 3}, {CONV(5), DROPOUT(.6), POOL, DENSE(7), DROPOUT(.5), HEAD}},
        {"none", {1, 1, 5}, {DENSE(4), HEAD}},
        {"batch norms", {6, 6, 1}, {CONV(4), NORM, DROPOUT(.2), CONV(4), NORM, HEAD}},
        {"inside a residual block", {4, 4, 3}, {CONV(3), NORM, DROPOUT(.3), CONV(3), ADD(1), HEAD}},
        {"around a dense layer", {1, 1, 12},
         {DENSE(9), DROPOUT(.3), DENSE(9), DENSE(9), ADD(2), HEAD}},
        {"beside a dense layer", {1, 1, 12},
         {DENSE(9), DENSE(9), {.kind = NN_DROPOUT, .rate = .3, .from = 1}, DENSE(9), ADD(2), HEAD}},
        {"before a dense layer", {1, 1, 40}, {DROPOUT(.25), DENSE(12), DROPOUT(.5), HEAD}},
    };
    enum { CASES = sizeof cases / sizeof *cases, PASSES = 5 };
    for (size_t i = 0; i < CASES; i++) {
        bool blas = i == CASES - 1;
        fixture f = make(&cases[i], blas ? NN_BLAS : NN_PORTABLE, blas ? 1 : 200, PASSES);
        assert_int_equal(network_reserve(f.network, 1, false, NULL), 0);
        for (size_t pass = 0; pass < PASSES; pass++)
            for (size_t row = 0; row < f.count; row++)
                run_plainly(&f, pass, row);
        check(&f, cases[i].name);
        release(&f);
    }
}

/* ---- before a dense layer ------------------------------------------------------------------- */

/* Which passes of the group keep which input. */
static void keep_patterns(const fixture *f, const masked_dense *product, size_t first_pass,
                          uint8_t *patterns)
{
    const size_t inputs = product->shape.inputs;
    uint8_t *keep = fb_calloc(inputs, sizeof *keep);
    assert_non_null(keep);
    memset(patterns, 0, inputs);
    for (size_t b = 0; b < product->shape.masks; b++) {
        const layer_pass setting = pass_number(f, first_pass + b);
        dropout_draw(product->dropout, &setting, 0, inputs, keep);
        for (size_t i = 0; i < inputs; i++)
            if (keep[i])
                patterns[i] = (uint8_t)(patterns[i] | 1 << b);
    }
    fb_free(keep);
}

/* One row under the passes of a group: evaluation up to the dropout, the sums by their definition,
 * the layers behind. */
static void run_group_plainly(const fixture *f, const masked_dense *product, size_t first_pass,
                              size_t row, const uint8_t *patterns)
{
    const nn_layer *dense = product->dense;
    const kernels_masked *m = &product->shape;
    const float scale = (float)(1.0 / (1.0 - product->dropout->spec.rate));
    const float *x = NULL, *logits = NULL;
    float sums[64][KERNELS_MASKS_MAX], y[64];
    const layer_pass evaluate = network_pass(f->network, PASS_EVALUATE, (fb_stream){0}, 0);
    assert_true(m->units <= 64);
    samples_gather(&f->source, NULL, row, 1, f->network->input);
    assert_int_equal(network_forward(f->network, &evaluate, 0, product->dropout->index, 1,
                                     f->network->input, &x, NULL), 0);
    for (size_t unit = 0; unit < m->units; unit++)
        masked_reference(m, patterns, x, dense->weights, unit, sums[unit]);
    for (size_t b = 0; b < m->masks && first_pass + b < f->passes; b++) {
        for (size_t unit = 0; unit < m->units; unit++) {
            y[unit] = scale * sums[unit][b] + dense->bias[unit];
            y[unit] = dense->spec.relu && y[unit] < 0 ? 0 : y[unit];
        }
        const layer_pass setting = pass_number(f, first_pass + b);
        assert_int_equal(network_forward(f->network, &setting, dense->index + 1,
                                         f->network->layer_count, 1, y, &logits, NULL), 0);
        put_probabilities(f, first_pass + b, row, logits);
    }
}

static void check_masked(const case_network *c, size_t count, size_t passes, size_t group)
{
    fixture f = make(c, NN_PORTABLE, count, passes);
    const nn_layer *dropout = &f.network->layers[network_first_dropout(f.network)];
    masked_dense product = {0};
    assert_int_equal(network_reserve(f.network, 1, false, NULL), 0);
    assert_int_equal(masked_dense_init(&product, dropout, dropout + 1, 1, NULL), 0);
    assert_int_equal(product.shape.masks, group);
    uint8_t *patterns = fb_calloc(product.shape.inputs, 1);
    assert_non_null(patterns);
    for (size_t pass = 0; pass < passes; pass += group) {
        keep_patterns(&f, &product, pass, patterns);
        for (size_t row = 0; row < count; row++)
            run_group_plainly(&f, &product, pass, row, patterns);
    }
    check(&f, c->name);
    fb_free(patterns);
    masked_dense_finish(&product);
    release(&f);
}

static void masked_products_have_the_described_bits(void **state)
{
    (void)state;
    static const case_network few = {"few inputs", {1, 1, 30},
                                     {DENSE(12), DROPOUT(.5), DENSE(5), DROPOUT(.5), HEAD}};
    static const case_network head = {"before the head", {4, 4, 2}, {CONV(3), DROPOUT(.2), HEAD}};
    static const case_network many = {"many inputs", {1, 1, 2100},
                                      {DROPOUT(.25), DENSE(33), DROPOUT(.5), HEAD}};
    check_masked(&few, 1100, 6, 4); /* more rows than at a time; half a group */
    check_masked(&head, 70, 3, 4);
    check_masked(&many, 3, 9, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeating_a_part_is_repeating_all),
        cmocka_unit_test(masked_products_have_the_described_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
