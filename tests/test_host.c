#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "alloc.h"
#include "checksum.h"
#include "describe.h"
#include "descriptor.h"
#include "fpmode.h"
#include "host.h"
#include "kernels.h"
#include "plugin.h"
#include "probe.h"

static void plugin_path(const char *name, char *out, size_t size)
{
    snprintf(out, size, "%s/%s.so", TEST_PLUGIN_DIR, name);
}

static void assert_says(const fb_error *err, const char *part)
{
    if (!strstr(err->text, part))
        fail_msg("\"%s\" does not say \"%s\"", err->text, part);
}

/* ---- opening -------------------------------------------------------------------------------- */

static void broken_plugins_are_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *name, *reason;
    } broken[] = {
        {"missing_library", "libflipbench_absent.so: cannot open"},
        {"no_symbol", "no symbol flipbench_plugin"},
        {"wrong_magic", "magic number"},
        {"newer_major", "plugin ABI 2.2"},
        {"newer_minor", "plugin ABI 1.3"},
        {"short_struct", "fb_plugin of"},
        {"null_get", "count and get must not be NULL"},
        {"null_entry", "get(0) gives no strategy"},
        {"duplicate_id", "two strategies with the id duplicate-id"},
        {"short_strategy", "sizeof(fb_strategy)"},
        {"bad_service", "lists the service 'horoscope', which this host does not know"},
        {"service_without_need", "mc_probabilities without FB_NEEDS_DROPOUT"},
        {"bad_file", "list_file has the name of a file's path"},
        {"bad_id", "needs an id of up to"},
        {"no_select", "lacks its function select"},
        {"bad_preset", "parameter count is 11; expected an integer from 1 to 10"},
        {"fail_load", "init failed with -1 (out of memory)"},
        {"fast_math", "floating-point mode when it is loaded"},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        char path[512];
        struct plugin *plugin = NULL;
        fb_error err = {0};
        uint64_t mode = fpmode_get();
        plugin_path(broken[i].name, path, sizeof path);
        assert_int_equal(plugin_open(path, &plugin, &err), FB_EPLUGIN);
        assert_int_equal(err.status, FB_EPLUGIN);
        assert_null(plugin);
        assert_says(&err, path);
        assert_says(&err, broken[i].reason);
        assert_true(fpmode_get() == mode);
    }
}

static void a_missing_file_is_refused(void **state)
{
    (void)state;
    struct plugin *plugin = NULL;
    fb_error err = {0};
    assert_int_equal(plugin_open("no/such.so", &plugin, &err), FB_ENOENT);
    assert_says(&err, "no/such.so");
}

static struct plugin *open_test_plugin(const char *name)
{
    char path[512];
    struct plugin *plugin = NULL;
    fb_error err = {0};
    plugin_path(name, path, sizeof path);
    if (plugin_open(path, &plugin, &err) != FB_OK)
        fail_msg("%s", err.text);
    return plugin;
}

static void what_a_strategy_asks_for_is_known_since_abi_1_2(void **state)
{
    (void)state;
    struct plugin *older = open_test_plugin("older_minor");
    struct plugin *silent = open_test_plugin("works");
    struct plugin *newer = open_test_plugin("undeclared_service");
    assert_null(descriptor_services(plugin_strategy(older, 0)));
    assert_null(descriptor_services(plugin_strategy(silent, 0)));
    const char *const *services = descriptor_services(plugin_strategy(newer, 0));
    assert_string_equal(services[0], "probabilities");
    assert_null(services[1]);
    plugin_close(older);
    plugin_close(silent);
    plugin_close(newer);
}

/* ---- one round ------------------------------------------------------------------------------ */

/* The sub-pool 10, 20, ..., 60 and a batch of 3. */
static const uint32_t pool_ids[6] = {10, 20, 30, 40, 50, 60};
static const fb_round test_round = {
    .struct_size = sizeof test_round,
    .pool_ids = pool_ids,
    .pool_count = 6,
    .batch = 3,
    .class_count = 4,
};

