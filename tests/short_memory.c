/* RTLD_NEXT is a GNU extension. */
#define _GNU_SOURCE
#include "short_memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

/* Libraries find them in this program only when they are exported. */
#define EXPORT __attribute__((visibility("default")))

static _Thread_local uint64_t g_requests, g_first_failure;
static _Thread_local bool g_on, g_counting;

void memory_fail_at(uint64_t n, bool on)
{
    g_requests = 0;
    g_first_failure = n;
    g_on = on;
    g_counting = true;
}

void memory_fail_no_more(void)
{
    g_counting = false;
}

uint64_t memory_count(void)
{
    return g_requests;
}

static bool fails(void)
{
    if (!g_counting)
        return false;
    uint64_t number = ++g_requests, at = g_first_failure;
    bool failing = at && (number == at || (g_on && number > at));
    if (failing)
        errno = ENOMEM;
    return failing;
}

/* `real`: the function of this name that would have been called without this file. */
#define REAL(type, name, ...)                                                                      \
    static type (*real)(__VA_ARGS__);                                                              \
    if (!real)                                                                                     \
        *(void **)&real = dlsym(RTLD_NEXT, name)

EXPORT void *malloc(size_t size)
{
    REAL(void *, "malloc", size_t);
    return fails() ? NULL : real(size);
}

EXPORT void *calloc(size_t count, size_t size)
{
    REAL(void *, "calloc", size_t, size_t);
    return fails() ? NULL : real(count, size);
}

EXPORT void *realloc(void *memory, size_t size)
{
    REAL(void *, "realloc", void *, size_t);
    return fails() ? NULL : real(memory, size);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    REAL(void *, "aligned_alloc", size_t, size_t);
    return fails() ? NULL : real(alignment, size);
}

EXPORT int posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
    REAL(int, "posix_memalign", void **, size_t, size_t);
    return fails() ? ENOMEM : real(ret_memory, alignment, size);
}
