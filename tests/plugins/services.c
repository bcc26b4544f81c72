/* Nothing is broken: asks for every service and checks type, shape, strides, alignment and numbers
 * of what it gets. Records sums of them, which tests compare. */
#include <math.h>
#include <string.h>

#include "working.h"

static const char *const kinds[] = {"network", "inputs", "features", NULL};
static const fb_param members_param = {
    .struct_size = sizeof members_param,
    .name = "members",
    .type = FB_PARAM_INT,
    .preset.i = 3,
    .minimum.i = 0,
    .maximum.i = 100,
    .help = "Members of the ensemble; 0: it is not asked for.",
};
static const fb_param passes_param = {
    .struct_size = sizeof passes_param,
    .name = "passes",
    .type = FB_PARAM_INT,
    .preset.i = 5,
    .minimum.i = 0,
    .maximum.i = 1000,
    .help = "Dropout passes; 0: they are not asked for.",
};
static const fb_param representation_param = {
    .struct_size = sizeof representation_param,
    .name = "representation",
    .type = FB_PARAM_TEXT,
    .preset.s = "network",
    .choices = kinds,
    .help = "The representation; the first feature is expected to be the sample's number.",
};
static const fb_param *const params[] = {&members_param, &passes_param, &representation_param};

typedef struct instance {
    const fb_host *host;
    const fb_round *round;
    size_t members, passes;
    const char *kind;
    size_t width; /* of an embedding */
} instance;

static int create_asking(const fb_host *host, const fb_value *values, void **ret_instance)
{
    instance *in = host->alloc(host, 1, sizeof *in);
    if (!in)
        return FB_PLUGIN_ENOMEM;
    in->host = host;
    in->members = (size_t)values[0].i;
    in->passes = (size_t)values[1].i;
    in->kind = values[2].s;
    *ret_instance = in;
    return FB_PLUGIN_OK;
}

static int wrong(const instance *in, const char *name, const char *what)
{
    return in->host->fail(in->host, FB_PLUGIN_EINVAL, "%s: %s", name, what);
}

/* ---- any service ---------------------------------------------------------------------------- */

/* Takes a service whose shape is (a), (a, b) or (a, b, c): the first that is 0 ends it. */
static int take(const instance *in, const char *name, size_t count, const char *kind,
                fb_dtype dtype, const size_t shape[3], fb_array *ret_array)
{
    const fb_request request = {sizeof request, name, count, kind};
    fb_array array = {0}, again = {0};
    uint32_t ndim = shape[1] == 0 ? 1 : shape[2] == 0 ? 2 : 3;
    size_t stride = 4;
    int rc = in->host->get(in->host, &request, &array);
    if (!rc)
        rc = in->host->get(in->host, &request, &again);
    if (rc)
        return rc;
    if (array.data != again.data || memcmp(array.shape, again.shape, sizeof array.shape) != 0)
        return wrong(in, name, "a second request gives another array");
    if (array.struct_size != sizeof array || array.dtype != dtype || array.ndim != ndim)
        return wrong(in, name, "size of the struct, type or number of dimensions");
    if ((uintptr_t)array.data % 64 != 0)
        return wrong(in, name, "alignment");
    for (uint32_t i = ndim; i-- > 0; stride *= shape[i])
        if (array.shape[i] != shape[i] || array.strides[i] != stride)
            return wrong(in, name, "shape or strides");
    *ret_array = array;
    return FB_PLUGIN_OK;
}

/* The same for floats, which must be finite; records their sum, each weighted by its place. */
static int take_floats(const instance *in, const char *name, size_t count, const char *kind,
                       const size_t shape[3], const float **ret_numbers)
{
    fb_array array;
    double sum = 0;
    int rc = take(in, name, count, kind, FB_FLOAT32, shape, &array);
    if (rc)
        return rc;
    const float *numbers = array.data;
    size_t total = shape[0] * (shape[1] ? shape[1] : 1) * (shape[2] ? shape[2] : 1);
    for (size_t i = 0; i < total; i++) {
        if (!isfinite(numbers[i]))
            return wrong(in, name, "a number is not finite");
        sum += (double)numbers[i] * (1 + (double)(i % 97));
    }
    in->host->record(in->host, name, sum);
    *ret_numbers = numbers;
    return FB_PLUGIN_OK;
}