/* Services: "probabilities" (6, 4), borrowed and misaligned; "embeddings" with an infinity in row
 * 4; "labels" with a class that there is none of. Counts its calls. */
typedef struct fake_services {
    int calls;
    float numbers[64];
    uint32_t labels[2];
} fake_services;

static int fake_compute(void *context, const char *name, uint64_t count, const char *kind,
                        fb_array *ret_array, void **ret_owned, fb_error *err)
{
    fake_services *fake = context;
    (void)count;
    (void)kind;
    *ret_owned = NULL;
    fake->calls++;
    *ret_array = (fb_array){.struct_size = sizeof *ret_array, .dtype = FB_FLOAT32, .ndim = 2,
                            .shape = {6, 4}};
    for (size_t i = 0; i < 64; i++)
        fake->numbers[i] = (float)i;
    ret_array->data = fake->numbers + 1;
    if (strcmp(name, "embeddings") == 0)
        fake->numbers[1 + 4 * 4 + 2] = INFINITY;
    else if (strcmp(name, "labels") == 0)
        *ret_array = (fb_array){.struct_size = sizeof *ret_array, .data = fake->labels,
                                .dtype = FB_UINT32, .ndim = 1, .shape = {2}};
    else if (strcmp(name, "probabilities") != 0)
        return fb_fail(err, FB_ENOENT, "this run has no service '%s'", name);
    return FB_OK;
}

static int select_with(const char *name, int want_scores, host_answer *ret_answer, fb_error *err)
{
    struct plugin *plugin = open_test_plugin(name);
    const fb_strategy *strategy = plugin_strategy(plugin, 0);
    fake_services fake = {0};
    fb_value *values = NULL;
    assert_int_equal(plugin_values(strategy, NULL, NULL, 0, &values, err), 0);
    host_call call = {
        .strategy = strategy,
        .values = values,
        .round = &test_round,
        .provider = {&fake, fake_compute},
        .stream = {1},
        .want_scores = want_scores,
    };
    int rc = host_select(&call, ret_answer, err);
    fb_free(values);
    plugin_close(plugin);
    return rc;
}

static void a_working_plugin_is_answered(void **state)
{
    (void)state;
    host_answer answer = {0};
    fb_error err = {0};
    if (select_with("works", 1, &answer, &err) != FB_OK)
        fail_msg("%s", err.text);
    assert_memory_equal(answer.ids, pool_ids, 3 * sizeof *pool_ids);
    assert_null(answer.scores);
    assert_true(answer.query_seconds >= 0 && answer.service_seconds == 0);
    host_answer_finish(&answer);
}

static void wrong_answers_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int status;
        const char *reason;
    } broken[] = {
        {"out_of_range", FB_EPLUGIN, "sample 61 at rank 0, which is not in the sub-pool"},
        {"repeated_id", FB_EPLUGIN, "sample 10 twice, again at rank 2"},
        {"too_few", FB_EPLUGIN, "asked for 3 samples and left rank 2 unwritten"},
        {"nan_scores", FB_EPLUGIN, "score of sample 60 (row 5)"},
        {"rounding", FB_EPLUGIN, "changed the floating-point mode in select"},
        {"positive_return", FB_EPLUGIN, "select returned 1"},
        {"no_reason", FB_EINVAL, "select returned -2 (invalid argument) and gave no reason"},
        {"changes_inputs", FB_EPLUGIN, "changed the service probabilities"},
        {"unknown_service", FB_ENOENT, "no service 'horoscope'"},
        {"undeclared_service", FB_EPLUGIN, "the service 'labels', which is not among"},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        host_answer answer = {0};
        fb_error err = {0};
        uint64_t mode = fpmode_get();
        assert_int_equal(select_with(broken[i].name, 1, &answer, &err), broken[i].status);
        assert_null(answer.ids);
        assert_says(&err, "strategy ");
        assert_says(&err, broken[i].reason);
        assert_true(fpmode_get() == mode);
    }
}

