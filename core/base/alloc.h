/* alloc.h - the one allocator: checked sizes, zeroed and aligned memory, failures on demand. */
#ifndef FB_ALLOC_H
#define FB_ALLOC_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* Memory for `count` objects of `size` bytes: zeroed, 64-byte aligned, released with fb_free. NULL
 * when the product overflows or memory is short. A count of 0 gives a valid pointer. */
void *fb_calloc(size_t count, size_t size);

/* Grows an array from `used` to `count` objects, keeping the first `used` and zeroing the rest. On
 * failure NULL, and `array` is still valid. `array` may be NULL. */
void *fb_grow(void *array, size_t used, size_t count, size_t size);

/* Takes NULL. */
void fb_free(void *memory);

/* A copy of a string, or of `count * size` bytes; NULL when memory is short. */
char *fb_strdup(const char *text);
void *fb_memdup(const void *data, size_t count, size_t size);

/* The sentence for memory that is short: "out of memory: COUNT x SIZE bytes for WHAT". */
int fb_fail_memory(fb_error *err, size_t count, size_t size, const char *what);

/* For tests: the n-th allocation from now on fails (1 is the next one), and every one after it
 * until the call fb_alloc_fail_at(0). */
void fb_alloc_fail_at(uint64_t n);

/* For tests: allocations made since fb_alloc_fail_at was last called. */
uint64_t fb_alloc_count(void);

#endif
