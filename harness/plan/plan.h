/* plan.h - from a spec to the cells that make it up.
 *
 * The plan holds everything that a cell's process needs and that is decided before any training:
 * the data sets and feature files, loaded once; each trial's split; each strategy's parameters
 * in canonical form; and each cell's identity, a canonical JSON object whose SHA-256 is the
 * cell's key. */
#ifndef FB_PLAN_H
#define FB_PLAN_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "datasets.h"
#include "digest.h"
#include "feature_file.h"
#include "nn.h"
#include "plugin.h"
#include "spec.h"
#include "status.h"

/* Numbers of a network that a warm start can carry to the next round: a cell sends them as one
 * message, which is limited. */
enum { PLAN_MAX_STATE = 50000000 };

typedef struct plan_setting {
    const spec_setting *spec;
    const dataset *data;
    char network_digest[FB_DIGEST_HEX];
    size_t parameter_count, state_size; /* of the network: see nn.h */
    const feature_file *features; /* NULL: none */
    data_ids validation_ids, initial_ids; /* count 0: drawn */
    data_split *splits;  /* one a trial of the plan */
    size_t query_rounds; /* queries in a cell, with `rounds: all` resolved */
    size_t first_cell;   /* index of the setting's first cell */
} plan_setting;

/* What `reference: full` is called. No plugin can have this id, for the colon. */
#define PLAN_REFERENCE_ID "reference:full"
#define PLAN_REFERENCE_LABEL "full-data"
#define PLAN_REFERENCE_PARAMS "{\"reference\":\"full\"}"

typedef struct plan_strategy {
    const char *id;
    const spec_strategy *spec;      /* NULL: the reference, which stands behind the strategies; */
    const catalog_strategy *plugin; /* NULL: the same */
    char *label;
    json_t *params;    /* every parameter, canonical text values by name */
    char *params_text; /* the same as canonical JSON */
    json_t *files;     /* a digest for each parameter that is a file; NULL: there are none */
} plan_strategy;

typedef struct plan_cell {
    size_t setting, strategy; /* indices into the plan */
    size_t trial_index;       /* index into plan_setting.splits */
    uint32_t trial;
    size_t rounds;           /* evaluations when complete: queries + 1 */
    char *identity;          /* canonical JSON */
    char key[FB_DIGEST_HEX]; /* its SHA-256 */
} plan_cell;

struct plan {
    const struct spec *spec;
    const struct catalog *catalog;
    uint32_t trial_first, trial_count;
    dataset *datasets;
    size_t dataset_count;
    feature_file *features; /* files that settings name, each read once */
    size_t feature_count;
    plan_setting *settings;    /* (spec->setting_count) */
    plan_strategy *strategies; /* (spec->strategy_count + 1), the last being the reference */
    plan_cell *cells;          /* by setting, trial, strategy */
    size_t cell_count;
};

/* Loads the data sets, checks the strategies' parameters and the budgets against them, and lists
 * the cells of trials trial_first .. trial_first+trial_count-1. `data_directory` is --data (may be
 * NULL). The spec and the catalogue outlive the plan. Errors carry the place in the spec file. */
int plan_build(const struct spec *spec, const struct catalog *catalog, uint32_t trial_first,
               uint32_t trial_count, const char *data_directory, struct plan *ret_plan,
               fb_error *err);

/* Whether a cell is no strategy's, but trains one network on everything. */
bool plan_is_reference(const struct plan *plan, const plan_cell *cell);

/* How many of the cells those are. */
size_t plan_count_references(const struct plan *plan);

/* Takes NULL and a zeroed struct. */
void plan_finish(struct plan *plan);

/* Hides the labels of all training samples from this process: the supervisor keeps them and tells a
 * cell what it has paid for. This keeps honest strategies honest; it is no security boundary. */
void plan_hide_labels(struct plan *plan);

/* A random stream on the axes that the plan knows. `network` and later axes are left out when NULL
 * or negative. */
typedef struct plan_axes {
    const char *purpose;
    const char *dataset;  /* digest */
    const char *network;  /* digest, or NULL */
    int64_t trial, round; /* -1: not an axis */
    const char *strategy; /* id, or NULL */
} plan_axes;
fb_stream plan_stream(const struct plan *plan, const plan_axes *axes);

#endif