static void a_checksum_shows_every_change(void **state)
{
    (void)state;
    enum { MOST = 19 }; /* two steps of all lanes, and a rest */
    uint32_t numbers[MOST] = {0};
    for (size_t count = 1; count <= MOST; count++) {
        uint64_t before = checksum_of(numbers, count);
        for (size_t i = 0; i < MOST; i++) {
            numbers[i] ^= 0x80000000;
            if (i < count)
                assert_true(checksum_of(numbers, count) != before);
            else
                assert_true(checksum_of(numbers, count) == before);
            numbers[i] ^= 0x80000000;
        }
    }
}

/* Runs a plugin in a child that has a second; gives the signal that ended it. */
static int signal_of(const char *name)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        host_answer answer = {0};
        fb_error err = {0};
        struct sigaction plain = {.sa_handler = SIG_DFL};
        sigaction(SIGSEGV, &plain, NULL);
        sigaction(SIGALRM, &plain, NULL);
        alarm(1);
        select_with(name, 0, &answer, &err);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void crashes_and_hangs_stay_in_their_process(void **state)
{
    (void)state;
    assert_int_equal(signal_of("crash_create"), SIGSEGV);
    assert_int_equal(signal_of("crash_select"), SIGSEGV);
    assert_int_equal(signal_of("hang_select"), SIGALRM);
    assert_int_equal(signal_of("works"), 0);
}

/* ---- callbacks ------------------------------------------------------------------------------ */

/* Every way to cut 0 .. 24 gives the numbers that one call gives. */
static int check_random(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    enum { N = 25, FAR = 3000 };
    uint32_t bits[N], some_bits[N];
    double uniform[N], some_uniform[N];
    float normal[N], some_normal[N], *many = host->alloc(host, FAR, sizeof *many);
    host->random_bits(host, 3, 9, 0, N, bits);
    host->random_uniform(host, 3, 9, 0, N, uniform);
    host->random_normal(host, 3, 9, 0, N, normal);
    for (size_t first = 0; first < N; first++) {
        for (size_t count = 0; first + count <= N; count++) {
            host->random_bits(host, 3, 9, first, count, some_bits);
            host->random_uniform(host, 3, 9, first, count, some_uniform);
            host->random_normal(host, 3, 9, first, count, some_normal);
            assert_memory_equal(some_bits, bits + first, count * sizeof *bits);
            assert_memory_equal(some_uniform, uniform + first, count * sizeof *uniform);
            assert_memory_equal(some_normal, normal + first, count * sizeof *normal);
        }
    }
    host->random_normal(host, 3, 9, 0, FAR, many); /* more than the host makes at once */
    host->random_normal(host, 3, 9, FAR - 7, 7, some_normal);
    assert_memory_equal(some_normal, many + FAR - 7, 7 * sizeof *many);
    host->random_bits(host, 9, 3, 0, N, some_bits);
    assert_memory_not_equal(some_bits, bits, sizeof bits);
    for (size_t i = 0; i < N; i++)
        assert_true(uniform[i] >= 0 && uniform[i] < 1);
    return 0;
}

static void random_numbers_belong_to_their_element(void **state)
{
    (void)state;
    fb_error err = {0};
    if (probe_run(check_random, NULL, 4, 7, NULL, NULL, &err) != 0)
        fail_msg("%s", err.text);
}

/* The numbers are those of the strategy's stream, with stream and draw as the two halves of its
 * draw. */
static int check_stream(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    const fb_stream *stream = argument;
    uint32_t bits[6], expected[6];
    float normal[6], expected_normal[6];
    host->random_bits(host, 2, 5, 0, 6, bits);
    host->random_normal(host, 2, 5, 0, 6, normal);
    fb_stream_bits(*stream, UINT64_C(0x200000005), 0, 6, expected);
    kernels_normal(6, expected, expected_normal);
    assert_memory_equal(bits, expected, sizeof bits);
    assert_memory_equal(normal, expected_normal, sizeof normal);
    return 0;
}

