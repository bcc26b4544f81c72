/* project.h - a Meson project for a strategy of one's own, made from templates. */
#ifndef FB_PROJECT_H
#define FB_PROJECT_H

#include "status.h"

/* Writes a project for the strategy `id`, whose files lie in `folder`: the plugin's source, a test of
 * its rule, what builds and installs it against the installed kit, a README and a CI file. As it is,
 * it passes check-plugin.
 *
 * FB_EINVAL when `id` cannot be a strategy's or is that of one that is there already, or when the
 * folder is there and not empty; folders that are missing are made. */
int project_write(const char *id, const char *folder, fb_error *err);

#endif
