/* SPDX-License-Identifier: 0BSD
 *
 * instance.h - what the plugins ldm and ldm-s have in common. */
#ifndef FB_LDM_INSTANCE_H
#define FB_LDM_INSTANCE_H

#include "estimate.h"
#include "kit.h"

typedef struct ldm_instance {
    kit_instance kit; /* first: kit_scores and kit_destroy serve this instance too */
    ldm_options options;
} ldm_instance;

/* fb_strategy.services */
extern const char *const ldm_services[];

/* fb_strategy.create */
int ldm_create(const fb_host *host, const fb_value *values, void **ret_instance);

/* Estimates the LDM of the round's samples into kit.scores. */
int ldm_score(ldm_instance *self, const fb_round *round);

#endif
