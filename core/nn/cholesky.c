#include "cholesky.h"

#include <math.h>

#include "double_vector.h"

static const double PIVOT_SLACK = 1e-14;

/* Takes the rows above off row k: row[j] -= sum_i U[i][k] U[i][j]. */
static void subtract_above(size_t size, const double *u, size_t k, double *row)
{
    size_t i = 0;
    for (; i + 4 <= k; i += 4) {
        const double *above = u + i * size + k;
        const double factors[4] = {-above[0], -above[size], -above[2 * size], -above[3 * size]};
        double_add_scaled4(size - k, factors, above, size, row + k);
    }
    for (; i < k; i++)
        double_add_scaled(size - k, -u[i * size + k], u + i * size + k, row + k);
}

void cholesky_factorize(size_t size, double *a)
{
    for (size_t k = 0; k < size; k++) {
        double *row = a + k * size, least = PIVOT_SLACK * row[k];
        subtract_above(size, a, k, row);
        double pivot = sqrt(row[k] > least ? row[k] : least);
        row[k] = pivot;
        for (size_t j = k + 1; j < size; j++)
            row[j] /= pivot;
    }
}

void cholesky_solve(size_t size, const double *u, double *y)
{
    for (size_t k = 0; k < size; k++) {
        const double *row = u + k * size;
        y[k] /= row[k];
        double_add_scaled(size - k - 1, -y[k], row + k + 1, y + k + 1);
    }
    for (size_t k = size; k-- > 0;) {
        const double *row = u + k * size;
        y[k] = (y[k] - double_dot(size - k - 1, row + k + 1, y + k + 1)) / row[k];
    }
}
