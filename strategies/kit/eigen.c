/* SPDX-License-Identifier: 0BSD
 *
 * eigen.c - eigenvectors of symmetric matrices, and principal axes. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels.h"
#include "kit.h"

/* y += factor x, and the sum of products in order of the index. */
static void add_scaled(size_t count, double factor, const double *x, double *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] += factor * x[i];
}

static double dot(size_t count, const double *x, const double *y)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += x[i] * y[i];
    return sum;
}

/* ---- the tridiagonal form (Householder 1958) ------------------------------------------------ */

/* A = Q T Q', T with `diagonal` (n) and `beside` (n), of which element i stands beside i and i+1.
 * Q is the product of the reflections I - factor_k v_k v_k', k = 0, 1, ..., where v_k has its
 * elements from k+1 on. */
typedef struct tridiagonal {
    const fb_host *host;
    size_t n;
    double *a; /* (n, n); from column k+1 on, row k ends as v_k */
    double *diagonal, *beside;
    double *factors; /* (n); 0: no reflection */
    double *work;    /* (n) */
} tridiagonal;

/* Turns the row x (count) into the v that reflects it to (ret_first, 0, ...); the factor. */
static double make_reflection(size_t count, double *x, double *ret_first)
{
    double rest = dot(count - 1, x + 1, x + 1);
    *ret_first = x[0];
    if (rest < 1e-280) /* of a matrix whose largest element is about 1 */
        return 0;
    *ret_first = -copysign(sqrt(x[0] * x[0] + rest), x[0]);
    x[0] -= *ret_first;
    return 2 / (x[0] * x[0] + rest);
}

/* B = H B H for the part B (count, count) of the matrix below and right of row k. */
static void reflect(const tridiagonal *t, size_t k)
{
    size_t n = t->n, count = n - k - 1;
    double factor = t->factors[k], *v = t->a + k * n + k + 1, *w = t->work;
    double *b = t->a + (k + 1) * n + k + 1;
    memset(w, 0, count * sizeof *w);
    for (size_t i = 0; i < count; i++)
        add_scaled(count, factor * v[i], b + i * n, w);
    add_scaled(count, -0.5 * factor * dot(count, w, v), v, w);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            b[i * n + j] -= v[i] * w[j] + w[i] * v[j];
}

static int reduce(tridiagonal *t)
{
    size_t n = t->n;
    for (size_t k = 0; k + 1 < n; k++) {
        if (t->host->cancelled(t->host))
            return FB_PLUGIN_ECANCELLED;
        t->diagonal[k] = t->a[k * n + k];
        t->factors[k] = make_reflection(n - k - 1, t->a + k * n + k + 1, t->beside + k);
        if (t->factors[k] != 0)
            reflect(t, k);
    }
    t->diagonal[n - 1] = t->a[n * n - 1];
    t->beside[n - 1] = 0;
    return FB_PLUGIN_OK;
}

/* q (n, n) = Q, from the last reflection to the first, each of which leaves rows up to its own
 * alone. */
static int gather(const tridiagonal *t, double *q)
{
    size_t n = t->n;
    for (size_t i = 0; i < n; i++)
        q[i * n + i] = 1;
    for (size_t k = n; k-- > 0;) {
        size_t count = n - k - 1;
        const double *v = t->a + k * n + k + 1;
        if (t->host->cancelled(t->host))
            return FB_PLUGIN_ECANCELLED;
        if (t->factors[k] == 0)
            continue;
        memset(t->work, 0, count * sizeof *t->work);
        for (size_t i = 0; i < count; i++)
            add_scaled(count, v[i], q + (k + 1 + i) * n + k + 1, t->work);
        for (size_t i = 0; i < count; i++)
            add_scaled(count, -t->factors[k] * v[i], t->work, q + (k + 1 + i) * n + k + 1);
    }
    return FB_PLUGIN_OK;
}

/* ---- implicit QL (Francis 1961, Dubrulle, Martin & Wilkinson 1968) -------------------------- */

/* (x, y) = (c x - s y, s x + c y) */
static void rotate(size_t count, double c, double s, double *x, double *y)
{
    for (size_t i = 0; i < count; i++) {
        double kept = x[i];
        x[i] = c * kept - s * y[i];
        y[i] = s * kept + c * y[i];
    }
}

/* The end of the unreduced part of T that begins at `low`. */
static size_t find_end(const tridiagonal *t, size_t low)
{
    size_t end = low;
    while (end + 1 < t->n && fabs(t->beside[end]) > DBL_EPSILON * (fabs(t->diagonal[end]) +
                                                                  fabs(t->diagonal[end + 1])))
        end++;
    return end;
}

