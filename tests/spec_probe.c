#include "spec_probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "strbuf.h"

struct spec probe_parse(const char *text)
{
    struct spec spec = {0};
    fb_error err = {0};
    if (spec_parse("t.yaml", text, strlen(text), NULL, 0, &spec, &err))
        fail_msg("%s", err.text);
    return spec;
}

char *probe_replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    if (!at)
        fail_msg("'%s' does not occur", from);
    fb_strbuf out = FB_STRBUF_INIT;
    fb_strbuf_add_bytes(&out, text, (size_t)(at - text));
    fb_strbuf_add(&out, to);
    fb_strbuf_add(&out, at + strlen(from));
    return fb_strbuf_take(&out);
}

bool probe_is_refused(const char *text, const char *const *overrides, size_t count,
                      const char *start, const char *words)
{
    struct spec spec = {0};
    fb_error err = {0};
    int rc = spec_parse("t.yaml", text, strlen(text), overrides, count, &spec, &err);
    bool refused = rc != FB_OK && err.status == rc && !spec.path &&
                   strncmp(err.text, start, strlen(start)) == 0 && strstr(err.text, words);
    if (!refused)
        print_error("%s\ngave %d '%s'\nexpected '%s...%s'\n", text, rc, err.text, start, words);
    spec_finish(&spec);
    return refused;
}

void probe_mistakes(const char *text, const struct probe_mistake *mistakes, size_t count)
{
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        char start[64];
        char *changed = probe_replaced(text, mistakes[i].from, mistakes[i].to);
        snprintf(start, sizeof start, "t.yaml:%s: ", mistakes[i].place);
        wrong += !probe_is_refused(changed, NULL, 0, start, mistakes[i].words);
        fb_free(changed);
    }
    assert_int_equal(wrong, 0);
}

void probe_reads_back(const char *text)
{
    struct spec spec = probe_parse(text), again = {0};
    fb_error err = {0};
    if (spec_parse("/elsewhere/resolved.yaml", spec.resolved, strlen(spec.resolved), NULL, 0,
                   &again, &err))
        fail_msg("%s\n%s", err.text, spec.resolved);
    assert_string_equal(again.resolved, spec.resolved);
    assert_int_equal(again.setting_count, spec.setting_count);
    spec_finish(&spec);
    spec_finish(&again);
}

void probe_short_memory(const char *text, const char *const *overrides, size_t count)
{
    int rc = FB_ENOMEM;
    for (uint64_t n = 1; rc; n++) {
        struct spec spec = {0};
        fb_error err = {0};
        fb_alloc_fail_at(n);
        rc = spec_parse("t.yaml", text, strlen(text), overrides, count, &spec, &err);
        fb_alloc_fail_at(0);
        if (rc != FB_OK && rc != FB_ENOMEM)
            fail_msg("allocation %u: %s", (unsigned)n, err.text);
        assert_true(!rc || err.text[0] != '\0');
        spec_finish(&spec);
    }
}

static void read_damaged(const char *text, size_t length)
{
    struct spec spec = {0};
    fb_error err = {0};
    if (spec_parse("t.yaml", text, length, NULL, 0, &spec, &err))
        assert_memory_equal(err.text, "t.yaml", 6);
    else
        assert_non_null(spec.resolved);
    spec_finish(&spec);
}

void probe_damage(const char *text)
{
    static const unsigned char flips[] = {0x01, 0x02, 0x08, 0x10, 0x40, 0x80};
    size_t length = strlen(text);
    char *damaged = fb_strdup(text);
    assert_non_null(damaged);
    for (size_t i = 0; i < length; i++) {
        read_damaged(text, i); /* cut there */
        for (size_t f = 0; f < sizeof flips; f++) {
            damaged[i] = (char)((unsigned char)text[i] ^ flips[f]);
            read_damaged(damaged, length);
        }
        damaged[i] = text[i];
    }
    fb_free(damaged);
}
