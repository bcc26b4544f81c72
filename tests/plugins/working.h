/* working.h - the parts of a plugin that works: it chooses the first samples of the sub-pool. Each
 * plugin beside this file takes them and breaks one thing. */
#ifndef FB_TESTS_WORKING_H
#define FB_TESTS_WORKING_H

#include "flipbench/strategy.h"

static inline int working_create(const fb_host *host, const fb_value *values, void **ret_instance)
{
    (void)values;
    *ret_instance = (void *)(uintptr_t)host; /* the instance is the host itself */
    return FB_PLUGIN_OK;
}

static inline int working_select(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    (void)instance;
    for (size_t i = 0; i < round->batch; i++)
        ret_ids[i] = round->pool_ids[i];
    return FB_PLUGIN_OK;
}

static inline void working_destroy(void *instance)
{
    (void)instance;
}

/* The members of a working fb_strategy; what follows in an initialiser overrides them. */
#define WORKING(name)                                                                              \
    .struct_size = sizeof(fb_strategy), .id = name, .label = name, .algo_version = 1,              \
    .rule = "The first samples.", .citation = "-", .create = working_create,                       \
    .select = working_select, .destroy = working_destroy

#endif