static void random_numbers_come_from_the_stream(void **state)
{
    (void)state;
    fb_stream stream = fb_stream_make(7, FB_STREAM_STRATEGY, NULL, 0);
    fb_error err = {0};
    assert_int_equal(probe_run(check_stream, &stream, 4, 7, NULL, NULL, &err), 0);
}

static int take_twice(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    const fake_services *fake = argument;
    fb_request request = {.struct_size = sizeof request, .name = "probabilities"};
    fb_array first = {0}, second = {0};
    int rc = host->get(host, &request, &first);
    if (!rc)
        rc = host->get(host, &request, &second);
    assert_int_equal(rc, 0);
    assert_int_equal(fake->calls, 1);
    assert_ptr_equal(first.data, second.data);
    assert_int_equal((uintptr_t)first.data % 64, 0);
    assert_int_equal(first.strides[0], 16);
    assert_int_equal(first.strides[1], 4);
    assert_true(((const float *)first.data)[23] == 24);
    request.count = 5; /* another request is computed anew */
    rc = host->get(host, &request, &second);
    assert_int_equal(fake->calls, 2);
    return rc;
}

static void services_are_computed_once_and_aligned(void **state)
{
    (void)state;
    fake_services fake = {0};
    host_provider provider = {&fake, fake_compute};
    host_answer answer = {0};
    fb_error err = {0};
    assert_int_equal(probe_run(take_twice, &fake, 6, 1, &provider, &answer, &err), 0);
    assert_true(answer.service_seconds > 0);
    host_answer_finish(&answer);
}

static int take(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    fb_request request = {.struct_size = sizeof request, .name = argument};
    fb_array array = {0};
    int rc = host->get(host, &request, &array);
    assert_null(array.data);
    return rc;
}

static void services_that_are_not_finite_are_refused(void **state)
{
    (void)state;
    fake_services fake = {.labels = {0, 1000}};
    host_provider provider = {&fake, fake_compute};
    fb_error err = {0};
    char embeddings[] = "embeddings", labels[] = "labels";
    assert_int_equal(probe_run(take, embeddings, 6, 1, &provider, NULL, &err), FB_ENUMERIC);
    assert_says(&err, "service embeddings holds inf in row 4 (sample 4)");
    assert_int_equal(probe_run(take, labels, 6, 1, &provider, NULL, &err), FB_ERANGE);
    assert_says(&err, "service labels holds 1000 in row 1");
}

static void count_items(void *argument, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++)
        ((int *)argument)[i]++;
}

static int use_the_rest(const fb_host *host, const fb_round *round, void *argument)
{
    (void)round;
    (void)argument;
    int seen[10] = {0};
    host->parallel_for(host, 10, 3, count_items, seen);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(seen[i], 1);
    host->record(host, "a", 1);
    host->record(host, "b", 2);
    host->record(host, "a", 3);
    host->log(host, "nobody listens");
    assert_int_equal(host->cancelled(host), 0);
    unsigned char *memory = host->alloc(host, 100, 3);
    assert_non_null(memory);
    assert_int_equal((uintptr_t)memory % 64, 0);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(memory[i], 0);
    assert_null(host->alloc(host, SIZE_MAX, 2));
    return 0;
}

static void records_loops_and_memory(void **state)
{
    (void)state;
    host_answer answer = {0};
    fb_error err = {0};
    assert_int_equal(probe_run(use_the_rest, NULL, 4, 1, NULL, &answer, &err), 0);
    assert_int_equal(answer.record_count, 2);
    assert_true(probe_record(&answer, "a") == 3);
    assert_true(probe_record(&answer, "b") == 2);
    host_answer_finish(&answer);
}

