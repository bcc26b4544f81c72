/* BADGE against runs of an independent k-means++ on gradient embeddings that are written out.
 *
 * Their R' = 20,000 runs (tests/golden) and our R = 20,000 (fixed seeds, so the verdict never
 * changes by itself) chose sample i in the shares p'_i and p_i. z_i = (p_i - p'_i) / sqrt(p (1 - p)
 * (1/R + 1/R')) with the pooled p is nearly normal for the samples with a pooled p > 1 % that are
 * not always chosen. When both come from one distribution, one of the two tests fails by chance
 * with a probability of at most 1e-4:
 *
 * (a) the largest |z_i| of at most 300 samples exceeds 5.24: Bonferroni's bound, 300 * 2 (1 -
 *     Phi(5.24)) = 5e-5, holds under any dependence;
 *
 * (b) Q = sum z_i^2 over k samples, a quadratic form of a nearly normal vector, exceeds what
 *     corresponds to the standard normal value 3.89, 1 - Phi(3.89) = 5e-5. Q has mean k and
 *     variance 2 S, S = sum_ij rho_ij^2, with the correlations rho_ij of "i was chosen" and "j was
 *     chosen" within a run, estimated from ours. It is taken for g chi^2 with h degrees of freedom,
 *     g = S/k, h = k^2/S (Satterthwaite), and (Q/(g h))^(1/3) for normal with the mean 1 - 2/(9h)
 *     and variance 2/(9h) (Wilson & Hilferty).
 *
 * A plugin that draws in proportion to the distance instead of its square must fail. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "strategy_probe.h"

enum { RUNS = 20000, CASES = 2 };
#define LARGEST_BOUND 5.24
#define QUADRATIC_BOUND 3.89

static const struct {
    const char *name;
    size_t batch;
} cases[CASES] = {{"case-a", 15}, {"case-c", 12}};

/* softmax(P W + b), plainly. */
static float *new_probabilities(const npy_array *pool, const npy_array *weights,
                                const npy_array *bias)
{
    const size_t n = pool->shape[0], d = pool->shape[1], classes = bias->count;
    float *p = fb_calloc(n * classes, sizeof *p);
    double *e = fb_calloc(classes, sizeof *e);
    assert_true(p && e);
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t c = 0; c < classes; c++) {
            double logit = (double)bias->f32[c];
            for (size_t k = 0; k < d; k++)
                logit += (double)pool->f32[i * d + k] * (double)weights->f32[k * classes + c];
            e[c] = exp(logit);
            sum += e[c];
        }
        for (size_t c = 0; c < classes; c++)
            p[i * classes + c] = (float)(e[c] / sum);
    }
    fb_free(e);
    return p;
}

/* The choices of many runs, (RUNS, batch); free with fb_free. */
static uint32_t *new_choices(size_t at, const char *plugin)
{
    npy_array pool = golden_floats(GOLDEN_DIR, cases[at].name, "pool_embeddings");
    npy_array weights = golden_floats(GOLDEN_DIR, cases[at].name, "head_weights");
    npy_array bias = golden_floats(GOLDEN_DIR, cases[at].name, "head_bias");
    float *probabilities = new_probabilities(&pool, &weights, &bias);
    const probe_service services[] = {
        {.name = "embeddings", .data = pool.f32, .shape = {pool.shape[0], pool.shape[1]}},
        {.name = "probabilities", .data = probabilities, .shape = {pool.shape[0], bias.count}},
        {0},
    };
    const strategy_probe probe = {.plugin = plugin, .n = pool.shape[0], .batch = cases[at].batch,
                                  .classes = bias.count, .services = services};
    uint32_t *ids = fb_calloc(RUNS * probe.batch, sizeof *ids);
    fb_error err = {0};
    assert_non_null(ids);
    if (strategy_probe_repeat(&probe, RUNS, ids, &err) != 0)
        fail_msg("%s", err.text);
    fb_free(probabilities);
    npy_finish(&pool);
    npy_finish(&weights);
    npy_finish(&bias);
    return ids;
}

