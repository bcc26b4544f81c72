/* Resolved specs of shards put together: what the union has, what is refused, memory that runs
 * short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "spec_probe.h"

#define HEAD(trials) "flipbench: 1\nname: shards\nseed: 3\ntrials: " trials "\nsettings:\n"
#define SETTING(name, rounds, reference)                                                           \
    "  - name: " name "\n"                                                                         \
    "    dataset: {format: synthetic, generator: blobs}\n"                                         \
    "    network: mlp\n"                                                                           \
    "    budget: {initial: 10, query: 5, rounds: " rounds "}\n"                                    \
    "    reference: " reference "\n"

static const char first[] = HEAD("{first: 2, count: 3}") SETTING("one", "3", "none")
    SETTING("two", "all", "full") "strategies: [random, {use: bald, passes: 20, label: B}]\n";
static const char second[] = HEAD("{first: 7, count: 1}") SETTING("three", "1", "none")
    SETTING("two", "9", "none") SETTING("one", "4", "full")
    "strategies: [{use: bald, label: other, passes: 20}, {use: bald, passes: 30}, margin, random]\n";

static int unite(const char *a, const char *b, char **ret_text, fb_error *err)
{
    const char *const names[] = {"a", "b"}, *const texts[] = {a, b};
    return spec_unite(names, texts, 2, ret_text, err);
}

static struct spec united(const char *a, const char *b)
{
    char *text = NULL;
    fb_error err = {0};
    if (unite(a, b, &text, &err))
        fail_msg("%s", err.text);
    struct spec spec = probe_parse(text);
    assert_string_equal(spec.resolved, text); /* nothing is left to resolve */
    fb_free(text);
    return spec;
}

static void the_union_has_everything(void **state)
{
    (void)state;
    static const char *const settings[] = {"one", "two", "three"};
    static const char *const strategies[] = {"random", "bald", "bald", "margin"};
    struct spec spec = united(first, second);
    assert_int_equal(spec.trial_first, 2);
    assert_int_equal(spec.trial_count, 6);
    assert_int_equal(spec.setting_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(spec.settings[i].name, settings[i]);
    assert_int_equal(spec.settings[0].rounds, 4);
    assert_int_equal(spec.settings[0].reference, SPEC_REFERENCE_FULL);
    assert_true(spec.settings[1].rounds_all);
    assert_int_equal(spec.settings[1].reference, SPEC_REFERENCE_FULL);
    assert_int_equal(spec.settings[2].rounds, 1);
    assert_int_equal(spec.strategy_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(spec.strategies[i].id, strategies[i]);
    assert_string_equal(spec.strategies[1].label, "B"); /* the first text's */
    assert_string_equal(spec.strategies[2].params[0].value, "30");
    spec_finish(&spec);
}

static void uniting_again_changes_nothing(void **state)
{
    (void)state;
    struct spec once = united(first, second);
    struct spec twice = united(once.resolved, second), same = united(once.resolved, first);
    assert_string_equal(once.resolved, twice.resolved);
    assert_string_equal(once.resolved, same.resolved);
    spec_finish(&once);
    spec_finish(&twice);
    spec_finish(&same);
}

static void other_experiments_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *words;
    } cases[] = {{"name: shards", "name: x", "b: the spec's name is 'x', but 'shards'"},
                 {"seed: 3", "seed: 4", "b: the spec's seed is '4', but '3' in a folder before"},
                 {"seed: 3", "sed: 3", "b:3:1: unknown key 'sed'"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = NULL, *other = probe_replaced(second, cases[i].from, cases[i].to);
        fb_error err = {0};
        assert_int_not_equal(unite(first, other, &text, &err), 0);
        if (strncmp(err.text, cases[i].words, strlen(cases[i].words)) != 0)
            fail_msg("%s", err.text);
        assert_null(text);
        fb_free(other);
    }
}

static void memory_may_run_short(void **state)
{
    (void)state;
    char *text = NULL;
    fb_alloc_fail_at(0);
    assert_int_equal(unite(first, second, &text, NULL), 0);
    uint64_t needed = fb_alloc_count();
    fb_free(text);
    text = NULL;
    for (uint64_t n = 1; n <= needed; n++) {
        fb_alloc_fail_at(n);
        int rc = unite(first, second, &text, NULL);
        fb_alloc_fail_at(0);
        assert_int_equal(rc, FB_ENOMEM);
        assert_null(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_union_has_everything),
        cmocka_unit_test(uniting_again_changes_nothing),
        cmocka_unit_test(other_experiments_are_refused),
        cmocka_unit_test(memory_may_run_short),
    };
    return cmocka_run_group_tests_name("spec_unite", tests, NULL, NULL);
}
