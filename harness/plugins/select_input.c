#include "select_input.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "alloc.h"
#include "kernels.h"
#include "strbuf.h"

enum { REFERENCE_LIMIT = 10000 }; /* of the pool's rows, when no reference file is given */

/* ---- reading -------------------------------------------------------------------------------- */

/* FB_EFORMAT unless the shape fits: "PATH has the shape (3, 4); expected ...". */
FB_PRINTF(5, 6)
static int check_shape(const char *path, const npy_array *array, bool fits, fb_error *err,
                       const char *expected, ...)
{
    if (fits)
        return FB_OK;
    fb_strbuf text = FB_STRBUF_INIT;
    for (size_t i = 0; i < array->ndim; i++)
        fb_strbuf_printf(&text, "%s%zu", i ? ", " : "", array->shape[i]);
    fb_strbuf_add(&text, "); expected ");
    va_list args;
    va_start(args, expected);
    fb_strbuf_vprintf(&text, expected, args);
    va_end(args);
    int rc = fb_fail(err, FB_EFORMAT, "%s has the shape (%s", path, text.text);
    fb_strbuf_finish(&text);
    return rc;
}

/* Reads a matrix of rows as wide as the embeddings. */
static int read_rows(const select_input *in, const char *path, npy_array *array, fb_error *err)
{
    int rc = npy_read_floats(path, array, err);
    if (rc)
        return rc;
    bool fits = array->ndim == 2 && array->shape[0] > 0 && array->shape[1] == in->d;
    return check_shape(path, array, fits, err, "(rows, %zu), because %s is (%zu, %zu)", in->d,
                       in->options->pool_embeddings, in->n, in->d);
}

static int read_pool(select_input *in, fb_error *err)
{
    const char *path = in->options->pool_embeddings;
    int rc = npy_read_floats(path, &in->pool, err);
    if (rc)
        return rc;
    bool fits = in->pool.ndim == 2 && in->pool.shape[0] > 0 && in->pool.shape[1] > 0 &&
                in->pool.shape[0] < UINT32_MAX;
    in->n = in->pool.shape[0];
    in->d = in->pool.shape[1];
    return check_shape(path, &in->pool, fits, err, "a matrix (samples, width)");
}

static int read_head(select_input *in, fb_error *err)
{
    const select_options *o = in->options;
    int rc = npy_read_floats(o->head_weights, &in->weights, err);
    if (rc)
        return rc;
    bool fits = in->weights.ndim == 2 && in->weights.shape[0] == in->d && in->weights.shape[1] > 0;
    rc = check_shape(o->head_weights, &in->weights, fits, err,
                     "(%zu, classes), because %s is (%zu, %zu)", in->d, o->pool_embeddings, in->n,
                     in->d);
    if (!rc)
        rc = npy_read_floats(o->head_bias, &in->bias, err);
    if (rc)
        return rc;
    in->classes = in->weights.shape[1];
    fits = in->bias.ndim == 1 && in->bias.shape[0] == in->classes;
    return check_shape(o->head_bias, &in->bias, fits, err, "(%zu), because %s is (%zu, %zu)",
                       in->classes, o->head_weights, in->d, in->classes);
}

/* The labels as the services give them, each a class. */
static int read_labels(select_input *in, fb_error *err)
{
    const char *path = in->options->labeled_labels;
    npy_array read = {0};
    int rc = npy_read_integers(path, &read, err);
    if (rc)
        return rc;
    rc = check_shape(path, &read, read.ndim == 1 && read.shape[0] == in->m, err,
                     "(%zu), one label for each row of %s", in->m, in->options->labeled_embeddings);
    if (!rc && !(in->labels = fb_calloc(in->m, sizeof *in->labels)))
        rc = fb_fail_memory(err, in->m, sizeof *in->labels, path);
    for (size_t i = 0; !rc && i < in->m; i++) {
        if (read.i64[i] < 0 || (uint64_t)read.i64[i] >= in->classes)
            rc = fb_fail(err, FB_ERANGE,
                         "%s holds %" PRId64 " in row %zu; expected a class from 0 to %zu", path,
                         read.i64[i], i, in->classes - 1);
        else
            in->labels[i] = (uint32_t)read.i64[i];
    }
    npy_finish(&read);
    return rc;
}

/* Reads rows that represent the pool's or the labelled samples as inputs or features do. */
static int read_represented(const char *path, size_t rows, const char *beside, npy_array *array,
                            fb_error *err)
{
    int rc = npy_read_floats(path, array, err);
    if (rc)
        return rc;
    bool fits = array->ndim == 2 && array->shape[0] == rows && array->shape[1] > 0;
    return check_shape(path, array, fits, err, "(%zu, width), one row for each of %s", rows,
                       beside);
}

