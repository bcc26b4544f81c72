/* facts.h - the provenance of a run: what does not decide a result but may explain it. */
#ifndef FB_FACTS_H
#define FB_FACTS_H

#include <jansson.h>

#include "spec.h"

/* A JSON object: experiment, baseline, alpha; version, compiler, host, system, CPU, cores, engines,
 * command line. NULL when memory is short. */
json_t *facts_collect(const struct spec *spec, size_t workers, int argc, char **argv);

#endif
