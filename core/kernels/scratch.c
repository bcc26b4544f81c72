/* SPDX-License-Identifier: 0BSD
 *
 * scratch.c - scratches that nobody has borrowed lie on shelves.
 *
 * The kernels are linked into every plugin, which is unloaded again while threads that have worked
 * for it live on. Therefore nothing here belongs to a thread, and there is no key of
 * thread-specific data, of which a process has but 1,024: what lies on the shelves is freed with
 * the shared object. That happens at the end of a program, too, where another thread may still
 * compute: it finds the shelves empty, and what it has borrowed it keeps. */
#include "scratch.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { ALIGNMENT = 64, SHELVES = 64 };

/* One cache line each, so that threads with different shelves do not disturb each other. */
static struct {
    _Alignas(ALIGNMENT) kernels_scratch *_Atomic scratch; /* NULL: empty */
} g_shelves[SHELVES];

/* Where the thread last put its scratch: the one there is in its own processor's cache. */
static _Thread_local size_t g_shelf;

kernels_scratch *kernels_scratch_borrow(void)
{
    _Static_assert(sizeof(kernels_scratch) % ALIGNMENT == 0, "aligned_alloc needs a multiple");
    for (size_t i = 0; i < SHELVES; i++) {
        const size_t shelf = (g_shelf + i) % SHELVES;
        kernels_scratch *scratch = atomic_exchange(&g_shelves[shelf].scratch, NULL);
        if (scratch)
            return scratch;
    }
    return aligned_alloc(ALIGNMENT, sizeof(kernels_scratch));
}

void kernels_scratch_return(kernels_scratch *scratch)
{
    for (size_t i = 0; i < SHELVES; i++) {
        const size_t shelf = (g_shelf + i) % SHELVES;
        kernels_scratch *empty = NULL;
        if (atomic_compare_exchange_strong(&g_shelves[shelf].scratch, &empty, scratch)) {
            g_shelf = shelf;
            return;
        }
    }
    free(scratch);
}

/* When the program or shared object that these kernels are linked into ends. */
__attribute__((destructor)) static void clear_shelves(void)
{
    for (size_t i = 0; i < SHELVES; i++)
        free(atomic_exchange(&g_shelves[i].scratch, NULL));
}
