/* merge.h - several results folders into one. */
#ifndef FB_MERGE_H
#define FB_MERGE_H

#include <stddef.h>

#include "status.h"

/* Joins results folders, shards of one experiment, in the folder `output`: their databases, with
 * every run's provenance, and their specs united. `output` is made anew, or, when it holds results
 * already, they are the first part. A reader, and a crash at any instant, sees the old folder or
 * the new one; what a killed merge leaves behind is OUTPUT.merging, which the next one removes.
 * Logs stay where they are.
 *
 * FB_ECONFLICT when the experiments' names differ, when a setting is another one than a folder's
 * before (engines of different machines excepted), or as store_merge; FB_EBUSY when somebody is
 * writing to `output`. */
int merge_folders(const char *const *directories, size_t count, const char *output, fb_error *err);

#endif
