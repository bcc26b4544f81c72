/* infer.h - evaluation a chunk at a time (internal to nn). */
#ifndef FB_NN_INFER_H
#define FB_NN_INFER_H

#include "network.h"

/* Rows are taken in chunks of this size, by position: large enough to use the dense layers'
 * weights often, small enough for the caches. */
enum { INFER_ROWS = 64 };

/* Rows of the chunk that starts at `first`. */
size_t infer_chunk(size_t first, size_t count);

/* Checks the request and makes room for its largest chunk. */
int infer_begin(nn_network *network, const nn_source *source, const uint32_t *ids, size_t count,
                fb_error *err);

/* The layers before `end` in evaluation mode on the rows first .. first+rows-1; the result is
 * valid until the next pass. */
int infer_rows(nn_network *network, const nn_source *source, const uint32_t *ids, size_t first,
               size_t rows, size_t end, const float **ret_y, fb_error *err);

#endif
