/* Anonymous mappings are not POSIX. */
#define _DEFAULT_SOURCE
#include "synthetic.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "alloc.h"
#include "child.h"
#include "host_random.h"
#include "kernels.h"

enum {
    FIRST_ID = 1 << 20, /* far from any row */
    ID_STEP = 3,        /* between two samples of the pool there may be a labelled one */
    MAX_PASSES = 100000,
    MIN_MEMBERS = 2,
    MAX_MEMBERS = 100,
    REFERENCE_LIMIT = 10000, /* of a set whose size is the host's to choose */
    TRAINING_SAMPLES = 100000,
};

/* The draws; layers of a stack count up in `draw`. */
enum { DRAW_POOL, DRAW_LABELED, DRAW_REFERENCE, DRAW_HEAD, DRAW_MASKS, DRAW_MEMBERS, DRAW_INPUTS };

static const fb_stream stream = {UINT64_C(0x666c6970)};

/* ---- memory --------------------------------------------------------------------------------- */

/* Pages of one array. */
typedef struct synthetic_array {
    void *memory;
    size_t size;
    char *name; /* for the one who writes to it */
    struct synthetic_array *next;
} synthetic_array;

static size_t whole_pages(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (bytes / page + 1) * page;
}

/* Room for `count` numbers of 4 bytes, zeroed. */
static void *new_array(synthetic *s, const char *name, size_t count, fb_error *err)
{
    synthetic_array *array = fb_calloc(1, sizeof *array);
    char *copy = fb_strdup(name);
    void *memory = MAP_FAILED;
    size_t size = 0;
    if (array && copy && count <= PTRDIFF_MAX / 8) {
        size = whole_pages(count * 4);
        memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    if (memory == MAP_FAILED) {
        fb_free(array);
        fb_free(copy);
        fb_fail_memory(err, count, 4, name);
        return NULL;
    }
    *array = (synthetic_array){memory, size, copy, s->arrays};
    s->arrays = array;
    return memory;
}

/* The array that was made last is complete. */
static void seal(const synthetic *s)
{
    const synthetic_array *array = s->arrays;
    if (s->options.read_only)
        child_protect(array->memory, array->size, array->name);
}

void synthetic_finish(synthetic *s)
{
    while (s->arrays) {
        synthetic_array *array = s->arrays;
        s->arrays = array->next;
        munmap(array->memory, array->size);
        fb_free(array->name);
        fb_free(array);
    }
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* Rows as a ReLU leaves them. */
static void fill_rows(const synthetic *s, uint32_t draw, size_t rows, size_t width, float *out)
{
    if (s->options.zero) {
        memset(out, 0, rows * width * sizeof *out);
        return;
    }
    host_random_normal(stream, draw, 0, 0, rows * width, out);
    for (size_t i = 0; i < rows * width; i++)
        out[i] = out[i] < 0 ? 0 : out[i];
}

/* Rows of the pool. */
static void fill_pool(const synthetic *s, uint32_t draw, size_t width, float *out)
{
    fill_rows(s, draw, s->options.n, width, out);
    for (size_t i = 1; s->options.identical && i < s->options.n; i++)
        memcpy(out + i * width, out, width * sizeof *out);
}

/* The head, (d, C) and behind it the bias (C), plus `noise` times normal numbers of `draw`. */
static void fill_head(const synthetic *s, float noise, uint32_t draw, float *out, float *scratch)
{
    const synthetic_options *o = &s->options;
    size_t count = (o->width + 1) * o->classes;
    float scale = 1 / sqrtf((float)o->width);
    host_random_normal(stream, DRAW_HEAD, 0, 0, count, out);
    if (noise > 0)
        host_random_normal(stream, DRAW_MEMBERS, draw, 0, count, scratch);
    for (size_t i = 0; i < count; i++)
        out[i] = scale * (out[i] + (noise > 0 ? noise * scratch[i] : 0));
}

/* One dropout mask of a half, in the weights of the inputs. */
static void drop_inputs(const synthetic *s, uint32_t pass, float *head)
{
    const synthetic_options *o = &s->options;
    for (size_t i = 0; i < o->width; i++) {
        uint32_t bits;
        host_random_bits(stream, DRAW_MASKS, pass, i, 1, &bits);
        for (size_t c = 0; c < o->classes; c++)
            head[i * o->classes + c] *= bits & 1 ? 2.0f : 0.0f;
    }
}

typedef enum stack_kind {
    STACK_NETWORK, /* one layer, the probabilities */
    STACK_PASSES,
    STACK_MEMBERS
} stack_kind;

/* softmax(embeddings head + bias), with the head of each layer: (layers, n, C). */
static int fill_stack(const synthetic *s, stack_kind kind, size_t layers, float *out, fb_error *err)
{
    const synthetic_options *o = &s->options;
    size_t n = o->n, d = o->width, classes = o->classes;
    float *embeddings = fb_calloc(n, d * sizeof *embeddings);
    float *head = fb_calloc(2 * (d + 1), classes * sizeof *head);
    int rc = embeddings && head ? FB_OK : fb_fail_memory(err, n, d * sizeof *head, "embeddings");
    if (!rc)
        fill_pool(s, DRAW_POOL, d, embeddings);
    for (size_t layer = 0; !rc && layer < layers; layer++) {
        float *p = out + layer * n * classes;
        bool member = kind == STACK_MEMBERS && layer > 0; /* member 0 is the network */
        fill_head(s, member ? 0.5f : 0, (uint32_t)layer, head, head + (d + 1) * classes);
        if (kind == STACK_PASSES)
            drop_inputs(s, (uint32_t)layer, head);
        for (size_t i = 0; i < n; i++)
            memcpy(p + i * classes, head + d * classes, classes * sizeof *p);
        if (kernels_gemm(false, false, n, classes, d, embeddings, d, head, classes, 1, p, classes))
            rc = fb_fail(err, FB_ENOMEM, "out of memory for a matrix product");
        kernels_log_softmax(n, classes, p, classes, p, classes);
        kernels_exp(n * classes, p, p);
    }
    fb_free(embeddings);
    fb_free(head);
    return rc;
}

/* ---- services ------------------------------------------------------------------------------- */

typedef struct arguments {
    const char *name; /* of the service */
    uint64_t count;
    const char *kind; /* "" when there is none */
} arguments;

/* A new float array that the caller fills; trailing zeros are no dimensions. */
static float *new_floats(synthetic *s, const arguments *with, size_t a, size_t b, size_t c,
                         fb_array *ret_array, fb_error *err)
{
    char name[80];
    snprintf(name, sizeof name, "the service %s", with->name);
    float *data = new_array(s, name, a * (b ? b : 1) * (c ? c : 1), err);
    *ret_array = (fb_array){.struct_size = sizeof *ret_array, .data = data, .dtype = FB_FLOAT32,
                            .ndim = c ? 3 : b ? 2 : 1, .shape = {a, b, c}};
    return data;
}

static int embeddings(synthetic *s, const arguments *with, fb_array *ret_array, fb_error *err)
{
    float *out = new_floats(s, with, s->options.n, s->options.width, 0, ret_array, err);
    if (out)
        fill_pool(s, DRAW_POOL, s->options.width, out);
    return out ? FB_OK : FB_ENOMEM;
}

static int labeled_embeddings(synthetic *s, const arguments *with, fb_array *ret_array,
                              fb_error *err)
{
    size_t m = s->options.labeled, d = s->options.width;
    float *out = new_floats(s, with, m, d, 0, ret_array, err);
    if (out)
        fill_rows(s, DRAW_LABELED, m, d, out);
    return out ? FB_OK : FB_ENOMEM;
}

static int reference_embeddings(synthetic *s, const arguments *with, fb_array *ret_array,
                                fb_error *err)
{
    size_t n = s->options.n, d = s->options.width;
    size_t wanted = n < REFERENCE_LIMIT ? n : REFERENCE_LIMIT;
    if (with->count > TRAINING_SAMPLES)
        return fb_fail(err, FB_ERANGE,
                       "a reference set of %" PRIu64 " samples was asked for, but there are only "
                       "%d training samples",
                       with->count, TRAINING_SAMPLES);
    if (with->count)
        wanted = (size_t)with->count;
    float *out = new_floats(s, with, wanted, d, 0, ret_array, err);
    if (out)
        fill_rows(s, DRAW_REFERENCE, wanted, d, out);
    return out ? FB_OK : FB_ENOMEM;
}

/* The weights, or behind them the bias. */
static int head(synthetic *s, const arguments *with, fb_array *ret_array, fb_error *err)
{
    size_t d = s->options.width, classes = s->options.classes;
    bool weights = strcmp(with->name, "head_weights") == 0;
    float *all = fb_calloc(d + 1, classes * sizeof *all);
    float *out = weights ? new_floats(s, with, d, classes, 0, ret_array, err)
                         : new_floats(s, with, classes, 0, 0, ret_array, err);
    int rc = all && out ? FB_OK : fb_fail_memory(err, d + 1, classes * sizeof *all, with->name);
    if (!rc) {
        fill_head(s, 0, 0, all, NULL);
        memcpy(out, weights ? all : all + d * classes, (weights ? d : 1) * classes * sizeof *out);
    }
    fb_free(all);
    return rc;
}

static int stack(synthetic *s, const arguments *with, fb_array *ret_array, fb_error *err)
{
    size_t n = s->options.n, classes = s->options.classes, layers = (size_t)with->count;
    bool passes = strcmp(with->name, "mc_probabilities") == 0;
    size_t least = passes ? 1 : MIN_MEMBERS, most = passes ? MAX_PASSES : MAX_MEMBERS;
    if (with->count < least || with->count > most)
        return fb_fail(err, FB_ERANGE, "%s: expected %zu to %zu %s, got %" PRIu64, with->name,
                       least, most, passes ? "passes" : "members", with->count);
    float *out = new_floats(s, with, layers, n, classes, ret_array, err);
    return out ? fill_stack(s, passes ? STACK_PASSES : STACK_MEMBERS, layers, out, err)
               : FB_ENOMEM;
}

static int probabilities(synthetic *s, const arguments *with, fb_array *ret_array, fb_error *err)
{
    float *out = new_floats(s, with, s->options.n, s->options.classes, 0, ret_array, err);
    return out ? fill_stack(s, STACK_NETWORK, 1, out, err) : FB_ENOMEM;
}

static int representation(synthetic *s, const arguments *with, fb_array *ret_array, fb_error *err)
{
    bool labeled = strcmp(with->name, "labeled_representation") == 0;
    size_t width = 2 * s->options.width, rows = labeled ? s->options.labeled : s->options.n;
    if (strcmp(with->kind, "network") == 0)
        return labeled ? labeled_embeddings(s, with, ret_array, err)
                       : embeddings(s, with, ret_array, err);
    if (strcmp(with->kind, "inputs") != 0 && strcmp(with->kind, "features") != 0)
        return fb_fail(err, FB_EINVAL,
                       "a representation is of the kind network, inputs or features, not '%s'",
                       with->kind);
    float *out = new_floats(s, with, rows, width, 0, ret_array, err);
    if (out && labeled)
        fill_rows(s, DRAW_INPUTS + 1, rows, width, out);
    else if (out)
        fill_pool(s, DRAW_INPUTS, width, out);
    return out ? FB_OK : FB_ENOMEM;
}

static int labeled_ids(synthetic *s, const arguments *with, fb_array *ret_array, fb_error *err)
{
    (void)with;
    (void)err;
    *ret_array = (fb_array){.struct_size = sizeof *ret_array, .data = s->labeled_ids,
                            .dtype = FB_UINT32, .ndim = 1, .shape = {s->options.labeled}};
    return FB_OK;
}

/* Behind the revealed labels lie the hidden ones, where a strategy finds them that reads on. */
static int labels(synthetic *s, const arguments *with, fb_array *ret_array, fb_error *err)
{
    const synthetic_options *o = &s->options;
    (void)with;
    uint32_t *out = new_array(s, "the service labels", o->labeled + o->n, err);
    if (!out)
        return FB_ENOMEM;
    for (size_t i = 0; i < o->labeled + o->n; i++) {
        bool other = i >= o->labeled && o->other_hidden_labels;
        out[i] = (uint32_t)((i + (other ? 1 + i / 2 : 0)) % o->classes);
    }
    *ret_array = (fb_array){.struct_size = sizeof *ret_array, .data = out, .dtype = FB_UINT32,
                            .ndim = 1, .shape = {o->labeled}};
    return FB_OK;
}

/* Puts a NaN, or a class that there is none of, into the middle. */
static void poison(const synthetic *s, const fb_array *array)
{
    size_t count = 1;
    for (uint32_t i = 0; i < array->ndim; i++)
        count *= array->shape[i];
    if (count == 0)
        return;
    void *memory = s->arrays->memory;
    if (array->dtype == FB_FLOAT32)
        ((float *)memory)[count / 2] = NAN;
    else
        ((uint32_t *)memory)[count / 2] = (uint32_t)s->options.classes;
}

/* By name; labeled_ids is not made anew. */
static const struct {
    const char *name;
    int (*compute)(synthetic *s, const arguments *with, fb_array *ret_array, fb_error *err);
} table[] = {
    {"probabilities", probabilities},
    {"embeddings", embeddings},
    {"labeled_embeddings", labeled_embeddings},
    {"labeled_ids", labeled_ids},
    {"labels", labels},
    {"head_weights", head},
    {"head_bias", head},
    {"reference_embeddings", reference_embeddings},
    {"mc_probabilities", stack},
    {"ensemble_probabilities", stack},
    {"representation", representation},
    {"labeled_representation", representation},
};

int synthetic_compute(void *context, const char *name, uint64_t count, const char *kind,
                      fb_array *ret_array, void **ret_owned, fb_error *err)
{
    synthetic *s = context;
    const synthetic_options *o = &s->options;
    const arguments with = {name, count, kind ? kind : ""};
    size_t i = 0;
    *ret_owned = NULL;
    while (i < sizeof table / sizeof *table && strcmp(table[i].name, name) != 0)
        i++;
    if (i == sizeof table / sizeof *table || (o->missing && strcmp(o->missing, name) == 0))
        return fb_fail(err, FB_ENOENT, "this run has no service '%s'", name);
    int rc = table[i].compute(s, &with, ret_array, err);
    if (rc || ret_array->data == s->labeled_ids)
        return rc;
    if (o->poisoned && strcmp(o->poisoned, name) == 0)
        poison(s, ret_array);
    seal(s);
    return FB_OK;
}

/* ---- ids ------------------------------------------------------------------------------------ */

static const uint32_t *make_ids(synthetic *s, const char *name, size_t count, uint32_t first,
                                fb_error *err)
{
    uint32_t *ids = new_array(s, name, count, err);
    for (size_t i = 0; ids && i < count; i++)
        ids[i] = first + ID_STEP * (uint32_t)i;
    if (ids)
        seal(s);
    return ids;
}

int synthetic_init(const synthetic_options *options, synthetic *ret_synthetic, fb_error *err)
{
    synthetic s = {.options = *options};
    s.pool_ids = make_ids(&s, "round->pool_ids", options->n, FIRST_ID, err);
    if (s.pool_ids)
        s.labeled_ids =
            make_ids(&s, "the service labeled_ids", options->labeled, FIRST_ID + 1, err);
    if (!s.labeled_ids) {
        synthetic_finish(&s);
        return FB_ENOMEM;
    }
    *ret_synthetic = s;
    return FB_OK;
}

bool synthetic_is_labeled(const synthetic *s, uint32_t id)
{
    for (size_t i = 0; i < s->options.labeled; i++)
        if (s->labeled_ids[i] == id)
            return true;
    return false;
}