/* The eigenvalue of the upper 2 x 2 of the part that is nearer to its first element. */
static double find_shift(const tridiagonal *t, size_t low)
{
    const double *d = t->diagonal + low;
    double side = t->beside[low], half = (d[1] - d[0]) / (2 * side);
    return d[0] - side / (half + copysign(sqrt(half * half + 1), half));
}

/* One QL step of the part low .. end: rotations of neighbours from the end up chase the element
 * that the shift makes outside of the three diagonals. `rows` (n, n) are rotated with them. */
static void ql_step(const tridiagonal *t, size_t low, size_t end, double *rows)
{
    double *d = t->diagonal, *e = t->beside;
    double g = d[end] - find_shift(t, low), s = 1, c = 1, moved = 0;
    for (size_t i = end; i-- > low;) {
        double outside = s * e[i], inside = c * e[i], r = sqrt(outside * outside + g * g);
        e[i + 1] = r;
        if (r == 0) { /* T has come apart here */
            d[i + 1] -= moved;
            e[end] = 0;
            return;
        }
        s = outside / r;
        c = g / r;
        g = d[i + 1] - moved;
        r = (d[i] - g) * s + 2 * c * inside;
        moved = s * r;
        d[i + 1] = g + moved;
        g = c * r - inside;
        rotate(t->n, c, s, rows + i * t->n, rows + (i + 1) * t->n);
    }
    d[low] -= moved;
    e[low] = g;
    e[end] = 0;
}

static int diagonalise(const tridiagonal *t, double *rows)
{
    enum { STEPS = 60 }; /* 2 are usual */
    for (size_t low = 0; low < t->n; low++) {
        size_t end = find_end(t, low);
        for (int step = 0; end > low; step++, end = find_end(t, low)) {
            if (t->host->cancelled(t->host))
                return FB_PLUGIN_ECANCELLED;
            if (step == STEPS)
                return t->host->fail(t->host, FB_PLUGIN_ENUMERIC,
                                     "the eigenvectors of a matrix of %zu rows cannot be found",
                                     t->n);
            ql_step(t, low, end, rows);
        }
    }
    return FB_PLUGIN_OK;
}

/* ---- eigenvectors --------------------------------------------------------------------------- */

static int alloc_tridiagonal(const fb_host *host, size_t n, double *a, double *values,
                             tridiagonal *ret_t)
{
    double *room = host->alloc(host, n, 3 * sizeof *room);
    if (!room)
        return kit_fail_memory(host, "eigenvectors");
    *ret_t = (tridiagonal){.host = host,
                           .n = n,
                           .a = a,
                           .diagonal = values,
                           .beside = room,
                           .factors = room + n,
                           .work = room + 2 * n};
    return FB_PLUGIN_OK;
}

/* The power of 2 that brings the largest magnitude into [1/2, 1). */
static int find_exponent(const fb_host *host, size_t n, const double *a, int *ret_exponent)
{
    double largest = 0;
    for (size_t i = 0; i < n * n; i++) {
        if (!isfinite(a[i]))
            return host->fail(host, FB_PLUGIN_ENUMERIC,
                              "element (%zu, %zu) of a matrix whose eigenvectors are wanted is %g",
                              i / n, i % n, a[i]);
        largest = fmax(largest, fabs(a[i]));
    }
    frexp(largest, ret_exponent);
    return FB_PLUGIN_OK;
}

static void scale(size_t count, int exponent, double *x)
{
    for (size_t i = 0; i < count; i++)
        x[i] = ldexp(x[i], exponent);
}

static void fix_sign(size_t n, double *row)
{
    size_t largest = 0;
    for (size_t j = 1; j < n; j++)
        if (fabs(row[j]) > fabs(row[largest]))
            largest = j;
    for (size_t j = 0; j < n && row[largest] < 0; j++)
        if (j != largest)
            row[j] = -row[j];
    row[largest] = fabs(row[largest]);
}

/* Writes the rows in order of their values, largest first, to `sorted`. */
static void sort_rows(size_t n, const double *rows, double *values, double *sorted, double *work)
{
    memcpy(work, values, n * sizeof *work);
    for (size_t i = 0; i < n; i++) {
        size_t best = 0;
        for (size_t j = 1; j < n; j++)
            if (work[j] > work[best])
                best = j;
        values[i] = work[best];
        work[best] = -INFINITY;
        memcpy(sorted + i * n, rows + best * n, n * sizeof *rows);
        fix_sign(n, sorted + i * n);
    }
}