static int read_representations(select_input *in, fb_error *err)
{
    const select_options *o = in->options;
    if (o->labeled_representation && !(o->representation && o->labeled_embeddings))
        return fb_fail(err, FB_EINVAL,
                       "--labeled-representation %s needs --representation and "
                       "--labeled-embeddings beside it",
                       o->labeled_representation);
    int rc = FB_OK;
    if (o->representation)
        rc = read_represented(o->representation, in->n, o->pool_embeddings, &in->represented, err);
    if (rc || !o->labeled_representation)
        return rc;
    rc = read_represented(o->labeled_representation, in->m, o->labeled_embeddings,
                          &in->labeled_represented, err);
    if (rc)
        return rc;
    size_t width = in->represented.shape[1];
    return check_shape(o->labeled_representation, &in->labeled_represented,
                       in->labeled_represented.shape[1] == width, err,
                       "(%zu, %zu), as wide as %s", in->m, width, o->representation);
}

static int read_labeled(select_input *in, fb_error *err)
{
    const select_options *o = in->options;
    if (o->labeled_labels && !o->labeled_embeddings)
        return fb_fail(err, FB_EINVAL,
                       "--labeled-labels %s needs --labeled-embeddings with the samples they label",
                       o->labeled_labels);
    if (!o->labeled_embeddings)
        return FB_OK;
    int rc = read_rows(in, o->labeled_embeddings, &in->labeled, err);
    if (rc)
        return rc;
    in->m = in->labeled.shape[0];
    if (in->m >= UINT32_MAX - in->n)
        return fb_fail(err, FB_ERANGE, "%s has %zu rows, more than sample numbers can count",
                       o->labeled_embeddings, in->m);
    return o->labeled_labels ? read_labels(in, err) : FB_OK;
}

/* Logits, or percentages, would be ranked as well, and by nothing that means something. What is not
 * finite is left to the host, which names it. */
static int check_probabilities(const char *path, const npy_array *array, fb_error *err)
{
    const double tolerance = 0.01; /* as much as three digits a number may lose */
    const size_t rows = array->shape[1], classes = array->shape[2];
    for (size_t i = 0; i < array->shape[0] * rows; i++) {
        const float *p = array->f32 + i * classes;
        double sum = 0;
        bool negative = false;
        for (size_t c = 0; c < classes; c++) {
            sum += (double)p[c];
            negative = negative || p[c] < 0;
        }
        if (negative || fabs(sum - 1) > tolerance)
            return fb_fail(err, FB_ERANGE,
                           "%s holds numbers that %s in row %zu of layer %zu; expected "
                           "probabilities, such as softmax gives, which are not negative and add "
                           "up to 1",
                           path, negative ? "are negative" : "do not add up to 1", i % rows,
                           i / rows);
    }
    return FB_OK;
}

/* Reads a stack of the pool's probabilities: one layer a pass or member, as `of` says. */
static int read_stack(select_input *in, const char *path, const char *of, npy_array *array,
                      fb_error *err)
{
    int rc = npy_read_floats(path, array, err);
    if (rc)
        return rc;
    bool fits = array->ndim == 3 && array->shape[0] > 0 && array->shape[1] == in->n &&
                array->shape[2] == in->classes;
    rc = check_shape(path, array, fits, err,
                     "(%s, %zu, %zu), because %s has %zu rows and %s %zu columns", of, in->n,
                     in->classes, in->options->pool_embeddings, in->n, in->options->head_weights,
                     in->classes);
    return rc ? rc : check_probabilities(path, array, err);
}

/* Numbers first .. first+count-1. */
static uint32_t *count_up(size_t first, size_t count, fb_error *err)
{
    uint32_t *ids = fb_calloc(count, sizeof *ids);
    if (!ids)
        fb_fail_memory(err, count, sizeof *ids, "sample numbers");
    for (size_t i = 0; ids && i < count; i++)
        ids[i] = (uint32_t)(first + i);
    return ids;
}

static int read_files(select_input *in, fb_error *err)
{
    int rc = read_pool(in, err);
    if (!rc)
        rc = read_head(in, err);
    if (!rc)
        rc = read_labeled(in, err);
    if (!rc && in->options->reference_embeddings)
        rc = read_rows(in, in->options->reference_embeddings, &in->reference, err);
    if (!rc && in->options->mc_probabilities)
        rc = read_stack(in, in->options->mc_probabilities, "passes", &in->mc, err);
    if (!rc && in->options->ensemble_probabilities)
        rc = read_stack(in, in->options->ensemble_probabilities, "members", &in->ensemble, err);
    if (!rc)
        rc = read_representations(in, err);
    return rc;
}

