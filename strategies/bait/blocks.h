/* SPDX-License-Identifier: 0BSD
 *
 * blocks.h - loops over blocks of samples, on the host's threads, each with memory to work in. */
#ifndef FB_BAIT_BLOCKS_H
#define FB_BAIT_BLOCKS_H

#include "samples.h"

/* Handles the blocks first .. first+count-1; `work` is its own until it returns. */
typedef void bait_body(void *argument, size_t first, size_t count, bait_lanes *work);

typedef struct bait_blocks {
    size_t slots, size; /* of `work`: pieces at once, and bait_lanes of a piece */
    bait_lanes *work;
} bait_blocks;

/* Working memory of `size` bait_lanes a piece. */
int bait_blocks_init(const fb_host *host, size_t size, bait_blocks *ret_blocks);

/* Calls body over the blocks 0 .. count-1 in pieces; FB_PLUGIN_ECANCELLED when the run is being
 * stopped. */
int bait_each_block(const fb_host *host, const bait_blocks *blocks, size_t count, bait_body *body,
                    void *argument);

#endif
