/* SPDX-License-Identifier: 0BSD
 *
 * strategy.h - the flipbench plugin ABI, the one header that a query strategy needs.
 *
 * A plugin is a shared object with one exported symbol, `flipbench_plugin`. The host checks its
 * magic, version and size before it runs any of its code, then asks it for its strategies. For each
 * round of an experiment the host calls
 *
 *     create(host, values) -> select(round) [-> scores(round)] -> destroy
 *
 * on a fresh instance. All calls come from one thread. Build with hidden visibility and export only
 * FB_EXPORT; do not use -ffast-math (its start-up code changes the floating-point mode, which the
 * host refuses); do not write to stdout, call exit, or draw from rand(): the host gives random
 * numbers that make results repeat to the bit.
 *
 * Conventions: arrays are C-ordered and contiguous; matrices are (rows, columns); floats are IEEE
 * binary32. Functions return FB_OK or a negative code; after a failure the sentence is given to
 * `host->fail`. Structs begin with their size and only ever grow at the end; a reader looks at
 * struct_size before it touches a member that a newer minor version added.
 *
 * The header compiles as C11, C17 and C++17. */
#ifndef FLIPBENCH_STRATEGY_H
#define FLIPBENCH_STRATEGY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FLIPBENCH_MAGIC UINT64_C(0x68636e6562706c66) /* "flpbench", least significant byte first */
#define FLIPBENCH_ABI_MAJOR 1
#define FLIPBENCH_ABI_MINOR 2 /* 1: FB_NEEDS_ENSEMBLE, "labeled_representation"; 2: services */

#if defined(__GNUC__)
#define FB_EXPORT __attribute__((visibility("default")))
#else
#define FB_EXPORT
#endif

/* Codes that a plugin returns. The host has more; any negative number is a failure. */
#define FB_PLUGIN_OK 0
#define FB_PLUGIN_ENOMEM (-1)
#define FB_PLUGIN_EINVAL (-2)
#define FB_PLUGIN_ENOENT (-4) /* from `get`: the run does not have this service */
#define FB_PLUGIN_ERANGE (-6) /* a number out of range */
#define FB_PLUGIN_ENUMERIC (-8)
#define FB_PLUGIN_ECANCELLED (-9)

/* ---- arrays and services ------------------------------------------------------------------- */

typedef enum fb_dtype {
    FB_FLOAT32 = 1,
    FB_UINT32 = 2
} fb_dtype;

/* A read-only array that the host owns. It stays valid, and unchanged, until the instance is
 * destroyed; two requests may give the same memory. The host refuses the answer of a strategy that
 * has written to one, or to round->pool_ids: work on a copy. */
typedef struct fb_array {
    size_t struct_size;
    const void *data;   /* 64-byte aligned */
    fb_dtype dtype;
    uint32_t ndim;      /* 1 to 3 */
    size_t shape[4];    /* the first ndim are used */
    size_t strides[4];  /* in bytes; always those of a contiguous C-ordered array in ABI 1 */
} fb_array;

/* What a strategy may ask for. n is the size of the sub-pool, C the number of classes, d the width
 * of the embedding (the input of the last dense layer, before its dropout, evaluation mode), m the
 * number of labelled samples, r any number. Rows are in the order of round->pool_ids (n) or of
 * "labeled_ids" (m).
 *
 *   name                       count       kind   result
 *   "probabilities"            -           -      float32 (n, C), rows sum to 1
 *   "embeddings"               -           -      float32 (n, d)
 *   "labeled_embeddings"       -           -      float32 (m, d)
 *   "labeled_ids"              -           -      uint32 (m), ascending
 *   "labels"                   -           -      uint32 (m), 0 .. C-1
 *   "head_weights"             -           -      float32 (d, C)
 *   "head_bias"                -           -      float32 (C)
 *   "reference_embeddings"     M, 0: auto  -      float32 (M, d): random training samples, the same
 *                                                 ones in every round of a trial; auto is the size
 *                                                 of the sub-pool, at most 10,000
 *   "mc_probabilities"         passes      -      float32 (passes, n, C), 1 to 100,000 passes
 *   "ensemble_probabilities"   members     -      float32 (members, n, C), 2 to 100 members
 *   "representation"           -           name   float32 (n, r)
 *   "labeled_representation"   -           name   float32 (m, r), since ABI 1.1
 *
 * probabilities = softmax(embeddings head_weights + head_bias). Ask for embeddings first when you
 * need both: then the network runs over the samples once.
 *
 * mc_probabilities: pass t is the network with dropout as in training and the rest (batch
 * normalisation) as in evaluation; one mask a pass, shared by all samples. Its numbers do not
 * depend on how many passes or samples there are. Declare FB_NEEDS_DROPOUT.
 *
 * ensemble_probabilities: member 0 is the round's network, the one whose accuracy counts; each
 * further member is trained from the start when it is first asked for, by the same recipe on the
 * same labels, with weights, batch order, dropout and augmentation of its own. A member's numbers
 * do not depend on how many there are. The training counts as service time and towards the round's
 * time limit. Declare FB_NEEDS_ENSEMBLE.
 *
 * representation: kind "network" is the embeddings, "inputs" the samples as the network reads them
 * (height x width x channels numbers, pixels scaled to [0, 1], features standardized where the data
 * set's are), "features" the rows of a file that the user named for the setting. Give the choice to
 * the user as a text parameter named `representation` with these choices: a setting that lacks its
 * file is then refused before anything runs.
 *
 * A service is computed when it is first asked for, kept for the round, and timed apart from the
 * strategy. `get` fails with FB_PLUGIN_ENOENT for a service, kind or file that the run does not
 * have, FB_PLUGIN_EINVAL for an unknown kind, FB_PLUGIN_ERANGE for an impossible count,
 * FB_PLUGIN_ENOMEM, FB_PLUGIN_ECANCELLED when a member's training was stopped, and
 * FB_PLUGIN_ENUMERIC when the result would hold a NaN or infinity. */
