/* SPDX-License-Identifier: 0BSD
 *
 * kit_numbers.h - entropy, log-sum-exp, the largest, a dense layer. See kit.h for the
 * conventions. */
#ifndef FB_KIT_NUMBERS_H
#define FB_KIT_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

#include "flipbench/strategy.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Entropy in nats of a row of `count` probabilities, as given; 0 log 0 = 0. */
double kit_entropy(const float *probabilities, size_t count);

/* The largest of `count` probabilities minus the second largest; the only one itself. */
double kit_margin(const float *probabilities, size_t count);

/* log(sum of exp(values[i])), of any magnitude: the largest is taken out first, so that nothing
 * overflows. -infinity for no values, or when all are; NaN when one is. */
double kit_log_sum_exp(const double *values, size_t count);

/* The position of the largest of `count` (> 0) values; ties go to the smaller one. */
uint32_t kit_argmax(const float *values, size_t count);

/* A dense layer on `count` rows of width d: ret_out (count, width) = rows weights (d, width) + bias
 * (width). Each number is one chain of fused multiply-adds that starts at its bias, so it does not
 * depend on which rows or columns are computed together. */
int kit_dense(const fb_host *host, const float *rows, size_t count, size_t d, const float *weights,
              const float *bias, size_t width, float *ret_out);

#ifdef __cplusplus
}
#endif

#endif