static int check_rows_sum_to_1(const instance *in, const char *name, const float *p, size_t rows)
{
    size_t classes = in->round->class_count;
    for (size_t r = 0; r < rows; r++) {
        double sum = 0;
        for (size_t c = 0; c < classes; c++)
            sum += (double)p[r * classes + c];
        if (!(fabs(sum - 1) <= 1e-5))
            return wrong(in, name, "a row does not sum to 1");
    }
    return FB_PLUGIN_OK;
}

/* ---- the network ---------------------------------------------------------------------------- */

/* log p[a] - log p[b] is the difference of the logits. */
static int check_head(const instance *in, const float *embeddings, const float *weights,
                      const float *bias, const float *p)
{
    size_t classes = in->round->class_count, d = in->width;
    for (size_t r = 0; r < in->round->pool_count; r++)
        for (size_t c = 1; c < classes; c++) {
            double wanted = (double)bias[c] - (double)bias[0];
            for (size_t i = 0; i < d; i++)
                wanted += (double)embeddings[r * d + i] *
                          ((double)weights[i * classes + c] - (double)weights[i * classes]);
            double got = log((double)p[r * classes + c]) - log((double)p[r * classes]);
            if (!(fabs(got - wanted) <= 1e-3))
                return wrong(in, "probabilities", "not the softmax of the head on the embeddings");
        }
    return FB_PLUGIN_OK;
}

/* The width of the embeddings is what the head says. */
static int find_width(instance *in)
{
    const fb_request request = {sizeof request, "head_weights", 0, NULL};
    fb_array array = {0};
    int rc = in->host->get(in->host, &request, &array);
    if (!rc)
        in->width = array.shape[0];
    return rc;
}

static int ask_network(instance *in, const float **ret_p)
{
    size_t n = in->round->pool_count, classes = in->round->class_count;
    const float *weights, *bias, *embeddings, *reference;
    int rc = find_width(in);
    size_t d = in->width, some = n < 7 ? n : 7;
    if (!rc)
        rc = take_floats(in, "head_weights", 0, NULL, (size_t[3]){d, classes}, &weights);
    if (!rc)
        rc = take_floats(in, "head_bias", 0, NULL, (size_t[3]){classes}, &bias);
    if (!rc)
        rc = take_floats(in, "embeddings", 0, NULL, (size_t[3]){n, d}, &embeddings);
    if (!rc)
        rc = take_floats(in, "probabilities", 0, NULL, (size_t[3]){n, classes}, ret_p);
    if (!rc)
        rc = take_floats(in, "reference_embeddings", some, NULL, (size_t[3]){some, d}, &reference);
    if (!rc)
        rc = check_rows_sum_to_1(in, "probabilities", *ret_p, n);
    return rc ? rc : check_head(in, embeddings, weights, bias, *ret_p);
}

/* ---- stacks --------------------------------------------------------------------------------- */

/* Takes `layers` and then fewer: layers are different, and do not depend on their number. */
static int ask_stack(const instance *in, const char *name, size_t layers, size_t fewer,
                     const float **ret_stack)
{
    size_t n = in->round->pool_count, classes = in->round->class_count;
    size_t bytes = n * classes * sizeof(float);
    const float *few;
    int rc = take_floats(in, name, fewer, NULL, (size_t[3]){fewer, n, classes}, &few);
    if (!rc)
        rc = take_floats(in, name, layers, NULL, (size_t[3]){layers, n, classes}, ret_stack);
    if (!rc)
        rc = check_rows_sum_to_1(in, name, *ret_stack, layers * n);
    if (rc)
        return rc;
    if (memcmp(few, *ret_stack, fewer * bytes) != 0)
        return wrong(in, name, "the numbers depend on how many there are");
    for (size_t i = 1; i < layers; i++)
        if (memcmp(*ret_stack, *ret_stack + i * n * classes, bytes) == 0)
            return wrong(in, name, "two of them are the same");
    return FB_PLUGIN_OK;
}

