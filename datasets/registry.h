/* registry.h - loading a data set by its name in the registry. */
#ifndef FB_REGISTRY_H
#define FB_REGISTRY_H

#include "datasets.h"

/* Finds the folder of spec->name and loads its files into everything but the digest. */
int registry_load(const data_spec *spec, dataset *ret_dataset, fb_error *err);

#endif
