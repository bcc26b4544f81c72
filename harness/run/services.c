#include "services.h"

#include <string.h>

#include "alloc.h"
#include "kernels.h"

/* One service: writes its array and, when it is new memory, hands that over. */
typedef int (*service)(const services_input *in, uint64_t count, const char *kind,
                       fb_array *ret_array, void **ret_owned, fb_error *err);

static void describe(fb_array *array, fb_dtype dtype, const void *data, size_t ndim, size_t rows,
                     size_t columns)
{
    *array = (fb_array){.struct_size = sizeof *array,
                        .data = data,
                        .dtype = dtype,
                        .ndim = (uint32_t)ndim,
                        .shape = {rows, columns}};
}

/* A new (rows, columns) matrix of floats, described and owned by the host. */
static float *new_matrix(size_t rows, size_t columns, fb_array *array, void **owned, fb_error *err)
{
    float *matrix =
        columns && rows > SIZE_MAX / columns ? NULL : fb_calloc(rows * columns, sizeof *matrix);
    if (!matrix) {
        fb_fail(err, FB_ENOMEM, "out of memory: a service needs %zu x %zu floats", rows, columns);
        return NULL;
    }
    describe(array, FB_FLOAT32, matrix, 2, rows, columns);
    *owned = matrix;
    return matrix;
}

static int embed(const services_input *in, const uint32_t *ids, size_t count, fb_array *ret_array,
                 void **ret_owned, fb_error *err)
{
    fb_array array;
    void *owned = NULL;
    float *out = new_matrix(count, nn_embedding_size(in->network), &array, &owned, err);
    if (!out)
        return FB_ENOMEM;
    int rc = nn_infer(in->network, in->source, ids, count, out, NULL, err);
    if (rc) {
        fb_free(owned);
        return rc;
    }
    *ret_array = array;
    *ret_owned = owned;
    return FB_OK;
}

static int embeddings(const services_input *in, uint64_t count, const char *kind,
                      fb_array *ret_array, void **ret_owned, fb_error *err)
{
    (void)count;
    (void)kind;
    return embed(in, in->pool_ids, in->pool_count, ret_array, ret_owned, err);
}

static int labeled_embeddings(const services_input *in, uint64_t count, const char *kind,
                              fb_array *ret_array, void **ret_owned, fb_error *err)
{
    (void)count;
    (void)kind;
    return embed(in, in->labeled_ids, in->labeled_count, ret_array, ret_owned, err);
}

static int probabilities(const services_input *in, uint64_t count, const char *kind,
                         fb_array *ret_array, void **ret_owned, fb_error *err)
{
    (void)count;
    (void)kind;
    fb_array array;
    void *owned = NULL;
    size_t n = in->pool_count, classes = nn_class_count(in->network);
    float *out = new_matrix(n, classes, &array, &owned, err);
    if (!out)
        return FB_ENOMEM;
    int rc = nn_infer(in->network, in->source, in->pool_ids, n, NULL, out, err);
    if (rc) {
        fb_free(owned);
        return rc;
    }
    kernels_log_softmax(n, classes, out, classes, out, classes);
    kernels_exp(n * classes, out, out);
    *ret_array = array;
    *ret_owned = owned;
    return FB_OK;
}

/* The M training samples (0: as many as the sub-pool, at most 10,000) with the smallest keyed hash.
 */
static int reference_embeddings(const services_input *in, uint64_t count, const char *kind,
                                fb_array *ret_array, void **ret_owned, fb_error *err)
{
    (void)kind;
    size_t available = in->source->count - in->held_out_count, held = 0, used = 0;
    size_t wanted = (size_t)count;
    if (count == 0)
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
    if (!ids || !chosen)
        goto done;
    for (uint32_t id = 0; id < in->source->count; id++) {
        if (held < in->held_out_count && in->held_out[held] == id)
            held++;
        else
            ids[used++] = id;
    }
    FB_CHECK(used == available);
    rc = fb_stream_sample(in->reference, ids, available, wanted, chosen);
    if (!rc)
        rc = embed(in, chosen, wanted, ret_array, ret_owned, err);
done:
    if (!ids || !chosen)
        fb_fail_memory(err, available, sizeof *ids, "the reference set");
    fb_free(ids);
    fb_free(chosen);
    return rc;
}

static int mc_probabilities(const services_input *in, uint64_t count, const char *kind,
                            fb_array *ret_array, void **ret_owned, fb_error *err)
{
    (void)kind;
    size_t passes = (size_t)count, n = in->pool_count, classes = nn_class_count(in->network);
    if (passes == 0 || passes > 100000)
        return fb_fail(err, FB_ERANGE, "mc_probabilities: expected 1 to 100000 passes, got %llu",
                       (unsigned long long)count);
    fb_array array;
    void *owned = NULL;
    float *out = new_matrix(passes * n, classes, &array, &owned, err);
    if (!out)
        return FB_ENOMEM;
    int rc = nn_infer_dropout(in->network, in->source, in->pool_ids, n, passes, in->monte_carlo,
                              out, err);
    if (rc) {
        fb_free(owned);
        return rc;
    }
    array.ndim = 3;
    array.shape[0] = passes;
    array.shape[1] = n;
    array.shape[2] = classes;
    *ret_array = array;
    *ret_owned = owned;
    return FB_OK;
}

static int labeled_ids(const services_input *in, uint64_t count, const char *kind,
                       fb_array *ret_array, void **ret_owned, fb_error *err)
{
    (void)count;
    (void)kind;
    (void)err;
    describe(ret_array, FB_UINT32, in->labeled_ids, 1, in->labeled_count, 0);
    *ret_owned = NULL;
    return FB_OK;
}

static int labels(const services_input *in, uint64_t count, const char *kind, fb_array *ret_array,
                  void **ret_owned, fb_error *err)
{
    (void)count;
    (void)kind;
    (void)err;
    describe(ret_array, FB_UINT32, in->labels, 1, in->labeled_count, 0);
    *ret_owned = NULL;
    return FB_OK;
}

static int head_weights(const services_input *in, uint64_t count, const char *kind,
                        fb_array *ret_array, void **ret_owned, fb_error *err)
{
    (void)count;
    (void)kind;
    (void)err;
    describe(ret_array, FB_FLOAT32, nn_head_weights(in->network), 2, nn_embedding_size(in->network),
             nn_class_count(in->network));
    *ret_owned = NULL;
    return FB_OK;
}

static int head_bias(const services_input *in, uint64_t count, const char *kind,
                     fb_array *ret_array, void **ret_owned, fb_error *err)
{
    (void)count;
    (void)kind;
    (void)err;
    describe(ret_array, FB_FLOAT32, nn_head_bias(in->network), 1, nn_class_count(in->network), 0);
    *ret_owned = NULL;
    return FB_OK;
}

int services_compute(void *context, const char *name, uint64_t count, const char *kind,
                     fb_array *ret_array, void **ret_owned, fb_error *err)
{
    static const struct {
        const char *name;
        service compute;
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
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].compute(context, count, kind, ret_array, ret_owned, err);
    return fb_fail(err, FB_ENOENT, "this run has no service '%s'", name);
}
