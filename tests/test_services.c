/* The services of a trained network, and a plugin that asks for all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "alloc.h"
#include "host.h"
#include "kernels.h"
#include "plugin.h"
#include "services.h"

enum { TRAIN = 60, SIDE = 6, CLASSES = 3, POOL = 40, LABELED = 7, FEATURES = 4 };

/* An untrained network over random images; sample i's first feature is i. */
typedef struct fixture {
    uint8_t *pixels;
    float *features;
    uint32_t *pool, *labeled, *labels;
    nn_source source;
    nn_network *network, *member;
    size_t trained;       /* calls of train_member */
    size_t failing_member; /* 0: none */
    services services;
} fixture;

static nn_network *make_network(nn_engine engine)
{
    static const nn_network_spec spec = {
        .name = "small",
        .layer_count = 5,
        .layers = {{.kind = NN_CONV, .size = 4, .kernel = 3, .relu = true},
                   {.kind = NN_DROPOUT, .rate = 0.25},
                   {.kind = NN_DENSE, .size = 9, .relu = true},
                   {.kind = NN_DROPOUT, .rate = 0.5},
                   {.kind = NN_DENSE}},
    };
    nn_network *network = NULL;
    assert_int_equal(nn_create(&spec, (nn_shape){SIDE, SIDE, 1}, CLASSES, engine, &network, NULL),
                     0);
    return network;
}

static int train_member(void *context, size_t member, nn_network **ret_network, fb_error *err)
{
    fixture *f = context;
    f->trained++;
    if (member == f->failing_member)
        return fb_fail(err, FB_ENUMERIC, "the loss is not finite");
    nn_initialize(f->member, (fb_stream){100 + member});
    *ret_network = f->member;
    return FB_OK;
}

static void make(fixture *f, nn_engine engine)
{
    *f = (fixture){.pixels = fb_calloc(TRAIN * SIDE * SIDE, 1),
                   .features = fb_calloc(TRAIN * FEATURES, sizeof *f->features),
                   .pool = fb_calloc(POOL, sizeof *f->pool),
                   .labeled = fb_calloc(LABELED, sizeof *f->labeled),
                   .labels = fb_calloc(LABELED, sizeof *f->labels)};
    assert_true(f->pixels && f->features && f->pool && f->labeled && f->labels);
    for (size_t i = 0; i < TRAIN * SIDE * SIDE; i++)
        f->pixels[i] = (uint8_t)fb_stream_below((fb_stream){3}, 0, i, 256);
    for (size_t i = 0; i < TRAIN; i++)
        f->features[i * FEATURES] = (float)i;
    for (size_t i = 0; i < POOL; i++)
        f->pool[i] = (uint32_t)(i + LABELED + (i > 20));
    for (size_t i = 0; i < LABELED; i++) {
        f->labeled[i] = (uint32_t)i;
        f->labels[i] = (uint32_t)(i % CLASSES);
    }
    f->source = (nn_source){.shape = {SIDE, SIDE, 1}, .u8 = f->pixels, .count = TRAIN};
    f->network = make_network(engine);
    f->member = make_network(engine);
    nn_initialize(f->network, (fb_stream){5});
    f->services.in = (services_input){
        .network = f->network,
        .source = &f->source,
        .pool_ids = f->pool,
        .pool_count = POOL,
        .labeled_ids = f->labeled,
        .labels = f->labels,
        .labeled_count = LABELED,
        .features = f->features,
        .feature_count = FEATURES,
        .reference = {6},
        .monte_carlo = {7},
        .train_member = train_member,
        .member_context = f,
    };
}

static void release(fixture *f)
{
    services_finish(&f->services);
    nn_destroy(f->network);
    nn_destroy(f->member);
    fb_free(f->pixels);
    fb_free(f->features);
    fb_free(f->pool);
    fb_free(f->labeled);
    fb_free(f->labels);
}

static const float *take(fixture *f, const char *name, uint64_t count, const char *kind)
{
    fb_array array = {0};
    void *owned = NULL;
    fb_error err = {0};
    if (services_compute(&f->services, name, count, kind, &array, &owned, &err))
        fail_msg("%s: %s", name, err.text);
    assert_null(owned);
    assert_int_equal(array.dtype, FB_FLOAT32);
    return array.data;
}

static void refuse(fixture *f, const char *name, uint64_t count, const char *kind, int status,
                   const char *part)
{
    fb_array array = {0};
    void *owned = NULL;
    fb_error err = {0};
    assert_int_equal(services_compute(&f->services, name, count, kind, &array, &owned, &err),
                     status);
    if (!strstr(err.text, part))
        fail_msg("\"%s\" does not say \"%s\"", err.text, part);
    assert_null(array.data);
}