int kit_eigen(const fb_host *host, size_t n, double *a, double *ret_values)
{
    tridiagonal t = {0};
    int exponent = 0;
    if (n == 0)
        return FB_PLUGIN_OK;
    double *q = host->alloc(host, n * n, sizeof *q);
    if (!q)
        return kit_fail_memory(host, "eigenvectors");
    int rc = alloc_tridiagonal(host, n, a, ret_values, &t);
    if (rc == FB_PLUGIN_OK)
        rc = find_exponent(host, n, a, &exponent);
    if (rc != FB_PLUGIN_OK)
        return rc;
    scale(n * n, -exponent, a);
    rc = reduce(&t);
    if (rc == FB_PLUGIN_OK)
        rc = gather(&t, q);
    if (rc != FB_PLUGIN_OK)
        return rc;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            a[j * n + i] = q[i * n + j];
    rc = diagonalise(&t, a);
    if (rc != FB_PLUGIN_OK)
        return rc;
    memcpy(q, a, n * n * sizeof *q);
    sort_rows(n, q, ret_values, a, t.work);
    scale(n, exponent, ret_values);
    return FB_PLUGIN_OK;
}

/* ---- principal axes ------------------------------------------------------------------------- */

enum { CHUNK = 64 };

typedef struct moments {
    size_t d, rows;   /* rows of the chunk */
    double *chunk;    /* (CHUNK, d) */
    double *products; /* (d, d), its lower triangle at least */
} moments;

/* fb_loop_body over blocks of CHUNK rows of `products`. */
static void add_products(void *argument, size_t first, size_t count)
{
    const moments *m = argument;
    for (size_t row = first * CHUNK; row < m->d && row < (first + count) * CHUNK; row += CHUNK) {
        size_t rows = m->d - row < CHUNK ? m->d - row : CHUNK;
        kernels_gemm_double(true, false, rows, row + rows, m->rows, 1, m->chunk + row, m->d,
                            m->chunk, m->d, true, m->products + row * m->d, m->d);
    }
}

/* The mean of the rows, in order. */
static void find_mean(const kit_matrix *x, double *mean)
{
    memset(mean, 0, x->columns * sizeof *mean);
    for (size_t i = 0; i < x->rows; i++)
        for (size_t j = 0; j < x->columns; j++)
            mean[j] += (double)kit_row(x, i)[j];
    for (size_t j = 0; j < x->columns; j++)
        mean[j] /= (double)x->rows;
}

/* products (d, d) = the mean of the outer products of the rows, less `mean` where that is given. */
static int find_moments(const fb_host *host, const kit_matrix *x, const double *mean,
                        double *products)
{
    size_t d = x->columns;
    moments m = {.d = d, .products = products};
    m.chunk = host->alloc(host, CHUNK * d, sizeof *m.chunk);
    if (!m.chunk)
        return kit_fail_memory(host, "principal axes");
    for (size_t first = 0; first < x->rows; first += CHUNK) {
        if (host->cancelled(host))
            return FB_PLUGIN_ECANCELLED;
        m.rows = x->rows - first < CHUNK ? x->rows - first : CHUNK;
        for (size_t i = 0; i < m.rows; i++)
            for (size_t j = 0; j < d; j++)
                m.chunk[i * d + j] = (double)kit_row(x, first + i)[j] - (mean ? mean[j] : 0);
        host->parallel_for(host, (d + CHUNK - 1) / CHUNK, 1, add_products, &m);
    }
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j <= i; j++)
            products[j * d + i] = products[i * d + j] /= (double)x->rows;
    return FB_PLUGIN_OK;
}

int kit_pca(const fb_host *host, const kit_matrix *x, size_t k, double *ret_mean,
            double *ret_axes, double *ret_variances)
{
    size_t d = x->columns;
    if (k > d || x->rows == 0)
        return host->fail(host, FB_PLUGIN_EINVAL,
                          "%zu principal axes of %zu rows of %zu numbers are wanted: there must be "
                          "a row, and there are only as many axes as numbers",
                          k, x->rows, d);
    double *products = host->alloc(host, d * d, sizeof *products);
    double *values = host->alloc(host, d, sizeof *values);
    if (!products || !values)
        return kit_fail_memory(host, "principal axes");
    if (ret_mean)
        find_mean(x, ret_mean);
    int rc = find_moments(host, x, ret_mean, products);
    if (rc == FB_PLUGIN_OK)
        rc = kit_eigen(host, d, products, values);
    if (rc != FB_PLUGIN_OK)
        return rc;
    memcpy(ret_axes, products, k * d * sizeof *ret_axes);
    if (ret_variances)
        memcpy(ret_variances, values, k * sizeof *ret_variances);
    return FB_PLUGIN_OK;
}