/* Every allocation of a round fails once; each time the round fails cleanly. */
static void a_round_survives_the_lack_of_memory(void **state)
{
    (void)state;
    struct plugin *plugin = open_test_plugin("works");
    host_call call = {
        .strategy = plugin_strategy(plugin, 0),
        .round = &test_round,
        .provider = {NULL, fake_compute},
    };
    for (uint64_t n = 1;; n++) {
        host_answer answer = {0};
        fb_error err = {0};
        fb_alloc_fail_at(n);
        int rc = host_select(&call, &answer, &err);
        uint64_t made = fb_alloc_count();
        fb_alloc_fail_at(0);
        host_answer_finish(&answer);
        if (made < n) {
            assert_int_equal(rc, 0);
            assert_true(n > 1);
            break;
        }
        assert_int_equal(rc, FB_ENOMEM);
    }
    plugin_close(plugin);
}

/* ---- parameters and the catalogue ----------------------------------------------------------- */

static void values_are_presets_and_what_was_given(void **state)
{
    (void)state;
    struct plugin *plugin = open_test_plugin("parameters");
    const fb_strategy *strategy = plugin_find(plugin, "parameters");
    const char *const names[] = {"count", "shape"}, *const texts[] = {"-5", "box"};
    const char *const unknown[] = {"colour"}, *const wrong[] = {"11"}, *const text[] = {"3x"};
    const char *const shape[] = {"shape"}, *const slip[] = {"bal"};
    fb_value *values = NULL;
    fb_error err = {0};
    assert_non_null(strategy);
    assert_int_equal(plugin_values(strategy, names, texts, 2, &values, &err), 0);
    assert_int_equal(values[0].i, -5);
    assert_true(values[1].f == 0.1);
    assert_int_equal(values[2].i, 1);
    assert_string_equal(values[3].s, "box");
    fb_free(values);
    values = NULL;
    assert_int_equal(plugin_values(strategy, unknown, wrong, 1, &values, &err), FB_EINVAL);
    assert_says(&err, "no parameter 'colour'");
    assert_int_equal(plugin_values(strategy, names, wrong, 1, &values, &err), FB_ERANGE);
    assert_says(&err, "count is 11; expected an integer from -5 to 10");
    assert_int_equal(plugin_values(strategy, names, text, 1, &values, &err), FB_EINVAL);
    assert_says(&err, "count is '3x'; expected an integer");
    assert_int_equal(plugin_values(strategy, shape, slip, 1, &values, &err), FB_EINVAL);
    assert_says(&err, "expected one of ball, box; did you mean 'ball'?");
    assert_null(values);
    plugin_close(plugin);
}

static void the_catalogue_describes_strategies(void **state)
{
    (void)state;
    char works[512], parameters[512], hint[256];
    struct catalog catalog = {0};
    fb_error err = {0};
    plugin_path("works", works, sizeof works);
    plugin_path("parameters", parameters, sizeof parameters);
    const char *const paths[] = {works, parameters, works}; /* a file named twice is one plugin */
    if (catalog_build(paths, 3, &catalog, &err) != FB_OK)
        fail_msg("%s", err.text);
    assert_non_null(catalog_find(&catalog, "works"));
    assert_non_null(catalog_find(&catalog, "ldm-s")); /* by FLIPBENCH_PLUGIN_PATH */
    assert_null(catalog_find(&catalog, "wroks"));
    assert_string_equal(catalog_suggest(&catalog, "wroks", hint, sizeof hint),
                        " (did you mean works?)");
    for (size_t i = 1; i < catalog.count; i++)
        assert_true(strcmp(catalog.strategies[i - 1].id, catalog.strategies[i].id) < 0);

    const catalog_strategy *strategy = catalog_find(&catalog, "parameters");
    assert_non_null(strategy);
    assert_int_equal(strategy->param_count, 4);
    assert_int_equal(strategy->algo_version, 1);
    assert_null(strategy->deviations);
    assert_string_equal(strategy->params[1].preset, "0.1");
    assert_string_equal(strategy->params[3].choices[1], "box");
    assert_null(strategy->params[3].choices[2]);
    char *text = NULL;
    assert_int_equal(catalog_check_param(strategy, "share", "1e-1", &text, &err), 0);
    assert_string_equal(text, "0.1");
    fb_free(text);
    text = NULL;
    assert_int_equal(catalog_check_param(strategy, "quick", "yes", &text, &err), FB_EINVAL);
    assert_says(&err, "quick is 'yes'; expected true or false");
    assert_int_equal(catalog_check_param(strategy, "share", "2", &text, &err), FB_ERANGE);
    assert_int_equal(catalog_check_param(strategy, "share", "nan", &text, &err), FB_EINVAL);
    assert_null(text);
    catalog_finish(&catalog);
}

