/* test_updates.c - the optimisers' steps, under every instruction set: against the same rules in
 * double, and against what every compiler and machine has to give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernels_probe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- the optimisers' steps, against the same rules in double -----------------------------------
 */

typedef struct twin {
    double w, first, second; /* weight, first moment or velocity, mean square */
} twin;

static void adam_in_double(const kernels_adam_step *s, double g, twin *t)
{
    double *w = &t->w, *m = &t->first, *v = &t->second;
    g += (double)s->decay * *w;
    *w -= (double)s->shrink * *w;
    *m = s->beta1 * *m + (1 - s->beta1) * g;
    *v = s->beta2 * *v + (1 - s->beta2) * g * g;
    *w -= (double)s->learning_rate * *m / (sqrt(*v) + (double)s->epsilon);
}

static void sgd_in_double(const kernels_sgd_step *s, double g, twin *t)
{
    g += (double)s->decay * t->w;
    t->first = (double)s->momentum * t->first + g;
    double step = s->nesterov ? g + (double)s->momentum * t->first : t->first;
    t->w -= (double)s->learning_rate * step;
}

static void rmsprop_in_double(const kernels_rmsprop_step *s, double g, twin *t)
{
    g += (double)s->decay * t->w;
    t->second = s->rho * t->second + (1 - s->rho) * g * g;
    t->w -= (double)s->learning_rate * g / (sqrt(t->second) + (double)s->epsilon);
}

/* One of the three; the others are NULL. */
typedef struct update_case {
    const kernels_adam_step *adam;
    const kernels_sgd_step *sgd;
    const kernels_rmsprop_step *rmsprop;
} update_case;

static const update_case UPDATES[] = {
    {.adam = &(kernels_adam_step){1e-3f, 0.9, 0.999, 1e-7f, 0, 0}},
    {.adam = &(kernels_adam_step){1e-2f, 0.5, 0.9, 1e-3f, 0.1f, 0}},
    {.adam = &(kernels_adam_step){1e-2f, 0, 0.99, 1e-7f, 0, 0.05f}},
    {.sgd = &(kernels_sgd_step){0.1f, 0, 0, false}},
    {.sgd = &(kernels_sgd_step){0.1f, 0.9f, 0, false}},
    {.sgd = &(kernels_sgd_step){0.1f, 0.9f, 0.05f, true}},
    {.rmsprop = &(kernels_rmsprop_step){1e-3f, 0.9, 1e-7f, 0}},
    {.rmsprop = &(kernels_rmsprop_step){1e-2f, 0.99, 1e-3f, 0.1f}},
};

static void run_update(const update_case *c, size_t count, const float *g, float *w, float *first,
                       float *second)
{
    if (c->adam)
        kernels_adam(count, c->adam, g, w, first, second);
    else if (c->sgd)
        kernels_sgd(count, c->sgd, g, w, first);
    else
        kernels_rmsprop(count, c->rmsprop, g, w, second);
}

static void update_in_double(const update_case *c, double g, twin *t)
{
    if (c->adam)
        adam_in_double(c->adam, g, t);
    else if (c->sgd)
        sgd_in_double(c->sgd, g, t);
    else
        rmsprop_in_double(c->rmsprop, g, t);
}

static void check_update(const update_case *c, size_t count)
{
    enum { STEPS = 5 };
    float *g[STEPS], *start = random_floats(count), *bits = NULL;
    for (size_t t = 0; t < STEPS; t++)
        g[t] = random_floats(count);
    EACH_ISA(name) {
        float *w = guarded(count), *first = guarded(count), *second = guarded(count);
        memcpy(w, start, count * sizeof *w);
        memset(first, 0, count * sizeof *first);
        memset(second, 0, count * sizeof *second);
        for (size_t t = 0; t < STEPS; t++)
            run_update(c, count, g[t], w, first, second);
        for (size_t i = 0; i < count; i++) {
            twin want = {.w = (double)start[i]};
            for (size_t t = 0; t < STEPS; t++)
                update_in_double(c, (double)g[t][i], &want);
            assert_near((double)w[i], want.w, 1e-6, "weight");
            assert_near((double)first[i], want.first, 1e-6, "first moment");
            assert_near((double)second[i], want.second, 1e-6 * want.second, "mean square");
        }
        if (bits)
            assert_same_bits(w, bits, count, "update");
        else
            memcpy(bits = guarded(count), w, count * sizeof *w);
        release(w, count);
        release(first, count);
        release(second, count);
    }
    for (size_t t = 0; t < STEPS; t++)
        free(g[t]);
    free(start);
    release(bits, count);
}

static void updates(void **state)
{
    (void)state;
    random_from(7);
    for (size_t i = 0; i < sizeof UPDATES / sizeof *UPDATES; i++) {
        for (size_t count = 1; count <= 40; count++)
            check_update(&UPDATES[i], count);
        check_update(&UPDATES[i], 1000);
    }
}

/* The same for what came later: the optimisers' steps and the cosine. */
static void golden_updates(void **state)
{
    (void)state;
    enum { COUNT = 100, STEPS = 3 };
    random_from(10);
    float *start = random_floats(COUNT), *g = random_floats(STEPS * COUNT);
    EACH_ISA(name) {
        uint64_t h = 0xcbf29ce484222325u;
        for (size_t i = 0; i < sizeof UPDATES / sizeof *UPDATES; i++) {
            float w[COUNT], first[COUNT] = {0}, second[COUNT] = {0};
            memcpy(w, start, sizeof w);
            for (size_t t = 0; t < STEPS; t++)
                run_update(&UPDATES[i], COUNT, g + t * COUNT, w, first, second);
            h = hash_bytes(h, w, sizeof w);
            h = hash_bytes(h, first, sizeof first);
            h = hash_bytes(h, second, sizeof second);
        }
        for (size_t i = 0; i < 1000; i++) {
            double y = kernels_cos_pi_double((double)i / 800);
            h = hash_bytes(h, &y, sizeof y);
        }
        print_message("# %s: %016llx\n", *name, (unsigned long long)h);
        assert_true(h == 0x9f3a45a76b6893e8u);
    }
    free(start);
    free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates),
        cmocka_unit_test(golden_updates),
    };
    return cmocka_run_group_tests_name("updates", tests, NULL, NULL);
}
