#include "services.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "alloc.h"
#include "kernels.h"

enum { MAX_PASSES = 100000, MIN_MEMBERS = 2, MAX_MEMBERS = 100 };

/* ---- arrays --------------------------------------------------------------------------------- */

struct services_array {
    float *numbers;
    struct services_array *next;
};

/* A new (rows, columns) matrix of floats that lives as long as the services. */
static int new_matrix(services *s, size_t rows, size_t columns, float **ret_matrix, fb_error *err)
{
    struct services_array *array = fb_calloc(1, sizeof *array);
    float *numbers = columns && rows > SIZE_MAX / columns
                         ? NULL
                         : fb_calloc(rows * columns, sizeof *numbers);
    if (!array || !numbers) {
        fb_free(array);
        fb_free(numbers);
        return fb_fail(err, FB_ENOMEM, "out of memory: a service needs %zu x %zu floats", rows,
                       columns);
    }
    *array = (struct services_array){numbers, s->arrays};
    s->arrays = array;
    *ret_matrix = numbers;
    return FB_OK;
}

void services_finish(services *s)
{
    while (s && s->arrays) {
        struct services_array *array = s->arrays;
        s->arrays = array->next;
        fb_free(array->numbers);
        fb_free(array);
    }
}

static void describe(fb_array *array, fb_dtype dtype, const void *data, size_t ndim, size_t rows,
                     size_t columns)
{
    *array = (fb_array){.struct_size = sizeof *array,
                        .data = data,
                        .dtype = dtype,
                        .ndim = (uint32_t)ndim,
                        .shape = {rows, columns}};
}

/* (passes or members, n, C) */
static void describe_stack(const services *s, fb_array *array, const float *data, size_t depth)
{
    *array = (fb_array){.struct_size = sizeof *array,
                        .data = data,
                        .dtype = FB_FLOAT32,
                        .ndim = 3,
                        .shape = {depth, s->in.pool_count, nn_class_count(s->in.network)}};
}

/* ---- what the network gives ----------------------------------------------------------------- */

/* A request's count and kind, where the service takes any. */
typedef struct arguments {
    uint64_t count;
    const char *kind; /* "" when there is none */
} arguments;

static int embed(services *s, const uint32_t *ids, size_t count, float **ret_embeddings,
                 fb_error *err)
{
    float *out = NULL;
    int rc = new_matrix(s, count, nn_embedding_size(s->in.network), &out, err);
    if (!rc)
        rc = nn_infer(s->in.network, s->in.source, ids, count, out, NULL, err);
    if (!rc)
        *ret_embeddings = out;
    return rc;
}

static int embeddings(services *s, arguments with, fb_array *ret_array, fb_error *err)
{
    (void)with;
    const services_input *in = &s->in;
    int rc = s->embeddings ? FB_OK : embed(s, in->pool_ids, in->pool_count, &s->embeddings, err);
    if (!rc)
        describe(ret_array, FB_FLOAT32, s->embeddings, 2, in->pool_count,
                 nn_embedding_size(in->network));
    return rc;
}

static int labeled_embeddings(services *s, arguments with, fb_array *ret_array, fb_error *err)
{
    (void)with;
    const services_input *in = &s->in;
    int rc = s->labeled_embeddings
                 ? FB_OK
                 : embed(s, in->labeled_ids, in->labeled_count, &s->labeled_embeddings, err);
    if (!rc)
        describe(ret_array, FB_FLOAT32, s->labeled_embeddings, 2, in->labeled_count,
                 nn_embedding_size(in->network));
    return rc;
}

/* The sub-pool's logits, by a network, become probabilities. */
static void to_probabilities(const services *s, float *logits)
{
    size_t n = s->in.pool_count, classes = nn_class_count(s->in.network);
    kernels_log_softmax(n, classes, logits, classes, logits, classes);
    kernels_exp(n * classes, logits, logits);
}

/* From the embeddings, if they are there: the bits are the same. */
static int find_probabilities(services *s, fb_error *err)
{
    const services_input *in = &s->in;
    size_t n = in->pool_count;
    float *out = NULL;
    if (s->probabilities)
        return FB_OK;
    int rc = new_matrix(s, n, nn_class_count(in->network), &out, err);
    if (!rc && s->embeddings)
        rc = nn_infer_head(in->network, s->embeddings, n, out, err);
    else if (!rc)
        rc = nn_infer(in->network, in->source, in->pool_ids, n, NULL, out, err);
    if (rc)
        return rc;
    to_probabilities(s, out);
    s->probabilities = out;
    return FB_OK;
}

