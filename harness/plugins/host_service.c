#include "host_service.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "checksum.h"
#include "clock.h"
#include "descriptor.h"

enum { ALIGNMENT = 64 }; /* of every array, as strategy.h promises */

static size_t element_count(const fb_array *array)
{
    size_t count = 1;
    for (uint32_t i = 0; i < array->ndim; i++)
        count *= array->shape[i];
    return count;
}

static void set_strides(fb_array *array)
{
    size_t stride = 4; /* bytes of a float32 or uint32 */
    for (uint32_t i = array->ndim; i-- > 0;) {
        array->strides[i] = stride;
        stride *= array->shape[i];
    }
}

/* Whether rows are those of the sub-pool. */
static bool is_of_pool(const char *name)
{
    static const char *const others[] = {"labeled_", "head_", "reference_"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strncmp(name, others[i], strlen(others[i])) == 0)
            return false;
    return true;
}

/* Names element `at` by its row, and the row's sample in the sub-pool. */
static int fail_not_finite(const host_service *service, const fb_round *round, size_t at,
                           double value, fb_error *err)
{
    const fb_array *array = &service->array;
    size_t columns = array->ndim > 1 ? array->shape[array->ndim - 1] : 1;
    size_t rows = array->shape[array->ndim > 1 ? array->ndim - 2 : 0];
    size_t row = at / columns % rows;
    char sample[32] = "", layer[48] = "";
    if (is_of_pool(service->name) && rows == round->pool_count)
        snprintf(sample, sizeof sample, " (sample %" PRIu32 ")", round->pool_ids[row]);
    if (array->ndim == 3)
        snprintf(layer, sizeof layer, " of pass or member %zu", at / columns / rows);
    if (*service->kind && strcmp(service->kind, "network") != 0)
        return fb_fail(err, FB_ENUMERIC,
                       "service %s holds %g in row %zu%s, as the %s that it is made of do",
                       service->name, value, row, sample, service->kind);
    return fb_fail(err, FB_ENUMERIC,
                   "service %s holds %g in row %zu%s%s; the network's outputs must be finite, so "
                   "its training has probably diverged",
                   service->name, value, row, sample, layer);
}

/* Whether all are finite. The loop has no way out, so that the compiler can make vectors of it. */
static bool all_finite(const float *numbers, size_t count)
{
    int others = 0;
    for (size_t i = 0; i < count; i++)
        others |= !(fabsf(numbers[i]) <= FLT_MAX);
    return !others;
}

static int check_floats(const host_service *service, const fb_round *round, fb_error *err)
{
    enum { BLOCK = 4096 };
    const float *numbers = service->array.data;
    size_t count = element_count(&service->array);
    for (size_t first = 0; first < count; first += BLOCK) {
        size_t end = count - first < BLOCK ? count : first + BLOCK;
        if (all_finite(numbers + first, end - first))
            continue;
        for (size_t i = first; i < end; i++)
            if (!isfinite(numbers[i]))
                return fail_not_finite(service, round, i, (double)numbers[i], err);
    }
    return FB_OK;
}

static int check_labels(const host_service *service, const fb_round *round, fb_error *err)
{
    const uint32_t *labels = service->array.data;
    size_t count = element_count(&service->array);
    for (size_t i = 0; i < count; i++)
        if (labels[i] >= round->class_count)
            return fb_fail(err, FB_ERANGE,
                           "service labels holds %" PRIu32 " in row %zu; expected a class below "
                           "%" PRIu32,
                           labels[i], i, round->class_count);
    return FB_OK;
}

static int check_array(const host_service *service, const fb_round *round, fb_error *err)
{
    if (service->array.dtype == FB_FLOAT32)
        return check_floats(service, round, err);
    return strcmp(service->name, "labels") == 0 ? check_labels(service, round, err) : FB_OK;
}

/* A copy of borrowed data that does not start where strategies may expect it. */
static int align(host_service *service, fb_error *err)
{
    if ((uintptr_t)service->array.data % ALIGNMENT == 0)
        return FB_OK;
    size_t count = element_count(&service->array);
    void *copy = fb_memdup(service->array.data, count, 4);
    if (!copy)
        return fb_fail_memory(err, count, 4, service->name);
    fb_free(service->owned);
    service->owned = copy;
    service->array.data = copy;
    return FB_OK;
}

static void service_destroy(host_service *service)
{
    if (!service)
        return;
    fb_free(service->owned);
    fb_free(service->name);
    fb_free(service->kind);
    fb_free(service);
}

static int compute(host_services *services, const fb_request *request, const char *kind,
                   host_service **ret_service, fb_error *err)
{
    const host_provider *provider = services->provider;
    host_service *service = fb_calloc(1, sizeof *service);
    int rc = FB_OK;
    if (!service || !(service->name = fb_strdup(request->name)) ||
        !(service->kind = fb_strdup(kind)))
        rc = fb_fail_memory(err, 1, sizeof *service, request->name);
    if (!rc)
        rc = provider->compute(provider->context, request->name, request->count, request->kind,
                               &service->array, &service->owned, err);
    if (!rc) {
        service->count = request->count;
        set_strides(&service->array);
        rc = align(service, err);
    }
    if (!rc)
        rc = check_array(service, services->round, err);
    if (rc) {
        service_destroy(service);
        return rc;
    }
    service->checksum = checksum_of(service->array.data, element_count(&service->array));
    *ret_service = service;
    return FB_OK;
}

static int check_declared(const host_services *services, const char *name, fb_error *err)
{
    if (descriptor_allows(services->declared, name))
        return FB_OK;
    return fb_fail(err, FB_EPLUGIN,
                   "it asked for the service '%s', which is not among the `services` that it "
                   "declares",
                   name);
}

int host_services_get(host_services *services, const fb_request *request, fb_array *ret_array,
                      fb_error *err)
{
    if (request->struct_size < sizeof *request || !request->name)
        return fb_fail(err, FB_EPLUGIN,
                       "a request lacks its name or its struct_size, which must be "
                       "sizeof(fb_request)");
    int rc = check_declared(services, request->name, err);
    if (rc)
        return rc;
    const char *kind = request->kind ? request->kind : "";
    host_service *service = services->first;
    while (service && !(strcmp(service->name, request->name) == 0 &&
                        strcmp(service->kind, kind) == 0 && service->count == request->count))
        service = service->next;
    if (!service) {
        double start = fb_clock_seconds();
        rc = compute(services, request, kind, &service, err);
        services->seconds += fb_clock_seconds() - start;
        if (rc)
            return rc;
        service->next = services->first;
        services->first = service;
    }
    *ret_array = service->array;
    return FB_OK;
}

int host_services_check(host_services *services, fb_error *err)
{
    int rc = FB_OK;
    if (!services->first)
        return FB_OK;
    double start = fb_clock_seconds();
    for (const host_service *service = services->first; !rc && service; service = service->next) {
        const fb_array *array = &service->array;
        if (checksum_of(array->data, element_count(array)) != service->checksum)
            rc = fb_fail(err, FB_EPLUGIN,
                         "it changed the service %s, which belongs to the host and must stay as it "
                         "is; work on a copy",
                         service->name);
    }
    services->seconds += fb_clock_seconds() - start;
    return rc;
}

void host_services_finish(host_services *services)
{
    while (services->first) {
        host_service *service = services->first;
        services->first = service->next;
        service_destroy(service);
    }
}
