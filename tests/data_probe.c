#include "data_probe.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <string.h>

#include "alloc.h"

dataset data_loaded(const data_spec *spec)
{
    dataset data = {0};
    fb_error err = {0};
    if (dataset_load(spec, &data, &err))
        fail_msg("%s", err.text);
    return data;
}

void data_refused(const data_spec *spec, int status, const char *words)
{
    dataset data = {.height = 77};
    fb_error err = {0};
    assert_int_equal(dataset_load(spec, &data, &err), status);
    if (!strstr(err.text, words))
        fail_msg("expected '%s' in: %s", words, err.text);
    assert_int_equal(data.height, 77);
    assert_null(data.train.labels);
}

void data_short_of_memory(const data_spec *spec, uint64_t least)
{
    uint64_t n = 0;
    int rc;
    do {
        dataset data = {.height = 77};
        fb_error err = {0};
        fb_alloc_fail_at(++n);
        rc = dataset_load(spec, &data, &err);
        fb_alloc_fail_at(0);
        if (rc) {
            assert_int_equal(rc, FB_ENOMEM);
            assert_non_null(strstr(err.text, "out of memory"));
            assert_int_equal(data.height, 77);
        } else {
            dataset_finish(&data);
        }
    } while (rc);
    assert_true(n > least);
}
