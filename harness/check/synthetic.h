/* synthetic.h - services for a strategy that is checked: all those of strategy.h, made up.
 *
 * The numbers are like a network's (embeddings that a ReLU has left, logits of about 1) and fit
 * together as strategy.h says. They depend on the options alone: the same options, the same bits.
 * Row i is the sample 1048576 + 3 i, so that a strategy that mixes up the two is found out. */
#ifndef FB_CHECK_SYNTHETIC_H
#define FB_CHECK_SYNTHETIC_H

#include <stdbool.h>

#include "host.h"

typedef struct synthetic_options {
    size_t n, width, classes, labeled; /* n, d, C, m */
    bool identical;           /* all rows of the pool are the same */
    bool zero;                /* all embeddings and representations are 0 */
    bool other_hidden_labels; /* the labels of the pool, which nobody may see, are others */
    bool read_only;           /* a write crashes, and child_protect tells where; in a child only */
    const char *poisoned;     /* the service that has a NaN, or a class too many; NULL: none */
    const char *missing;      /* the service that the run does not have; NULL: none */
} synthetic_options;

typedef struct synthetic {
    synthetic_options options;
    struct synthetic_array *arrays; /* everything that was made */
    const uint32_t *pool_ids;       /* (n) ascending */
    const uint32_t *labeled_ids;    /* (m) ascending, none of the pool's */
} synthetic;

/* Made on pages of their own; released with synthetic_finish, which takes a zeroed struct. */
int synthetic_init(const synthetic_options *options, synthetic *ret_synthetic, fb_error *err);
void synthetic_finish(synthetic *s);

/* host_provider.compute; `context` is a synthetic. A representation is the embeddings ("network"),
 * or twice as many numbers ("inputs", "features"). */
int synthetic_compute(void *context, const char *name, uint64_t count, const char *kind,
                      fb_array *ret_array, void **ret_owned, fb_error *err);

/* Whether a sample has a label already. */
bool synthetic_is_labeled(const synthetic *s, uint32_t id);

#endif
