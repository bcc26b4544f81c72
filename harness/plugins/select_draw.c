/* Arrays of `flipbench bench strategy` in place of files. */
#include <math.h>

#include "alloc.h"
#include "descriptor.h"
#include "kernels.h"
#include "select_input.h"

/* The draws of the one stream. */
enum { DRAW_POOL, DRAW_WEIGHTS, DRAW_LABELED, DRAW_LABELS, DRAW_PASSES, DRAW_MEMBERS };

/* Normal numbers times `scale` in an array of this shape; those that are not wanted have size 1. */
static int draw_normal(npy_array *array, uint64_t draw, float scale, size_t ndim, size_t a,
                       size_t b, size_t c, fb_error *err)
{
    enum { BLOCK = 4096 };
    uint32_t bits[BLOCK];
    float values[BLOCK];
    *array = (npy_array){.ndim = ndim, .shape = {a, b, c}};
    array->f32 = b <= SIZE_MAX / sizeof(float) / c ? fb_calloc(a, b * c * sizeof(float)) : NULL;
    if (!array->f32)
        return fb_fail(err, FB_ENOMEM, "no memory for an array of %zu x %zu x %zu numbers", a, b,
                       c);
    array->count = a * b * c;
    for (size_t first = 0; first < array->count; first += BLOCK) {
        size_t n = array->count - first < BLOCK ? array->count - first : BLOCK;
        kernels_random_bits(0, draw, first, BLOCK, bits);
        kernels_normal(BLOCK, bits, values);
        for (size_t i = 0; i < n; i++)
            array->f32[first + i] = scale * values[i];
    }
    return FB_OK;
}

static int draw_embeddings(npy_array *array, uint64_t draw, size_t rows, size_t d, fb_error *err)
{
    int rc = draw_normal(array, draw, 1, 2, rows, d, 1, err);
    for (size_t i = 0; !rc && i < array->count; i++)
        array->f32[i] = array->f32[i] < 0 ? 0 : array->f32[i];
    return rc;
}

static int draw_labels(select_input *in, fb_error *err)
{
    in->labels = fb_calloc(in->m, sizeof *in->labels);
    if (!in->labels)
        return fb_fail_memory(err, in->m, sizeof *in->labels, "labels");
    for (size_t i = 0; i < in->m; i++)
        in->labels[i] = (uint32_t)fb_stream_below((fb_stream){0}, DRAW_LABELS, i, in->classes);
    return FB_OK;
}

/* Probabilities of passes or members. */
static int draw_stack(const select_input *in, npy_array *stack, uint64_t draw, size_t layers,
                      fb_error *err)
{
    int rc = draw_normal(stack, draw, 1, 3, layers, in->n, in->classes, err);
    if (rc)
        return rc;
    float *p = stack->f32;
    kernels_log_softmax(layers * in->n, in->classes, p, in->classes, p, in->classes);
    kernels_exp(stack->count, p, p);
    return FB_OK;
}

static bool is_wanted(const select_input *in, const char *service)
{
    return descriptor_allows(in->services, service);
}

int select_input_draw(select_input *in, fb_error *err)
{
    const select_sizes *sizes = in->options->drawn;
    float scale = (float)(1 / sqrt((double)sizes->d));
    in->n = sizes->n;
    in->d = sizes->d;
    in->classes = sizes->classes;
    in->m = sizes->labeled;
    int rc = draw_embeddings(&in->pool, DRAW_POOL, in->n, in->d, err);
    if (!rc)
        rc = draw_normal(&in->weights, DRAW_WEIGHTS, scale, 2, in->d, in->classes, 1, err);
    if (!rc)
        rc = draw_normal(&in->bias, DRAW_WEIGHTS, 0, 1, in->classes, 1, 1, err);
    if (!rc && in->m && (is_wanted(in, "labeled_embeddings") ||
                         is_wanted(in, "labeled_representation")))
        rc = draw_embeddings(&in->labeled, DRAW_LABELED, in->m, in->d, err);
    if (!rc && in->m && is_wanted(in, "labels"))
        rc = draw_labels(in, err);
    if (!rc && sizes->passes && is_wanted(in, "mc_probabilities"))
        rc = draw_stack(in, &in->mc, DRAW_PASSES, sizes->passes, err);
    if (!rc && sizes->members && is_wanted(in, "ensemble_probabilities"))
        rc = draw_stack(in, &in->ensemble, DRAW_MEMBERS, sizes->members, err);
    return rc;
}
