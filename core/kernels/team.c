/* SPDX-License-Identifier: 0BSD */
#include "team.h"

static _Thread_local const kernels_team *g_team; /* of the calling thread; NULL: it works alone */

void kernels_use_team(const kernels_team *team)
{
    g_team = team;
}

size_t team_size_for(double operations)
{
    /* Handing work to other threads takes as long as some hundred thousand multiply-adds. */
    const double worth_it = 1e6;
    if (!g_team || operations < worth_it)
        return 1;
    return g_team->size < TEAM_MAX ? g_team->size : TEAM_MAX;
}

void team_share(size_t total, size_t unit, size_t shares, size_t index, size_t *ret_begin,
                size_t *ret_end)
{
    const size_t units = (total + unit - 1) / unit;
    const size_t begin = units * index / shares * unit, end = units * (index + 1) / shares * unit;
    *ret_begin = begin < total ? begin : total;
    *ret_end = end < total ? end : total;
}

void team_run(size_t count, void (*task)(void *context, size_t index), void *context)
{
    const kernels_team *team = g_team;
    if (team && count > 1) {
        g_team = NULL; /* what a task calls, it calls alone */
        team->run(team->threads, count, task, context);
        g_team = team;
        return;
    }
    for (size_t i = 0; i < count; i++)
        task(context, i);
}