/* ---- one service after the other ------------------------------------------------------------ */

/* With either engine the head on the embeddings gives the bits of a whole pass. */
static void probabilities_are_the_same_after_embeddings(void **state)
{
    (void)state;
    static const nn_engine engines[] = {NN_PORTABLE, NN_BLAS};
    for (size_t e = 0; e < 2; e++) {
        fixture alone, behind;
        make(&alone, engines[e]);
        make(&behind, engines[e]);
        const float *p = take(&alone, "probabilities", 0, NULL);
        take(&behind, "embeddings", 0, NULL);
        assert_memory_equal(take(&behind, "probabilities", 0, NULL), p,
                            POOL * CLASSES * sizeof *p);
        release(&alone);
        release(&behind);
    }
}

static void what_is_there_is_not_computed_again(void **state)
{
    (void)state;
    fixture f;
    make(&f, NN_PORTABLE);
    assert_ptr_equal(take(&f, "embeddings", 0, NULL), take(&f, "representation", 0, "network"));
    assert_ptr_equal(take(&f, "labeled_embeddings", 0, NULL),
                     take(&f, "labeled_representation", 0, "network"));
    assert_ptr_equal(take(&f, "probabilities", 0, NULL), take(&f, "probabilities", 9, "any"));
    release(&f);
}

static void members_are_trained_when_they_are_asked_for(void **state)
{
    (void)state;
    const size_t size = POOL * CLASSES, bytes = size * sizeof(float);
    fixture f;
    make(&f, NN_PORTABLE);
    const float *p = take(&f, "probabilities", 0, NULL);
    assert_int_equal(f.trained, 0);
    const float *three = take(&f, "ensemble_probabilities", 3, NULL);
    assert_int_equal(f.trained, 2);
    assert_memory_equal(three, p, bytes);
    assert_memory_not_equal(three, three + size, bytes);
    assert_memory_not_equal(three + size, three + 2 * size, bytes);
    assert_ptr_equal(take(&f, "ensemble_probabilities", 2, NULL), three);
    const float *five = take(&f, "ensemble_probabilities", 5, NULL);
    assert_int_equal(f.trained, 4);
    assert_memory_equal(five, three, 3 * bytes); /* which is still there */

    float *expected = fb_calloc(size, sizeof *expected);
    assert_non_null(expected);
    nn_initialize(f.member, (fb_stream){104});
    assert_int_equal(nn_infer(f.member, &f.source, f.pool, POOL, NULL, expected, NULL), 0);
    kernels_log_softmax(POOL, CLASSES, expected, CLASSES, expected, CLASSES);
    kernels_exp(size, expected, expected);
    assert_memory_equal(five + 4 * size, expected, bytes);
    fb_free(expected);
    release(&f);
}

static void representations_are_rows_of_the_samples(void **state)
{
    (void)state;
    fixture f;
    make(&f, NN_PORTABLE);
    const float *features = take(&f, "representation", 0, "features");
    const float *labeled = take(&f, "labeled_representation", 0, "features");
    const float *inputs = take(&f, "representation", 0, "inputs");
    for (size_t i = 0; i < POOL; i++) {
        assert_true(features[i * FEATURES] == (float)f.pool[i]);
        for (size_t j = 0; j < SIDE * SIDE; j++)
            assert_true(inputs[i * SIDE * SIDE + j] ==
                        1.0f / 255.0f * (float)f.pixels[f.pool[i] * SIDE * SIDE + j]);
    }
    for (size_t i = 0; i < LABELED; i++)
        assert_true(labeled[i * FEATURES] == (float)f.labeled[i]);
    refuse(&f, "representation", 0, NULL, FB_EINVAL, "network, inputs or features, not ''");
    refuse(&f, "labeled_representation", 0, "pixels", FB_EINVAL, "not 'pixels'");
    f.services.in.features = NULL;
    refuse(&f, "representation", 0, "features", FB_ENOENT, "add 'features: FILE.npy'");
    release(&f);
}

