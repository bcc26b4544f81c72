/* madvise is neither C nor POSIX. */
#define _DEFAULT_SOURCE

#include "alloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, PAGE_ALIGNMENT = 1 << 21 };

static uint64_t g_allocations; /* since the last fb_alloc_fail_at */
static uint64_t g_fail_at;     /* 0: never */

void fb_alloc_fail_at(uint64_t n)
{
    g_allocations = 0;
    g_fail_at = n;
}

uint64_t fb_alloc_count(void)
{
    return g_allocations;
}

/* Large arrays are swept over again and again: with pages of 2 MB the processor's page tables do
 * not slow that down. */
static void *allocate(size_t bytes)
{
    if (bytes < 2 * PAGE_ALIGNMENT)
        return aligned_alloc(ALIGNMENT, bytes);
    bytes = (bytes + PAGE_ALIGNMENT - 1) / PAGE_ALIGNMENT * PAGE_ALIGNMENT; /* as C17 wants it */
    void *memory = aligned_alloc(PAGE_ALIGNMENT, bytes);
#ifdef MADV_HUGEPAGE
    if (memory)
        (void)madvise(memory, bytes, MADV_HUGEPAGE); /* a wish: nothing depends on it */
#endif
    return memory;
}

void *fb_calloc(size_t count, size_t size)
{
    uint64_t number = __atomic_add_fetch(&g_allocations, 1, __ATOMIC_RELAXED);
    if (g_fail_at && number >= g_fail_at)
        return NULL;
    if (size && count > (SIZE_MAX - PAGE_ALIGNMENT) / size)
        return NULL;
    size_t bytes = count * size;
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!bytes)
        bytes = ALIGNMENT;
    void *memory = allocate(bytes);
    if (memory)
        memset(memory, 0, bytes);
    return memory;
}

void *fb_grow(void *array, size_t used, size_t count, size_t size)
{
    FB_CHECK(used <= count);
    void *grown = fb_calloc(count, size);
    if (!grown)
        return NULL;
    if (used)
        memcpy(grown, array, used * size);
    fb_free(array);
    return grown;
}

void fb_free(void *memory)
{
    free(memory);
}

void *fb_memdup(const void *data, size_t count, size_t size)
{
    void *copy = fb_calloc(count, size);
    if (copy && count && size)
        memcpy(copy, data, count * size);
    return copy;
}

char *fb_strdup(const char *text)
{
    return fb_memdup(text, strlen(text) + 1, 1);
}

int fb_fail_memory(fb_error *err, size_t count, size_t size, const char *what)
{
    return fb_fail(err, FB_ENOMEM, "out of memory: %zu x %zu bytes for %s could not be had", count,
                   size, what);
}
