/* SPDX-License-Identifier: 0BSD */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "kernels.h"
#include "kit.h"
#include "nearest.h"

/* Products are made in pieces of at most PIECE_ROWS points and PIECE_COLUMNS centres, which stay in
 * the second-level cache; the loop over up to PIECES of them is shared among threads. */
enum { PIECE_ROWS = 128, PIECE_COLUMNS = 128, PIECES = 16 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool has_factors(const kit_points *points)
{
    return points->factors.data != NULL;
}

/* ---- the centres ----------------------------------------------------------------------------- */

/* An odd number of cache lines, so that the lines of a panel fall into different cache sets. */
static size_t panel_stride(size_t capacity)
{
    enum { LINE = 16 };
    return (capacity / LINE + 1) / 2 * 2 * LINE + LINE;
}

static bool take_panels(kit_nearest *n, size_t capacity)
{
    const fb_host *host = n->host;
    n->stride = panel_stride(capacity);
    n->row_panel = host->alloc(host, n->points.rows.columns, n->stride * sizeof(float));
    n->centre_squares = host->alloc(host, n->stride, sizeof(float));
    if (has_factors(&n->points))
        n->factor_panel = host->alloc(host, n->points.factors.columns, n->stride * sizeof(float));
    return n->row_panel && n->centre_squares && (n->factor_panel || !has_factors(&n->points));
}

static bool take_group(kit_nearest *n)
{
    const fb_host *host = n->host;
    const kit_points *points = &n->points;
    const size_t size = smaller(points->rows.rows, KIT_NEAREST_GROUP);
    n->gathered_rows = host->alloc(host, size, points->rows.columns * sizeof(float));
    n->gathered_squares = host->alloc(host, size, sizeof(float));
    n->gathered_distances = host->alloc(host, size, sizeof(float));
    if (has_factors(points))
        n->gathered_factors = host->alloc(host, size, points->factors.columns * sizeof(float));
    return n->gathered_rows && n->gathered_squares && n->gathered_distances &&
           (n->gathered_factors || !has_factors(points));
}

static bool take_pieces(kit_nearest *n, size_t capacity)
{
    const fb_host *host = n->host;
    const size_t rows = smaller(n->points.rows.rows, PIECE_ROWS * PIECES);
    n->piece_columns = smaller(capacity, PIECE_COLUMNS);
    n->dots = host->alloc(host, rows, n->piece_columns * sizeof(float));
    if (has_factors(&n->points))
        n->factor_dots = host->alloc(host, rows, n->piece_columns * sizeof(float));
    return n->dots && (n->factor_dots || !has_factors(&n->points));
}

int kit_nearest_init(const fb_host *host, const kit_points *points, size_t capacity,
                     kit_nearest *ret_nearest)
{
    size_t count = points->rows.rows;
    kit_nearest made = {
        .points = *points,
        .host = host,
        .distances = host->alloc(host, count, sizeof(float)),
        .seen = host->alloc(host, count, sizeof(uint32_t)),
    };
    if (!made.distances || !made.seen || !take_panels(&made, capacity) || !take_group(&made) ||
        !take_pieces(&made, capacity))
        return kit_fail_memory(host, "distances to centres");
    for (size_t i = 0; i < count; i++)
        made.distances[i] = INFINITY;
    *ret_nearest = made;
    return FB_PLUGIN_OK;
}

static void add_column(const kit_matrix *from, size_t row, size_t stride, size_t column,
                       float *panel)
{
    const float *numbers = kit_row(from, row);
    for (size_t k = 0; k < from->columns; k++)
        panel[k * stride + column] = numbers[k];
}

void kit_nearest_add(kit_nearest *self, const kit_points *from, size_t row)
{
    size_t column = self->centre_count++;
    add_column(&from->rows, row, self->stride, column, self->row_panel);
    if (has_factors(from))
        add_column(&from->factors, row, self->stride, column, self->factor_panel);
    self->centre_squares[column] = from->squares[row];
}

/* ---- distances ------------------------------------------------------------------------------- */

/* Points that see the centres first .. end-1, in pieces. */
typedef struct look {
    const kit_nearest *nearest;
    size_t first, end;
    size_t count; /* points */
    const float *rows, *factors, *squares;
    float *distances;
    int status[PIECES];
} look;

static int multiply(const kit_matrix *like, size_t count, const float *rows, size_t columns,
                    const float *panel, size_t stride, float *out)
{
    return kernels_gemm(false, false, count, columns, like->columns, rows, like->columns, panel,
                        stride, 0, out, columns);
}

static int see_piece(const look *l, size_t piece)
{
    const kit_nearest *n = l->nearest;
    const kit_points *points = &n->points;
    const size_t row = piece * PIECE_ROWS, d = points->rows.columns, c = points->factors.columns;
    float *dots = n->dots + row * n->piece_columns;
    float *factor_dots = has_factors(points) ? n->factor_dots + row * n->piece_columns : NULL;
    kernels_products p = {
        .rows = smaller(l->count - row, PIECE_ROWS),
        .dots = dots,
        .factors = factor_dots,
        .row_squares = l->squares + row,
    };
    int rc = 0;
    for (size_t first = l->first; rc == 0 && first < l->end; first += p.columns) {
        p.columns = smaller(l->end - first, n->piece_columns);
        p.column_squares = n->centre_squares + first;
        rc = multiply(&points->rows, p.rows, l->rows + row * d, p.columns, n->row_panel + first,
                      n->stride, dots);
        if (rc == 0 && factor_dots)
            rc = multiply(&points->factors, p.rows, l->factors + row * c, p.columns,
                          n->factor_panel + first, n->stride, factor_dots);
        if (rc == 0)
            kernels_lower_distances(&p, l->distances + row);
    }
    return rc;
}

/* fb_loop_body */
static void see_pieces(void *argument, size_t first, size_t count)
{
    look *l = argument;
    for (size_t piece = first; piece < first + count; piece++)
        l->status[piece] = see_piece(l, piece);
}

/* At most PIECES * PIECE_ROWS points. */
static int run(look *l)
{
    const fb_host *host = l->nearest->host;
    host->parallel_for(host, (l->count + PIECE_ROWS - 1) / PIECE_ROWS, 1, see_pieces, l);
    for (size_t piece = 0; piece < PIECES; piece++)
        if (l->status[piece] != 0)
            return kit_fail_memory(host, "a matrix product");
    return host->cancelled(host) ? FB_PLUGIN_ECANCELLED : FB_PLUGIN_OK;
}

int kit_nearest_see_all(kit_nearest *self, size_t end)
{
    const kit_points *points = &self->points;
    const size_t total = points->rows.rows, span = PIECES * PIECE_ROWS;
    int rc = FB_PLUGIN_OK;
    for (size_t row = 0; rc == FB_PLUGIN_OK && row < total; row += span) {
        look l = {
            .nearest = self,
            .first = self->swept,
            .end = end,
            .count = smaller(total - row, span),
            .rows = kit_row(&points->rows, row),
            .factors = has_factors(points) ? kit_row(&points->factors, row) : NULL,
            .squares = points->squares + row,
            .distances = self->distances + row,
        };
        rc = run(&l);
    }
    if (rc != FB_PLUGIN_OK)
        return rc;
    for (size_t i = 0; i < total; i++)
        if (self->seen[i] < end)
            self->seen[i] = (uint32_t)end;
    self->swept = end;
    return FB_PLUGIN_OK;
}

static void gather(kit_nearest *n, const uint32_t *rows, size_t count)
{
    const kit_points *points = &n->points;
    const size_t d = points->rows.columns, c = points->factors.columns;
    for (size_t i = 0; i < count; i++) {
        memcpy(n->gathered_rows + i * d, kit_row(&points->rows, rows[i]), d * sizeof(float));
        if (has_factors(points))
            memcpy(n->gathered_factors + i * c, kit_row(&points->factors, rows[i]),
                   c * sizeof(float));
        n->gathered_squares[i] = points->squares[rows[i]];
        n->gathered_distances[i] = n->distances[rows[i]];
    }
}

int kit_nearest_see(kit_nearest *self, const uint32_t *rows, size_t count, size_t end)
{
    look l = {
        .nearest = self,
        .first = end,
        .end = end,
        .count = count,
        .rows = self->gathered_rows,
        .factors = self->gathered_factors,
        .squares = self->gathered_squares,
        .distances = self->gathered_distances,
    };
    for (size_t i = 0; i < count; i++)
        if (self->seen[rows[i]] < l.first)
            l.first = self->seen[rows[i]];
    gather(self, rows, count);
    int rc = run(&l);
    for (size_t i = 0; rc == FB_PLUGIN_OK && i < count; i++) {
        self->distances[rows[i]] = self->gathered_distances[i];
        if (self->seen[rows[i]] < end)
            self->seen[rows[i]] = (uint32_t)end;
    }
    return rc;
}

/* ---- distances in double --------------------------------------------------------------------- */

enum { MEASURED = 256 }; /* centres that are measured together */

/* squares[j] += (number - line[j])^2, where the line's numbers are times their factors, if any. */
static void add_squares(double number, const float *line, const float *factors, size_t count,
                        double *squares)
{
    for (size_t j = 0; j < count; j++) {
        double other = factors ? (double)factors[j] * (double)line[j] : (double)line[j];
        double off = number - other;
        squares[j] += off * off;
    }
}

double kit_nearest_measure(const kit_nearest *self, size_t row, size_t first)
{
    const kit_points *points = &self->points;
    const float *x = kit_row(&points->rows, row);
    const float *f = has_factors(points) ? kit_row(&points->factors, row) : NULL;
    double least = (double)INFINITY;
    for (size_t count = 0; first < self->centre_count; first += count) {
        double squares[MEASURED] = {0};
        count = smaller(self->centre_count - first, MEASURED);
        for (size_t c = 0; c < (f ? points->factors.columns : 1); c++) {
            const float *factors = f ? self->factor_panel + c * self->stride + first : NULL;
            for (size_t k = 0; k < points->rows.columns; k++)
                add_squares(f ? (double)f[c] * (double)x[k] : (double)x[k],
                            self->row_panel + k * self->stride + first, factors, count, squares);
        }
        for (size_t j = 0; j < count; j++)
            least = squares[j] < least ? squares[j] : least;
    }
    return least;
}

double kit_nearest_doubt(const kit_nearest *self, float largest)
{
    /* A chain of t steps is off by less than t 2^-24 of the product of its two norms, and hardly
     * ever by more than some sqrt(t) 2^-24 (Higham & Mary 2019): 4 sqrt(t) is out of reach. Three
     * chains make a distance, one of them twice. Where products underflow, a step is off by 2^-149.
     */
    double steps = (double)(self->points.rows.columns + self->points.factors.columns + 4);
    return fmin(5 * steps, 16 * sqrt(steps)) * 0x1p-24 * (double)largest + 5 * steps * 0x1p-149;
}
