/* SPDX-License-Identifier: 0BSD */
#include <float.h>

#include "kernels.h"
#include "kit.h"

/* A squared distance is at most four times the larger squared norm; two for rounding. */
#define LARGEST_SQUARE (FLT_MAX / 8)

static int check(const fb_host *host, const char *what, const float *squares, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(squares[i] <= LARGEST_SQUARE))
            return host->fail(host, FB_PLUGIN_ENUMERIC,
                              "row %zu of %s is too long for squared distances in float32: its "
                              "norm must be below 6e18",
                              i, what);
    return FB_PLUGIN_OK;
}

int kit_points_make(const fb_host *host, const char *what, const kit_matrix *rows,
                    const kit_matrix *factors, kit_points *ret_points)
{
    const size_t n = rows->rows;
    float *squares = host->alloc(host, n, sizeof *squares);
    float *factor_squares = factors ? host->alloc(host, n, sizeof *factor_squares) : NULL;
    if (!squares || (factors && !factor_squares))
        return kit_fail_memory(host, "squared norms");
    kernels_row_squares(n, rows->columns, rows->data, squares);
    int rc = check(host, what, squares, n);
    if (rc == FB_PLUGIN_OK && factors) {
        kernels_row_squares(n, factors->columns, factors->data, factor_squares);
        for (size_t i = 0; i < n; i++)
            squares[i] = factor_squares[i] * squares[i];
        rc = check(host, what, squares, n);
    }
    if (rc != FB_PLUGIN_OK)
        return rc;
    *ret_points = (kit_points){.rows = *rows, .squares = squares};
    if (factors)
        ret_points->factors = *factors;
    return FB_PLUGIN_OK;
}