static int ask_stacks(const instance *in, const float *p)
{
    const float *stack = NULL;
    int rc = FB_PLUGIN_OK;
    if (in->passes > 1)
        rc = ask_stack(in, "mc_probabilities", in->passes, in->passes - 1, &stack);
    if (rc || in->members < 2)
        return rc;
    rc = ask_stack(in, "ensemble_probabilities", in->members, 2, &stack);
    if (!rc && memcmp(stack, p, in->round->pool_count * in->round->class_count * sizeof *p) != 0)
        rc = wrong(in, "ensemble_probabilities", "member 0 is not the round's network");
    return rc;
}

/* ---- samples -------------------------------------------------------------------------------- */

static int ask_labels(const instance *in, const uint32_t **ret_ids)
{
    size_t m = in->round->labeled_count;
    fb_array ids, labels;
    int rc = take(in, "labeled_ids", 0, NULL, FB_UINT32, (size_t[3]){m}, &ids);
    if (!rc)
        rc = take(in, "labels", 0, NULL, FB_UINT32, (size_t[3]){m}, &labels);
    if (rc)
        return rc;
    *ret_ids = ids.data;
    for (size_t i = 0; i < m; i++) {
        if (i > 0 && (*ret_ids)[i] <= (*ret_ids)[i - 1])
            return wrong(in, "labeled_ids", "they do not ascend");
        if (((const uint32_t *)labels.data)[i] >= in->round->class_count)
            return wrong(in, "labels", "there is no such class");
    }
    return FB_PLUGIN_OK;
}

/* One of the two representations of rows with these ids. */
static int ask_rows(const instance *in, const char *name, const uint32_t *ids, size_t count,
                    size_t *width)
{
    const fb_request request = {sizeof request, name, 0, in->kind};
    fb_array array = {0};
    const float *x;
    int rc = in->host->get(in->host, &request, &array);
    if (!rc && *width && array.shape[1] != *width)
        return wrong(in, name, "not as wide as the other one");
    *width = array.shape[1];
    if (!rc)
        rc = take_floats(in, name, 0, in->kind, (size_t[3]){count, *width}, &x);
    for (size_t i = 0; !rc && strcmp(in->kind, "features") == 0 && i < count; i++)
        if (!(fabs((double)x[i * *width] - (double)ids[i]) <= 0))
            rc = wrong(in, name, "a row is another sample's");
    return rc;
}

static int ask_representations(const instance *in, const uint32_t *labeled_ids)
{
    size_t width = 0, d = in->width, m = in->round->labeled_count;
    const float *embeddings;
    int rc = ask_rows(in, "representation", in->round->pool_ids, in->round->pool_count, &width);
    if (!rc)
        rc = ask_rows(in, "labeled_representation", labeled_ids, m, &width);
    if (!rc)
        rc = take_floats(in, "labeled_embeddings", 0, NULL, (size_t[3]){m, d}, &embeddings);
    if (!rc && strcmp(in->kind, "network") == 0 && width != d)
        rc = wrong(in, "representation", "not the embeddings");
    return rc;
}

static int select_asking(void *instance_, const fb_round *round, uint32_t *ret_ids)
{
    instance *in = instance_;
    const float *p = NULL;
    const uint32_t *labeled_ids = NULL;
    in->round = round;
    int rc = ask_network(in, &p);
    if (!rc)
        rc = ask_stacks(in, p);
    if (!rc)
        rc = ask_labels(in, &labeled_ids);
    if (!rc)
        rc = ask_representations(in, labeled_ids);
    return rc ? rc : working_select(NULL, round, ret_ids);
}

static const fb_strategy strategy = {
    WORKING("services"),
    .needs = FB_NEEDS_ENSEMBLE,
    .params = params,
    .param_count = 3,
    .create = create_asking,
    .select = select_asking,
};

FB_PLUGIN_ONE(strategy);
