/* The linear network's training: a training set as a problem for linear_fit, and its solution as
 * the network's head. */
#include "linear.h"

#include <float.h>
#include <math.h>

#include "alloc.h"
#include "double_vector.h"
#include "loss.h"
#include "network.h"
#include "recipe.h"

typedef struct job {
    nn_network *network;
    const nn_recipe *recipe;
    const nn_training *training;
    size_t features, classes;
    float *sample;       /* (features) */
    double *balance;     /* (classes) the weights that the recipe asked to be balanced, or NULL */
    double *weights;     /* (count) of the samples; NULL: all 1 */
    double *head, *bias; /* (features, classes), (classes) */
} job;

static void job_finish(job *j)
{
    fb_free(j->sample);
    fb_free(j->balance);
    fb_free(j->weights);
    fb_free(j->head);
    fb_free(j->bias);
}

static int job_init(job *j, nn_network *network, const nn_recipe *recipe,
                    const nn_training *training, fb_error *err)
{
    size_t features = nn_embedding_size(network), classes = network->class_count;
    *j = (job){.network = network, .recipe = recipe, .training = training, .features = features,
               .classes = classes};
    j->sample = fb_calloc(features, sizeof *j->sample);
    j->head = fb_calloc(features * classes, sizeof *j->head);
    j->bias = fb_calloc(classes, sizeof *j->bias);
    if (!j->sample || !j->head || !j->bias)
        return fb_fail_memory(err, features * classes, sizeof *j->head, "a logistic regression");
    return FB_OK;
}

static int weigh_samples(job *j, fb_error *err)
{
    const nn_recipe *recipe = j->recipe;
    const nn_training *training = j->training;
    const double *class_weights = recipe->class_weights;
    if (!recipe->balanced && !class_weights)
        return FB_OK;
    j->balance = fb_calloc(j->classes, sizeof *j->balance);
    j->weights = fb_calloc(training->count, sizeof *j->weights);
    if (!j->balance || !j->weights)
        return fb_fail_memory(err, training->count, sizeof *j->weights, "the samples' weights");
    if (recipe->balanced) {
        loss_balance_classes(training->labels, training->count, j->classes, j->balance);
        class_weights = j->balance;
    }
    for (size_t i = 0; i < training->count; i++)
        j->weights[i] = class_weights[training->labels[i]];
    return FB_OK;
}

static void read_sample(void *context, size_t index, double *ret_row)
{
    job *j = context;
    samples_gather(j->training->source, j->training->ids, index, 1, j->sample);
    for (size_t i = 0; i < j->features; i++)
        ret_row[i] = (double)j->sample[i];
}

static int report(void *context, size_t iteration, double loss)
{
    const nn_training *training = ((job *)context)->training;
    return training->progress(training->progress_context, iteration, loss, (double)NAN);
}

/* Rounds the solution into the head. */
static int set_head(const job *j, fb_error *err)
{
    nn_layer *head = &j->network->layers[0];
    size_t count = j->features * j->classes;
    double largest = fmax(double_largest(count, j->head), double_largest(j->classes, j->bias));
    if (!(largest <= (double)FLT_MAX))
        return fb_fail(err, FB_ENUMERIC, "a weight of the logistic regression, %g, is too large "
                       "for a float; scaled inputs may help", largest);
    for (size_t i = 0; i < count; i++)
        head->weights[i] = (float)j->head[i];
    for (size_t c = 0; c < j->classes; c++)
        head->bias[c] = (float)j->bias[c];
    return FB_OK;
}

static int solve(job *j, nn_training_result *result, fb_error *err)
{
    const nn_training *training = j->training;
    linear_problem problem = {
        .count = training->count,
        .features = j->features,
        .classes = j->classes,
        .row = read_sample,
        .labels = training->labels,
        .weights = j->weights,
        .c = j->recipe->c,
        .progress = training->progress ? report : NULL,
        .context = j,
    };
    linear_result fitted;
    int rc = linear_fit(&problem, j->head, j->bias, &fitted, err);
    if (!rc)
        rc = set_head(j, err);
    if (rc)
        return rc;
    *result = (nn_training_result){
        .loss = fitted.loss,
        .validation_accuracy = (double)NAN,
        .epochs = fitted.iterations,
    };
    return FB_OK;
}

static int validate(const job *j, nn_training_result *result, fb_error *err)
{
    const nn_training *training = j->training;
    nn_metrics metrics;
    if (!recipe_validates(training))
        return FB_OK;
    int rc = nn_evaluate(j->network, training->validation_source, training->validation_ids,
                         training->validation_labels, training->validation_count, &metrics, err);
    if (!rc)
        result->validation_accuracy = metrics.accuracy;
    return rc;
}

int linear_train(nn_network *network, const nn_recipe *recipe, const nn_training *training,
                 nn_training_result *ret_result, fb_error *err)
{
    job j = {0};
    nn_training_result result;
    int rc = job_init(&j, network, recipe, training, err);
    if (!rc)
        rc = weigh_samples(&j, err);
    if (!rc)
        rc = solve(&j, &result, err);
    if (!rc)
        rc = validate(&j, &result, err);
    if (!rc)
        *ret_result = result;
    job_finish(&j);
    return rc;
}
