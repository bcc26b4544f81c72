/* Passes without training: embeddings, logits and metrics.
 *
 * Rows are taken in chunks of a fixed size by position, so that memory stays small and a result
 * does not depend on who asked for it. */
#include <math.h>
#include <string.h>

#include "diagnose.h"
#include "infer.h"
#include "metrics.h"

size_t infer_rows_of(const nn_network *network)
{
    const size_t most_floats = (size_t)1 << 24;
    size_t row = 0, rows = INFER_ROWS;
    for (size_t i = 0; i < network->layer_count; i++)
        row += layer_output_size(&network->layers[i]);
    while (rows > INFER_ROWS / 4 && rows * row > most_floats)
        rows /= 2;
    return rows;
}

size_t infer_chunk(const nn_network *network, size_t first, size_t count)
{
    size_t rows = infer_rows_of(network);
    return count - first < rows ? count - first : rows;
}

int infer_begin(nn_network *network, const nn_source *source, const uint32_t *ids, size_t count,
                fb_error *err)
{
    int rc = samples_check(network, source, ids, count, "requested", err);
    if (rc)
        return rc;
    return network_reserve(network, infer_chunk(network, 0, count), false, err);
}

int infer_rows(nn_network *network, const nn_source *source, const uint32_t *ids, size_t first,
               size_t rows, size_t end, const float **ret_y, fb_error *err)
{
    layer_pass pass = network_pass(network, PASS_EVALUATE, (fb_stream){0}, 0);
    samples_gather(source, ids, first, rows, network->input);
    return network_forward(network, &pass, 0, end, rows, network->input, ret_y, err);
}

int nn_infer(nn_network *network, const nn_source *source, const uint32_t *ids, size_t count,
             float *ret_embeddings, float *ret_logits, fb_error *err)
{
    size_t size = nn_embedding_size(network), classes = network->class_count;
    size_t head = network_head(network), end = ret_logits ? head + 1 : head;
    int rc = infer_begin(network, source, ids, count, err);
    for (size_t first = 0; first < count && !rc; first += infer_rows_of(network)) {
        size_t rows = infer_chunk(network, first, count);
        const float *y = NULL;
        rc = infer_rows(network, source, ids, first, rows, end, &y, err);
        if (rc)
            break;
        const float *embeddings =
            ret_logits ? network_input_of(network, &network->layers[head]) : y;
        if (ret_embeddings)
            memcpy(ret_embeddings + first * size, embeddings, rows * size * sizeof *embeddings);
        if (ret_logits)
            memcpy(ret_logits + first * classes, y, rows * classes * sizeof *y);
    }
    return rc;
}

int nn_infer_head(nn_network *network, const float *embeddings, size_t count, float *ret_logits,
                  fb_error *err)
{
    nn_layer *head = &network->layers[network_head(network)];
    const layer_pass pass = network_pass(network, PASS_EVALUATE, (fb_stream){0}, 0);
    size_t size = nn_embedding_size(network), classes = network->class_count;
    for (size_t first = 0; first < count; first += infer_rows_of(network)) { /* as nn_infer's */
        int rc = head->ops->forward(head, &pass, infer_chunk(network, first, count),
                                    embeddings + first * size, ret_logits + first * classes);
        if (rc)
            return fb_fail(err, rc, "the head: %s in a kernel", fb_status_text(rc));
    }
    return FB_OK;
}

static int fail_not_finite(const nn_network *network, size_t first, size_t rows, fb_error *err)
{
    char clause[DIAGNOSE_SIZE];
    diagnose_not_finite(network, 0, clause);
    return fb_fail(err, FB_ENUMERIC, "the loss of samples is not finite (positions %zu to %zu): %s",
                   first, first + rows - 1, clause);
}

static int evaluate_all(nn_network *network, const nn_source *source, const uint32_t *ids,
                        const uint32_t *labels, size_t count, tally *counts, fb_error *err)
{
    size_t end = network->layer_count;
    float *logits = network->layers[network_head(network)].output;
    for (size_t first = 0; first < count; first += infer_rows_of(network)) {
        size_t rows = infer_chunk(network, first, count);
        const float *y = NULL;
        int rc = infer_rows(network, source, ids, first, rows, end, &y, err);
        if (rc)
            return rc;
        tally_add(counts, rows, logits, labels + first);
        if (!isfinite(counts->loss))
            return fail_not_finite(network, first, rows, err);
    }
    return FB_OK;
}

int nn_evaluate(nn_network *network, const nn_source *source, const uint32_t *ids,
                const uint32_t *labels, size_t count, nn_metrics *ret_metrics, fb_error *err)
{
    tally counts = {0};
    if (count == 0)
        return fb_fail(err, FB_EINVAL, "an evaluation needs at least one sample");
    int rc = samples_check_labels(network, labels, count, "evaluation", err);
    if (!rc)
        rc = infer_begin(network, source, ids, count, err);
    if (!rc)
        rc = tally_init(&counts, network->class_count, err);
    if (rc)
        goto done;
    rc = evaluate_all(network, source, ids, labels, count, &counts, err);
    if (rc)
        goto done;
    *ret_metrics = tally_metrics(&counts);
done:
    tally_finish(&counts);
    return rc;
}