static void impossible_requests_are_refused(void **state)
{
    (void)state;
    fixture f;
    make(&f, NN_PORTABLE);
    refuse(&f, "ensemble_probabilities", 1, NULL, FB_ERANGE, "expected 2 to 100 members, got 1");
    refuse(&f, "ensemble_probabilities", 101, NULL, FB_ERANGE, "got 101");
    refuse(&f, "mc_probabilities", 0, NULL, FB_ERANGE, "expected 1 to 100000 passes, got 0");
    refuse(&f, "reference_embeddings", TRAIN + 1, NULL, FB_ERANGE, "only 60 training samples");
    refuse(&f, "horoscope", 0, NULL, FB_ENOENT, "no service 'horoscope'");
    assert_int_equal(f.trained, 0);
    f.failing_member = 2;
    refuse(&f, "ensemble_probabilities", 4, NULL, FB_ENUMERIC, "ensemble member 2: the loss");
    f.failing_member = 0;
    take(&f, "ensemble_probabilities", 2, NULL);
    release(&f);
}

/* ---- all of them by a plugin ---------------------------------------------------------------- */

static int run_plugin(fixture *f, const char *representation, host_answer *ret_answer,
                      fb_error *err)
{
    const char *const names[] = {"representation"}, *const texts[] = {representation};
    const fb_round round = {.struct_size = sizeof round,
                            .pool_ids = f->pool,
                            .pool_count = POOL,
                            .batch = 2,
                            .labeled_count = LABELED,
                            .class_count = CLASSES};
    struct plugin *plugin = NULL;
    fb_value *values = NULL;
    if (plugin_open(TEST_PLUGIN_DIR "/services.so", &plugin, err))
        fail_msg("%s", err->text);
    const fb_strategy *strategy = plugin_find(plugin, "services");
    assert_int_equal(plugin_values(strategy, names, texts, 1, &values, err), 0);
    const host_call call = {.strategy = strategy,
                            .values = values,
                            .round = &round,
                            .provider = {&f->services, services_compute},
                            .stream = {1}};
    int rc = host_select(&call, ret_answer, err);
    fb_free(values);
    plugin_close(plugin);
    return rc;
}

static void a_plugin_gets_what_the_header_promises(void **state)
{
    (void)state;
    static const char *const kinds[] = {"network", "inputs", "features"};
    for (size_t i = 0; i < 3; i++) {
        fixture f;
        host_answer answer = {0};
        fb_error err = {0};
        make(&f, NN_PORTABLE);
        if (run_plugin(&f, kinds[i], &answer, &err))
            fail_msg("%s", err.text);
        assert_int_equal(f.trained, 2);
        assert_true(answer.service_seconds > 0);
        assert_int_equal(answer.record_count, 10);
        host_answer_finish(&answer);
        release(&f);
    }
}

static void infinite_features_name_their_sample(void **state)
{
    (void)state;
    fixture f;
    host_answer answer = {0};
    fb_error err = {0};
    make(&f, NN_PORTABLE);
    f.features[8 * FEATURES + 1] = (float)INFINITY; /* sample 8 is row 1 */
    assert_int_equal(run_plugin(&f, "features", &answer, &err), FB_ENUMERIC);
    assert_non_null(strstr(err.text, "service representation holds inf in row 1 (sample 8), as "
                                     "the features"));
    release(&f);
}

/* Every allocation of the services fails once. */
static void short_memory_is_an_error(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n++) {
        fixture f;
        fb_error err = {0};
        fb_array array;
        make(&f, NN_PORTABLE);
        fb_alloc_fail_at(n);
        void *owned = NULL;
        int rc = services_compute(&f.services, "embeddings", 0, NULL, &array, &owned, &err);
        if (!rc)
            rc = services_compute(&f.services, "ensemble_probabilities", 3, NULL, &array, &owned,
                                  &err);
        if (!rc)
            rc = services_compute(&f.services, "mc_probabilities", 3, NULL, &array, &owned, &err);
        if (!rc)
            rc = services_compute(&f.services, "reference_embeddings", 3, NULL, &array, &owned,
                                  &err);
        uint64_t made = fb_alloc_count();
        fb_alloc_fail_at(0);
        release(&f);
        if (made < n) {
            assert_int_equal(rc, 0);
            assert_true(n > 10);
            return;
        }
        assert_int_equal(rc, FB_ENOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probabilities_are_the_same_after_embeddings),
        cmocka_unit_test(what_is_there_is_not_computed_again),
        cmocka_unit_test(members_are_trained_when_they_are_asked_for),
        cmocka_unit_test(representations_are_rows_of_the_samples),
        cmocka_unit_test(impossible_requests_are_refused),
        cmocka_unit_test(a_plugin_gets_what_the_header_promises),
        cmocka_unit_test(infinite_features_name_their_sample),
        cmocka_unit_test(short_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