static int probabilities(services *s, arguments with, fb_array *ret_array, fb_error *err)
{
    (void)with;
    int rc = find_probabilities(s, err);
    if (!rc)
        describe(ret_array, FB_FLOAT32, s->probabilities, 2, s->in.pool_count,
                 nn_class_count(s->in.network));
    return rc;
}

static int mc_probabilities(services *s, arguments with, fb_array *ret_array, fb_error *err)
{
    const services_input *in = &s->in;
    size_t n = in->pool_count;
    float *out = NULL;
    if (with.count < 1 || with.count > MAX_PASSES)
        return fb_fail(err, FB_ERANGE, "mc_probabilities: expected 1 to %d passes, got %" PRIu64,
                       MAX_PASSES, with.count);
    size_t passes = (size_t)with.count;
    int rc = new_matrix(s, passes * n, nn_class_count(in->network), &out, err);
    if (!rc)
        rc = nn_infer_dropout(in->network, in->source, in->pool_ids, n, passes, in->monte_carlo,
                              out, err);
    if (!rc)
        describe_stack(s, ret_array, out, passes);
    return rc;
}

static int head_weights(services *s, arguments with, fb_array *ret_array, fb_error *err)
{
    (void)with;
    (void)err;
    const nn_network *network = s->in.network;
    describe(ret_array, FB_FLOAT32, nn_head_weights(network), 2, nn_embedding_size(network),
             nn_class_count(network));
    return FB_OK;
}

static int head_bias(services *s, arguments with, fb_array *ret_array, fb_error *err)
{
    (void)with;
    (void)err;
    const nn_network *network = s->in.network;
    describe(ret_array, FB_FLOAT32, nn_head_bias(network), 1, nn_class_count(network), 0);
    return FB_OK;
}

/* ---- the ensemble --------------------------------------------------------------------------- */

static int add_member(services *s, size_t member, float *out, fb_error *err)
{
    const services_input *in = &s->in;
    nn_network *network = NULL;
    int rc = in->train_member(in->member_context, member, &network, err);
    if (!rc)
        rc = nn_infer(network, in->source, in->pool_ids, in->pool_count, NULL, out, err);
    if (rc)
        return err ? fb_fail_prefix(err, "ensemble member %zu", member) : rc;
    to_probabilities(s, out);
    return FB_OK;
}

/* Members that are there already are not trained again. */
static int grow_ensemble(services *s, size_t members, fb_error *err)
{
    size_t size = s->in.pool_count * nn_class_count(s->in.network), done = s->members;
    float *out = NULL;
    int rc = done ? FB_OK : find_probabilities(s, err);
    if (!rc)
        rc = new_matrix(s, members, size, &out, err);
    if (rc)
        return rc;
    memcpy(out, done ? s->ensemble : s->probabilities, (done ? done : 1) * size * sizeof *out);
    for (size_t member = done ? done : 1; !rc && member < members; member++)
        rc = add_member(s, member, out + member * size, err);
    if (rc)
        return rc;
    s->ensemble = out;
    s->members = members;
    return FB_OK;
}

static int ensemble_probabilities(services *s, arguments with, fb_array *ret_array, fb_error *err)
{
    if (with.count < MIN_MEMBERS || with.count > MAX_MEMBERS)
        return fb_fail(err, FB_ERANGE,
                       "ensemble_probabilities: expected %d to %d members, got %" PRIu64,
                       MIN_MEMBERS, MAX_MEMBERS, with.count);
    size_t members = (size_t)with.count;
    int rc = members <= s->members ? FB_OK : grow_ensemble(s, members, err);
    if (!rc)
        describe_stack(s, ret_array, s->ensemble, members);
    return rc;
}

/* ---- the reference set ---------------------------------------------------------------------- */

/* All training samples but those that are held out. */
static void list_available(const services_input *in, uint32_t *ids)
{
    size_t held = 0;
    for (uint32_t id = 0; id < in->source->count; id++) {
        if (held < in->held_out_count && in->held_out[held] == id)
            held++;
        else
            *ids++ = id;
    }
    FB_CHECK(held == in->held_out_count);
}

/* The M training samples (0: as many as the sub-pool, at most 10,000) with the smallest keyed hash.
 */
