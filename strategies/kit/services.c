/* SPDX-License-Identifier: 0BSD */
#include "kit.h"

int kit_fail_memory(const fb_host *host, const char *what)
{
    return host->fail(host, FB_PLUGIN_ENOMEM, "out of memory for %s", what);
}

static int get(const fb_host *host, const char *service, uint64_t count, fb_array *ret_array)
{
    fb_request request = {.struct_size = sizeof request, .name = service, .count = count};
    ret_array->struct_size = sizeof *ret_array;
    return host->get(host, &request, ret_array);
}

int kit_get_matrix(const fb_host *host, const char *service, uint64_t count, kit_matrix *ret_matrix)
{
    fb_array array = {0};
    int rc = get(host, service, count, &array);
    if (rc != FB_PLUGIN_OK)
        return rc;
    if (array.dtype != FB_FLOAT32 || array.ndim > 2)
        return host->fail(host, FB_PLUGIN_EINVAL, "service %s is not a float32 matrix", service);
    ret_matrix->data = array.data;
    ret_matrix->rows = array.ndim == 1 ? 1 : array.shape[0];
    ret_matrix->columns = array.shape[array.ndim - 1];
    return FB_PLUGIN_OK;
}

int kit_get_stack(const fb_host *host, const char *service, uint64_t count, kit_stack *ret_stack)
{
    fb_array array = {0};
    int rc = get(host, service, count, &array);
    if (rc != FB_PLUGIN_OK)
        return rc;
    if (array.dtype != FB_FLOAT32 || array.ndim < 2)
        return host->fail(host, FB_PLUGIN_EINVAL, "service %s is no stack of float32 matrices",
                          service);
    const size_t *sides = array.shape + (array.ndim - 2);
    *ret_stack = (kit_stack){
        .data = array.data,
        .layers = array.ndim == 2 ? 1 : array.shape[0],
        .rows = sides[0],
        .columns = sides[1],
        .row_stride = sides[1],
        .layer_stride = sides[0] * sides[1],
    };
    return FB_PLUGIN_OK;
}

int kit_get_numbers(const fb_host *host, const char *service, const uint32_t **ret_numbers,
                    size_t *ret_count)
{
    fb_array array = {0};
    int rc = get(host, service, 0, &array);
    if (rc != FB_PLUGIN_OK)
        return rc;
    if (array.dtype != FB_UINT32 || array.ndim != 1)
        return host->fail(host, FB_PLUGIN_EINVAL, "service %s is not a list of uint32", service);
    *ret_numbers = array.data;
    *ret_count = array.shape[0];
    return FB_PLUGIN_OK;
}
