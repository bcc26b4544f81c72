/* split.c - one trial's roles of the training samples.
 *
 * Every training sample starts in the pool. Those that are listed for a role are taken out of it
 * first; then test, validation and initial samples one role after the other, each by the order of
 * a keyed hash of the ids, so that a larger number takes the same samples and some more. */
#include <stdio.h>
#include <stdlib.h>

#include "alloc.h"
#include "datasets.h"

/* Draws of the "split" stream; each balanced role also needs an order of the classes. */
enum { DRAW_TEST, DRAW_VALIDATION, DRAW_VALIDATION_CLASSES };

/* Draws of the "initial labels" stream. */
enum { DRAW_INITIAL, DRAW_INITIAL_CLASSES };

typedef enum split_role { ROLE_POOL, ROLE_TEST, ROLE_VALIDATION, ROLE_INITIAL } split_role;

static const char *const g_role_names[] = {"the pool", "the test set", "the validation set",
                                           "the initial labels"};

typedef struct ranked {
    uint64_t hash;
    uint32_t id;
} ranked;

/* The roles while they are drawn. */
typedef struct split_drawing {
    const data_part *samples;
    size_t class_count;
    uint8_t *roles;     /* (samples->count) */
    ranked *ranking;    /* (samples->count) scratch: the pool in order of hash */
    size_t *available;  /* (class_count) scratch: samples of the class in the pool */
    size_t *quota;      /* (class_count) scratch: how many of them to take */
    uint32_t *classes;  /* (class_count) scratch: the classes in a drawn order */
} split_drawing;

static void drawing_finish(split_drawing *drawing)
{
    fb_free(drawing->roles);
    fb_free(drawing->ranking);
    fb_free(drawing->available);
    fb_free(drawing->quota);
    fb_free(drawing->classes);
}

static int drawing_init(split_drawing *ret_drawing, const dataset *data, fb_error *err)
{
    size_t count = data->train.count, classes = data->class_count;
    split_drawing d = {.samples = &data->train, .class_count = classes};
    d.roles = fb_calloc(count, sizeof *d.roles);
    d.ranking = fb_calloc(count, sizeof *d.ranking);
    d.available = fb_calloc(classes, sizeof *d.available);
    d.quota = fb_calloc(classes, sizeof *d.quota);
    d.classes = fb_calloc(classes, sizeof *d.classes);
    if (!d.roles || !d.ranking || !d.available || !d.quota || !d.classes) {
        drawing_finish(&d);
        return fb_fail_memory(err, count, sizeof *d.ranking, "drawing a split");
    }
    *ret_drawing = d;
    return FB_OK;
}

