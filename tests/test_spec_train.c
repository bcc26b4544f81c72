/* The training recipe of a spec: defaults and keys of each optimizer, what must hold with the rest
 * of the setting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "spec_probe.h"
#include "strbuf.h"

/* NETWORK stands in line 6, TRAIN's mapping begins in line 7, column 12. */
#define SPEC(network, train)                                                                       \
    "flipbench: 1\n"                                                                               \
    "name: base\n"                                                                                 \
    "settings:\n"                                                                                  \
    "  - name: one\n"                                                                              \
    "    dataset: {format: synthetic, generator: blobs}\n"                                         \
    "    network: " network "\n"                                                                   \
    "    train: " train "\n"                                                                       \
    "    validation: 5\n"                                                                          \
    "    budget: {initial: 10, query: 5, rounds: 2}\n"                                             \
    "strategies: [random]\n"

static void assert_double(double a, double b)
{
    assert_true(!(a < b) && !(a > b));
}

/* ---- what is read ---------------------------------------------------------------------------- */

static void assert_recipe(const nn_recipe *a, const nn_recipe *b)
{
    const double x[] = {a->learning_rate, a->beta1, a->beta2, a->epsilon, a->rho, a->momentum,
                        a->weight_decay, a->clip_norm, a->step_factor, a->stop_accuracy, a->c};
    const double y[] = {b->learning_rate, b->beta1, b->beta2, b->epsilon, b->rho, b->momentum,
                        b->weight_decay, b->clip_norm, b->step_factor, b->stop_accuracy, b->c};
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        assert_double(x[i], y[i]);
    assert_int_equal(a->optimizer, b->optimizer);
    assert_int_equal(a->nesterov, b->nesterov);
    assert_int_equal(a->schedule, b->schedule);
    assert_int_equal(a->batch, b->batch);
    assert_int_equal(a->epochs, b->epochs);
    assert_int_equal(a->keep, b->keep);
    assert_int_equal(a->stop_patience, b->stop_patience);
    assert_int_equal(a->crop_padding, b->crop_padding);
    assert_int_equal(a->flip, b->flip);
    assert_int_equal(a->balanced, b->balanced);
    assert_int_equal(a->class_weight_count, b->class_weight_count);
}

static void optimizers_have_their_defaults(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        nn_recipe recipe;
    } cases[] = {
        {SPEC("mlp", "{optimizer: adam}"),
         {.optimizer = NN_ADAM, .learning_rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999,
          .epsilon = 1e-7}},
        {SPEC("mlp", "{optimizer: adamw}"),
         {.optimizer = NN_ADAMW, .learning_rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999,
          .epsilon = 1e-7, .weight_decay = 0.01}},
        {SPEC("mlp", "{optimizer: sgd}"), {.optimizer = NN_SGD, .learning_rate = 1e-3}},
        {SPEC("mlp", "{optimizer: rmsprop}"),
         {.optimizer = NN_RMSPROP, .learning_rate = 1e-3, .rho = 0.9, .epsilon = 1e-7}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spec spec = probe_parse(cases[i].text);
        nn_recipe wanted = cases[i].recipe;
        wanted.batch = 32;
        wanted.epochs = 20;
        wanted.keep = NN_KEEP_LAST;
        assert_recipe(&spec.settings[0].recipe, &wanted);
        assert_false(spec.settings[0].warm);
        assert_int_equal(spec.settings[0].threads, 1);
        assert_int_equal(spec.settings[0].engine, NN_PORTABLE);
        spec_finish(&spec);
    }
}

static void linear_is_trained_to_convergence(void **state)
{
    (void)state;
    struct spec spec = probe_parse(SPEC("linear", "{C: 10, class_weights: balanced, threads: 2}"));
    const nn_recipe wanted = {.optimizer = NN_LBFGS, .c = 10, .balanced = true,
                              .keep = NN_KEEP_LAST};
    assert_recipe(&spec.settings[0].recipe, &wanted);
    assert_int_equal(spec.settings[0].threads, 2);
    spec_finish(&spec);
    char *bare = probe_replaced(SPEC("linear", "{}"), "    train: {}\n", "");
    spec = probe_parse(bare);
    assert_int_equal(spec.settings[0].recipe.optimizer, NN_LBFGS);
    assert_double(spec.settings[0].recipe.c, 1);
    spec_finish(&spec);
    fb_free(bare);
}

