/* SPDX-License-Identifier: 0BSD */
#include "cosine.h"

#include <math.h>
#include <string.h>

#include "kernels.h"

void ldm_norms(const kit_matrix *matrix, double *ret_norms)
{
    for (size_t i = 0; i < matrix->rows; i++)
        ret_norms[i] = sqrt(kernels_norm2(matrix->columns, kit_row(matrix, i)));
}

enum { BLOCK = 8 };

/* Dot products of `count` (<= BLOCK) consecutive rows with `to`, each as kernels_dot gives it. A
 * sum in order is one long chain of dependent additions; a full block runs them side by side. */
static void dot_rows(const float *rows, size_t count, size_t d, const float *to, double *ret_dots)
{
    double sums[BLOCK] = {0};
    if (count < BLOCK) {
        for (size_t r = 0; r < count; r++)
            ret_dots[r] = kernels_dot(d, rows + r * d, to);
        return;
    }
    for (size_t k = 0; k < d; k++)
        for (size_t r = 0; r < BLOCK; r++)
            sums[r] += (double)rows[r * d + k] * (double)to[k];
    memcpy(ret_dots, sums, sizeof sums);
}

/* 1 - dot / scale, where `scale` is the product of two norms. */
static double cosine_distance(double dot, double scale)
{
    double distance = scale > 0 ? 1 - dot / scale : 1;
    return distance < 1e-5 ? 0 : distance;
}

void ldm_cosine_nearest(const kit_matrix *matrix, const double *norms, size_t chosen,
                        double *nearest)
{
    const float *to = kit_row(matrix, chosen);
    double dots[BLOCK];
    for (size_t first = 0; first < matrix->rows; first += BLOCK) {
        size_t count = matrix->rows - first < BLOCK ? matrix->rows - first : BLOCK;
        dot_rows(kit_row(matrix, first), count, matrix->columns, to, dots);
        for (size_t r = 0; r < count; r++) {
            double distance = cosine_distance(dots[r], norms[first + r] * norms[chosen]);
            nearest[first + r] = fmin(nearest[first + r], distance);
        }
    }
    nearest[chosen] = 0;
}
