/* SPDX-License-Identifier: 0BSD */
#include <math.h>

#include "kernels.h"
#include "kit.h"

static const char *const kinds[] = {"network", "inputs", "features", NULL};

const fb_param kit_param_representation = {
    .struct_size = sizeof(fb_param),
    .name = "representation",
    .type = FB_PARAM_TEXT,
    .preset.s = "network",
    .choices = kinds,
    .help = "What represents a sample: the network's embedding, the inputs, or the features of a "
            "file that the setting names.",
};

static int get_kind(const fb_host *host, const char *service, const char *kind,
                    kit_matrix *ret_matrix)
{
    fb_request request = {.struct_size = sizeof request, .name = service, .kind = kind};
    fb_array array = {.struct_size = sizeof array};
    int rc = host->get(host, &request, &array);
    if (rc != FB_PLUGIN_OK)
        return rc;
    if (array.dtype != FB_FLOAT32 || array.ndim != 2)
        return host->fail(host, FB_PLUGIN_EINVAL, "service %s is not a float32 matrix", service);
    *ret_matrix = (kit_matrix){array.data, array.shape[0], array.shape[1]};
    return FB_PLUGIN_OK;
}

int kit_get_representations(const fb_host *host, const fb_round *round, const char *kind,
                            kit_matrix *ret_pool, kit_matrix *ret_labeled)
{
    kit_matrix pool, labeled = {0};
    int rc = get_kind(host, "representation", kind, &pool);
    if (rc == FB_PLUGIN_OK && round->labeled_count > 0)
        rc = get_kind(host, "labeled_representation", kind, &labeled);
    if (rc != FB_PLUGIN_OK)
        return rc;
    if (labeled.rows > 0 && labeled.columns != pool.columns)
        return host->fail(host, FB_PLUGIN_EINVAL,
                          "the %s of labelled samples have %zu numbers, those of the sub-pool %zu",
                          kind, labeled.columns, pool.columns);
    *ret_pool = pool;
    *ret_labeled = labeled;
    return FB_PLUGIN_OK;
}

/* A copy of the rows, each divided by its norm. */
static void copy_unit(const kit_matrix *from, float *to)
{
    for (size_t i = 0; i < from->rows; i++) {
        const float *row = kit_row(from, i);
        double norm = sqrt(kernels_norm2(from->columns, row));
        double scale = norm > 0 ? 1 / norm : 0;
        for (size_t k = 0; k < from->columns; k++)
            to[i * from->columns + k] = (float)(row[k] * scale);
    }
}

int kit_unit_rows(const fb_host *host, const kit_matrix *upper, const kit_matrix *lower,
                  kit_matrix *ret_rows)
{
    size_t d = upper->columns;
    float *data = host->alloc(host, upper->rows + lower->rows, d * sizeof *data);
    if (!data)
        return kit_fail_memory(host, "a representation");
    copy_unit(upper, data);
    copy_unit(lower, data + upper->rows * d);
    *ret_rows = (kit_matrix){data, upper->rows + lower->rows, d};
    return FB_PLUGIN_OK;
}