static void the_catalogue_names_the_file_that_is_broken(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int status;
        const char *reason;
    } broken[] = {
        {"crash_load", FB_EPLUGIN, "crashes when it is loaded: signal 11"},
        {"exit_load", FB_EPLUGIN, "gave no description"},
        {"hang_load", FB_ETIMEOUT, "within 300 ms"},
        {"bad_preset", FB_EPLUGIN, "expected an integer from 1 to 10"},
        {"fast_math", FB_EPLUGIN, "floating-point mode"},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        char path[512];
        json_t *described = NULL;
        fb_error err = {0};
        plugin_path(broken[i].name, path, sizeof path);
        assert_int_equal(describe_plugin(path, 300, &described, &err), broken[i].status);
        assert_null(described);
        assert_says(&err, path);
        assert_says(&err, broken[i].reason);
    }
}

static void an_id_found_twice_is_an_error(void **state)
{
    (void)state;
    char path[512];
    plugin_path("ldm_s_power_1", path, sizeof path); /* its id is ldm-s, as the build's own */
    const char *const paths[] = {path};
    struct catalog catalog = {0};
    fb_error err = {0};
    assert_int_equal(catalog_build(paths, 1, &catalog, &err), FB_ECONFLICT);
    assert_says(&err, path);
    assert_says(&err, "ldm-s.so");
    assert_null(catalog.strategies);
}

static void a_plugin_path_that_is_missing_is_an_error(void **state)
{
    (void)state;
    struct catalog catalog = {0};
    fb_error err = {0};
    const char *before = getenv("FLIPBENCH_PLUGIN_PATH");
    char *kept = fb_strdup(before ? before : "");
    setenv("FLIPBENCH_PLUGIN_PATH", "/no/such/folder", 1);
    assert_int_equal(catalog_build(NULL, 0, &catalog, &err), FB_ENOENT);
    setenv("FLIPBENCH_PLUGIN_PATH", kept, 1);
    fb_free(kept);
    assert_says(&err, "FLIPBENCH_PLUGIN_PATH");
    assert_says(&err, "/no/such/folder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_plugins_are_refused_with_a_reason),
        cmocka_unit_test(a_missing_file_is_refused),
        cmocka_unit_test(what_a_strategy_asks_for_is_known_since_abi_1_2),
        cmocka_unit_test(a_working_plugin_is_answered),
        cmocka_unit_test(wrong_answers_are_refused),
        cmocka_unit_test(a_checksum_shows_every_change),
        cmocka_unit_test(crashes_and_hangs_stay_in_their_process),
        cmocka_unit_test(random_numbers_belong_to_their_element),
        cmocka_unit_test(random_numbers_come_from_the_stream),
        cmocka_unit_test(services_are_computed_once_and_aligned),
        cmocka_unit_test(services_that_are_not_finite_are_refused),
        cmocka_unit_test(records_loops_and_memory),
        cmocka_unit_test(a_round_survives_the_lack_of_memory),
        cmocka_unit_test(values_are_presets_and_what_was_given),
        cmocka_unit_test(the_catalogue_describes_strategies),
        cmocka_unit_test(the_catalogue_names_the_file_that_is_broken),
        cmocka_unit_test(an_id_found_twice_is_an_error),
        cmocka_unit_test(a_plugin_path_that_is_missing_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
