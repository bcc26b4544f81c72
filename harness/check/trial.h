/* trial.h - one selection by a strategy that is checked, and what it did meanwhile.
 *
 * The real host runs it; a layer between the two counts memory, notes the services that were asked
 * for, and can cut loops in other ways than the host does. Only in a check's child. */
#ifndef FB_CHECK_TRIAL_H
#define FB_CHECK_TRIAL_H

#include <stdbool.h>

#include "host.h"
#include "synthetic.h"

typedef enum trial_loops {
    TRIAL_HOST,    /* parallel_for is the host's */
    TRIAL_PIECES,  /* pieces of different sizes, the last one first */
    TRIAL_THREADS, /* such pieces on several threads */
} trial_loops;

typedef struct trial {
    const fb_strategy *strategy;
    const fb_value *values;
    synthetic_options services;
    size_t batch;
    trial_loops loops;
    bool only_create; /* create and destroy: the strategy is not asked to select */
} trial;

enum { TRIAL_SERVICES_MAX = 32, TRIAL_NAME_SIZE = 64 };

typedef struct trial_facts {
    size_t arena_bytes;  /* taken from host->alloc */
    bool gave_reason;    /* a failure was explained, by host->fail or by a service's refusal */
    char services[TRIAL_SERVICES_MAX][TRIAL_NAME_SIZE]; /* asked for, each once */
    size_t service_count;
} trial_facts;

/* Runs it with scores. The answer and its failures are host_select's; to a sentence about wrong ids
 * is added what they look like. *ret_facts is set in any case. */
int trial_run(const trial *t, host_answer *ret_answer, trial_facts *ret_facts, fb_error *err);

/* The ordinary trial: 40 samples of 4 classes, 12 labelled ones, a batch of 5. It is called the
 * trial 1 and the round 2. */
trial trial_make(const fb_strategy *strategy, const fb_value *values);

#endif