/* In how many runs two samples were chosen together, (n, n); on the diagonal, one. */
static uint32_t *new_pairs(const uint32_t *ids, size_t batch, size_t n)
{
    uint32_t *pairs = fb_calloc(n * n, sizeof *pairs);
    assert_non_null(pairs);
    for (size_t run = 0; run < RUNS; run++)
        for (size_t i = 0; i < batch; i++)
            for (size_t j = 0; j < batch; j++)
                pairs[ids[run * batch + i] * n + ids[run * batch + j]]++;
    return pairs;
}

/* The correlation of two samples' indicators; 0 for one that never varies. */
static double correlation(const uint32_t *pairs, size_t n, size_t i, size_t j)
{
    double p = pairs[i * n + i] / (double)RUNS, q = pairs[j * n + j] / (double)RUNS;
    double variance = p * (1 - p) * q * (1 - q);
    return variance > 0 ? (pairs[i * n + j] / (double)RUNS - p * q) / sqrt(variance) : 0;
}

typedef struct verdict {
    double largest, quadratic;
} verdict;

static verdict compare(const uint32_t *pairs, const npy_array *theirs)
{
    const size_t n = theirs->count;
    double *z = fb_calloc(n, sizeof *z), q = 0, s = 0;
    size_t *tested = fb_calloc(n, sizeof *tested), k = 0;
    verdict v = {0};
    assert_true(z && tested && n <= 300);
    for (size_t i = 0; i < n; i++) {
        double p = pairs[i * n + i] / (double)RUNS, their = (double)theirs->f32[i];
        double pooled = (p + their) / 2, variance = pooled * (1 - pooled) * 2 / RUNS;
        if (pooled <= 0.01 || pooled >= 1)
            continue;
        z[i] = (p - their) / sqrt(variance);
        v.largest = fmax(v.largest, fabs(z[i]));
        q += z[i] * z[i];
        tested[k++] = i;
    }
    assert_true(k > n / 2);
    for (size_t a = 0; a < k; a++)
        for (size_t b = 0; b < k; b++)
            s += pow(correlation(pairs, n, tested[a], tested[b]), 2);
    double h = (double)k * (double)k / s;
    v.quadratic = (cbrt(q / (double)k) - (1 - 2 / (9 * h))) / sqrt(2 / (9 * h));
    fb_free(z);
    fb_free(tested);
    return v;
}

static verdict verdict_of(size_t at, const char *plugin, const char *what)
{
    npy_array theirs = golden_floats(GOLDEN_DIR, cases[at].name, "badge_inclusion");
    uint32_t *ids = new_choices(at, plugin);
    uint32_t *pairs = new_pairs(ids, cases[at].batch, theirs.count);
    verdict v = compare(pairs, &theirs);
    print_message("# %s, %s: largest |z| %.2f (bound %.2f), sum z^2 %.2f (bound %.2f)\n",
                  cases[at].name, what, v.largest, LARGEST_BOUND, v.quadratic, QUADRATIC_BOUND);
    fb_free(ids);
    fb_free(pairs);
    npy_finish(&theirs);
    return v;
}

static void choices_are_those_of_outside_runs(void **state)
{
    (void)state;
    for (size_t at = 0; at < CASES; at++) {
        verdict right = verdict_of(at, STRATEGY_DIR "/badge.so", "badge");
        assert_true(right.largest <= LARGEST_BOUND);
        assert_true(right.quadratic <= QUADRATIC_BOUND);
    }
}

static void a_wrong_power_is_told(void **state)
{
    (void)state;
    for (size_t at = 0; at < CASES; at++) {
        verdict wrong = verdict_of(at, TEST_PLUGIN_DIR "/badge_power_1.so", "power 1");
        assert_true(wrong.largest > LARGEST_BOUND);
        assert_true(wrong.quadratic > QUADRATIC_BOUND);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices_are_those_of_outside_runs),
        cmocka_unit_test(a_wrong_power_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
