/* host_service.h - the services of one round: computed once, checked, kept. */
#ifndef FB_HOST_SERVICE_H
#define FB_HOST_SERVICE_H

#include "host.h"

typedef struct host_service {
    char *name, *kind; /* kind "" when unused */
    uint64_t count;
    fb_array array;
    void *owned;       /* NULL: borrowed */
    uint64_t checksum; /* of the array's numbers as they were given */
    struct host_service *next;
} host_service;

typedef struct host_services {
    const host_provider *provider;
    const fb_round *round;
    const char *const *declared; /* the names allowed, up to a NULL; NULL: any */
    host_service *first;
    double seconds; /* spent in the provider and on the checks */
} host_services;

/* Gives the array of a request, computing it the first time. FB_EPLUGIN for a service that was not
 * declared. FB_ENUMERIC names the service, the row
 * and its sample when a number is not finite. The array lives until host_services_finish. */
int host_services_get(host_services *services, const fb_request *request, fb_array *ret_array,
                      fb_error *err);

/* FB_EPLUGIN with the name of a service whose numbers are no longer those that were given. */
int host_services_check(host_services *services, fb_error *err);

void host_services_finish(host_services *services);

#endif