static const char every[] =
    SPEC("mlp", "{optimizer: sgd, learning_rate: 0.1, momentum: 0.9, nesterov: true,\n"
                "            weight_decay: 5e-4, clip_norm: 1.5, batch: 64, epochs: 7,\n"
                "            schedule: {step: {epochs: 3, factor: 0.2}}, keep: best-validation,\n"
                "            stop: {accuracy: 0.99, patience: 4}, start: warm, engine: blas,\n"
                "            class_weights: [1, 0.25, 3], augment: {crop: 4, flip: true},\n"
                "            threads: 8}");

static void reads_every_key(void **state)
{
    (void)state;
    struct spec spec = probe_parse(every);
    const spec_setting *setting = &spec.settings[0];
    const nn_recipe *recipe = &setting->recipe;
    static const double weights[] = {1, 0.25, 3};
    assert_int_equal(recipe->optimizer, NN_SGD);
    assert_double(recipe->momentum, 0.9);
    assert_true(recipe->nesterov);
    assert_double(recipe->weight_decay, 5e-4);
    assert_double(recipe->clip_norm, 1.5);
    assert_int_equal(recipe->schedule, NN_STEP);
    assert_int_equal(recipe->step_epochs, 3);
    assert_double(recipe->step_factor, 0.2);
    assert_double(recipe->stop_accuracy, 0.99);
    assert_int_equal(recipe->stop_patience, 4);
    assert_false(recipe->balanced);
    assert_int_equal(recipe->class_weight_count, 3);
    assert_memory_equal(recipe->class_weights, weights, sizeof weights);
    assert_int_equal(recipe->crop_padding, 4);
    assert_true(recipe->flip);
    assert_true(setting->warm);
    assert_int_equal(setting->engine, NN_BLAS);
    assert_int_equal(setting->threads, 8);
    spec_finish(&spec);
}

static void reads_schedules_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        nn_schedule schedule;
    } cases[] = {{"constant", NN_CONSTANT}, {"cosine", NN_COSINE}, {"one-cycle", NN_ONE_CYCLE}};
    for (size_t i = 0; i < 3; i++) {
        char *text = probe_replaced(SPEC("mlp", "{schedule: X}"), "X", cases[i].word);
        struct spec spec = probe_parse(text);
        assert_int_equal(spec.settings[0].recipe.schedule, cases[i].schedule);
        spec_finish(&spec);
        fb_free(text);
    }
}

/* ---- what is refused ------------------------------------------------------------------------- */

static const char pattern[] = SPEC("mlp", "X");