static int by_hash(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* Ranks the pool by the hash of its ids and counts its classes; returns its size. */
static size_t rank_pool(split_drawing *d, fb_stream stream, uint64_t draw)
{
    size_t count = 0;
    for (size_t c = 0; c < d->class_count; c++)
        d->available[c] = 0;
    for (size_t i = 0; i < d->samples->count; i++) {
        if (d->roles[i] != ROLE_POOL)
            continue;
        d->ranking[count++] = (ranked){fb_stream_u64(stream, draw, i), (uint32_t)i};
        d->available[d->samples->labels[i]]++;
    }
    qsort(d->ranking, count, sizeof *d->ranking, by_hash);
    return count;
}

/* Deals `count` places to the classes one by one in the drawn order, round after round; a class
 * without samples left is passed over. This is floor(count / C) each and the remainder in
 * order, where all classes have enough, and grows with count one place at a time. */
static void deal_quotas(split_drawing *d, fb_stream stream, uint64_t draw, size_t count)
{
    fb_stream_permutation(stream, draw, d->class_count, d->classes);
    for (size_t c = 0; c < d->class_count; c++)
        d->quota[c] = 0;
    while (count > 0) {
        size_t before = count;
        for (size_t k = 0; k < d->class_count && count > 0; k++) {
            size_t c = d->classes[k];
            if (d->quota[c] < d->available[c]) {
                d->quota[c]++;
                count--;
            }
        }
        FB_CHECK(count < before);
    }
}

/* Gives a role to the first `count` of the pool's ranking, whatever their class. */
static void take_first(split_drawing *d, fb_stream stream, uint64_t draw, size_t count,
                       split_role role)
{
    size_t pool = rank_pool(d, stream, draw);
    FB_CHECK(count <= pool);
    for (size_t i = 0; i < count; i++)
        d->roles[d->ranking[i].id] = (uint8_t)role;
}

/* Gives a role to the first of each class, as many as its quota. */
static void take_balanced(split_drawing *d, fb_stream stream, uint64_t draw, uint64_t class_draw,
                          size_t count, split_role role)
{
    size_t pool = rank_pool(d, stream, draw);
    deal_quotas(d, stream, class_draw, count);
    for (size_t i = 0; i < pool; i++) {
        uint32_t id = d->ranking[i].id;
        size_t *quota = &d->quota[d->samples->labels[id]];
        if (*quota == 0)
            continue;
        --*quota;
        d->roles[id] = (uint8_t)role;
    }
}

/* Gives a role to the samples of a list (NULL: none). */
static int take_listed(split_drawing *d, const data_ids *list, split_role role, fb_error *err)
{
    for (size_t i = 0; list && i < list->count; i++) {
        uint32_t id = list->ids[i];
        FB_CHECK(id < d->samples->count);
        if (d->roles[id] != ROLE_POOL)
            return fb_fail(err, FB_EINVAL,
                           "%s:%zu: sample %lu is to be in %s, but is in %s already", list->path,
                           list->lines[i], (unsigned long)id, g_role_names[role],
                           g_role_names[d->roles[id]]);
        d->roles[id] = (uint8_t)role;
    }
    return FB_OK;
}

/* Copies out the ids of a role, ascending. */
static int collect(const split_drawing *d, split_role role, uint32_t **ret_ids, size_t *ret_count,
                   fb_error *err)
{
    size_t count = 0;
    for (size_t i = 0; i < d->samples->count; i++)
        count += d->roles[i] == role;
    uint32_t *ids = fb_calloc(count, sizeof *ids);
    if (!ids)
        return fb_fail_memory(err, count, sizeof *ids, "the ids of a split");
    size_t used = 0;
    for (size_t i = 0; i < d->samples->count; i++)
        if (d->roles[i] == role)
            ids[used++] = (uint32_t)i;
    *ret_ids = ids;
    *ret_count = count;
    return FB_OK;
}

static int collect_all(const split_drawing *d, bool test, data_split *ret_split, fb_error *err)
{
    data_split split = {0};
    int rc = collect(d, ROLE_POOL, &split.pool, &split.pool_count, err);
    if (!rc)
        rc = collect(d, ROLE_INITIAL, &split.initial, &split.initial_count, err);
    if (!rc)
        rc = collect(d, ROLE_VALIDATION, &split.validation, &split.validation_count, err);
    if (!rc && test)
        rc = collect(d, ROLE_TEST, &split.test, &split.test_count, err);
    if (rc) {
        data_split_finish(&split);
        return rc;
    }
    *ret_split = split;
    return FB_OK;
}

/* How many samples of each role are drawn, after those that are listed. */
typedef struct split_counts {
    size_t test, validation, initial;
} split_counts;

/* The size of a test set that is drawn; 0 when there is another. */
static int count_test(const dataset *data, const split_spec *spec, size_t *ret_test, fb_error *err)
{
    size_t count = data->train.count, test = 0;
    if (!(spec->test_share >= 0 && spec->test_share < 1))
        return fb_fail(err, FB_ERANGE, "a test share of %g: expected a number >= 0 and < 1",
                       spec->test_share);
    if (spec->test_share > 0) {
        size_t others = data->test.count + data->test_ids.count;
        if (others > 0)
            return fb_fail(err, FB_EINVAL,
                           "a test share of %g, but the data set has %zu test samples already: "
                           "leave the share out",
                           spec->test_share, others);
        test = (size_t)(spec->test_share * (double)count + 0.5);
        if (test == 0)
            return fb_fail(err, FB_ERANGE,
                           "a test share of %g of %zu samples is no sample; expected at least one",
                           spec->test_share, count);
    }
    *ret_test = test;
    return FB_OK;
}

/* Finds the sizes of what is drawn, and whether all roles can be filled. */
static int check_counts(const dataset *data, const split_spec *spec, split_counts *ret_counts,
                        fb_error *err)
{
    split_counts counts = {.validation = spec->validation_ids ? 0 : spec->validation,
                           .initial = spec->initial_ids ? 0 : spec->initial};
    int rc = count_test(data, spec, &counts.test, err);
    if (rc)
        return rc;
    size_t listed = data->test_ids.count;
    listed += spec->validation_ids ? spec->validation_ids->count : 0;
    listed += spec->initial_ids ? spec->initial_ids->count : 0;
    FB_CHECK(listed <= data->train.count);
    size_t rest = data->train.count - listed;
    if (counts.test > rest || counts.validation > rest - counts.test ||
        counts.initial > rest - counts.test - counts.validation) {
        char files[64] = "";
        if (listed)
            snprintf(files, sizeof files, " (%zu are listed for a role)", listed);
        return fb_fail(err, FB_ERANGE,
                       "the data set has %zu training samples%s, too few for %zu test samples, %zu "
                       "validation samples and %zu initial labels",
                       data->train.count, files, counts.test, counts.validation, counts.initial);
    }
    *ret_counts = counts;
    return FB_OK;
}

static int take_all_listed(split_drawing *d, const dataset *data, const split_spec *spec,
                           fb_error *err)
{
    int rc = take_listed(d, &data->test_ids, ROLE_TEST, err);
    if (!rc)
        rc = take_listed(d, spec->validation_ids, ROLE_VALIDATION, err);
    return rc ? rc : take_listed(d, spec->initial_ids, ROLE_INITIAL, err);
}

/* Draws what is not listed. */
static void draw_roles(split_drawing *d, const char *dataset_digest, const split_counts *counts,
                       bool balance, uint64_t seed, uint32_t trial)
{
    char trial_text[16];
    snprintf(trial_text, sizeof trial_text, "%lu", (unsigned long)trial);
    const fb_axis axes[] = {{"dataset", dataset_digest}, {"trial", trial_text}};
    fb_stream held_out = fb_stream_make(seed, FB_STREAM_SPLIT, axes, 2);
    fb_stream initial = fb_stream_make(seed, FB_STREAM_INITIAL, axes, 2);
    take_first(d, held_out, DRAW_TEST, counts->test, ROLE_TEST);
    take_balanced(d, held_out, DRAW_VALIDATION, DRAW_VALIDATION_CLASSES, counts->validation,
                  ROLE_VALIDATION);
    if (balance)
        take_balanced(d, initial, DRAW_INITIAL, DRAW_INITIAL_CLASSES, counts->initial,
                      ROLE_INITIAL);
    else
        take_first(d, initial, DRAW_INITIAL, counts->initial, ROLE_INITIAL);
}

int data_split_draw(const dataset *data, const split_spec *spec, uint64_t seed, uint32_t trial,
                    data_split *ret_split, fb_error *err)
{
    split_counts counts = {0};
    split_drawing d = {0};
    int rc = drawing_init(&d, data, err);
    if (rc)
        return rc;
    rc = take_all_listed(&d, data, spec, err);
    if (!rc)
        rc = check_counts(data, spec, &counts, err);
    if (!rc) {
        draw_roles(&d, data->digest, &counts, spec->balance, seed, trial);
        rc = collect_all(&d, data->test_ids.count > 0 || counts.test > 0, ret_split, err);
    }
    drawing_finish(&d);
    return rc;
}

void data_split_finish(data_split *split)
{
    if (!split)
        return;
    fb_free(split->pool);
    fb_free(split->initial);
    fb_free(split->validation);
    fb_free(split->test);
    *split = (data_split){0};
}
