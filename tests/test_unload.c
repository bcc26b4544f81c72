/* Plugins that are opened, run and closed again and again in one process. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parallel.h"
#include "strategy_probe.h"

enum { N = 300, BATCH = 3, TURNS = 1500, FIRST_TURNS = 100 };

/* What malloc has given and not got back; nothing under the address sanitizer, whose allocator is
 * another and which finds leaks itself. */
static size_t bytes_in_use(void)
{
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* Every plugin brings kernels of its own. What they hold for products of matrices has to go with
 * them, though the threads that it was for stay: 1,500 times 0.5 MB, and there are only 1,024 keys
 * of thread-specific data. */
static void a_plugin_leaves_nothing_behind(void **state)
{
    (void)state;
    float rows[N][2];
    for (size_t i = 0; i < N; i++) {
        rows[i][0] = (float)(i % 17);
        rows[i][1] = (float)(i / 17);
    }
    const probe_service services[] = {{.name = "representation", .data = rows, .shape = {N, 2}},
                                      {0}};
    strategy_probe probe = {.plugin = STRATEGY_DIR "/coreset.so", .n = N, .batch = BATCH,
                            .classes = 2, .services = services};
    size_t bytes = 0;
    assert_int_equal(parallel_create(2, &probe.pool, NULL), 0);
    for (size_t turn = 0; turn < TURNS; turn++) {
        host_answer answer = {0};
        fb_error err = {0};
        if (strategy_probe_run(&probe, &answer, &err) != 0)
            fail_msg("turn %zu: %s", turn, err.text);
        host_answer_finish(&answer);
        if (turn == FIRST_TURNS)
            bytes = bytes_in_use();
    }
    assert_true(bytes_in_use() < bytes + 10000000);
    parallel_destroy(probe.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plugin_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
