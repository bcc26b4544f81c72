/* SPDX-License-Identifier: 0BSD */
#include "scratch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <threads.h>

enum { ALIGNMENT = 64 };

static once_flag g_once = ONCE_FLAG_INIT;
static tss_t g_key; /* each thread's scratch, freed when the thread ends */
static bool g_have_key;

static void make_key(void)
{
    g_have_key = tss_create(&g_key, free) == thrd_success;
}

kernels_scratch *kernels_scratch_get(void)
{
    _Static_assert(sizeof(kernels_scratch) % ALIGNMENT == 0, "aligned_alloc needs a multiple");
    call_once(&g_once, make_key);
    if (!g_have_key)
        return NULL;
    kernels_scratch *scratch = tss_get(g_key);
    if (scratch)
        return scratch;
    scratch = aligned_alloc(ALIGNMENT, sizeof *scratch);
    if (scratch && tss_set(g_key, scratch) != thrd_success) {
        free(scratch);
        return NULL;
    }
    return scratch;
}
