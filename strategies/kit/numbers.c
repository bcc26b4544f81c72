/* SPDX-License-Identifier: 0BSD */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "kernels.h"
#include "kit.h"

double kit_entropy(const float *probabilities, size_t count)
{
    double entropy = 0;
    for (size_t c = 0; c < count; c++) {
        double p = probabilities[c];
        if (p > 0)
            entropy -= p * kernels_log_double(p);
    }
    return entropy;
}

double kit_margin(const float *probabilities, size_t count)
{
    double first = 0, second = 0;
    for (size_t c = 0; c < count; c++) {
        double p = probabilities[c];
        if (p > first) {
            second = first;
            first = p;
        } else if (p > second) {
            second = p;
        }
    }
    return first - second;
}

double kit_log_sum_exp(const double *values, size_t count)
{
    double largest = -(double)INFINITY, sum = 0;
    for (size_t i = 0; i < count; i++)
        if (values[i] > largest || isnan(values[i]))
            largest = values[i];
    if (!isfinite(largest))
        return largest;
    for (size_t i = 0; i < count; i++)
        sum += kernels_exp_double(values[i] - largest);
    return largest + kernels_log_double(sum);
}

int kit_dense(const fb_host *host, const float *rows, size_t count, size_t d, const float *weights,
              const float *bias, size_t width, float *ret_out)
{
    for (size_t i = 0; i < count; i++)
        memcpy(ret_out + i * width, bias, width * sizeof *ret_out);
    int rc = kernels_gemm(false, false, count, width, d, rows, d, weights, width, 1, ret_out,
                          width);
    return rc == FB_PLUGIN_OK ? rc : kit_fail_memory(host, "a matrix product");
}

uint32_t kit_argmax(const float *values, size_t count)
{
    float largest = values[0];
    size_t best = 0;
    for (size_t c = 1; c < count; c++) { /* no branch depends on a value: they are hard to guess */
        bool more = values[c] > largest;
        largest = more ? values[c] : largest;
        best = more ? c : best;
    }
    return (uint32_t)best;
}
