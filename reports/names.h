/* names.h - names for display that are unique: what would read alike is told apart. */
#ifndef FB_REPORTS_NAMES_H
#define FB_REPORTS_NAMES_H

#include <stddef.h>

#include "status.h"

/* A thing's name, and what tells it from others of the same name. */
typedef struct name_parts {
    const char *name, *detail;
} name_parts;

/* Writes `count` strings: the name alone where it is unique, "name (detail)" where it is not, and
 * "name (detail) #2" where that is not unique either. Released with names_destroy. FB_ENOMEM. */
int names_create(const name_parts *parts, size_t count, char ***ret_names, fb_error *err);

/* Takes NULL. */
void names_destroy(char **names, size_t count);

#endif