typedef struct fb_request {
    size_t struct_size;
    const char *name;
    uint64_t count;   /* 0 when unused */
    const char *kind; /* NULL when unused */
} fb_request;

/* ---- the host's callbacks ------------------------------------------------------------------ */

typedef struct fb_host fb_host;

/* A loop body: handles the items first .. first+count-1 and nothing else. It may read what does not
 * change during the loop, write places that belong to its items, and call random_bits,
 * random_uniform and random_normal; no other callback. Sums over items are made by the caller
 * afterwards, in order. */
typedef void (*fb_loop_body)(void *argument, size_t first, size_t count);

struct fb_host {
    size_t struct_size;
    void *context; /* the host's own */

    /* Takes a service. On failure *ret_array is untouched and the host has recorded the reason:
     * return the code as it is. */
    int (*get)(const fb_host *host, const fb_request *request, fb_array *ret_array);

    /* Random numbers of this strategy in this round. A number is named by (stream, draw, element)
     * and does not depend on what was drawn before; use stream and draw as you like. Fills `out`
     * with elements first .. first+count-1: 32 uniform bits; doubles uniform in [0, 1), multiples
     * of 2^-53 (each made of the bits 2e and 2e+1); standard normal floats (Box-Muller on the bits
     * of elements 2k, 2k+1). */
    void (*random_bits)(const fb_host *host, uint32_t stream, uint32_t draw, uint64_t first,
                        size_t count, uint32_t *out);
    void (*random_uniform)(const fb_host *host, uint32_t stream, uint32_t draw, uint64_t first,
                           size_t count, double *out);
    void (*random_normal)(const fb_host *host, uint32_t stream, uint32_t draw, uint64_t first,
                          size_t count, float *out);

    /* Memory for this round: zeroed, 64-byte aligned, released by the host after destroy. NULL when
     * there is none: return FB_PLUGIN_ENOMEM. */
    void *(*alloc)(const fb_host *host, size_t count, size_t size);

    /* Calls body over 0 .. items-1 in pieces of at least `grain` items, perhaps on several threads;
     * returns when all are done. The result must not depend on how the range is cut. The
     * floating-point mode is the same on every thread, and a body leaves it as it found it. */
    void (*parallel_for)(const fb_host *host, size_t items, size_t grain, fb_loop_body body,
                         void *argument);

    /* A number that reports may show (draws made, a threshold found); the last one of a name wins. */
    void (*record)(const fb_host *host, const char *name, double value);

    /* A line for the cell's log file. */
    void (*log)(const fb_host *host, const char *text);

    /* Non-zero when the run is being stopped: return FB_PLUGIN_ECANCELLED soon. */
    int (*cancelled)(const fb_host *host);

    /* Records a sentence that says why, and returns `code` (negative). printf-style. */
    int (*fail)(const fb_host *host, int code, const char *format, ...);
};

/* ---- parameters ---------------------------------------------------------------------------- */

typedef enum fb_param_type {
    FB_PARAM_INT = 1,   /* value.i */
    FB_PARAM_FLOAT = 2, /* value.f */
    FB_PARAM_BOOL = 3,  /* value.i, 0 or 1 */
    FB_PARAM_TEXT = 4   /* value.s; one of `choices` when that is not NULL */
} fb_param_type;

typedef union fb_value {
    int64_t i;
    double f;
    const char *s;
} fb_value;