static const struct probe_mistake mistakes[] = {
    {"X", "{epoch: 3}", "7:13",
     "unknown key 'epoch' in train; known here: optimizer, learning_rate, beta1, beta2, epsilon, "
     "weight_decay, clip_norm, schedule, batch, epochs, keep, stop, start, class_weights, augment, "
     "engine, threads; did you mean 'epochs'?"},
    {"X", "3", "7:12", "train: expected a mapping with the keys optimizer, learning_rate, "},
    {"X", "{optimizer: sdg}", "7:24",
     "train.optimizer: expected one of adam, adamw, sgd, rmsprop (for network linear: lbfgs), "
     "found 'sdg'; did you mean 'sgd'?"},
    {"X", "{optimizer: lbfgs}", "7:24", "(for network linear: lbfgs), found 'lbfgs'"},
    {"X", "{learning_rate: fast}", "7:28",
     "train.learning_rate: expected a number above 0, found 'fast'"},
    {"X", "{learning_rate: 0}", "7:28", "found '0'"},
    {"X", "{learning_rate: .inf}", "7:28", "found '.inf'"},
    {"X", "{learning_rate: 0x1p-3}", "7:28", "found '0x1p-3'"},
    {"X", "{learning_rate: 1e}", "7:28", "found '1e'"},
    {"X", "{learning_rate: 1e999}", "7:28", "found '1e999'"},
    {"X", "{learning_rate: '1e-3'}", "7:28",
     "train.learning_rate: expected a number above 0, found the quoted text '1e-3'; remove the"},
    {"X", "{beta1: 1}", "7:20", "train.beta1: expected a number of at least 0 and below 1, found"},
    {"X", "{epsilon: 1e-31}", "7:22",
     "train.epsilon: expected a number of at least 1e-30, found '1e-31'"},
    {"X", "{batch: 0}", "7:20", "train.batch: expected an integer from 1 to 1000000, found '0'"},
    {"X", "{keep: best}", "7:19", "train.keep: expected one of last, best-validation, found"},
    {"X", "{engine: gpu}", "7:21", "train.engine: expected one of portable, blas, found 'gpu'"},
    {"X", "{start: hot}", "7:20", "train.start: expected one of cold, warm, found 'hot'"},
    {"X", "{threads: 0}", "7:22", "train.threads: expected an integer from 1 to 256, found '0'"},
    {"X", "{weight_decay: -1}", "7:27", "train.weight_decay: expected a number of at least 0"},
    {"X", "{clip_norm: 0}", "7:24", "train.clip_norm: expected a number above 0, found '0'"},
    /* keys of other optimizers */
    {"X", "{momentum: 0.9}", "7:13",
     "train.momentum: optimizer adam has no such key; it goes with sgd"},
    {"X", "{optimizer: sgd, beta1: 0.9}", "7:29",
     "train.beta1: optimizer sgd has no such key; it goes with adam, adamw"},
    {"X", "{rho: 0.9, optimizer: adamw}", "7:13",
     "train.rho: optimizer adamw has no such key; it goes with rmsprop"},
    {"X", "{optimizer: rmsprop, nesterov: true}", "7:33", "optimizer rmsprop has no such key"},
    {"X", "{C: 1}", "7:13",
     "train.C: optimizer adam has no such key; it goes with lbfgs (network linear)"},
    {"X", "{optimizer: sgd, nesterov: true}", "7:39",
     "train.nesterov: it needs a momentum above 0"},
    /* schedules */
    {"X", "{schedule: linear}", "7:23",
     "train.schedule: expected one of constant, cosine, one-cycle (or {step: {epochs: N, factor: "
     "F}}), found 'linear'"},
    {"X", "{schedule: [cosine]}", "7:23", "one-cycle (or {step: "},
    {"X", "{schedule: {steps: 3}}", "7:24", "unknown key 'steps' in train.schedule"},
    {"X", "{schedule: {}}", "7:23", "the key 'train.schedule.step.epochs' is missing"},
    {"X", "{schedule: {step: {epochs: 3}}}", "7:30",
     "the key 'train.schedule.step.factor' is missing"},
    {"X", "{schedule: {step: {epochs: 0, factor: 1}}}", "7:39", "train.schedule.step.epochs: exp"},
    {"X", "{schedule: {step: {epochs: 3, factor: 2}}}", "7:50",
     "train.schedule.step.factor: expected a number above 0 and at most 1, found '2'"},
    /* class weights, stop, augment */
    {"X", "{class_weights: equal}", "7:28",
     "train.class_weights: expected 'balanced' or a list of weights, one for each class, found"},
    {"X", "{class_weights: [1]}", "7:28", "one for each class, found a list"},
    {"X", "{class_weights: [1, 0]}", "7:32", "train.class_weights: expected a number of at"},
    {"X", "{stop: {accuracy: 1.1}}", "7:30",
     "train.stop.accuracy: expected a number above 0 and at most 1, found '1.1'"},
    {"X", "{stop: {patience: 0}}", "7:30", "train.stop.patience: expected an integer from 1"},
    {"X", "{stop: 0.99}", "7:19", "train.stop: expected a mapping with the keys accuracy, patie"},
    {"X", "{augment: {crop: -1}}", "7:29", "train.augment.crop: expected an integer from 0 to 256"},
    {"X", "{augment: {flip: 1}}", "7:29", "train.augment.flip: expected one of false, true"},
};

static void refuses_each_mistake_at_its_place(void **state)
{
    (void)state;
    probe_mistakes(pattern, mistakes, sizeof mistakes / sizeof mistakes[0]);
}

static void refuses_what_linear_does_not_do(void **state)
{
    (void)state;
    static const struct probe_mistake others[] = {
        {"X", "{optimizer: adam}", "7:24",
         "train.optimizer: expected lbfgs (network linear is trained to convergence), found"},
        {"X", "{epochs: 5}", "7:13",
         "train.epochs: optimizer lbfgs (network linear) has no such key; it goes with adam, "},
        {"X", "{C: 1, start: warm}", "7:19", "train.start: optimizer lbfgs (network linear) has"},
        {"X", "{C: 0}", "7:16", "train.C: expected a number above 0, found '0'"},
        {"X", "{c: 1}", "7:13",
         "unknown key 'c' in train; known here: optimizer, C, class_weights, engine, threads"},
    };
    probe_mistakes(SPEC("linear", "X"), others, sizeof others / sizeof others[0]);
}

