/* describe.h - a plugin's description, fetched by a child process that opens it.
 *
 * Loading a plugin runs its code, which may crash, hang or change the process; so a child does it,
 * and what comes back is a text. */
#ifndef FB_DESCRIBE_H
#define FB_DESCRIBE_H

#include <jansson.h>

#include "status.h"

/* Opens the plugin in a child that may take `limit_ms`, and gives its strategies as a JSON array of
 * objects: id, label, algo_version, needs, rule, citation, deviations, score_name, score_ascending,
 * params (name, type, preset, minimum, maximum, choices, help); keys without a value are left out.
 * What the plugin writes to stdout goes to stderr. FB_EPLUGIN when it is refused, crashes or exits,
 * FB_ETIMEOUT when it hangs; each sentence names the file. *ret_strategies is a new reference. */
int describe_plugin(const char *path, int limit_ms, json_t **ret_strategies, fb_error *err);

#endif