static int reference_embeddings(services *s, arguments with, fb_array *ret_array, fb_error *err)
{
    const services_input *in = &s->in;
    size_t available = in->source->count - in->held_out_count, wanted = (size_t)with.count;
    float *out = NULL;
    if (with.count == 0)
        wanted =
            in->pool_count < SERVICES_REFERENCE_LIMIT ? in->pool_count : SERVICES_REFERENCE_LIMIT;
    if (wanted > available)
        return fb_fail(err, FB_ERANGE,
                       "a reference set of %zu samples was asked for, but there are only %zu "
                       "training samples",
                       wanted, available);
    uint32_t *ids = fb_calloc(available, sizeof *ids);
    uint32_t *chosen = fb_calloc(wanted, sizeof *chosen);
    int rc = FB_ENOMEM;
    if (ids && chosen) {
        list_available(in, ids);
        rc = fb_stream_sample(in->reference, ids, available, wanted, chosen);
    }
    if (rc)
        fb_fail_memory(err, available, sizeof *ids, "the reference set");
    else
        rc = embed(s, chosen, wanted, &out, err);
    fb_free(ids);
    fb_free(chosen);
    if (!rc)
        describe(ret_array, FB_FLOAT32, out, 2, wanted, nn_embedding_size(in->network));
    return rc;
}

/* ---- representations ------------------------------------------------------------------------ */

static int inputs(services *s, const uint32_t *ids, size_t count, fb_array *ret_array,
                  fb_error *err)
{
    size_t width = nn_shape_size(s->in.source->shape);
    float *out = NULL;
    int rc = new_matrix(s, count, width, &out, err);
    if (!rc)
        rc = nn_inputs(s->in.source, ids, count, out, err);
    if (!rc)
        describe(ret_array, FB_FLOAT32, out, 2, count, width);
    return rc;
}

static int features(services *s, const uint32_t *ids, size_t count, fb_array *ret_array,
                    fb_error *err)
{
    size_t width = s->in.feature_count;
    float *out = NULL;
    if (!s->in.features)
        return fb_fail(err, FB_ENOENT,
                       "this setting has no feature file; add 'features: FILE.npy' to it, or "
                       "choose another representation");
    int rc = new_matrix(s, count, width, &out, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * width, s->in.features + ids[i] * width, width * sizeof *out);
    describe(ret_array, FB_FLOAT32, out, 2, count, width);
    return FB_OK;
}

static int represent(services *s, arguments with, bool labeled, fb_array *ret_array, fb_error *err)
{
    const uint32_t *ids = labeled ? s->in.labeled_ids : s->in.pool_ids;
    size_t count = labeled ? s->in.labeled_count : s->in.pool_count;
    if (strcmp(with.kind, "network") == 0)
        return labeled ? labeled_embeddings(s, with, ret_array, err)
                       : embeddings(s, with, ret_array, err);
    if (strcmp(with.kind, "inputs") == 0)
        return inputs(s, ids, count, ret_array, err);
    if (strcmp(with.kind, "features") == 0)
        return features(s, ids, count, ret_array, err);
    return fb_fail(err, FB_EINVAL,
                   "a representation is of the kind network, inputs or features, not '%s'",
                   with.kind);
}

static int representation(services *s, arguments with, fb_array *ret_array, fb_error *err)
{
    return represent(s, with, false, ret_array, err);
}

static int labeled_representation(services *s, arguments with, fb_array *ret_array, fb_error *err)
{
    return represent(s, with, true, ret_array, err);
}

/* ---- labels --------------------------------------------------------------------------------- */

static int labeled_ids(services *s, arguments with, fb_array *ret_array, fb_error *err)
{
    (void)with;
    (void)err;
    describe(ret_array, FB_UINT32, s->in.labeled_ids, 1, s->in.labeled_count, 0);
    return FB_OK;
}

static int labels(services *s, arguments with, fb_array *ret_array, fb_error *err)
{
    (void)with;
    (void)err;
    describe(ret_array, FB_UINT32, s->in.labels, 1, s->in.labeled_count, 0);
    return FB_OK;
}

/* ---- by name -------------------------------------------------------------------------------- */

int services_compute(void *context, const char *name, uint64_t count, const char *kind,
                     fb_array *ret_array, void **ret_owned, fb_error *err)
{
    static const struct {
        const char *name;
        int (*compute)(services *s, arguments with, fb_array *ret_array, fb_error *err);
    } table[] = {
        {"probabilities", probabilities},
        {"embeddings", embeddings},
        {"labeled_embeddings", labeled_embeddings},
        {"labeled_ids", labeled_ids},
        {"labels", labels},
        {"head_weights", head_weights},
        {"head_bias", head_bias},
        {"reference_embeddings", reference_embeddings},
        {"mc_probabilities", mc_probabilities},
        {"ensemble_probabilities", ensemble_probabilities},
        {"representation", representation},
        {"labeled_representation", labeled_representation},
    };
    *ret_owned = NULL;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].compute(context, (arguments){count, kind ? kind : ""}, ret_array, err);
    return fb_fail(err, FB_ENOENT, "this run has no service '%s'", name);
}
