/* select.h - one selection from arrays in files, without any training: `flipbench select`. */
#ifndef FB_SELECT_H
#define FB_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "status.h"

/* Sizes of arrays that are drawn in place of files, for measuring speed. */
typedef struct select_sizes {
    size_t n, d, classes; /* of the pool, the embeddings and the head */
    size_t labeled;       /* rows; 0: none */
    size_t passes;        /* of dropout; 0: none */
    size_t members;       /* of an ensemble; 0: none */
} select_sizes;

/* What is asked for. Paths are .npy files; n, d, C are the sizes of the sub-pool, the embedding and
 * the head. Texts belong to the caller, as do all options, while they are in use. */
typedef struct select_options {
    const char *strategy;             /* an id */
    const char *pool_embeddings;      /* (n, d) */
    const char *head_weights;         /* (d, C) */
    const char *head_bias;            /* (C) */
    const char *labeled_embeddings;   /* (m, d); NULL: no labelled samples */
    const char *labeled_labels;       /* (m); NULL: not known */
    const char *reference_embeddings; /* (M, d); NULL: the pool, or 10,000 of it */
    const char *mc_probabilities;     /* (passes, n, C); NULL: none */
    const char *ensemble_probabilities; /* (members, n, C); NULL: none */
    const char *representation;       /* (n, any): the inputs or features, whichever the strategy
                                         asks for; NULL: only the embeddings */
    const char *labeled_representation; /* (m, as wide); NULL: only the labelled embeddings */
    const select_sizes *drawn;        /* NULL, or in place of all those files */
    size_t query;
    size_t threads; /* of the strategy's loops, 1 to 256; 0 as 1 */
    uint64_t seed;
    size_t repeat; /* 0: one selection, one row a line; R: R of them, with seeds from `seed` */
    const char *scores; /* the file to write scores to, (n) or with `repeat` (R, n); NULL: none */
    bool json;
    const char *const *plugins; /* further files or folders */
    size_t plugin_count;
    const char *const *param_names;
    const char *const *param_values;
    size_t param_count;
} select_options;

/* Arrays that have been read and a strategy that has been opened, for selections one after the
 * other. Plugin code has stdout turned to stderr; see select_run. */
typedef struct selection selection;

/* Opens the strategy and reads the arrays, or draws those that it may ask for. What the plugin logs
 * goes to `log`. */
int select_open(const select_options *options, FILE *log, selection **ret_selection,
                fb_error *err);

/* Selects with a seed of its own; the answer is checked and forgotten. */
int select_again(selection *s, uint64_t seed, fb_error *err);

/* Sizes of the arrays at hand: without passes and members that have not been drawn. */
select_sizes select_sizes_of(const selection *s);

/* Takes NULL. */
void select_close(selection *s);

/* Selects, and writes the chosen rows of the pool, best first, to `out`. The plugin runs in this
 * process, whose stdout is turned to stderr meanwhile: what it prints there does not mix with the
 * answer, and a crash of its ends the command. What it logs goes to `log`. FB_EFORMAT names the
 * files whose shapes do not fit together. */
int select_run(const select_options *options, FILE *out, FILE *log, fb_error *err);

#endif