int select_input_read(const select_options *options, const char *const *services,
                      select_input *ret_input, fb_error *err)
{
    select_input in = {.options = options, .services = services};
    int rc = options->drawn ? select_input_draw(&in, err) : read_files(&in, err);
    if (!rc && !(in.pool_ids = count_up(0, in.n, err)))
        rc = FB_ENOMEM;
    if (!rc && !(in.labeled_ids = count_up(in.n, in.m, err)))
        rc = FB_ENOMEM;
    if (rc)
        select_input_finish(&in);
    else
        *ret_input = in;
    return rc;
}

void select_input_finish(select_input *input)
{
    if (!input)
        return;
    npy_finish(&input->pool);
    npy_finish(&input->weights);
    npy_finish(&input->bias);
    npy_finish(&input->labeled);
    npy_finish(&input->reference);
    npy_finish(&input->mc);
    npy_finish(&input->ensemble);
    npy_finish(&input->represented);
    npy_finish(&input->labeled_represented);
    fb_free(input->labels);
    fb_free(input->pool_ids);
    fb_free(input->labeled_ids);
    *input = (select_input){0};
}

/* ---- services ------------------------------------------------------------------------------- */

static void describe(fb_array *array, fb_dtype dtype, const void *data, uint32_t ndim,
                     const size_t *shape)
{
    *array = (fb_array){.struct_size = sizeof *array, .data = data, .dtype = dtype, .ndim = ndim};
    memcpy(array->shape, shape, ndim * sizeof *shape);
}

/* softmax(P W + b): each logit a chain that starts at its bias. */
static int probabilities(const select_input *in, fb_array *ret_array, void **ret_owned,
                         fb_error *err)
{
    size_t n = in->n, classes = in->classes;
    float *p = fb_calloc(n, classes * sizeof *p);
    if (!p)
        return fb_fail_memory(err, n, classes * sizeof *p, "probabilities");
    for (size_t i = 0; i < n; i++)
        memcpy(p + i * classes, in->bias.f32, classes * sizeof *p);
    if (kernels_gemm(false, false, n, classes, in->d, in->pool.f32, in->d, in->weights.f32, classes,
                     1, p, classes) != 0) {
        fb_free(p);
        return fb_fail(err, FB_ENOMEM, "out of memory for a matrix product");
    }
    kernels_log_softmax(n, classes, p, classes, p, classes);
    kernels_exp(n * classes, p, p);
    describe(ret_array, FB_FLOAT32, p, 2, (size_t[]){n, classes});
    *ret_owned = p;
    return FB_OK;
}

/* `count` rows of the matrix, drawn, in ascending order. */
static int sample_rows(const select_input *in, const npy_array *from, size_t count,
                       fb_array *ret_array, void **ret_owned, fb_error *err)
{
    size_t rows = from->shape[0], d = in->d;
    uint32_t *all = count_up(0, rows, err), *chosen = fb_calloc(count, sizeof *chosen);
    float *data = fb_calloc(count, d * sizeof *data);
    int rc = all && chosen && data
                 ? fb_stream_sample(in->reference_stream, all, rows, count, chosen)
                 : FB_ENOMEM;
    for (size_t i = 0; !rc && i < count; i++)
        memcpy(data + i * d, from->f32 + chosen[i] * d, d * sizeof *data);
    fb_free(all);
    fb_free(chosen);
    if (rc) {
        fb_free(data);
        return fb_fail_memory(err, count, d * sizeof *data, "reference embeddings");
    }
    describe(ret_array, FB_FLOAT32, data, 2, (size_t[]){count, d});
    *ret_owned = data;
    return FB_OK;
}

/* `count` rows of the reference file or, without one, of the pool; 0: all that there are, of the
 * pool at most 10,000. */
static int reference(const select_input *in, uint64_t count, fb_array *ret_array, void **ret_owned,
                     fb_error *err)
{
    bool given = in->reference.ndim > 0;
    const npy_array *from = given ? &in->reference : &in->pool;
    const char *path = given ? in->options->reference_embeddings : in->options->pool_embeddings;
    size_t rows = from->shape[0];
    size_t automatic = given || rows < REFERENCE_LIMIT ? rows : REFERENCE_LIMIT;
    if (count > rows)
        return fb_fail(err, FB_ERANGE,
                       "%" PRIu64 " reference embeddings were asked for, but %s has %zu rows",
                       count, path, rows);
    size_t wanted = count ? (size_t)count : automatic;
    if (wanted < rows)
        return sample_rows(in, from, wanted, ret_array, ret_owned, err);
    describe(ret_array, FB_FLOAT32, from->f32, 2, from->shape);
    return FB_OK;
}

static int missing(const char *name, const char *option, fb_error *err)
{
    return fb_fail(err, FB_ENOENT, "the strategy needs %s; give them with %s FILE.npy", name,
                   option);
}

