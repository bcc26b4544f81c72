/* @ID@: a query strategy for flipbench.
 *
 * Until you change it, it draws samples, none twice, in proportion to
 * (1 - largest predicted probability)^power. */
#include <string.h>

#include <flipbench/kit.h>

/* What one round needs. A new instance is made for each, and all its memory is the host's, which
 * releases it after the round. */
typedef struct @NAME@_round {
    const fb_host *host;
    int64_t power;     /* the parameter below */
    kit_matrix p;      /* (n, C): probabilities of the sub-pool; row i is sample pool_ids[i] */
    double *weights;   /* (n) */
} @NAME@_round;

/* The rule: how much the sample with these class probabilities is wanted. A function of numbers
 * alone is easy to test: see test_rule.c. */
static double weight(const float *p, size_t class_count, int64_t power)
{
    double doubt = 1 - (double)p[kit_argmax(p, class_count)], product = 1;
    if (!(doubt > 0)) /* rounding may leave less than nothing */
        return 0;
    for (int64_t i = 0; i < power; i++) /* pow() depends on the C library */
        product *= doubt;
    return product;
}

/* A loop body for parallel_for: it may run on several threads at once, so it writes only the places
 * of its own rows, and of the host's callbacks it may call random_... alone. */
static void weigh_rows(void *argument, size_t first, size_t count)
{
    @NAME@_round *self = argument;
    for (size_t i = first; i < first + count; i++)
        self->weights[i] = weight(kit_row(&self->p, i), self->p.columns, self->power);
}

static int create(const fb_host *host, const fb_value *values, void **ret_instance)
{
    @NAME@_round *self = host->alloc(host, 1, sizeof *self);
    if (!self)
        return kit_fail_memory(host, "@ID@");
    self->host = host;
    self->power = values[0].i;
    *ret_instance = self;
    return FB_PLUGIN_OK;
}

/* Draws the batch by the weights; samples of weight 0, when no other is left, in order. */
static int draw(const @NAME@_round *self, const fb_round *round, uint32_t *ret_ids)
{
    const fb_host *host = self->host;
    size_t n = round->pool_count, next = 0;
    double *left = host->alloc(host, n, sizeof *left); /* weights, 0 once taken */
    unsigned char *taken = host->alloc(host, n, 1);
    if (!left || !taken)
        return kit_fail_memory(host, "weights");
    memcpy(left, self->weights, n * sizeof *left);
    for (size_t b = 0; b < round->batch; b++) {
        double u;
        if (host->cancelled(host))
            return host->fail(host, FB_PLUGIN_ECANCELLED, "the run was stopped");
        /* Number b of stream 0, draw 0: the same in every run with the same seed. */
        host->random_uniform(host, 0, 0, b, 1, &u);
        size_t row = kit_weighted_draw(left, n, u);
        while (row == KIT_NONE && taken[next])
            next++;
        if (row == KIT_NONE)
            row = next;
        taken[row] = 1;
        left[row] = 0;
        ret_ids[b] = round->pool_ids[row];
    }
    return FB_PLUGIN_OK;
}

static int select_batch(void *instance, const fb_round *round, uint32_t *ret_ids)
{
    @NAME@_round *self = instance;
    const fb_host *host = self->host;
    int rc = kit_get_matrix(host, "probabilities", 0, &self->p);
    if (rc != FB_PLUGIN_OK)
        return rc; /* the host has the reason */
    self->weights = host->alloc(host, round->pool_count, sizeof *self->weights);
    if (!self->weights)
        return kit_fail_memory(host, "weights");
    host->parallel_for(host, round->pool_count, 256, weigh_rows, self);
    return draw(self, round, ret_ids);
}

/* Optional: a number for each sample of the sub-pool. `select --scores` and `export --what scores`
 * show it. */
static int scores(void *instance, const fb_round *round, double *ret_scores)
{
    const @NAME@_round *self = instance;
    memcpy(ret_scores, self->weights, round->pool_count * sizeof *ret_scores);
    return FB_PLUGIN_OK;
}

/* Nothing to release: the memory is the host's. */
static void destroy(void *instance)
{
    (void)instance;
}

static const fb_param power = {
    .struct_size = sizeof power,
    .name = "power",
    .type = FB_PARAM_INT,
    .preset.i = 1,
    .minimum.i = 1,
    .maximum.i = 100,
    .help = "How strongly doubtful samples are preferred.",
};
static const fb_param *const params[] = {&power};

/* What it may ask the host for: `get` refuses everything else. */
static const char *const services[] = {"probabilities", NULL};

static const fb_strategy @NAME@_strategy = {
    .struct_size = sizeof @NAME@_strategy,
    .id = "@ID@",
    .label = "@LABEL@", /* in tables and figures */
    .algo_version = 1,   /* raise it whenever the selection changes: results are kept apart by it */
    .rule = "Draws in proportion to a power of one minus the largest class probability.",
    .citation = "Unpublished.", /* where the rule comes from */
    .deviations = NULL,         /* what differs from there, in full sentences */
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .score_name = "weight",
    .create = create,
    .select = select_batch,
    .scores = scores,
    .destroy = destroy,
    .services = services,
};

FB_PLUGIN_ONE(@NAME@_strategy);
