/* SPDX-License-Identifier: 0BSD
 *
 * team.h - sharing a kernel's work among threads, inside the kernels. */
#ifndef FB_KERNELS_TEAM_H
#define FB_KERNELS_TEAM_H

#include "kernels.h"

/* The largest team whose threads a kernel uses. */
enum { TEAM_MAX = 64 };

/* Threads that work of about `operations` multiply-adds is worth, at most TEAM_MAX; 1 without a
 * team. */
size_t team_size_for(double operations);

/* The part [*ret_begin, *ret_end) that share `index` of `shares` has of `total` things, in whole
 * units of `unit`; may be empty. */
void team_share(size_t total, size_t unit, size_t shares, size_t index, size_t *ret_begin,
                size_t *ret_end);

/* Calls task(context, index) for every index below `count`, on the team's threads or, without one
 * and inside of another task, one after the other. Returns when all are done. */
void team_run(size_t count, void (*task)(void *context, size_t index), void *context);

#endif
