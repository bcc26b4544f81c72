/* SPDX-License-Identifier: 0BSD */
#include "blocks.h"

int bait_blocks_init(const fb_host *host, size_t size, bait_blocks *ret_blocks)
{
    enum { MOST = 64, BYTES = 1 << 25 };
    size_t slots = BYTES / (size * sizeof(bait_lanes) + 1) + 1;
    if (slots > MOST)
        slots = MOST;
    bait_lanes *work = host->alloc(host, slots, size * sizeof *work);
    if (!work)
        return kit_fail_memory(host, "BAIT's blocks of samples");
    *ret_blocks = (bait_blocks){slots, size, work};
    return FB_PLUGIN_OK;
}

typedef struct loop {
    const bait_blocks *blocks;
    size_t first;
    bait_body *body;
    void *argument;
} loop;

/* fb_loop_body. Pieces do not share a block, so each has the slot of its first one to itself. */
static void run_piece(void *argument, size_t first, size_t count)
{
    const loop *l = argument;
    l->body(l->argument, l->first + first, count, l->blocks->work + first * l->blocks->size);
}

int bait_each_block(const fb_host *host, const bait_blocks *blocks, size_t count, bait_body *body,
                    void *argument)
{
    loop l = {.blocks = blocks, .body = body, .argument = argument};
    for (; l.first < count; l.first += blocks->slots) {
        size_t left = count - l.first;
        if (host->cancelled(host))
            return FB_PLUGIN_ECANCELLED;
        host->parallel_for(host, left < blocks->slots ? left : blocks->slots, 1, run_piece, &l);
    }
    return FB_PLUGIN_OK;
}