/* The first `count` layers of a stack, passes or members; 0: all of them. */
static int take_stack(const select_input *in, const npy_array *stack, const char *path,
                      const char *of, uint64_t count, fb_array *ret_array, fb_error *err)
{
    size_t layers = stack->shape[0];
    if (count > layers)
        return fb_fail(err, FB_ERANGE,
                       "%" PRIu64 " %s were asked for, but %s has %zu; ask for fewer with "
                       "--param %s=%zu",
                       count, of, path, layers, of, layers);
    size_t shape[3] = {count ? (size_t)count : layers, in->n, in->classes};
    describe(ret_array, FB_FLOAT32, stack->f32, 3, shape);
    return FB_OK;
}

/* What the user gave stands for inputs and features alike; the network's are the embeddings. */
static int take_represented(const select_input *in, const char *kind, bool labeled,
                            fb_array *ret_array, fb_error *err)
{
    bool network = strcmp(kind, "network") == 0;
    const npy_array *embeddings = labeled ? &in->labeled : &in->pool;
    const npy_array *given = labeled ? &in->labeled_represented : &in->represented;
    const npy_array *array = network ? embeddings : given;
    if (!network && strcmp(kind, "inputs") != 0 && strcmp(kind, "features") != 0)
        return fb_fail(err, FB_EINVAL,
                       "a representation is of the kind network, inputs or features, not '%s'",
                       kind);
    if (!array->ndim && network)
        return missing("labeled_embeddings", "--labeled-embeddings", err);
    if (!array->ndim)
        return fb_fail(err, FB_ENOENT,
                       "the strategy represents %s by their %s; give them with %s FILE.npy",
                       labeled ? "labelled samples" : "samples", kind,
                       labeled ? "--labeled-representation" : "--representation");
    describe(ret_array, FB_FLOAT32, array->f32, 2, array->shape);
    return FB_OK;
}

/* The services that depend on files which need not be given. */
static int compute_optional(const select_input *in, const char *name, uint64_t count,
                            const char *kind, fb_array *ret_array, fb_error *err)
{
    const select_options *o = in->options;
    if (strcmp(name, "representation") == 0)
        return take_represented(in, kind, false, ret_array, err);
    if (strcmp(name, "labeled_representation") == 0)
        return take_represented(in, kind, true, ret_array, err);
    if (strcmp(name, "mc_probabilities") == 0)
        return in->mc.ndim ? take_stack(in, &in->mc, o->mc_probabilities, "passes", count,
                                        ret_array, err)
                           : missing(name, "--mc-probabilities", err);
    if (strcmp(name, "ensemble_probabilities") == 0)
        return in->ensemble.ndim ? take_stack(in, &in->ensemble, o->ensemble_probabilities,
                                              "members", count, ret_array, err)
                                 : missing(name, "--ensemble-probabilities", err);
    if (strcmp(name, "labeled_embeddings") == 0) {
        if (!in->labeled.ndim)
            return missing(name, "--labeled-embeddings", err);
        describe(ret_array, FB_FLOAT32, in->labeled.f32, 2, in->labeled.shape);
    } else if (strcmp(name, "labels") == 0) {
        if (!in->labels)
            return missing(name, "--labeled-labels", err);
        describe(ret_array, FB_UINT32, in->labels, 1, &in->m);
    } else {
        return fb_fail(err, FB_ENOENT,
                       "the strategy needs the service %s, which a selection from files does not "
                       "have",
                       name);
    }
    return FB_OK;
}

int select_input_compute(void *context, const char *name, uint64_t count, const char *kind,
                         fb_array *ret_array, void **ret_owned, fb_error *err)
{
    const select_input *in = context;
    *ret_owned = NULL;
    if (strcmp(name, "probabilities") == 0)
        return probabilities(in, ret_array, ret_owned, err);
    if (strcmp(name, "reference_embeddings") == 0)
        return reference(in, count, ret_array, ret_owned, err);
    if (strcmp(name, "embeddings") == 0)
        describe(ret_array, FB_FLOAT32, in->pool.f32, 2, in->pool.shape);
    else if (strcmp(name, "head_weights") == 0)
        describe(ret_array, FB_FLOAT32, in->weights.f32, 2, in->weights.shape);
    else if (strcmp(name, "head_bias") == 0)
        describe(ret_array, FB_FLOAT32, in->bias.f32, 1, in->bias.shape);
    else if (strcmp(name, "labeled_ids") == 0)
        describe(ret_array, FB_UINT32, in->labeled_ids, 1, &in->m);
    else
        return compute_optional(in, name, count, kind ? kind : "", ret_array, err);
    return FB_OK;
}
