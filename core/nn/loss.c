#include "loss.h"

#include <string.h>

#include "kernels.h"
#include "metrics.h"
#include "vector.h"

static double weight_of(const double *class_weights, uint32_t label)
{
    return class_weights ? class_weights[label] : 1.0;
}

loss_sums loss_cross_entropy(size_t rows, size_t columns, const float *logits,
                             const uint32_t *labels, const double *class_weights,
                             float *d_logits)
{
    loss_sums sums = {0};
    kernels_log_softmax(rows, columns, logits, columns, d_logits, columns);
    for (size_t r = 0; r < rows; r++) {
        double weight = weight_of(class_weights, labels[r]);
        sums.loss -= weight * (double)d_logits[r * columns + labels[r]];
        sums.weight += weight;
        sums.correct += metrics_predict(columns, logits + r * columns) == labels[r];
    }
    kernels_exp(rows * columns, d_logits, d_logits);
    for (size_t r = 0; r < rows; r++) {
        float *row = d_logits + r * columns;
        row[labels[r]] -= 1.0f;
        vector_scale(columns, (float)(weight_of(class_weights, labels[r]) / sums.weight), row);
    }
    return sums;
}

void loss_balance_classes(const uint32_t *labels, size_t count, size_t class_count,
                          double *ret_weights)
{
    size_t occurring = 0;
    memset(ret_weights, 0, class_count * sizeof *ret_weights);
    for (size_t i = 0; i < count; i++)
        ret_weights[labels[i]] += 1.0;
    for (size_t c = 0; c < class_count; c++)
        occurring += ret_weights[c] > 0.0;
    for (size_t c = 0; c < class_count; c++)
        if (ret_weights[c] > 0.0)
            ret_weights[c] = (double)count / ((double)occurring * ret_weights[c]);
}
