/* spec.h - an experiment as its YAML file says it: typed, complete, checked.
 *
 * Reading goes in steps: yaml_read.c turns the file into a tree of nodes with line and column
 * (node.h); overrides (--set) and the grid are applied to the tree (spec_tree.h); the schema
 * (spec_schema.h), tables of typed fields (spec_fields.h), turns the tree into these structs and
 * refuses what it does not know. Strategies' parameters stay text here: the plan checks them
 * against the plugins' descriptors. What a spec may say is in docs/spec.md. (`struct spec` has no
 * typedef: its variables are called spec.) */
#ifndef FB_SPEC_H
#define FB_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "datasets.h"
#include "nn.h"
#include "status.h"

struct node;

/* Where something stands in the spec file; line 0: it came from the command line or a default. */
typedef struct spec_place {
    size_t line, column; /* from 1 */
} spec_place;

typedef struct spec_param {
    char *name;
    char *value; /* as written, without quotes; a file's path made absolute */
    spec_place place;
} spec_param;

/* Whether a parameter of this name is the path of a file (see fb_param): `file`, or one that ends in
 * `_file`. */
bool spec_param_is_file(const char *name);

typedef struct spec_strategy {
    char *id;    /* `use` */
    char *label; /* NULL: the plugin's own label */
    spec_param *params;
    size_t param_count;
    spec_place place;
} spec_strategy;

/* The ceiling that learning curves are seen against: one network a trial, trained on everything. */
typedef enum spec_reference { SPEC_NO_REFERENCE = 1, SPEC_REFERENCE_FULL } spec_reference;

typedef struct spec_setting {
    char *name;          /* with the grid point's values when there is a grid */
    char *dataset_label; /* the registry's or generator's name, or the first file's base name */
    data_spec dataset;   /* its texts are owned by the setting; paths are absolute, made so from the
                            spec file's folder */
    split_spec split;    /* validation, test share, initial labels and their balance; its lists of
                            ids are for the plan to read */
    const char *validation_ids, *initial_ids; /* files of samples, owned by the setting; or NULL */
    char *features;      /* a .npy file of the training samples, absolute; NULL: none */
    nn_network_spec network;
    struct node *layers; /* an explicit list of layers with every default; NULL: a named network */
    nn_engine engine;
    nn_recipe recipe;    /* class_weights is owned by the setting */
    bool warm;           /* a round starts from the weights of the one before */
    size_t threads;      /* in each cell; no number depends on it */
    size_t query;        /* labels asked for in a round */
    size_t rounds;       /* queries made; a cell has rounds + 1 evaluations */
    bool rounds_all;     /* `rounds: all`: until the pool is empty */
    size_t subpool;      /* samples offered in a round; 0: the whole pool */
    spec_reference reference; /* default: the spec's */
    spec_place place;
} spec_setting;

/* The correction of p-values for the number of comparisons with the baseline. */
typedef enum spec_correction { SPEC_HOLM = 1, SPEC_NO_CORRECTION } spec_correction;

struct spec {
    char *path;  /* as given */
    char *name;
    uint64_t seed;
    uint32_t trial_first, trial_count;
    spec_reference reference; /* of settings that say nothing themselves; default none */
    spec_setting *settings;
    size_t setting_count;
    spec_strategy *strategies;
    size_t strategy_count;
    struct {
        char *baseline;   /* the label or id of one of the strategies; default "random", or the
                             first strategy when that is not among them */
        double alpha;     /* default 0.05 */
        spec_correction correction; /* default SPEC_HOLM */
        bool include_initial; /* round 0 counts as a step; default false */
    } report;
    struct {
        double seconds;   /* a round of a cell may take this long; default 3600 */
        uint64_t memory;  /* bytes of address space a cell process may use; 0 (default): no limit */
    } limits;
    bool scores;     /* store the score of every sample of each sub-pool; default false */
    char *source;    /* the file's text as read */
    char *resolved;  /* YAML with every default written out and the grid unrolled; reads back as the
                        same experiment */
};

/* Reads and checks a spec. `overrides` are "path=value" texts of --set: a path from the root
 * ("seed", "trials", "report.alpha", "settings.0.budget.query"); one that starts with a key of a
 * setting ("train.epochs", "budget.rounds") sets it in every setting. A value is read as YAML, so
 * that it may be a list or mapping too. Errors are "FILE:LINE:COLUMN: sentence". */
int spec_read(const char *path, const char *const *overrides, size_t override_count,
              struct spec *ret_spec, fb_error *err);

/* The same for a text in memory; `path` names it in errors, and its folder is where relative
 * paths begin. */
int spec_parse(const char *path, const char *text, size_t length, const char *const *overrides,
               size_t override_count, struct spec *ret_spec, fb_error *err);

/* Unites the resolved texts of runs that shared an experiment among them: all their settings,
 * strategies and trials, in the order of the first text, with what it lacks behind. Of a setting
 * that several have, the most rounds and a reference win; for the rest the first text counts.
 * `names` stand for the texts in errors. FB_ECONFLICT when name or seed differ; *ret_text is
 * released with fb_free. */
int spec_unite(const char *const *names, const char *const *texts, size_t count, char **ret_text,
               fb_error *err);

/* Takes NULL and a zeroed struct. */
void spec_finish(struct spec *spec);

/* Writes the sentence with the place in front: "FILE:LINE:COLUMN: ..." (or "FILE: ..." for line
 * 0). */
int spec_fail(fb_error *err, int status, const struct spec *spec, spec_place place,
              const char *format, ...) FB_PRINTF(5, 6);

/* Puts the place before a sentence that is already in `err`; returns err->status. */
int spec_fail_prefix(fb_error *err, const struct spec *spec, spec_place place);

#endif
