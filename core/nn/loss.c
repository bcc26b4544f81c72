#include "network.h"

double loss_cross_entropy(size_t rows, size_t columns, const float *logits, const uint32_t *labels,
                          float *d_logits)
{
    double sum = 0.0;
    float scale = 1.0f / (float)rows;
    kernels_log_softmax(rows, columns, logits, columns, d_logits, columns);
    for (size_t r = 0; r < rows; r++)
        sum -= (double)d_logits[r * columns + labels[r]];
    kernels_exp(rows * columns, d_logits, d_logits);
    for (size_t r = 0; r < rows; r++) {
        float *row = d_logits + r * columns;
        row[labels[r]] -= 1.0f;
        for (size_t c = 0; c < columns; c++)
            row[c] *= scale;
    }
    return sum;
}
