#include "kernels_probe.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint64_t g_seed;

void random_from(uint64_t seed)
{
    g_seed = seed;
}

uint32_t random_bits(void)
{
    g_seed = g_seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(g_seed >> 32);
}

size_t random_size(size_t low, size_t high)
{
    return low + random_bits() % (high - low + 1);
}

float random_float(void)
{
    return (float)(int32_t)random_bits() * 0x1p-31f;
}

enum { GUARD = 64 };

float *guarded(size_t count)
{
    float *block = malloc((count + 2 * GUARD) * sizeof *block);
    assert_non_null(block);
    for (size_t i = 0; i < count + 2 * GUARD; i++)
        block[i] = SENTINEL;
    return block + GUARD;
}

float *exact(size_t count)
{
    float *x = malloc(count * sizeof *x);
    assert_true(x || count == 0);
    return x;
}

float *random_floats(size_t count)
{
    float *x = exact(count);
    for (size_t i = 0; i < count; i++)
        x[i] = random_float();
    return x;
}

void release(float *x, size_t count)
{
    for (size_t i = 0; i < GUARD; i++) {
        assert_true(x[(ptrdiff_t)i - GUARD] == SENTINEL);
        assert_true(x[count + i] == SENTINEL);
    }
    free(x - GUARD);
}

void assert_near(double got, double want, double tolerance, const char *what)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s: %.17g, expected %.17g within %g (FLIPBENCH_ISA=%s)", what, got, want,
                 tolerance, kernels_isa());
}

void assert_same_bits(const float *got, const float *want, size_t count, const char *what)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(&got[i], &want[i], sizeof(float)) != 0)
            fail_msg("%s: element %zu of %zu is %a, expected %a (FLIPBENCH_ISA=%s)", what, i,
                     count, (double)got[i], (double)want[i], kernels_isa());
}

uint64_t hash_bytes(uint64_t h, const void *data, size_t bytes)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < bytes; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}
