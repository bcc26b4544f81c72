/* SPDX-License-Identifier: 0BSD */
#include <stdatomic.h>
#include <stdbool.h>

#include "kernels.h"
#include "kit.h"

/* Left rows between two looks at `cancelled`, right rows of one product of matrices, and left rows
 * that a thread takes at least, so that to pack the right ones pays. */
enum { CHUNK = 2048, BLOCK = 128, GRAIN = 128 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

int kit_products_init(const fb_host *host, size_t left_rows, size_t right_rows,
                      kit_products *ret_products)
{
    kit_products made = {
        .host = host,
        .chunk = left_rows > 0 ? smaller(CHUNK, left_rows) : 1,
        .block = right_rows > 0 ? smaller(BLOCK, right_rows) : 1,
    };
    made.buffer = host->alloc(host, made.chunk, made.block * sizeof *made.buffer);
    if (!made.buffer)
        return kit_fail_memory(host, "scalar products");
    *ret_products = made;
    return FB_PLUGIN_OK;
}

/* One chunk of left rows. */
typedef struct chunk {
    const kit_products *products;
    const kit_matrix *left, *right;
    size_t first;
    bool before; /* only right rows before the left one */
    kit_products_body body;
    void *argument;
    atomic_bool out_of_memory;
} chunk;

/* The chunk's rows first .. first+count-1: a loop body of parallel_for. */
static void run_rows(void *argument, size_t first, size_t count)
{
    chunk *c = argument;
    size_t d = c->left->columns, block = c->products->block, row = c->first + first;
    size_t columns = c->before ? row + count - 1 : c->right->rows;
    float *out = c->products->buffer + first * block;
    for (size_t column = 0; column < columns; column += block) {
        size_t width = smaller(block, columns - column);
        if (kernels_gemm(false, true, count, width, d, kit_row(c->left, row), d,
                         kit_row(c->right, column), d, 0, out, block) != 0) {
            atomic_store(&c->out_of_memory, true);
            return;
        }
        for (size_t i = 0; i < count; i++) {
            size_t end = c->before ? smaller(column + width, row + i) : column + width;
            if (end > column)
                c->body(c->argument, row + i, column, end - column, out + i * block);
        }
    }
}

static int run(const kit_products *products, const kit_matrix *left, const kit_matrix *right,
               bool before, kit_products_body body, void *argument)
{
    const fb_host *host = products->host;
    chunk c = {
        .products = products,
        .left = left,
        .right = right,
        .before = before,
        .body = body,
        .argument = argument,
    };
    for (; c.first < left->rows; c.first += products->chunk) {
        if (host->cancelled(host))
            return FB_PLUGIN_ECANCELLED;
        size_t count = smaller(products->chunk, left->rows - c.first);
        host->parallel_for(host, count, GRAIN, run_rows, &c);
        if (atomic_load(&c.out_of_memory))
            return kit_fail_memory(host, "a matrix product");
    }
    return FB_PLUGIN_OK;
}

int kit_products_run(const kit_products *products, const kit_matrix *left, const kit_matrix *right,
                     kit_products_body body, void *argument)
{
    return run(products, left, right, false, body, argument);
}

int kit_products_run_before(const kit_products *products, const kit_matrix *matrix,
                            kit_products_body body, void *argument)
{
    return run(products, matrix, matrix, true, body, argument);
}