typedef struct fb_param {
    size_t struct_size;
    const char *name; /* lower case, digits, underscores */
    fb_param_type type;
    fb_value preset;      /* the default; inside the range */
    fb_value minimum;     /* inclusive; FB_PARAM_INT and FB_PARAM_FLOAT only */
    fb_value maximum;     /* inclusive */
    const char *const *choices; /* NULL-terminated, FB_PARAM_TEXT only; NULL: any text */
    const char *help;     /* one sentence */
} fb_param;

/* A text parameter named `file`, or whose name ends in `_file`, is the path of a file that the user
 * must name: its preset is "" and it has no choices. A path in a spec is relative to the spec's
 * folder, and the strategy gets it as an absolute one. The file's content is a part of the
 * experiment: results that were made with another content are not taken for these (flipbench with
 * ABI 1.2 or later). Read no other files. */

/* ---- one round ----------------------------------------------------------------------------- */

typedef struct fb_round {
    size_t struct_size;
    uint32_t trial;
    uint32_t round;
    const uint32_t *pool_ids; /* (pool_count): the sub-pool, ascending sample ids */
    size_t pool_count;        /* n: row i of a service is sample pool_ids[i] */
    size_t batch;             /* B: how many to select, 1 <= B <= n */
    size_t labeled_count;     /* m */
    uint32_t class_count;     /* C */
} fb_round;

/* ---- a strategy ---------------------------------------------------------------------------- */

#define FB_NEEDS_DROPOUT 1u  /* the network must contain dropout */
#define FB_NEEDS_ENSEMBLE 2u /* trainings must not all end in one optimum; a parameter named
                                `members` tells the host how many there will be. Since ABI 1.1 */

typedef struct fb_strategy {
    size_t struct_size;
    const char *id;           /* lower case, digits, hyphens: "ldm-s" */
    const char *label;        /* for tables and figures: "LDM-S" */
    uint32_t algo_version;    /* from 1; raised whenever its selection changes */
    uint32_t needs;           /* FB_NEEDS_... */
    const char *rule;         /* one sentence: what it selects */
    const char *citation;
    const char *deviations;   /* known deviations from the citation; NULL for none */
    const fb_param *const *params;
    size_t param_count;
    const char *score_name;   /* what `scores` gives ("entropy"); NULL without scores */
    int score_ascending;      /* 1: the smallest score is asked first */

    /* Makes an instance for one round. `values` has one entry a parameter, in their order, already
     * checked against their ranges; it and its texts live as long as the instance. */
    int (*create)(const fb_host *host, const fb_value *values, void **ret_instance);

    /* Writes round->batch different sample ids of the sub-pool, the first choice first. The host
     * checks the answer and refuses a wrong one; it never repairs it. */
    int (*select)(void *instance, const fb_round *round, uint32_t *ret_ids);

    /* Optional (NULL): one finite number for each sample of the sub-pool, in the order of pool_ids.
     * Called after select, on the same instance and round. */
    int (*scores)(void *instance, const fb_round *round, double *ret_scores);

    /* Takes NULL. */
    void (*destroy)(void *instance);

    /* Since ABI 1.2: the services that it may ask for, whatever its parameters, up to a NULL; an
     * empty list when it asks for none. `info` shows them, and the host refuses every other. NULL:
     * it does not say, and may ask for any. */
    const char *const *services;
} fb_strategy;

/* ---- the exported symbol ------------------------------------------------------------------- */

typedef struct fb_plugin {
    uint64_t magic;       /* FLIPBENCH_MAGIC */
    uint32_t abi_major;   /* must equal the host's */
    uint32_t abi_minor;   /* must not exceed the host's */
    size_t struct_size;   /* sizeof(fb_plugin) */
    int (*init)(void);    /* before anything else; NULL: nothing to do */
    size_t (*count)(void);
    const fb_strategy *(*get)(size_t index); /* lives until deinit */
    void (*deinit)(void); /* NULL: nothing to do */
} fb_plugin;

FB_EXPORT extern const fb_plugin flipbench_plugin;

/* For a .so with one strategy: `FB_PLUGIN_ONE(my_strategy)` after `static const fb_strategy
 * my_strategy = {...};` defines the symbol that is exported as declared above. */
#define FB_PLUGIN_ONE(strategy)                                                                    \
    static size_t fb_plugin_count_(void)                                                           \
    {                                                                                              \
        return 1;                                                                                  \
    }                                                                                              \
    static const fb_strategy *fb_plugin_get_(size_t index)                                         \
    {                                                                                              \
        return index == 0 ? &(strategy) : NULL;                                                    \
    }                                                                                              \
    const fb_plugin flipbench_plugin = {                                                           \
        FLIPBENCH_MAGIC, FLIPBENCH_ABI_MAJOR, FLIPBENCH_ABI_MINOR, sizeof(fb_plugin), NULL,        \
        fb_plugin_count_, fb_plugin_get_, NULL}

#ifdef __cplusplus
}
#endif

#endif