static void rules_that_look_at_validation_need_some(void **state)
{
    (void)state;
    char *without = probe_replaced(pattern, "    validation: 5\n", "");
    static const struct probe_mistake others[] = {
        {"X", "{keep: best-validation}", "7:19",
         "train.keep needs validation samples; set 'validation' of the setting above 0, or keep"},
        {"X", "{stop: {patience: 3}}", "7:30", "train.stop.patience needs validation samples"},
    };
    probe_mistakes(without, others, sizeof others / sizeof others[0]);
    char *fine = probe_replaced(without, "X", "{stop: {accuracy: 0.99}}");
    struct spec spec = probe_parse(fine);
    spec_finish(&spec);
    fb_free(fine);
    fb_free(without);
}

/* ---- the resolved text ----------------------------------------------------------------------- */

static void writes_what_applies(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
    } cases[] = {
        {SPEC("linear", "{class_weights: [1, 2]}"), "  train:\n"
                                                    "    optimizer: lbfgs\n"
                                                    "    C: 1\n"
                                                    "    class_weights: [1, 2]\n"
                                                    "    engine: portable\n"
                                                    "    threads: 1\n"
                                                    "  budget:"},
        {SPEC("mlp", "{optimizer: rmsprop, stop: {}}"), "  train:\n"
                                                        "    optimizer: rmsprop\n"
                                                        "    learning_rate: 0.001\n"
                                                        "    rho: 0.9\n"
                                                        "    epsilon: 1e-07\n"
                                                        "    weight_decay: 0\n"
                                                        "    schedule: constant\n"
                                                        "    batch: 32\n"
                                                        "    epochs: 20\n"
                                                        "    keep: last\n"
                                                        "    start: cold\n"
                                                        "    augment:\n"},
        {every, "    optimizer: sgd\n"
                "    learning_rate: 0.1\n"
                "    momentum: 0.9\n"
                "    nesterov: true\n"
                "    weight_decay: 0.0005\n"
                "    clip_norm: 1.5\n"
                "    schedule:\n"
                "      step:\n"
                "        epochs: 3\n"
                "        factor: 0.2\n"
                "    batch: 64\n"
                "    epochs: 7\n"
                "    keep: best-validation\n"
                "    stop:\n"
                "      accuracy: 0.99\n"
                "      patience: 4\n"
                "    start: warm\n"
                "    class_weights: [1, 0.25, 3]\n"
                "    augment:\n"
                "      crop: 4\n"
                "      flip: true\n"
                "    engine: blas\n"
                "    threads: 8\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spec spec = probe_parse(cases[i].text);
        if (!strstr(spec.resolved, cases[i].written))
            fail_msg("%s\nlacks\n%s", spec.resolved, cases[i].written);
        spec_finish(&spec);
    }
}

static void recipes_read_back(void **state)
{
    (void)state;
    probe_reads_back(every);
    probe_reads_back(SPEC("mlp", "{}"));
    probe_reads_back(SPEC("linear", "{C: 0.1}"));
    probe_reads_back(SPEC("mlp", "{optimizer: adamw, schedule: one-cycle}"));
    probe_reads_back(SPEC("mlp", "{optimizer: rmsprop, class_weights: balanced}"));
}

static void the_grid_reaches_into_a_recipe(void **state)
{
    (void)state;
    struct spec spec = probe_parse(SPEC("mlp", "{schedule: {step: {epochs: 3, factor: 0.2}}}")
                                   "grid: {train.optimizer: [adam, sgd],\n"
                                   "       train.schedule.step.epochs: [1, 2]}\n");
    assert_int_equal(spec.setting_count, 4);
    assert_string_equal(spec.settings[3].name, "one optimizer=sgd epochs=2");
    assert_int_equal(spec.settings[3].recipe.optimizer, NN_SGD);
    assert_int_equal(spec.settings[3].recipe.step_epochs, 2);
    spec_finish(&spec);
}

static void survives_damage_and_short_memory(void **state)
{
    (void)state;
    probe_damage(every);
    probe_short_memory(every, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(optimizers_have_their_defaults),
        cmocka_unit_test(linear_is_trained_to_convergence),
        cmocka_unit_test(reads_every_key),
        cmocka_unit_test(reads_schedules_by_name),
        cmocka_unit_test(refuses_each_mistake_at_its_place),
        cmocka_unit_test(refuses_what_linear_does_not_do),
        cmocka_unit_test(rules_that_look_at_validation_need_some),
        cmocka_unit_test(writes_what_applies),
        cmocka_unit_test(recipes_read_back),
        cmocka_unit_test(the_grid_reaches_into_a_recipe),
        cmocka_unit_test(survives_damage_and_short_memory),
    };
    return cmocka_run_group_tests_name("spec_train", tests, NULL, NULL);
}
